"""Owns choosing a thumbnail over HTTP; hides nothing."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from video_pipeline.api import models, shapes
from video_pipeline.api.caller import EditJob, ReadJob
from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.api.media_file import file_of, hand_out
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.problems import answers
from video_pipeline.domain.errors import NotFoundError
from video_pipeline.domain.records import JobRecord, ThumbnailRecord
from video_pipeline.domain.thumbnails import MODEL, WEIGHTS
from video_pipeline.steps.thumbnails import estimates

router = APIRouter(prefix="/jobs/{job_id}/thumbnails", tags=["thumbnails"], route_class=OnceRoute)

_PICTURE = file_of("image/jpeg")


@router.get("", summary="List thumbnails", responses=answers(401, 404))
def list_thumbnails(job: ReadJob, desk: AtDesk) -> models.Thumbnails:
    """Thumbnails, the highest prediction first. A prediction is an estimate by the model that is named."""
    return _thumbnails(desk, job)


@router.get(
    "/{thumbnail_id}/image",
    summary="A thumbnail",
    response_class=FileResponse,
    responses=answers(401, 404, 416) | _PICTURE,
)
def image(request: Request, job: ReadJob, thumbnail_id: UUID, desk: AtDesk) -> Response:
    """The picture, 1280 x 720, JPEG."""
    path = desk.media.path(_thumbnail(desk, job, thumbnail_id).key)
    if not path.is_file():
        raise NotFoundError(f"the file of thumbnail {thumbnail_id} is gone")
    return hand_out(request, path, "image/jpeg")


@router.post("/{thumbnail_id}/select", summary="Choose a thumbnail", responses=answers(401, 403, 404))
def select(job: EditJob, thumbnail_id: UUID, desk: AtDesk) -> models.Thumbnails:
    """Choose the thumbnail that the video is published with."""
    desk.jobs.update_thumbnail_selection(job.id, _thumbnail(desk, job, thumbnail_id).id)
    return _thumbnails(desk, job)


def _thumbnails(desk: Desk, job: JobRecord) -> models.Thumbnails:
    found = estimates(desk.media, job.id)
    items = [
        shapes.thumbnail(job.id, each, found[each.key].parts if each.key in found else {})
        for each in desk.jobs.get_thumbnails(job.id)
    ]
    weights = {str(part): weight for part, weight in WEIGHTS.items()}
    return models.Thumbnails(items=items, model=MODEL, weights=weights)


def _thumbnail(desk: Desk, job: JobRecord, thumbnail_id: UUID) -> ThumbnailRecord:
    for each in desk.jobs.get_thumbnails(job.id):
        if each.id == thumbnail_id:
            return each
    raise NotFoundError(f"job {job.id} has no thumbnail {thumbnail_id}")
