"""Owns the tables; hides nothing. Modules in dependency order: base, core, products, journal, versions."""

from video_pipeline.store.tables.base import Base
from video_pipeline.store.tables.core import AudioTrack, Channel, Image, RenderTask, VideoJob
from video_pipeline.store.tables.journal import CostEntry, JobEvent, JobLease
from video_pipeline.store.tables.products import Export, JobFile, Thumbnail, VideoAnalytics, YoutubeUpload
from video_pipeline.store.tables.versions import ImageVersion

__all__ = [
    "AudioTrack",
    "Base",
    "Channel",
    "CostEntry",
    "Export",
    "Image",
    "ImageVersion",
    "JobEvent",
    "JobFile",
    "JobLease",
    "RenderTask",
    "Thumbnail",
    "VideoAnalytics",
    "VideoJob",
    "YoutubeUpload",
]
