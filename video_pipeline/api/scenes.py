"""Owns pictures and sound of scenes over HTTP; hides how they are made small."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from video_pipeline.api.caller import ReadJob
from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.api.media_file import KEPT_BY_ONE, file_of, hand_out
from video_pipeline.api.problems import answers
from video_pipeline.domain.errors import NotFoundError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import TrackRecord
from video_pipeline.steps.views import picture_view, waveform_view

router = APIRouter(prefix="/jobs/{job_id}/scenes/{scene_number}", tags=["scenes"])

KEPT_FOR = "private, max-age=31536000, immutable"
"""An address with its content's mark shows the same for ever."""

_PICTURE = file_of("image/png", "image/jpeg")
_SOUND = file_of("audio/flac")

Mark = Annotated[str | None, Query(max_length=64, description="Any mark; with it the answer may be kept for long.")]


@router.get(
    "/image", summary="The picture of a scene", response_class=FileResponse, responses=answers(401, 404, 416) | _PICTURE
)
def image(
    request: Request,
    job: ReadJob,
    scene_number: int,
    desk: AtDesk,
    width: Annotated[int | None, Query(ge=64, le=1920, description="A JPEG at most so wide.")] = None,
    version: Annotated[UUID | None, Query(description="An earlier picture.")] = None,
    v: Mark = None,
) -> Response:
    """The picture itself (PNG), or a smaller JPEG of it; the present one, or an earlier version."""
    media = _earlier(desk, job.id, scene_number, version) if version else _present(desk, job.id, scene_number)
    kept = {"Cache-Control": KEPT_FOR if v or version else KEPT_BY_ONE}
    if width is None:
        return hand_out(request, desk.media.locate(media), "image/png", sha256=media.sha256, headers=kept)
    return hand_out(request, picture_view(desk.studio(), job.id, media, width), "image/jpeg", headers=kept)


def _present(desk: Desk, job_id: UUID, scene_number: int) -> MediaReference:
    for image in desk.jobs.images(job_id):
        if image.order_index == scene_number:
            return image.media
    raise NotFoundError(f"job {job_id} has no picture for scene {scene_number}")


def _earlier(desk: Desk, job_id: UUID, scene_number: int, version: UUID) -> MediaReference:
    for each in desk.jobs.image_versions(job_id, scene_number):
        if each.id == version:
            return each.media
    raise NotFoundError(f"scene {scene_number} of job {job_id} has no picture {version}")


@router.get(
    "/track", summary="The music of a scene", response_class=FileResponse, responses=answers(401, 404, 416) | _SOUND
)
def track(request: Request, job: ReadJob, scene_number: int, desk: AtDesk, v: Mark = None) -> Response:
    """The piece of music as it was delivered (FLAC); ranges are answered."""
    found = _track(desk, job.id, scene_number)
    kept = {"Cache-Control": KEPT_FOR if v else KEPT_BY_ONE}
    path = desk.media.locate(found.media)
    return hand_out(request, path, "audio/flac", sha256=found.media.sha256, headers=kept)


@router.get(
    "/waveform", summary="Its waveform", response_class=FileResponse, responses=answers(401, 404, 416) | _PICTURE
)
def waveform(request: Request, job: ReadJob, scene_number: int, desk: AtDesk, v: Mark = None) -> Response:
    """The waveform of the piece (PNG)."""
    found = _track(desk, job.id, scene_number)
    kept = {"Cache-Control": KEPT_FOR if v else KEPT_BY_ONE}
    return hand_out(request, waveform_view(desk.studio(), job.id, found.media), "image/png", headers=kept)


def _track(desk: Desk, job_id: UUID, scene_number: int) -> TrackRecord:
    for each in desk.jobs.tracks(job_id):
        if each.order_index == scene_number:
            return each
    raise NotFoundError(f"job {job_id} has no music for scene {scene_number}")
