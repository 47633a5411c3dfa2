"""Owns making deliverables from a job's timeline; hides which of them exist already."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from video_pipeline.domain.brief import Brief, brief_from_json
from video_pipeline.domain.delivery import MASTER, Rendition
from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.records import ExportRecord, JobRecord, RenderReport
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ports import IsCancelled, ReportProgress
from video_pipeline.steps.assemble import album_timeline
from video_pipeline.steps.beside import put_timeline_beside
from video_pipeline.steps.studio import Studio


def export_key(job_id: UUID, rendition: Rendition) -> str:
    """Where an export lies in the media store: exports/{job_id}/{format}_{quality}.{ext}."""
    return f"exports/{job_id}/{rendition.name}.{rendition.format}"


def export(
    studio: Studio, job: JobRecord, rendition: Rendition, *, report: ReportProgress, cancelled: IsCancelled
) -> ExportRecord:
    """The export of `job` as `rendition`; made from the timeline, or returned when it is there and still valid.

    Of several calls at once for the same rendition one makes it and the others return it, so that the file and the
    checksum in the books belong together. Raises ConflictError when the job has no master yet.
    """
    with studio.media.lock(export_key(job.id, rendition)):
        return _export(studio, job, rendition, report, cancelled)


def _export(
    studio: Studio, job: JobRecord, rendition: Rendition, report: ReportProgress, cancelled: IsCancelled
) -> ExportRecord:
    master = studio.jobs.master(job.id)
    if master is None:
        raise ConflictError(f"job {job.id} is {job.status} and has no master yet; export it after rendering")
    for existing in studio.jobs.exports(job.id):
        if existing.report.rendition == rendition and studio.media.holds(existing.report.media):
            report(1.0, f"{rendition.name} is there already")
            return existing
    if rendition == MASTER:
        media = studio.media.duplicate(master.media, export_key(job.id, rendition))
        put_timeline_beside(studio, job.id, timeline_of(studio, job), media.key)
        return studio.jobs.save_export(job.id, replace(master, media=media))
    return studio.jobs.save_export(job.id, _render(studio, job, rendition, report, cancelled))


def _render(
    studio: Studio, job: JobRecord, rendition: Rendition, report: ReportProgress, cancelled: IsCancelled
) -> RenderReport:
    timeline = timeline_of(studio, job)
    with studio.media.scratch(job.id) as scratch:
        out = scratch / f"{rendition.name}.{rendition.format}"
        made = studio.tools.render(
            timeline, rendition, out, locate=studio.media.locate, report=report, cancelled=cancelled
        )
        media = studio.media.adopt(out, export_key(job.id, rendition))
    put_timeline_beside(studio, job.id, timeline, media.key)
    return replace(made, media=media)


def timeline_of(studio: Studio, job: JobRecord) -> Timeline:
    """The programme of a job, from what was delivered for it; ConflictError before it was planned."""
    storyboard, brief = planned(job)
    return album_timeline(
        storyboard, studio.jobs.tracks(job.id), studio.jobs.images(job.id), brief.motion, storyboard.title
    )


def planned(job: JobRecord) -> tuple[Storyboard, Brief]:
    """The storyboard and the brief of a job; ConflictError before it was planned."""
    if job.storyboard is None:
        raise ConflictError(f"job {job.id} is {job.status} and has no storyboard yet")
    return job.storyboard, brief_from_json(job.brief)
