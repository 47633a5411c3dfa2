"""Owns what is ordered, said about and measured of a job's video, over HTTP; hides nothing."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter

from video_pipeline.api import models
from video_pipeline.api.caller import EditJob, Editor, ReadJob, Spender
from video_pipeline.api.desk import AtDesk
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.ordering import brief_of
from video_pipeline.api.problems import answers
from video_pipeline.api.showing import show_job

router = APIRouter(prefix="/jobs/{job_id}", tags=["publication"], route_class=OnceRoute)


@router.put("/brief", summary="Order something else", responses=answers(401, 403, 404, 409))
def configure(job: ReadJob, new: models.NewJob, desk: AtDesk, caller: Spender) -> models.Job:
    """Replace what was ordered while nothing is begun: the whole order, of the same kind and for the same channel.

    Without a seed the job keeps its own. Whether it waits for files stays as it is.
    """
    if new.seed is None:
        new = new.model_copy(update={"seed": job.brief["seed"]})
    return show_job(desk, desk.jobs.update_job_config(job.id, brief_of(desk, new, job.user_id), by=caller.name))


@router.get("/publication", summary="What is said about the video", responses=answers(401, 404))
def publication(job: ReadJob, desk: AtDesk) -> models.Publication:
    """Title, description, tags, and where and when the video is published."""
    return models.Publication.model_validate(desk.jobs.get_publication(job.id))


@router.patch("/publication", summary="Say something else", responses=answers(401, 403, 404))
def describe(job: EditJob, change: models.PublicationChange, desk: AtDesk, caller: Editor) -> models.Publication:
    """Change what is named; the storyboard and its approval stay. Edits of the storyboard leave these texts alone."""
    found = desk.jobs.update_video_task(job.id, by=caller.name, **change.model_dump(exclude_unset=True))
    return models.Publication.model_validate(found)


@router.get("/analytics", summary="What was measured", responses=answers(401, 404))
def analytics(job: ReadJob, desk: AtDesk) -> models.Analytics:
    """Views, hours and revenue by day, the last of 366 days first."""
    found = desk.jobs.get_video_analytics(job.id)
    return models.Analytics(items=[models.VideoAnalytics.model_validate(each) for each in found])


@router.put("/analytics/{snapshot_date}", summary="Record what was measured", responses=answers(401, 403, 404))
def measure(job: EditJob, snapshot_date: date, new: models.NewAnalytics, desk: AtDesk) -> models.VideoAnalytics:
    """Record the figures up to a day, as YouTube Studio shows them; the same day again replaces them."""
    found = desk.jobs.save_video_analytics(job.id, snapshot_date, **new.model_dump())
    return models.VideoAnalytics.model_validate(found)
