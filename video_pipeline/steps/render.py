"""Owns rendering a job's master; hides the render task's bookkeeping."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.delivery import MASTER
from video_pipeline.domain.errors import StudioError
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.steps.assemble import programme_of
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.beside import put_timeline_beside
from video_pipeline.steps.studio import Studio


def render(studio: Studio, attempt: Attempt, brief: Brief, storyboard: Storyboard) -> RenderReport:
    """Render the master and put it into the media store; a master that exists is returned as it is."""
    existing = studio.jobs.master(attempt.job_id)
    if existing is not None and studio.media.holds(existing.media):
        return existing
    timeline = programme_of(storyboard, studio.jobs.works(attempt.job_id), brief)
    rung = MASTER.rung_for(timeline.aspect)
    task = studio.jobs.open_render_task(attempt.lease, f"{rung.width}x{rung.height}")
    try:
        with studio.media.scratch(attempt.job_id) as scratch:
            out = scratch / f"{MASTER.name}.{MASTER.format}"
            report = studio.tools.render(
                timeline, MASTER, out, locate=studio.media.locate, report=attempt.report, cancelled=attempt.stopped
            )
            key = f"jobs/{attempt.job_id}/master-a{attempt.lease.attempt}.{MASTER.format}"
            report = replace(report, media=studio.media.adopt(out, key, sha256=report.media.sha256))
        put_timeline_beside(studio, attempt.job_id, timeline, key)
        studio.jobs.save_master(attempt.lease, report, task_id=task)
    except BaseException as error:  # an interrupt ends the task as well
        # Where the books refuse this too, the next attempt closes the task.
        with suppress(StudioError):
            studio.jobs.close_render_task(attempt.lease, task, str(error) or type(error).__name__)
        raise
    return report
