"""Owns the calls by which long work is followed and stopped; hides nothing."""

from __future__ import annotations

from collections.abc import Callable

from video_pipeline.domain.records import RenderReport

ReportProgress = Callable[[float, str], None]
"""Called with the finished share (0 to 1) and a message, from any thread."""

KeepFinished = Callable[[RenderReport], None]
"""Called for each file as soon as it is finished, in the thread that ordered it."""

IsCancelled = Callable[[], bool]
"""Asked now and then; True means stop soon and raise CancelledError."""
