"""Owns a job's kinds, statuses and the one table of legal moves; hides nothing.

    preparing -> planned -> generating_music -> generating_image -> awaiting_approval -> rendering
              -> ready_for_export -> completed

`failed` and `cancelled` can follow every working status; `failed` returns by retry to the status in which it failed;
refining or reordering brings a job back to `awaiting_approval`, a completed one too.
"""

from __future__ import annotations

from enum import StrEnum

from video_pipeline.domain.errors import IllegalMoveError, InvalidInputError


class JobKind(StrEnum):
    """What was ordered; a kind differs only in its brief and in how the plan is made."""

    ALBUM = "album"  # 60-90 minutes, 20 audio tracks paired with 20 images
    MUSIC_VIDEO = "music_video"  # a user's own song
    STORYBOARD = "storyboard"  # a prompt and N scenes
    BUILD = "build"  # uploaded videos, music, sounds and quotes


class JobStatus(StrEnum):
    """Where a job stands."""

    PREPARING = "preparing"  # files are still being uploaded
    PLANNED = "planned"  # ordered; the storyboard is made in this status
    GENERATING_MUSIC = "generating_music"
    GENERATING_IMAGE = "generating_image"
    AWAITING_APPROVAL = "awaiting_approval"  # a person looks at the storyboard
    RENDERING = "rendering"
    READY_FOR_EXPORT = "ready_for_export"  # the master exists
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
"""Nothing happens to such a job unless somebody asks for it."""

WORKING = (
    JobStatus.PREPARING,
    JobStatus.PLANNED,
    JobStatus.GENERATING_MUSIC,
    JobStatus.GENERATING_IMAGE,
    JobStatus.AWAITING_APPROVAL,
    JobStatus.RENDERING,
    JobStatus.READY_FOR_EXPORT,
)
"""The statuses of a job that is neither finished nor stopped, in the order of the flow."""

_S = JobStatus
TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    _S.PREPARING: frozenset({_S.PLANNED, _S.FAILED, _S.CANCELLED}),
    _S.PLANNED: frozenset({_S.GENERATING_MUSIC, _S.FAILED, _S.CANCELLED}),
    _S.GENERATING_MUSIC: frozenset({_S.GENERATING_IMAGE, _S.FAILED, _S.CANCELLED}),
    _S.GENERATING_IMAGE: frozenset({_S.AWAITING_APPROVAL, _S.FAILED, _S.CANCELLED}),
    _S.AWAITING_APPROVAL: frozenset({_S.RENDERING, _S.FAILED, _S.CANCELLED}),
    _S.RENDERING: frozenset({_S.READY_FOR_EXPORT, _S.AWAITING_APPROVAL, _S.FAILED, _S.CANCELLED}),
    _S.READY_FOR_EXPORT: frozenset({_S.COMPLETED, _S.AWAITING_APPROVAL, _S.FAILED, _S.CANCELLED}),
    _S.COMPLETED: frozenset({_S.AWAITING_APPROVAL}),
    _S.FAILED: frozenset({*WORKING, _S.CANCELLED}),
    _S.CANCELLED: frozenset(),
}
"""The only statement of which status may follow which."""

FILTER_WORDS: dict[str, tuple[JobStatus, ...]] = {
    "pending": (_S.PREPARING, _S.PLANNED),
    "queued": (_S.PLANNED,),
    "processing": (_S.GENERATING_MUSIC, _S.GENERATING_IMAGE, _S.RENDERING, _S.READY_FOR_EXPORT),
    "running": (_S.GENERATING_MUSIC, _S.GENERATING_IMAGE, _S.RENDERING, _S.READY_FOR_EXPORT),
}
"""Coarse words of older clients, accepted wherever jobs are filtered."""


def check_move(current: JobStatus, target: JobStatus) -> None:
    """Raise IllegalMoveError unless `target` may follow `current`."""
    if target not in TRANSITIONS[current]:
        legal = ", ".join(sorted(TRANSITIONS[current])) or "nothing; it is final"
        raise IllegalMoveError(f"a job that is {current} cannot become {target}; legal: {legal}")


def statuses_for(word: str) -> tuple[JobStatus, ...]:
    """The statuses meant by a status or a coarse filter word; InvalidInputError for an unknown word."""
    if word in FILTER_WORDS:
        return FILTER_WORDS[word]
    try:
        return (JobStatus(word),)
    except ValueError as error:
        known = ", ".join([*JobStatus, *FILTER_WORDS])
        raise InvalidInputError(f"unknown status {word!r}; one of: {known}") from error


class Approval(StrEnum):
    """Who lets a storyboard pass."""

    AUTO = "auto"  # it passes as soon as music and images exist
    REQUIRED = "required"  # a person approves it
