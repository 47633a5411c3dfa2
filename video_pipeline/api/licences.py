"""Owns licences of a job over HTTP: the rows, and the pack for a dispute; hides nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response

from video_pipeline.api import models
from video_pipeline.api.caller import ReadJob
from video_pipeline.api.desk import AtDesk
from video_pipeline.api.media_file import KEPT_BY_ONE
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.problems import answers
from video_pipeline.domain.licences import LicenceRecord, drawn_from, in_force, shown_of
from video_pipeline.steps.licence_pack import licence_pack

router = APIRouter(prefix="/jobs/{job_id}", tags=["licences"], route_class=OnceRoute)

_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/licences", summary="List licences", responses=answers(401, 404))
def licences(job: ReadJob, desk: AtDesk) -> models.Licences:
    """A row for each thing that was ever made for a job, the first one in front. None of them is ever changed.

    A `thumbnail` is a picture that was made for thumbnails alone and is not in the video.
    """
    rows = desk.jobs.licences(job.id)
    shown = {row.id for row in in_force(rows, shown_of(desk.jobs.works(job.id))).values()}
    drawn = {row.id for row in in_force(rows, drawn_from(desk.jobs.get_thumbnails(job.id))).values()}

    def told(row: LicenceRecord) -> models.Licence:
        return models.Licence(**asdict(row), in_video=row.id in shown, in_thumbnails=row.id in drawn)

    return models.Licences(items=[told(row) for row in rows])


@router.get(
    "/licences.zip",
    summary="Download the pack of licences",
    response_class=Response,
    responses=answers(401, 404, 409) | _ZIP,
)
def pack(job: ReadJob, desk: AtDesk) -> Response:
    """What is sent in a dispute about rights: the track list with its times, licences, terms, costs and checksums.

    It is there once the music and pictures are. The same state gives the same bytes.
    """
    name = f"licences-{str(job.id)[:8]}.zip"
    told = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": KEPT_BY_ONE}
    return Response(licence_pack(desk.jobs, job.id), media_type="application/zip", headers=told)
