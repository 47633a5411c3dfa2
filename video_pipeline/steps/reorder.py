"""Owns putting the scenes of a storyboard into another order; hides that lengths and chapters change with it.

The pieces at both ends of a programme have no crossfade there, so a scene that moves to an end, or away from it, gets
longer or shorter by half a crossfade; the programme as a whole stays as long as it was. Where the music was there
first, only pictures move: those of a song into lengths that stay, as they are cut to its beats, those that are shown
again and again with lengths of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from video_pipeline.domain.editing import check_editable, check_order, in_order
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.publishing import check_texts
from video_pipeline.domain.records import JobRecord, TrackRecord
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.steps.assemble import scene_lengths
from video_pipeline.steps.attempt import edit
from video_pipeline.steps.refine import check_expected
from video_pipeline.steps.script import with_chapters, without_chapters
from video_pipeline.steps.studio import Studio


def reorder(
    studio: Studio, job_id: UUID, scene_order: Sequence[int], *, by: str, expected: str | None = None
) -> JobRecord:
    """Put the scenes into another order, each with its music, its picture and its history; awaiting approval.

    The order that there is already changes nothing and takes no approval back. Raises InvalidInputError, naming what
    is missing, doubled or unknown, unless each scene is named once; ConflictError when the job's status allows no edit
    or an attempt holds it; PreconditionError when its storyboard is not the `expected` version.
    """
    _checked(studio, job_id, scene_order, expected)
    with edit(studio.jobs, job_id, f"reordering by {by}") as current:
        storyboard = _checked(studio, job_id, scene_order, expected)
        after = reordered(storyboard, scene_order, studio.jobs.tracks(job_id))
        return studio.jobs.reorder_storyboard_scenes(current.lease, scene_order, after, by=by, expected=expected)


def reordered(storyboard: Storyboard, scene_order: Sequence[int], tracks: Sequence[TrackRecord]) -> Storyboard:
    """The storyboard in another order, with the lengths that its delivered pieces give it and chapters that fit."""
    moved = in_order(storyboard, scene_order).scenes
    if storyboard.songs:
        kept = moved if storyboard.length is not None else storyboard.scenes
        lengths = [scene.frames for scene in kept]
        scenes = (replace(scene, frames=frames) for scene, frames in zip(moved, lengths, strict=True))
        return replace(storyboard, scenes=tuple(scenes))
    samples = {track.order_index: track.facts.samples for track in tracks}
    lengths = scene_lengths([samples[number] for number in scene_order], storyboard.crossfade_samples)
    prose = without_chapters(storyboard.description, *_chapters(storyboard))
    after = replace(
        storyboard,
        scenes=tuple(replace(scene, frames=frames) for scene, frames in zip(moved, lengths, strict=True)),
    )
    after = replace(after, description=with_chapters(prose, *_chapters(after)))
    check_texts(after.title, after.description, after.tags)
    return after


def _chapters(storyboard: Storyboard) -> tuple[list[int], list[str]]:
    """Length and title of each scene."""
    scenes = storyboard.scenes
    return [scene.frames for scene in scenes], [scene.title for scene in scenes]


def _checked(studio: Studio, job_id: UUID, scene_order: Sequence[int], expected: str | None) -> Storyboard:
    job = studio.jobs.get_job(job_id)
    if job.storyboard is None:
        raise InvalidInputError(f"job {job_id} is {job.status} and has no storyboard yet")
    check_order(scene_order, len(job.storyboard.scenes))
    check_editable(job_id, job.status)
    check_expected(studio.jobs, job_id, expected)
    return job.storyboard
