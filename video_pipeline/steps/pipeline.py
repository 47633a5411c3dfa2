"""Owns the flow of a job: which step runs in which status; hides claims, moves and failures. It alone moves a job.

    stage        works in           begins from                       ends by moving to
    storyboard   planned            planned                           -
    music        generating_music   planned                           -
    images       generating_image   generating_music                  awaiting_approval
    master       rendering          awaiting_approval (approved)      ready_for_export
    exports      ready_for_export   ready_for_export                  completed

A stage ends when its blocking gates have passed; one that fails fails the job in its own stage. A finished stage
returns what is there, so that a re-run costs nothing and never moves a job backwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.delivery import MASTER
from video_pipeline.domain.errors import CancelledError, ConflictError, IllegalMoveError, LeaseLostError
from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord, fingerprint
from video_pipeline.steps.attempt import Attempt, attempt
from video_pipeline.steps.compose import compose
from video_pipeline.steps.export import export, planned
from video_pipeline.steps.files import remove_unrecorded
from video_pipeline.steps.gates import check_gates
from video_pipeline.steps.illustrate import illustrate
from video_pipeline.steps.render import render
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.survey import survey
from video_pipeline.steps.thumbnail_picture import buy_thumbnail_picture
from video_pipeline.steps.thumbnails import thumbnails_if_possible
from video_pipeline.steps.write import write_plan

_FLOW = (
    JobStatus.PREPARING,
    JobStatus.PLANNED,
    JobStatus.GENERATING_MUSIC,
    JobStatus.GENERATING_IMAGE,
    JobStatus.AWAITING_APPROVAL,
    JobStatus.RENDERING,
    JobStatus.READY_FOR_EXPORT,
    JobStatus.COMPLETED,
)

_AUTO = "auto"
"""Who approves when nobody has to."""


@dataclass(frozen=True, slots=True)
class _Step:
    works_in: JobStatus
    begins_from: JobStatus
    ends_in: JobStatus  # the status in which the stage leaves the job
    work: Callable[[Studio, Attempt, JobRecord], object]


def perform(studio: Studio, job_id: UUID, stage: Stage, run_id: str, *, last_try: bool = True) -> JobRecord:
    """Do one stage of a job and return the job as it stands afterwards.

    Raises ConflictError while another attempt is live or approval is missing, IllegalMoveError when an earlier stage
    is not finished. When the work fails, the job is marked failed with the message and the error is raised again; an
    error that may pass leaves the job as it is while the caller has tries left.
    """
    step = _STEPS[stage]
    found = studio.jobs.get_job(job_id)
    if _position(found) > _FLOW.index(step.works_in):
        return _let_pass(studio, found)
    # Asked before the claim as well: a run that may not begin must not become the job's run and fail it.
    _check_entry(studio, found, stage)
    with attempt(studio.jobs, job_id, stage, run_id) as current:
        job = _enter(studio, current, step)
        try:
            remove_unrecorded(studio, job_id, stage)
            step.work(studio, current, job)
            current.raise_if_stopped()
            check_gates(studio, studio.jobs.get_job(job_id), stage)
            current.raise_if_stopped()
            _leave(studio, current, step, job.approval)
        except (CancelledError, LeaseLostError):
            raise
        except BaseException as error:
            # Also an interrupt from the keyboard or from Dagster: nobody works on the job any more.
            if last_try or not getattr(error, "retryable", False):
                studio.jobs.mark_job_failed(job_id, failure_text(stage, error), run_id=run_id)
            raise
    return studio.jobs.get_job(job_id)


def failure_text(stage: Stage, error: BaseException) -> str:
    """What a failed job says: stage, what happened, and the class of a fault without words."""
    if not isinstance(error, Exception):  # from the keyboard, a signal or Dagster, in whose words nobody is helped
        return f"{stage}: interrupted; retry the job, and it goes on from there"
    return f"{stage}: {str(error) or type(error).__name__}"


def _position(job: JobRecord) -> int:
    if job.status not in _FLOW:
        remedy = "retry it first" if job.status is JobStatus.FAILED else "order a new one"
        raise ConflictError(f"job {job.id} is {job.status}; {remedy}")
    return _FLOW.index(job.status)


def _enter(studio: Studio, current: Attempt, step: _Step) -> JobRecord:
    job = studio.jobs.get_job(current.job_id)
    _check_entry(studio, job, current.stage)
    if job.status is step.works_in:
        return job
    studio.jobs.move(job.id, job.status, step.works_in, f"{current.stage} begins", lease=current.lease)
    return studio.jobs.get_job(current.job_id)


def _check_entry(studio: Studio, job: JobRecord, stage: Stage) -> None:
    """Raise IllegalMoveError or ConflictError when `stage` may not begin now."""
    step = _STEPS[stage]
    if job.status is step.works_in:
        return
    if job.status is not step.begins_from:
        raise IllegalMoveError(f"{stage} of job {job.id} begins when it is {step.begins_from}, not {job.status}")
    if stage is Stage.IMAGES:
        _check_music(studio, job)
    if stage is Stage.MASTER:
        _check_approval(studio, job)


def _leave(studio: Studio, current: Attempt, step: _Step, approval: Approval) -> None:
    message = f"{current.stage} finished"
    current.report(1.0, message)
    if step.ends_in is not step.works_in:
        passes = step.ends_in is JobStatus.AWAITING_APPROVAL and approval is Approval.AUTO
        approve_by = _AUTO if passes else None
        studio.jobs.move(
            current.job_id, step.works_in, step.ends_in, message, lease=current.lease, approve_by=approve_by
        )


def _let_pass(studio: Studio, job: JobRecord) -> JobRecord:
    """Approve what nobody has to look at, should it wait nevertheless."""
    if job.status is JobStatus.AWAITING_APPROVAL and job.approval is Approval.AUTO and not job.approved:
        studio.jobs.approve_storyboard(job.id, by=_AUTO)
        return studio.jobs.get_job(job.id)
    return job


def _check_music(studio: Studio, job: JobRecord) -> None:
    storyboard, _ = planned(job)
    have, need = len(studio.jobs.tracks(job.id)), len(storyboard.music_indexes)
    if have < need:
        raise IllegalMoveError(f"job {job.id} has {have} of {need} pieces of music; finish the music first")


def _check_approval(studio: Studio, job: JobRecord) -> None:
    """Nothing is rendered but what was approved: the plan, and the very files that were looked at."""
    if not job.approved:
        raise ConflictError(f"job {job.id} awaits approval: video-pipeline job approve {job.id}")
    storyboard, _ = planned(job)
    if job.approved_fingerprint != fingerprint(storyboard, studio.jobs.works(job.id)):
        raise ConflictError(f"the storyboard of job {job.id} changed after it was approved; approve it again")


def _plan(studio: Studio, current: Attempt, job: JobRecord) -> None:
    if job.storyboard is None:
        brief = brief_from_json(job.brief)
        materials = survey(studio, current, brief)
        write_plan(studio, current, brief, materials)


def _compose(studio: Studio, current: Attempt, job: JobRecord) -> None:
    storyboard, brief = planned(job)
    compose(studio, current, brief, storyboard)


def _illustrate(studio: Studio, current: Attempt, job: JobRecord) -> None:
    storyboard, brief = planned(job)
    illustrate(studio, current, brief, storyboard)
    buy_thumbnail_picture(studio, current, brief, storyboard)
    thumbnails_if_possible(studio, job.id)


def _render(studio: Studio, current: Attempt, job: JobRecord) -> None:
    storyboard, brief = planned(job)
    render(studio, current, brief, storyboard)


def _export(studio: Studio, current: Attempt, job: JobRecord) -> None:
    export(studio, job, MASTER, report=current.report, cancelled=current.stopped)
    thumbnails_if_possible(studio, job.id)


_S = JobStatus
_STEPS: dict[Stage, _Step] = {
    Stage.STORYBOARD: _Step(_S.PLANNED, _S.PLANNED, _S.PLANNED, _plan),
    Stage.MUSIC: _Step(_S.GENERATING_MUSIC, _S.PLANNED, _S.GENERATING_MUSIC, _compose),
    Stage.IMAGES: _Step(_S.GENERATING_IMAGE, _S.GENERATING_MUSIC, _S.AWAITING_APPROVAL, _illustrate),
    Stage.MASTER: _Step(_S.RENDERING, _S.AWAITING_APPROVAL, _S.READY_FOR_EXPORT, _render),
    Stage.EXPORTS: _Step(_S.READY_FOR_EXPORT, _S.READY_FOR_EXPORT, _S.COMPLETED, _export),
}
