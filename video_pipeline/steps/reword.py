"""Owns other words for what a failed job lacks, since a vendor may have refused the former ones; hides what is there.

Nothing is bought here, and the job stays failed: a retry goes on with the other words, and has no more made than what
is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from video_pipeline.domain.brief import PICTURES, MusicVideoBrief, brief_from_json
from video_pipeline.domain.editing import check_rewordable, checked_music_prompt, piece_of
from video_pipeline.domain.errors import ConflictError, InvalidInputError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.purchases import PurchaseState
from video_pipeline.domain.records import ImageRecord, JobRecord, Works
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.ports import JobStore, MediaStore
from video_pipeline.steps.wording import clip_item, image_item, music_item

_UNDER_WAY = (PurchaseState.SUBMITTING, PurchaseState.SUBMITTED)
"""A vendor makes it of the former words, or has made it: with other ones it would be paid for and lost."""


def reword_track(
    jobs: JobStore,
    media: MediaStore,
    job_id: UUID,
    order_index: int,
    *,
    prompt: str,
    by: str,
    expected: str | None = None,
) -> JobRecord:
    """Give a piece of music that is not there other words; the job as it stands afterwards, failed as before.

    Title, tempo, key, instruments and length stay. InvalidInputError for the words or the piece, ConflictError when the
    job did not fail over its music, when the piece is there, or when a vendor makes it already; PreconditionError when
    the storyboard is not the `expected` version.
    """
    words = checked_music_prompt(prompt)
    job = jobs.get_job(job_id)
    if job.storyboard is None:
        raise InvalidInputError(f"job {job_id} is {job.status} and has no storyboard yet")
    piece = piece_of(job.storyboard, order_index)
    check_rewordable(job_id, job.status, job.failed_from, JobStatus.GENERATING_MUSIC)
    if any(each.order_index == order_index and media.holds(each.media) for each in jobs.tracks(job_id)):
        raise ConflictError(f"piece {order_index} of job {job_id} is there, and was not what failed; retry the job")
    if words == piece.text:
        raise InvalidInputError(f"these are the words that piece {order_index} has; give others")
    check_not_under_way(jobs, job_id, music_item(order_index))
    return jobs.reword_track(job_id, order_index, by=by, prompt=words, expected=expected)


def check_unseen(jobs: JobStore, job: JobRecord, scene_number: int) -> None:
    """Raise ConflictError unless a scene of a failed job lacks what is to be seen, and may have other words for it."""
    check_rewordable(job.id, job.status, job.failed_from, JobStatus.GENERATING_IMAGE)
    if scene_number in _seen(job, jobs.images(job.id)):
        raise ConflictError(
            f"scene {scene_number} of job {job.id} has its picture, which was not what failed; retry the job, and "
            "refine the scene then"
        )
    check_not_under_way(jobs, job.id, image_item(scene_number), clip_item(scene_number))


def check_not_under_way(jobs: JobStore, job_id: UUID, *things: str) -> None:
    """Raise ConflictError when a vendor was asked for one of the things, which the next retry takes up."""
    for what in things:
        for each in jobs.purchases(job_id, what=what, states=_UNDER_WAY):
            raise ConflictError(
                f"{each.provider} was asked for {what} already, and would be paid for nothing; retry the job, which "
                f"takes it up, or say what is so with 'video-pipeline money resolve {each.id}'"
            )


def rewordable(job: JobRecord, works: Works) -> set[str]:
    """What of a job may get other words now, by its name where it is bought, such as music/03."""
    if job.status is not JobStatus.FAILED or job.storyboard is None:
        return set()
    scenes = {scene.order_index for scene in job.storyboard.scenes}
    if job.failed_from is JobStatus.GENERATING_MUSIC and not job.storyboard.songs:
        return {music_item(each) for each in scenes - {track.order_index for track in works.tracks}}
    if job.failed_from is JobStatus.GENERATING_IMAGE:
        brought = {scene.order_index for scene in job.storyboard.scenes if scene.footage}
        return {image_item(each) for each in scenes - brought - _seen(job, works.images)}
    return set()


def refused(storyboard: Storyboard, words: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The words of today that are among those that were refused (`JobStore.refused_words`).

    By the name, such as music/03, of what is made of them where it is bought; a clip counts as its picture.
    """
    turned_away = set(words)
    return {
        name: text for name, text, asked in _asked(storyboard) if any((each, text) in turned_away for each in asked)
    }


def _asked(storyboard: Storyboard) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What is made of words, these, and what a vendor is asked for with them."""
    for index, piece in enumerate(storyboard.pieces, 1):
        yield music_item(index), piece.text, (music_item(index),)
    for scene in storyboard.scenes:
        number = scene.order_index
        yield image_item(number), scene.visual.text, (image_item(number), clip_item(number))


def _seen(job: JobRecord, images: Iterable[ImageRecord]) -> set[int]:
    """The scenes that have what is to be seen: a picture, or its clip where pictures move."""
    brief = brief_from_json(job.brief)
    moves = isinstance(brief, MusicVideoBrief) and brief.engine != PICTURES
    return {each.order_index for each in images if each.clip or not moves}
