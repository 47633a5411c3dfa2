"""Owns refining one scene: another picture, another description; hides that it is bought and recorded as one.

The lease keeps everybody else away from the storyboard from the last look at it until the change is in the books. A
process that is killed in between leaves the job as it was: its picture is in no book, and what a vendor was asked for
already the next refinement with the same words takes up.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.editing import (
    check_editable,
    check_refinable,
    checked_description,
    checked_prompt,
    refinement_seed,
    repainted,
    scene_of,
)
from video_pipeline.domain.errors import (
    ConflictError,
    InvalidInputError,
    PreconditionError,
    StoreUnavailableError,
    StudioError,
)
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.media import Generation, ImageFacts, MediaReference
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import UNFINISHED
from video_pipeline.domain.records import Clip, JobRecord, NewPicture
from video_pipeline.domain.storyboard import VisualPrompt, seed_of
from video_pipeline.ports import JobStore
from video_pipeline.steps.animate import Animator, clip_key
from video_pipeline.steps.attempt import Attempt, edit
from video_pipeline.steps.export import planned
from video_pipeline.steps.files import remove_unrecorded
from video_pipeline.steps.paint import Painter, image_key
from video_pipeline.steps.reword import check_unseen
from video_pipeline.steps.studio import Studio, engine_of
from video_pipeline.steps.thumbnails import thumbnails_if_possible
from video_pipeline.steps.wording import image_item


def refine(
    studio: Studio,
    job_id: UUID,
    scene_number: int,
    *,
    image_prompt: str | None,
    description: str | None,
    by: str,
    expected: str | None = None,
) -> JobRecord:
    """Give a scene another picture, another description or both; the job as it stands afterwards, awaiting approval.

    The picture comes from the provider of refinements, by default the job's own, in the size of all others and with a
    seed of its own, so that the same words give another picture. Whatever does not fit is told before anything is
    bought: InvalidInputError for the texts or the scene, LimitReachedError for the sixth refinement, ConflictError when
    the job's status allows no edit or an attempt holds it, PreconditionError when its storyboard is not the `expected`
    version. When the provider fails, its error is raised and the job is as it was before.

    Of a job that failed over its pictures a scene that has none yet gets other words, in case a vendor refused the
    former ones; nothing is bought then, and the job stays failed until it is retried.
    """
    prompt, words = check_refinement(
        studio.jobs, job_id, scene_number, image_prompt=image_prompt, description=description, expected=expected
    )
    if studio.jobs.get_job(job_id).status is JobStatus.FAILED:
        return studio.jobs.reword_scene(
            job_id, scene_number, by=by, prompt=prompt, description=words, expected=expected
        )
    with edit(studio.jobs, job_id, f"refinement of scene {scene_number} by {by}") as current:
        # Again, because only now nobody else can change it any more.
        job = _checked(studio.jobs, job_id, scene_number, expected)

        def record(picture: NewPicture | None) -> JobRecord:
            current.raise_if_stopped()
            return studio.jobs.refine_scene_in_storyboard(
                current.lease, scene_number, by=by, picture=picture, description=words, expected=expected
            )

        if prompt is None:
            return record(None)
        refined = _repaint(studio, current, job, _asked(studio.jobs, job, scene_number, prompt), record)
    thumbnails_if_possible(studio, job_id)
    return refined


def check_refinement(
    jobs: JobStore,
    job_id: UUID,
    scene_number: int,
    *,
    image_prompt: str | None,
    description: str | None,
    expected: str | None = None,
) -> tuple[str | None, str | None]:
    """The prompt and the description as they will be kept; raises as `refine` does for what is not possible now."""
    prompt = None if image_prompt is None else checked_prompt(image_prompt)
    words = None if description is None else checked_description(description)
    if prompt is None and words is None:
        raise InvalidInputError("a refinement needs an image prompt, a description or both")
    _checked(jobs, job_id, scene_number, expected)
    return prompt, words


def check_expected(jobs: JobStore, job_id: UUID, expected: str | None) -> None:
    """Raise PreconditionError when the storyboard is not the `expected` version, which may be anything."""
    found = jobs.storyboard_version(job_id)
    if found is None:
        raise ConflictError(f"scenes of job {job_id} lack their music or picture; finish them first")
    if expected not in (None, found):
        raise PreconditionError(f"the storyboard of job {job_id} changed since it was read; read it again")


def _checked(jobs: JobStore, job_id: UUID, scene_number: int, expected: str | None) -> JobRecord:
    job = jobs.get_job(job_id)
    if job.storyboard is None:
        raise InvalidInputError(f"job {job_id} is {job.status} and has no storyboard yet")
    scene_of(job.storyboard, scene_number)
    if job.failed_from is JobStatus.GENERATING_IMAGE:
        check_unseen(jobs, job, scene_number)
        return job
    check_editable(job_id, job.status)
    check_refinable(job_id, job.refinement_count)
    check_expected(jobs, job_id, expected)
    return job


def _asked(jobs: JobStore, job: JobRecord, scene_number: int, prompt: str) -> VisualPrompt:
    """What is asked for: with a seed of its own, or with that of a purchase of the same words that is under way."""
    storyboard, brief = planned(job)
    what = image_item(scene_number)
    under_way = [
        each.seed
        for each in jobs.purchases(job.id, what=what, states=UNFINISHED)
        if each.prompt == prompt and each.seed is not None
    ]
    seed = under_way[0] if under_way else refinement_seed(brief.seed, scene_number, job.refinement_count)
    visual = scene_of(repainted(storyboard, scene_number, prompt=prompt, seed=seed), scene_number).visual
    return replace(visual, order_index=scene_number)


def _repaint(
    studio: Studio, current: Attempt, job: JobRecord, visual: VisualPrompt, record: Callable[[NewPicture], JobRecord]
) -> JobRecord:
    brief = brief_from_json(job.brief)
    engine, seed = engine_of(studio, brief), seed_of(visual, brief.seed)
    remove_unrecorded(studio, job.id, Stage.IMAGES)
    with studio.media.scratch(job.id) as scratch:

        def take(generation: Generation, media: MediaReference, facts: ImageFacts) -> JobRecord:
            def keep(moved: Generation | None = None, clip: Clip | None = None) -> JobRecord:
                return record(NewPicture(visual.text, seed, generation, media, facts, clip, moved))

            if engine is None:
                return keep()
            animator = Animator(studio, current, brief, engine, scratch)
            return animator.clip_of(visual, media, _frames(job, visual.order_index), keep)

        try:
            return Painter(studio, current, brief, scratch, anew=True).picture_of(visual, visual.order_index, take)
        except BaseException as error:
            # Without an answer nobody knows whether the books have taken the picture; the next attempt looks.
            if not isinstance(error, StoreUnavailableError):
                for key in (image_key(current, visual.order_index), clip_key(current, visual.order_index)):
                    with suppress(StudioError):
                        studio.media.remove(key)
            raise


def _frames(job: JobRecord, scene_number: int) -> int:
    storyboard, _ = planned(job)
    return scene_of(storyboard, scene_number).frames
