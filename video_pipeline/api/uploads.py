"""Owns uploads in pieces over HTTP: begin, ask how far, go on, abandon; hides how a piece is read.

The words and their meaning are those of tus.io 1.0 where it has them.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response

from video_pipeline.api import models, shapes
from video_pipeline.api.caller import EditJob, ReadJob
from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.api.incoming import MEDIA_TYPES, take_in
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.problems import OFFSET, answers
from video_pipeline.domain.records import JobFileRecord, UploadRecord
from video_pipeline.steps.receive import abandon, open_upload

router = APIRouter(prefix="/jobs/{job_id}/uploads", tags=["files"], route_class=OnceRoute)

Offset = Annotated[
    int, Header(alias=OFFSET, ge=0, lt=2**63, description="Which byte of the file the body begins with.")
]

_PIECE: dict[str, Any] = {
    "requestBody": {
        "description": "The next bytes of the file, as many as you like; none to have a whole file looked at again.",
        "content": {MEDIA_TYPES[0]: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("", summary="List uploads on their way", responses=answers(401, 404))
def list_uploads(job: ReadJob, desk: AtDesk) -> models.Uploads:
    """Uploads of a job that are not files yet, also those of earlier visits: ask here where to go on."""
    return models.Uploads(items=[shapes.upload(each) for each in desk.jobs.get_uploads(job.id)])


@router.post("", status_code=201, summary="Begin an upload in pieces", responses=answers(401, 403, 404, 409))
def begin(new: models.NewUpload, job: EditJob, desk: AtDesk, response: Response) -> models.Upload:
    """Announce a file; its bytes come with PATCH to the address in `Location`, in as many requests as it takes."""
    upload = open_upload(
        desk.jobs, job.id, new.file_type, new.filename, new.bytes, sha256=new.sha256, ttl_s=desk.upload_ttl_s
    )
    shown = shapes.upload(upload)
    response.headers["Location"] = shown.url
    return _answer(response, upload, shown)


@router.get("/{upload_id}", summary="Show an upload", responses=answers(401, 404))
def show(job: ReadJob, upload_id: UUID, desk: AtDesk, response: Response) -> models.Upload:
    """How far an upload is, and the file that it became."""
    upload = desk.jobs.get_upload(job.id, upload_id)
    return _answer(response, upload, shapes.upload(upload, _file(desk, upload)))


@router.head("/{upload_id}", summary="How far is an upload?", response_class=Response, responses=answers(401, 404))
def how_far(job: ReadJob, upload_id: UUID, desk: AtDesk) -> Response:
    """The same in headers alone: `Upload-Offset`, `Upload-Length`, `Upload-Expires`."""
    response = Response()
    upload = desk.jobs.get_upload(job.id, upload_id)
    _answer(response, upload, shapes.upload(upload))
    return response


@router.patch(
    "/{upload_id}",
    summary="Go on with an upload",
    responses=answers(401, 403, 404, 409, 413, 415),
    openapi_extra=_PIECE,
)
async def go_on(
    request: Request, job: EditJob, upload_id: UUID, desk: AtDesk, response: Response, offset: Offset
) -> models.Upload:
    """Add bytes; with the last one the file is looked at and kept.

    409 with the right `Upload-Offset` when the bytes do not go on where the upload stands; then go on from there.
    """
    upload, made = await take_in(request, desk, job.id, upload_id, offset)
    return _answer(response, upload, shapes.upload(upload, made))


@router.delete("/{upload_id}", status_code=204, summary="Abandon an upload", responses=answers(401, 403, 404))
def give_up(job: EditJob, upload_id: UUID, desk: AtDesk) -> None:
    """Forget an upload and what came of it; a file that it became stays."""
    abandon(desk.jobs, desk.media, job.id, upload_id)


def _file(desk: Desk, upload: UploadRecord) -> JobFileRecord | None:
    return desk.jobs.get_file(upload.job_id, upload.file_id) if upload.file_id is not None else None


def _answer(response: Response, upload: UploadRecord, shown: models.Upload) -> models.Upload:
    response.headers[OFFSET] = str(upload.received)
    response.headers["Upload-Length"] = str(upload.bytes)
    response.headers["Upload-Expires"] = format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)
    return shown
