"""Owns uploaded files of a job over HTTP; hides how an upload is read."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse

from video_pipeline.api import models, shapes
from video_pipeline.api.caller import EditJob, ReadJob
from video_pipeline.api.desk import AtDesk
from video_pipeline.api.media_file import file_of, hand_out
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.problems import answers, content_checked
from video_pipeline.domain.uploads import FileType
from video_pipeline.steps.uploads import chunks_of, keep_upload, remove_upload

router = APIRouter(prefix="/jobs/{job_id}/files", tags=["files"], route_class=OnceRoute)


@router.get("", summary="List uploaded files", responses=answers(401, 404))
def list_files(job: ReadJob, desk: AtDesk) -> models.Files:
    """The files that were uploaded for a job."""
    return models.Files(items=[shapes.file(each) for each in desk.jobs.get_job_files(job.id)])


@router.post("", status_code=201, summary="Upload a file", responses=answers(401, 403, 404, 409, 413, 415))
def upload(job: EditJob, desk: AtDesk, file: UploadFile, file_type: Annotated[FileType, Form()]) -> models.File:
    """Keep a file for the job: videos, music, sounds or quotes (UTF-8 text). Its content decides what it is."""
    with content_checked():
        kept = keep_upload(desk.studio(), job.id, file_type, file.filename or "", chunks_of(file.file))
    return shapes.file(kept)


@router.get(
    "/{file_id}",
    summary="Download an uploaded file",
    response_class=FileResponse,
    responses=answers(401, 404, 416) | file_of("application/octet-stream"),
)
def download(request: Request, job: ReadJob, file_id: UUID, desk: AtDesk) -> Response:
    """The file as it was uploaded."""
    found = desk.jobs.get_file(job.id, file_id)
    path, sha256 = desk.media.locate(found.media), found.media.sha256
    return hand_out(request, path, "application/octet-stream", sha256=sha256, name=found.filename, attached=True)


@router.delete("/{file_id}", status_code=204, summary="Remove an uploaded file", responses=answers(401, 403, 404, 409))
def remove(job: EditJob, file_id: UUID, desk: AtDesk) -> None:
    """Remove a file from the job and from the storage."""
    remove_upload(desk.studio(), job.id, file_id)
