"""Owns how a brief becomes a storyboard; hides how the minutes are shared out and how chapters fit the description.

Everything here is pure. A writer brings the words; this module brings the lengths, and trusts no writer: a script is
checked before it is used.

    cuts      0              c1               c2             end
    frames    |--- scene 1 ---|---- scene 2 ---|--- scene 3 ---|
    pieces    |===============|==]                                  half a crossfade behind the first cut,
                           [==|================|==]                 on both sides in the middle,
                                            [==|===============|    before the last cut
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import assert_never

from video_pipeline.domain.brief import ALBUM_SCENES, AlbumBrief, Brief, BuildBrief, MusicVideoBrief, StoryboardBrief
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.publishing import DESCRIPTION_MAX_BYTES, chapter_lines, check_texts
from video_pipeline.domain.storyboard import Scene, Storyboard
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE
from video_pipeline.ports import PromptWriter, Script
from video_pipeline.steps.staging import motions, transitions

CROSSFADE_SAMPLES = 4 * SAMPLE_RATE
"""Overlap of two neighbouring pieces: 4 s, long enough for a slow tail and too short to sound like two pieces."""

DISSOLVE_FRAMES = 60
"""Length of the picture transition on a cut: 2 s at 30 frames a second."""

SPREAD_PERCENT = 20
"""How far a scene may be longer or shorter than the average."""

PROMPT_CHARACTERS = range(10, 2001)
LINE_CHARACTERS = range(1, 101)  # a piece's title; it becomes a chapter
CAPTION_CHARACTERS = range(1, 1001)  # the line that describes a picture to people


def plan(brief: Brief, writer: PromptWriter) -> Storyboard:
    """The storyboard of any brief, exactly as long as ordered, with texts that YouTube accepts.

    Raises InvalidInputError, naming what is wrong, when the writer's script is not usable.
    """
    frames = scene_frames(brief)
    samples = piece_samples(frames)
    script = writer.write(brief, samples)
    check_script(script, samples)
    pictures = [visual.text for visual in script.visuals]
    moves, cuts = motions(brief.motion, pictures, brief.seed), transitions(brief.transition, pictures, brief.seed)
    storyboard = Storyboard(
        title=script.title,
        description=with_chapters(script.description, frames, [music.title for music in script.music]),
        tags=script.tags,
        scenes=tuple(
            Scene(index, length, music, visual, motion=motion, transition=transition)
            for index, length, music, visual, motion, transition in zip(
                range(1, len(frames) + 1), frames, script.music, script.visuals, moves, cuts, strict=True
            )
        ),
        crossfade_samples=CROSSFADE_SAMPLES,
        dissolve_frames=DISSOLVE_FRAMES,
    )
    check_texts(storyboard.title, storyboard.description, storyboard.tags)
    return storyboard


def scene_frames(brief: Brief) -> tuple[int, ...]:
    """The lengths of the scenes in frames at 30 a second; they add up to exactly what was ordered.

    The 20 scenes of an album differ by up to 20 % from their average, which leaves each of them longer than 90 s.
    """
    match brief:
        case AlbumBrief():
            total = FPS_30.frames_in(brief.target_duration_minutes * 60)
            weights = _weights(brief.seed)
            ends = [total * part // sum(weights) for part in accumulate(weights)]
            return tuple(end - start for start, end in pairwise([0, *ends]))
        case StoryboardBrief():
            return (FPS_30.frames_in(brief.scene_seconds),) * brief.scene_count
        case MusicVideoBrief() | BuildBrief():
            raise InvalidInputError(f"the scenes of a {brief.kind} follow from its music")
        case _:
            assert_never(brief)


def _weights(seed: int) -> list[int]:
    """Shares of the programme, 800 to 1200 each; for every longer scene another one is as much shorter."""
    digest = hashlib.blake2b(f"lengths {seed}".encode(), digest_size=2 * ALBUM_SCENES).digest()
    numbers = [int.from_bytes(digest[at : at + 2], "big") for at in range(0, len(digest), 2)]
    order = sorted(range(ALBUM_SCENES), key=lambda index: (numbers[index], index))
    weights = [1000] * ALBUM_SCENES
    for longer, shorter in zip(order[::2], order[1::2], strict=True):
        change = numbers[longer] % (10 * SPREAD_PERCENT + 1)
        weights[longer] += change
        weights[shorter] -= change
    return weights


def piece_samples(frames: Sequence[int]) -> tuple[int, ...]:
    """The lengths of the pieces at 48 kHz: cut to cut, and half a crossfade more at each inner cut."""
    handle = CROSSFADE_SAMPLES // 2
    last = len(frames) - 1
    return tuple(
        FPS_30.samples_at(length) + handle * ((index > 0) + (index < last)) for index, length in enumerate(frames)
    )


def with_chapters(prose: str, frames: Sequence[int], titles: Sequence[str]) -> str:
    """`prose` with one chapter line for each scene below it; the prose gives way where YouTube's limit asks for it.

    Fewer than three scenes have no chapters, because YouTube would show none. Raises InvalidInputError when the
    chapters alone are too long.
    """
    chapters = _chapters(frames, titles)
    room = DESCRIPTION_MAX_BYTES - len(f"\n\n{chapters}".encode())
    if room < 0:
        raise InvalidInputError(
            f"the chapters take {len(chapters.encode())} bytes of the {DESCRIPTION_MAX_BYTES} that a description may "
            "have; give the pieces shorter titles"
        )
    return f"{_shortened(prose.strip(), room)}\n\n{chapters}".strip()


def without_chapters(description: str, frames: Sequence[int], titles: Sequence[str]) -> str:
    """The prose of a description that `with_chapters` has made for the same scenes."""
    return description.removesuffix(_chapters(frames, titles)).rstrip()


def _chapters(frames: Sequence[int], titles: Sequence[str]) -> str:
    starts = [float(FPS_30.seconds(start)) for start in accumulate(frames[:-1], initial=0)]
    lines = chapter_lines(starts, titles)
    return "\n".join(("Chapters", *lines)) if lines else ""


def _shortened(prose: str, size: int) -> str:
    """`prose` in at most `size` bytes of UTF-8, ended at a word where it has to be cut."""
    if len(prose.encode()) <= size:
        return prose
    ellipsis = "…"
    room = size - len(ellipsis.encode())
    if room <= 0:
        return ""
    kept = prose.encode()[:room].decode(errors="ignore")
    return f"{kept.rsplit(maxsplit=1)[0] if len(kept.split()) > 1 else kept}{ellipsis}"


def check_script(script: Script, samples: Sequence[int]) -> None:
    """Raise InvalidInputError, naming the scene, unless `script` fits `samples` and every text is usable."""
    wanted = list(range(1, len(samples) + 1))
    for name, prompts in (("music", script.music), ("visual", script.visuals)):
        indexes = [prompt.order_index for prompt in prompts]
        if indexes != wanted:
            raise InvalidInputError(f"{name} prompts must be numbered 1 to {len(wanted)} in order, not {indexes}")
    for music, length in zip(script.music, samples, strict=True):
        if music.samples != length:
            raise InvalidInputError(
                f"music prompt {music.order_index} is {music.samples} samples long; the plan needs {length}"
            )
    _check_lengths("music prompt", [music.text for music in script.music], PROMPT_CHARACTERS)
    _check_lengths("visual prompt", [visual.text for visual in script.visuals], PROMPT_CHARACTERS)
    _check_lengths("title of piece", [music.title for music in script.music], LINE_CHARACTERS)
    _check_lengths("description of picture", [visual.description for visual in script.visuals], CAPTION_CHARACTERS)
    _check_distinct("music prompt", [music.text for music in script.music])
    _check_distinct("title of piece", [music.title for music in script.music])
    _check_distinct("visual prompt", [visual.text for visual in script.visuals])
    check_texts(script.title, script.description[:0], script.tags)
    _check_prose(script.description)


def _check_lengths(name: str, texts: Iterable[str], allowed: range) -> None:
    for index, text in enumerate(texts, 1):
        if len(text.strip()) not in allowed:
            raise InvalidInputError(
                f"{name} {index} has {len(text.strip())} characters; {allowed.start} to {allowed.stop - 1} are allowed"
            )
        if not text.isprintable() or "<" in text or ">" in text:
            raise InvalidInputError(f"{name} {index} must be one line of plain text without < and >: {text[:60]!r}")


def _check_distinct(name: str, texts: Iterable[str]) -> None:
    """Case and white space make no difference to a listener, so they make none here."""
    for text, count in Counter(" ".join(text.lower().split()) for text in texts).items():
        if count > 1:
            raise InvalidInputError(f"{name} is there {count} times, each must be its own: {text[:60]!r}")


def _check_prose(prose: str) -> None:
    """Only what cannot be mended: a long description is shortened later."""
    if not prose.strip():
        raise InvalidInputError("the description is empty; write at least one sentence")
    if "<" in prose or ">" in prose:
        raise InvalidInputError("the description has < or >, which YouTube does not accept")
