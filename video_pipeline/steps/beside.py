"""Owns the OpenTimelineIO file beside each finished programme; hides its name and how it gets into the store."""

from __future__ import annotations

from uuid import UUID

from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timeline import Timeline
from video_pipeline.steps.otio import to_otio
from video_pipeline.steps.studio import Studio

SUFFIX = ".otio"


def put_timeline_beside(studio: Studio, job_id: UUID, timeline: Timeline, key: str) -> MediaReference:
    """Keep `timeline` beside the programme `key` that was made from it; it belongs to nobody's books."""
    beside = f"{key}{SUFFIX}"
    with studio.media.scratch(job_id) as scratch:
        made = scratch / "timeline.otio"
        made.write_text(to_otio(timeline, beside), encoding="utf-8")
        return studio.media.adopt(made, beside)
