"""Owns what may be changed in a storyboard, and the storyboard after it; hides which texts are plain.

One that was delivered is edited. One whose job failed over its music or pictures may get other words for what was never
made: a vendor may have refused the former ones, and would refuse them again.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from video_pipeline.domain.errors import ConflictError, InvalidInputError, LimitReachedError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.money import REFINEMENTS_MAX
from video_pipeline.domain.storyboard import MusicPrompt, Scene, SourceFile, Storyboard, item_seed
from video_pipeline.domain.wishes import PROMPT_CHARACTERS

DESCRIPTION_CHARACTERS = range(10, 1001)

EDITABLE = (JobStatus.AWAITING_APPROVAL, JobStatus.READY_FOR_EXPORT, JobStatus.COMPLETED)
"""The statuses in which everything is delivered and nobody works on it."""

REWORDED = {JobStatus.GENERATING_MUSIC: "a piece of music", JobStatus.GENERATING_IMAGE: "a picture"}
"""What may get other words when its job failed in a status."""

_REFUSED_CATEGORIES = ("Cc", "Cs")
"""Control characters and halves of characters. Joiners, marks and symbols that Python does not know yet may stay."""

_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of the text around them; letters of right-to-left scripts need none."""


def check_editable(job_id: UUID, status: JobStatus) -> None:
    """Raise ConflictError unless the storyboard of a job in `status` may be changed."""
    if status not in EDITABLE:
        raise ConflictError(
            f"job {job_id} is {status}; its storyboard can be changed while it is one of: {', '.join(EDITABLE)}"
        )


def check_rewordable(job_id: UUID, status: JobStatus, failed_from: JobStatus | None, making: JobStatus) -> None:
    """Raise ConflictError unless a job failed in `making`, and what was not made there may get other words."""
    if status is not JobStatus.FAILED or failed_from is not making:
        found = f"{status} in {failed_from}" if status is JobStatus.FAILED else str(status)
        raise ConflictError(
            f"job {job_id} is {found}; {REWORDED[making]} that is not there gets other words while its job is "
            f"{JobStatus.FAILED} in {making}"
        )


def check_refinable(job_id: UUID, refinement_count: int) -> None:
    """Raise LimitReachedError when all refinements of a job are used up."""
    if refinement_count >= REFINEMENTS_MAX:
        raise LimitReachedError(f"job {job_id} was refined {refinement_count} times; {REFINEMENTS_MAX} are allowed")


def checked_prompt(text: str) -> str:
    """A prompt for a picture in one line; InvalidInputError when it is no plain text of 10 to 2000 characters."""
    return _checked("the image prompt", text, PROMPT_CHARACTERS)


def checked_music_prompt(text: str) -> str:
    """A prompt for a piece of music in one line; InvalidInputError when it is no plain text of 10 to 2000 characters.

    A vendor may read fewer of them: Mubert the first 200.
    """
    return _checked("the music prompt", text, PROMPT_CHARACTERS)


def checked_description(text: str) -> str:
    """A description in one line; InvalidInputError when it is no plain text of 10 to 1000 characters."""
    return _checked("the description", text, DESCRIPTION_CHARACTERS)


def _checked(name: str, text: str, allowed: range) -> str:
    line = " ".join(text.split())
    if len(line) not in allowed:
        raise InvalidInputError(f"{name} has {len(line)} characters; {allowed.start} to {allowed.stop - 1} are allowed")
    if any(unicodedata.category(each) in _REFUSED_CATEGORIES or each in _OVERRIDES for each in line):
        raise InvalidInputError(f"{name} has control characters; use plain text")
    if "<" in line or ">" in line:
        raise InvalidInputError(f"{name} has < or >, which YouTube does not accept")
    if not any(each.isprintable() and not each.isspace() for each in line):
        raise InvalidInputError(f"{name} has nothing to be seen; use plain text")
    return line


def scene_of(storyboard: Storyboard, scene_number: int) -> Scene:
    """The scene with that number; InvalidInputError when there is none."""
    count = len(storyboard.scenes)
    if not 1 <= scene_number <= count:
        raise InvalidInputError(f"scene {scene_number} does not exist; the storyboard has scenes 1 to {count}")
    return storyboard.scenes[scene_number - 1]


def repainted(
    storyboard: Storyboard,
    scene_number: int,
    *,
    prompt: str | None = None,
    seed: int | None = None,
    description: str | None = None,
    footage: SourceFile | None = None,
) -> Storyboard:
    """The storyboard with other words for one picture; what is None stays. Another picture takes footage's place."""
    scene = scene_of(storyboard, scene_number)
    visual = scene.visual
    other = replace(
        visual,
        text=visual.text if prompt is None else prompt,
        description=visual.description if description is None else description,
        seed=visual.seed if seed is None else seed,
    )
    after = replace(scene, visual=other) if prompt is None else replace(scene, visual=other, footage=footage)
    scenes = (after if each is scene else each for each in storyboard.scenes)
    return replace(storyboard, scenes=tuple(scenes))


def piece_of(storyboard: Storyboard, order_index: int) -> MusicPrompt:
    """The piece of music with that number; InvalidInputError when there is none that is made of words."""
    if storyboard.songs:
        raise InvalidInputError("its music was there before the plan; there are no words of which it is made")
    count = len(storyboard.pieces)
    if not 1 <= order_index <= count:
        raise InvalidInputError(f"piece {order_index} does not exist; the storyboard has pieces 1 to {count}")
    return storyboard.pieces[order_index - 1]


def recomposed(storyboard: Storyboard, order_index: int, prompt: str) -> Storyboard:
    """The storyboard with other words for one piece of music; title, tempo, key, instruments and length stay."""
    music = replace(piece_of(storyboard, order_index), text=prompt)
    scenes = (replace(scene, music=music) if scene.order_index == order_index else scene for scene in storyboard.scenes)
    return replace(storyboard, scenes=tuple(scenes))


def refinement_seed(seed: int, scene_number: int, refinement_count: int) -> int:
    """The seed of a job's next refinement: another one each time, also for the same words."""
    return item_seed(seed, f"refinement {refinement_count + 1}", scene_number)


def check_order(scene_order: Sequence[int], count: int) -> None:
    """Raise InvalidInputError, naming what is wrong, unless each of the scenes 1 to `count` is named once."""
    named = Counter(scene_order)
    wrong = {
        "missing": [number for number in range(1, count + 1) if number not in named],
        "named twice or more": [number for number, times in named.items() if times > 1],
        "unknown": [number for number in named if not 1 <= number <= count],
    }
    told = [f"{what}: {', '.join(map(str, numbers))}" for what, numbers in wrong.items() if numbers]
    if told:
        raise InvalidInputError(f"name each of the scenes 1 to {count} once in the new order; {'; '.join(told)}")


def in_order(storyboard: Storyboard, scene_order: Sequence[int]) -> Storyboard:
    """The storyboard with its scenes in another order, numbered anew; lengths and texts are still the former ones."""
    check_order(scene_order, len(storyboard.scenes))
    scenes = (replace(storyboard.scenes[number - 1], order_index=at) for at, number in enumerate(scene_order, 1))
    return replace(storyboard, scenes=tuple(scenes))
