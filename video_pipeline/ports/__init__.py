"""Owns the protocols at which the flow and the tools meet; hides which tool stands behind each.

Modules in dependency order: work, providers, media, finding, books.

A fake that stands in for one of these passes the same contract tests as the real thing.
"""

from video_pipeline.ports.books import JobStore
from video_pipeline.ports.media import MediaStore, MediaTools
from video_pipeline.ports.providers import Capabilities, ImageProvider, MusicProvider, PromptWriter, Script
from video_pipeline.ports.work import IsCancelled, KeepFinished, ReportProgress

__all__ = [
    "Capabilities",
    "ImageProvider",
    "IsCancelled",
    "JobStore",
    "KeepFinished",
    "MediaStore",
    "MediaTools",
    "MusicProvider",
    "PromptWriter",
    "ReportProgress",
    "Script",
]
