"""Owns the tables; hides nothing.

Modules in dependency order: base, words, core, sounds, products, journal, licences, versions, orders, access, hooks,
uploads, money, installation.
"""

from video_pipeline.store.schema.tables.access import Answer, ApiKey, LoginFailure, Session, User
from video_pipeline.store.schema.tables.base import Base
from video_pipeline.store.schema.tables.core import AudioTrack, Channel, Image, RenderTask, VideoJob
from video_pipeline.store.schema.tables.hooks import Webhook, WebhookDelivery
from video_pipeline.store.schema.tables.installation import Installation
from video_pipeline.store.schema.tables.journal import CostEntry, JobEvent, JobLease
from video_pipeline.store.schema.tables.licences import LicenceRow, ProviderTerms
from video_pipeline.store.schema.tables.money import PurchaseRow, SpendingCap, VendorHealth
from video_pipeline.store.schema.tables.orders import WorkOrder
from video_pipeline.store.schema.tables.products import Export, JobFile, Thumbnail, VideoAnalytics, YoutubeUpload
from video_pipeline.store.schema.tables.sounds import SoundBed
from video_pipeline.store.schema.tables.uploads import JobUpload
from video_pipeline.store.schema.tables.versions import ImageVersion

__all__ = [
    "Answer",
    "ApiKey",
    "AudioTrack",
    "Base",
    "Channel",
    "CostEntry",
    "Export",
    "Image",
    "ImageVersion",
    "Installation",
    "JobEvent",
    "JobFile",
    "JobLease",
    "JobUpload",
    "LicenceRow",
    "LoginFailure",
    "ProviderTerms",
    "PurchaseRow",
    "RenderTask",
    "Session",
    "SoundBed",
    "SpendingCap",
    "Thumbnail",
    "User",
    "VendorHealth",
    "VideoAnalytics",
    "VideoJob",
    "Webhook",
    "WebhookDelivery",
    "WorkOrder",
    "YoutubeUpload",
]
