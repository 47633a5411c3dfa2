"""Owns the tables; hides nothing. Modules in dependency order: base, words, core, products, journal."""

from video_pipeline.store.tables.base import Base
from video_pipeline.store.tables.core import AudioTrack, Channel, Image, RenderTask, VideoJob
from video_pipeline.store.tables.journal import CostEntry, JobEvent, JobLease
from video_pipeline.store.tables.products import Export, JobFile, Thumbnail, VideoAnalytics, YoutubeUpload

__all__ = [
    "AudioTrack",
    "Base",
    "Channel",
    "CostEntry",
    "Export",
    "Image",
    "JobEvent",
    "JobFile",
    "JobLease",
    "RenderTask",
    "Thumbnail",
    "VideoAnalytics",
    "VideoJob",
    "YoutubeUpload",
]
