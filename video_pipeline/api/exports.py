"""Owns downloads over HTTP: exports, the finished video, the preview, and the work ordered for them; hides polling."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from video_pipeline.api import models, shapes
from video_pipeline.api.caller import EditJob, Editor, Reader, ReadJob, visible_job
from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.api.media_file import MediaFile, file_of, hand_out
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.problems import ProblemError, answers
from video_pipeline.domain.delivery import Rendition, renditions_of
from video_pipeline.domain.errors import ConflictError, NotFoundError
from video_pipeline.domain.orders import OrderKind, OrderStatus, WorkOrder
from video_pipeline.domain.records import ExportRecord, JobRecord
from video_pipeline.steps.on_demand import DELIVERED
from video_pipeline.steps.preview import preview_of

router = APIRouter(tags=["exports"], route_class=OnceRoute)

POLL_S = 0.25

MEDIA_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "m4a": "audio/mp4",
    "opus": "audio/ogg",
    "flac": "audio/flac",
}
"""By the ending of the file."""

_MP4 = file_of(MEDIA_TYPES["mp4"])
_EXPORT = file_of(*dict.fromkeys(MEDIA_TYPES.values()))
_EXPORT[200]["content"]["application/json"] = {"schema": {"$ref": "#/components/schemas/Exports"}}
_ORDERED: dict[int | str, dict[str, Any]] = {
    202: {"model": models.Order, "description": "Ordered; look at the address in Location"}
}

Formats = Annotated[str, Query(max_length=100, description="mp4, mov, webm, av1, m4a, opus, flac; several; all.")]
Qualities = Annotated[
    str, Query(max_length=200, description="low, medium, high, qhd, uhd, square, vertical or 1600x900; several; all.")
]


@router.get(
    "/jobs/{job_id}/export",
    summary="Download an export",
    response_model=None,
    responses=answers(401, 403, 404, 409, 416, 500) | _EXPORT | _ORDERED,
)
async def export(
    request: Request,
    job: EditJob,
    desk: AtDesk,
    caller: Editor,
    format: Formats = "mp4",
    quality: Qualities = "medium",
    wait: Annotated[bool, Query(description="False: order it, and look later.")] = True,
) -> Response:
    """The video in a format and quality, as a download; made from the timeline unless it is there already.

    Several pairs, in lists with commas, are made in one go and answered as a list of addresses. Waits five minutes at
    most.
    """
    wanted = renditions_of(format, quality)
    placed = await run_in_threadpool(_place_missing, desk, job, wanted, caller.name)
    if placed is not None and not wait:
        return _ordered(placed)
    if placed is not None:
        await _done(desk, placed)
    return await run_in_threadpool(_answer, request, desk, job, wanted)


def _place_missing(desk: Desk, job: JobRecord, wanted: tuple[Rendition, ...], by: str) -> WorkOrder | None:
    """Order what is not there; None when all is."""
    _check_finished(job)
    if len(_found(desk, job, wanted)) == len(wanted):
        return None
    desk.studio()  # 503 now rather than an order that cannot be done
    return _place(desk, job, wanted, by)


def _answer(request: Request, desk: Desk, job: JobRecord, wanted: tuple[Rendition, ...]) -> Response:
    found = _found(desk, job, wanted)
    gone = [each.name for each in wanted if each not in found]
    if gone:
        raise NotFoundError(f"job {job.id} has no {', '.join(gone)} any more; ask for it again")
    if len(wanted) > 1:
        listed = models.Exports(items=[shapes.export(job.id, found[each]) for each in wanted])
        return JSONResponse(listed.model_dump(mode="json"))
    media = found[wanted[0]].report.media
    path = desk.media.locate(media)
    kind = MEDIA_TYPES.get(path.suffix[1:], "application/octet-stream")
    name = f"{str(job.id)[:8]}_{wanted[0].file_name}"
    return _counted(desk, job, hand_out(request, path, kind, sha256=media.sha256, name=name, attached=True))


def _check_finished(job: JobRecord) -> None:
    if job.local_video_path is None or job.status not in DELIVERED:
        detail = f"job {job.id} is {job.status}; it can be exported when its video is finished"
        raise ProblemError(400, "not-completed", "The video is not finished", detail)


def _found(desk: Desk, job: JobRecord, wanted: tuple[Rendition, ...]) -> dict[Rendition, ExportRecord]:
    known = {each.report.rendition: each for each in desk.jobs.exports(job.id)}
    return {each: known[each] for each in wanted if each in known and desk.media.holds(known[each].report.media)}


def _place(desk: Desk, job: JobRecord, wanted: tuple[Rendition, ...], by: str) -> WorkOrder:
    pairs = [{"format": str(each.format), "quality": str(each.quality)} for each in wanted]
    return desk.jobs.place_order(job.id, OrderKind.EXPORT, {"renditions": pairs}, by=by)


async def _done(desk: Desk, placed: WorkOrder) -> None:
    """Wait until the order is done; ProblemError when it failed, or when the limit is over (it goes on then)."""
    deadline = time.monotonic() + desk.export_limit_s
    while True:
        order = await run_in_threadpool(desk.jobs.get_order, placed.id)
        if order.status is OrderStatus.COMPLETED:
            return
        address = shapes.order(order).url
        if order.status is OrderStatus.FAILED:
            detail = f"{order.error_message}; see {address}"
            raise ProblemError(500, "export-failed", "The export failed", detail)
        if time.monotonic() > deadline:
            detail = (
                f"it takes longer than {desk.export_limit_s:.0f} s and goes on; see {address}, or ask with wait=false"
            )
            raise ProblemError(500, "export-timeout", "The export takes too long to wait for", detail)
        await asyncio.sleep(POLL_S)  # no thread waits: there are few of them


def _ordered(placed: WorkOrder) -> JSONResponse:
    order = shapes.order(placed)
    return JSONResponse(order.model_dump(mode="json"), 202, headers={"Location": order.url})


def _counted(desk: Desk, job: JobRecord, answer: Response) -> Response:
    """Count a download when it begins: a player that seeks asks for one file many times."""
    if isinstance(answer, MediaFile) and answer.begins:
        desk.jobs.increment_download_count(job.id)
    return answer


@router.get("/jobs/{job_id}/exports", summary="List exports", responses=answers(401, 404))
def exports(job: ReadJob, desk: AtDesk) -> models.Exports:
    """The finished exports of a job, oldest first."""
    return models.Exports(items=[shapes.export(job.id, each) for each in desk.jobs.exports(job.id)])


@router.post(
    "/jobs/{job_id}/exports",
    status_code=202,
    summary="Order exports",
    response_model=models.Order,
    responses=answers(401, 403, 404, 409),
)
def order_exports(job: EditJob, wanted: models.NewExports, desk: AtDesk, caller: Editor) -> JSONResponse:
    """Have each format made in each quality, all in one go."""
    renditions = renditions_of(",".join(wanted.formats), ",".join(wanted.qualities))
    _check_finished(job)
    return _ordered(_place(desk, job, renditions, caller.name))


@router.get("/orders/{order_id}", summary="Look at ordered work", responses=answers(401, 404))
def show_order(order_id: UUID, desk: AtDesk, caller: Reader) -> models.Order:
    """How far work is that was ordered."""
    order = desk.jobs.get_order(order_id)
    try:
        visible_job(desk, caller, order.job_id)
    except NotFoundError as error:
        raise NotFoundError(f"there is no order {order_id}") from error
    return shapes.order(order)


@router.get(
    "/jobs/{job_id}/video",
    summary="Watch or download the finished video",
    response_class=FileResponse,
    responses=answers(401, 404, 416) | _MP4,
)
def video(request: Request, job: ReadJob, desk: AtDesk) -> Response:
    """The finished programme, mp4 in 1080p; ranges are answered, so that players can seek."""
    master = desk.jobs.master(job.id)
    if master is None:
        raise NotFoundError(f"job {job.id} is {job.status} and has no video yet")
    path = desk.media.locate(master.media)
    answer = hand_out(request, path, MEDIA_TYPES["mp4"], sha256=master.media.sha256, name=f"{job.id}.mp4")
    return _counted(desk, job, answer)


@router.get(
    "/jobs/{job_id}/preview",
    summary="Watch the preview",
    response_class=FileResponse,
    responses=answers(401, 404, 416) | _MP4,
)
def preview(request: Request, job: ReadJob, desk: AtDesk) -> Response:
    """The whole programme as it would be rendered now, small, with sound; 404 until it was made."""
    path = _present_preview(desk, job)
    if path is None:
        raise NotFoundError(f"job {job.id} has no preview of its present storyboard; order one with POST")
    return hand_out(request, path, MEDIA_TYPES["mp4"])


@router.post(
    "/jobs/{job_id}/preview",
    status_code=202,
    summary="Order a preview",
    response_model=models.Order,
    responses=answers(401, 403, 404, 409) | {200: {"model": models.Order, "description": "It is there already"}},
)
def order_preview(job: EditJob, desk: AtDesk, caller: Editor) -> JSONResponse:
    """Have a preview made of the present storyboard; the finished order when it is there."""
    version = desk.jobs.storyboard_version(job.id)
    if version is None:
        raise ConflictError(f"job {job.id} is {job.status}; its preview needs music and a picture for each scene")
    if preview_of(desk.media, job.id, version) is not None:
        for made in desk.jobs.orders(job.id):
            if made.kind is OrderKind.PREVIEW and made.result and made.result.get("fingerprint") == version:
                return JSONResponse(shapes.order(made).model_dump(mode="json"))
    return _ordered(desk.jobs.place_order(job.id, OrderKind.PREVIEW, {}, by=caller.name))


def _present_preview(desk: Desk, job: JobRecord) -> Path | None:
    version = desk.jobs.storyboard_version(job.id)
    return preview_of(desk.media, job.id, version) if version else None
