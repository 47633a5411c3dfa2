"""Owns making deliverables from a job's timeline; hides which of them exist already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from uuid import UUID

from video_pipeline.domain.brief import Brief, brief_from_json
from video_pipeline.domain.delivery import MASTER, Rendition
from video_pipeline.domain.errors import ConflictError, StudioError
from video_pipeline.domain.records import ExportRecord, JobRecord, RenderReport, fingerprint
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ports import IsCancelled, ReportProgress
from video_pipeline.steps.assemble import programme_of
from video_pipeline.steps.beside import put_timeline_beside
from video_pipeline.steps.studio import Studio


def export_key(job_id: UUID, rendition: Rendition) -> str:
    """Where an export lies in the media store: exports/{job_id}/{format}_{quality}.{ext}."""
    return f"exports/{job_id}/{rendition.file_name}"


def export(
    studio: Studio, job: JobRecord, rendition: Rendition, *, report: ReportProgress, cancelled: IsCancelled
) -> ExportRecord:
    """The export of `job` as `rendition`; see `export_all`."""
    return export_all(studio, job, [rendition], report=report, cancelled=cancelled)[0]


def export_all(
    studio: Studio, job: JobRecord, renditions: Sequence[Rendition], *, report: ReportProgress, cancelled: IsCancelled
) -> list[ExportRecord]:
    """The exports of `job`, in the order of `renditions`; those that are there and still valid are not made again.

    The others are made from the timeline in one go, and each is recorded as soon as it is finished: what fails later
    does not take it away. Of several calls at once for the same rendition one makes it and the others return it, so
    that the file and the checksum in the books belong together. Raises ConflictError when the job has no master yet,
    and CancelledError also while it waits for another call.
    """
    wanted = dict.fromkeys(renditions)
    with ExitStack() as locks:
        # Everybody locks in the same order, so that nobody waits for somebody who waits for him.
        for key in sorted(export_key(job.id, rendition) for rendition in wanted):
            locks.enter_context(studio.media.lock(key, cancelled))
        found = _found(studio, job, wanted)
        missing = [rendition for rendition in wanted if rendition not in found]
        if missing:
            found |= _made(studio, job, missing, report, cancelled)
        else:
            report(1.0, f"{', '.join(rendition.name for rendition in wanted)}: there already")
    return [found[rendition] for rendition in wanted]


def _found(studio: Studio, job: JobRecord, wanted: Iterable[Rendition]) -> dict[Rendition, ExportRecord]:
    """What is there already, or is the master under another name."""
    master = studio.jobs.master(job.id)
    if master is None:
        raise ConflictError(f"job {job.id} is {job.status} and has no master yet; export it after rendering")
    known = {record.report.rendition: record for record in studio.jobs.exports(job.id)}
    found = {each: known[each] for each in wanted if each in known and studio.media.holds(known[each].report.media)}
    if MASTER in wanted and MASTER not in found:
        timeline, version = _programme(studio, job)
        media = studio.media.duplicate(master.media, export_key(job.id, MASTER))
        put_timeline_beside(studio, job.id, timeline, media.key)
        found[MASTER] = studio.jobs.save_export(job.id, replace(master, media=media), version=version)
    return found


def _made(
    studio: Studio, job: JobRecord, missing: Sequence[Rendition], report: ReportProgress, cancelled: IsCancelled
) -> dict[Rendition, ExportRecord]:
    timeline, version = _programme(studio, job)
    made: dict[Rendition, ExportRecord] = {}
    with studio.media.scratch(job.id) as scratch:
        outs = {rendition: scratch / rendition.file_name for rendition in missing}

        def keep(finished: RenderReport) -> None:
            rendition = finished.rendition
            media = studio.media.adopt(outs[rendition], export_key(job.id, rendition), sha256=finished.media.sha256)
            put_timeline_beside(studio, job.id, timeline, media.key)
            made[rendition] = studio.jobs.save_export(job.id, replace(finished, media=media), version=version)

        try:
            studio.tools.render_all(
                timeline, outs, locate=studio.media.locate, report=report, cancelled=cancelled, finished=keep
            )
        except StudioError as error:
            if made:
                names = ", ".join(rendition.name for rendition in made)
                told = type(error)(f"{error} (finished all the same: {names})")
                for note in getattr(error, "__notes__", ()):
                    told.add_note(note)
                raise told from error
            raise
    return made


def _programme(studio: Studio, job: JobRecord) -> tuple[Timeline, str]:
    """The programme as it is now, and the version of the storyboard that it shows.

    An export needs no lease, so the storyboard may be edited meanwhile: what shows the former one is not recorded then.
    """
    storyboard, brief = planned(studio.jobs.get_job(job.id))
    works = studio.jobs.works(job.id)
    return programme_of(storyboard, works, brief), fingerprint(storyboard, works)


def timeline_of(studio: Studio, job: JobRecord) -> Timeline:
    """The programme of a job, from what was delivered for it; ConflictError before it was planned."""
    storyboard, brief = planned(job)
    return programme_of(storyboard, studio.jobs.works(job.id), brief)


def planned(job: JobRecord) -> tuple[Storyboard, Brief]:
    """The storyboard and the brief of a job; ConflictError before it was planned."""
    if job.storyboard is None:
        raise ConflictError(f"job {job.id} is {job.status} and has no storyboard yet")
    return job.storyboard, brief_from_json(job.brief)
