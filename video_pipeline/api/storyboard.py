"""Owns changing a storyboard over HTTP: refine, reword, reorder, restore, and its public description; hides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from video_pipeline.api import models, shapes
from video_pipeline.api.caller import EditJob, Editor, ReadJob
from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.api.jobs import IfMatch, answer_with_etag, expected
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.problems import ProblemError, answers
from video_pipeline.api.showing import show_job, show_storyboard
from video_pipeline.domain.access import Scope
from video_pipeline.domain.editing import DESCRIPTION_CHARACTERS
from video_pipeline.domain.errors import NotFoundError
from video_pipeline.domain.orders import OrderKind
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.wishes import PROMPT_CHARACTERS
from video_pipeline.steps.refine import check_refinement
from video_pipeline.steps.refine import refine as refine_scene
from video_pipeline.steps.reorder import reorder as reorder_scenes
from video_pipeline.steps.restore import restore as restore_picture
from video_pipeline.steps.reword import reword_track as reword_piece

router = APIRouter(prefix="/jobs/{job_id}", tags=["storyboard"], route_class=OnceRoute)


def _text(allowed: range, description: str) -> Any:
    return Query(min_length=allowed.start, max_length=allowed.stop - 1, description=description)


SceneNumber = Annotated[int, Query(ge=1, le=10_000, description="Counted from 1.")]
Prompt = Annotated[str | None, _text(PROMPT_CHARACTERS, "What the new picture shows.")]
Description = Annotated[str | None, _text(DESCRIPTION_CHARACTERS, "The line that people read.")]
Order = Annotated[list[int], Query(max_length=1000, description="Every scene number once, in the new order.")]


@router.get("/storyboard", summary="The storyboard", responses=answers(401, 404))
def storyboard(job: ReadJob, desk: AtDesk, response: Response) -> models.Storyboard:
    """The scenes with what was made for them; the header ETag is the version that changes name in If-Match."""
    plan = show_storyboard(desk, job)
    if plan is None:
        raise NotFoundError(f"job {job.id} is {job.status} and has no storyboard yet")
    response.headers["ETag"] = f'"{plan.etag}"'
    return plan


@router.post(
    "/refine",
    summary="Refine a scene",
    response_model=models.Job,
    responses=answers(401, 403, 404, 409, 412, 500)
    | {202: {"model": models.Order, "description": "Ordered; look at the address in Location"}},
)
def refine(
    job: EditJob,
    desk: AtDesk,
    caller: Editor,
    response: Response,
    scene_number: SceneNumber,
    new_image_prompt: Prompt = None,
    new_description: Description = None,
    wait: Annotated[bool, Query(description="False: order it, and look later.")] = True,
    if_match: IfMatch = None,
) -> Any:
    """Have a new picture made for a scene, or describe it anew, or both. At most 5 times a job.

    The approval is taken back, and a new picture's expected cost is added. The picture of before can come back.

    Of a job that failed over its pictures, a scene without one gets other words: nothing is bought, and the job stays
    failed until it is retried.
    """
    if new_image_prompt is not None:
        caller.require(Scope.SPEND)
    if job.storyboard is None:
        raise _no_storyboard(job)
    asked = {
        "image_prompt": new_image_prompt,
        "description": new_description,
        "expected": expected(desk, job.id, if_match),
    }
    if not wait:
        return _ordered(desk, job, scene_number, asked, caller.name)
    refined = refine_scene(desk.studio(), job.id, scene_number, **asked, by=caller.name)
    return answer_with_etag(show_job(desk, refined), response)


def _ordered(desk: Desk, job: JobRecord, scene_number: int, asked: Mapping[str, str | None], by: str) -> JSONResponse:
    # What is not possible is told now, rather than by an order that fails later.
    check_refinement(desk.jobs, job.id, scene_number, **asked)
    placed = shapes.order(
        desk.jobs.place_order(job.id, OrderKind.REFINE, {"scene_number": scene_number, **asked}, by=by)
    )
    return JSONResponse(placed.model_dump(mode="json"), 202, headers={"Location": placed.url})


def _no_storyboard(job: JobRecord) -> ProblemError:
    detail = f"job {job.id} is {job.status} and has no storyboard yet"
    return ProblemError(400, "no-storyboard", "There is no storyboard yet", detail)


@router.post(
    "/tracks/{order_index}/reword",
    summary="Give a piece of music other words",
    responses=answers(401, 403, 404, 409, 412),
)
def reword(
    job: EditJob,
    order_index: int,
    wanted: models.NewWords,
    desk: AtDesk,
    caller: Editor,
    response: Response,
    if_match: IfMatch = None,
) -> models.Job:
    """Give a piece other words, of a job that failed over its music: a vendor may have refused the former ones.

    Nothing is bought, and the job stays failed until it is retried; pieces that are there stay as they are.
    """
    changed = reword_piece(
        desk.jobs,
        desk.media,
        job.id,
        order_index,
        prompt=wanted.prompt,
        by=caller.name,
        expected=expected(desk, job.id, if_match),
    )
    return answer_with_etag(show_job(desk, changed), response)


@router.post("/reorder", summary="Reorder the scenes", responses=answers(401, 403, 404, 409, 412))
def reorder(
    job: EditJob,
    desk: AtDesk,
    caller: Editor,
    response: Response,
    scene_order: Order,
    if_match: IfMatch = None,
) -> models.Job:
    """Put the scenes into another order; pictures and music move along. The approval is taken back."""
    if job.storyboard is None:
        raise _no_storyboard(job)
    changed = reorder_scenes(
        desk.studio(), job.id, scene_order, by=caller.name, expected=expected(desk, job.id, if_match)
    )
    return answer_with_etag(show_job(desk, changed), response)


@router.get("/scenes/{scene_number}/versions", summary="Pictures of a scene", responses=answers(401, 404))
def versions(job: ReadJob, scene_number: int, desk: AtDesk) -> models.Versions:
    """The present picture, then those of before, newest first."""
    scenes = job.storyboard.scenes if job.storyboard else ()
    image = next((each for each in desk.jobs.images(job.id) if each.order_index == scene_number), None)
    if image is None or not 1 <= scene_number <= len(scenes):
        raise NotFoundError(f"job {job.id} has no picture for scene {scene_number}")
    earlier = desk.jobs.image_versions(job.id, scene_number)
    present = shapes.present_version(job.id, image, scenes[scene_number - 1])
    return models.Versions(items=[present, *(shapes.version(job.id, each) for each in earlier)])


@router.post(
    "/scenes/{scene_number}/restore",
    summary="Bring an earlier picture back",
    responses=answers(401, 403, 404, 409, 412),
)
def restore(
    job: EditJob,
    scene_number: int,
    wanted: models.Restoration,
    desk: AtDesk,
    caller: Editor,
    response: Response,
    if_match: IfMatch = None,
) -> models.Job:
    """Bring an earlier picture of a scene back. Costs nothing and is no refinement; the approval is taken back."""
    changed = restore_picture(
        desk.studio(),
        job.id,
        scene_number,
        wanted.version_id,
        by=caller.name,
        expected=expected(desk, job.id, if_match),
    )
    return answer_with_etag(show_job(desk, changed), response)


@router.get("/metadata", summary="Public description of a job", responses=answers(404))
def metadata(job_id: UUID, desk: AtDesk) -> dict[str, Any]:
    """Status, scenes, costs and counts, for anybody who knows the id."""
    job = desk.jobs.get_job(job_id)
    told = shapes.metadata(job, show_storyboard(desk, job), desk.jobs.master(job.id))
    return told | {"error": job.error_message and desk.without_places(job.error_message)}
