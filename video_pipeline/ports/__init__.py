"""Owns the protocols at which the flow and the tools meet; hides which tool stands behind each.

Modules in dependency order: work, purchases, providers, media, orders, shelf, publications, licences, finding, books,
access, outbound, outbox, backups.

A fake that stands in for one of these passes the same contract tests as the real thing.
"""

from video_pipeline.ports.access import AccessStore
from video_pipeline.ports.backups import Backups
from video_pipeline.ports.books import JobStore
from video_pipeline.ports.media import MediaStore, MediaTools, Scanner
from video_pipeline.ports.outbound import Messenger
from video_pipeline.ports.outbox import Outbox
from video_pipeline.ports.providers import (
    AmbienceProvider,
    Capabilities,
    Checkable,
    Checkup,
    EngineCapabilities,
    ImageProvider,
    MusicProvider,
    PromptWriter,
    Script,
    VideoEngine,
)
from video_pipeline.ports.purchases import Purchase
from video_pipeline.ports.work import IsCancelled, KeepFinished, ReportProgress

__all__ = [
    "AccessStore",
    "AmbienceProvider",
    "Backups",
    "Capabilities",
    "Checkable",
    "Checkup",
    "EngineCapabilities",
    "ImageProvider",
    "IsCancelled",
    "JobStore",
    "KeepFinished",
    "MediaStore",
    "MediaTools",
    "Messenger",
    "MusicProvider",
    "Outbox",
    "PromptWriter",
    "Purchase",
    "ReportProgress",
    "Scanner",
    "Script",
    "VideoEngine",
]
