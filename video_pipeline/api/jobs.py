"""Owns jobs over HTTP: ordering, finding, showing, deciding; hides nothing."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from video_pipeline.api import models, shapes
from video_pipeline.api.caller import EditJob, Editor, Reader, ReadJob, Spender, visible_job
from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.ordering import brief_of, estimate_of
from video_pipeline.api.problems import answers
from video_pipeline.api.showing import show_job
from video_pipeline.domain.errors import IllegalMoveError
from video_pipeline.domain.job import JobKind, JobStatus, statuses_for
from video_pipeline.steps.discard import discard
from video_pipeline.steps.estimate import put_down_estimate
from video_pipeline.steps.recover import bring_back
from video_pipeline.steps.start import start_job

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=OnceRoute)

IfMatch = Annotated[str | None, Header(description="The storyboard's etag; 412 when it changed since.")]
Status = Annotated[
    list[str], Query(description="A status, or pending, queued, processing, running; may be given several times.")
]
Words = Annotated[str | None, Query(alias="q", max_length=500, description="Words to search for.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")]


def expected(desk: Desk, job_id: UUID, if_match: str | None) -> str | None:
    """The version that an If-Match header names, of several the one that there is now; None when any will do."""
    if if_match is None or if_match.strip() == "*":
        return None
    named = [each.strip().removeprefix("W/").strip('"') for each in if_match.split(",")]
    present = desk.jobs.storyboard_version(job_id) if len(named) > 1 else None
    return present if present in named else named[0]


@router.get("", summary="Find jobs", responses=answers(401))
def find_jobs(
    desk: AtDesk,
    caller: Reader,
    status: Status = [],  # noqa: B006 - FastAPI copies it
    kind: JobKind | None = None,
    channel_id: UUID | None = None,
    approved: bool | None = None,
    q: Words = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Cursor = None,
) -> models.JobPage:
    """Jobs, newest first, your own ones unless you are an administrator."""
    wanted: tuple[JobStatus, ...] = tuple(dict.fromkeys(each for word in status for each in statuses_for(word)))
    page = desk.jobs.page_of_jobs(
        statuses=wanted,
        kind=kind,
        channel_id=channel_id,
        approved=approved,
        user_id=None if caller.is_admin else caller.name,
        words=q,
        after=cursor,
        limit=limit,
    )
    return models.JobPage(items=[shapes.summary(each) for each in page.items], next_cursor=page.next_cursor)


@router.post("", status_code=201, summary="Order a video", responses=answers(401, 403, 404))
def order_job(new: models.NewJob, desk: AtDesk, caller: Spender, response: Response) -> models.Job:
    """Order a video; Dagster picks it up within seconds, or once it is started if it is to wait for files.

    With an Idempotency-Key a lost answer costs nothing.
    """
    brief = brief_of(desk, new, caller.name)
    job = desk.jobs.create_job(brief, preparing=new.preparing or bool(brief.needed_files), key_id=caller.key_id)
    put_down_estimate(desk.jobs, desk.sellers(), brief, job.id)
    response.headers["Location"] = shapes.url_of_job(job.id)
    return show_job(desk, desk.jobs.get_job(job.id))


@router.post("/estimate", summary="Estimate an order", responses=answers(401, 404))
def estimate(new: models.NewJob, desk: AtDesk, caller: Reader) -> models.Estimate:
    """What such an order would take: length, pieces, money, computing. Nothing is ordered."""
    return estimate_of(desk, brief_of(desk, new, caller.name, ordering=False))


@router.get("/{job_id}", summary="Show a job", responses=answers(401, 404))
def show(job: ReadJob, desk: AtDesk) -> models.Job:
    """A job with its storyboard, files and costs."""
    return show_job(desk, job)


@router.post("/{job_id}/approve", summary="Approve the storyboard", responses=answers(401, 403, 404, 409, 412))
def approve(job: EditJob, desk: AtDesk, caller: Editor, response: Response, if_match: IfMatch = None) -> models.Job:
    """Let the storyboard pass exactly as it is: it is rendered next."""
    desk.jobs.approve_storyboard(job.id, by=caller.name, expected=expected(desk, job.id, if_match))
    return answer_with_etag(show_job(desk, desk.jobs.get_job(job.id)), response)


@router.post("/{job_id}/cancel", summary="Stop a job", responses=answers(401, 403, 404, 409))
def cancel(job: EditJob, desk: AtDesk) -> models.Job:
    """Stop a job for good; work under way ends within seconds."""
    desk.jobs.cancel(job.id)
    return show_job(desk, desk.jobs.get_job(job.id))


@router.post("/{job_id}/start", summary="Begin a job that waited for files", responses=answers(401, 403, 404, 409))
def start(job_id: UUID, desk: AtDesk, caller: Spender) -> models.Job:
    """Let a job that is `preparing` be planned; 409 says which files are missing."""
    job = visible_job(desk, caller, job_id)
    return show_job(desk, start_job(desk.jobs, desk.media, job.id, by=caller.name))


@router.post("/{job_id}/retry", summary="Go on with a failed job", responses=answers(401, 403, 404, 409))
def retry(job_id: UUID, desk: AtDesk, caller: Spender) -> models.Job:
    """Go on with a failed job; what is finished is not made, and not paid for, again."""
    job = visible_job(desk, caller, job_id)
    if job.status is not JobStatus.FAILED:
        raise IllegalMoveError(f"job {job_id} is {job.status}; only a failed job can be retried")
    bring_back(desk.jobs, desk.media, job.id)
    return show_job(desk, desk.jobs.get_job(job.id))


@router.delete("/{job_id}", status_code=204, summary="Delete a job", responses=answers(401, 403, 404, 409))
def delete(job: EditJob, desk: AtDesk) -> None:
    """Delete a job that is over, with its files; what it cost stays in the ledger, its licences in the books."""
    discard(desk.studio(), job.id)


@router.get("/{job_id}/history", summary="The history of a job", responses=answers(401, 404))
def history(job: ReadJob, desk: AtDesk) -> models.History:
    """Everything that happened to the job, oldest first."""
    return models.History(items=[shapes.event(each) for each in desk.jobs.events(job.id)])


def answer_with_etag(job: models.Job, response: Response) -> models.Job:
    """`job`, its storyboard's version in the header as well."""
    if job.storyboard is not None:
        response.headers["ETag"] = f'"{job.storyboard.etag}"'
    return job
