"""Owns what the words of a plan must be: usable prompts, texts that YouTube accepts, chapters that fit; hides how.

No writer is trusted: a script is checked before it is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.publishing import DESCRIPTION_MAX_BYTES, chapter_lines, check_texts
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.domain.wishes import PROMPT_CHARACTERS
from video_pipeline.ports import Script

LINE_CHARACTERS = range(1, 101)  # a piece's title; it becomes a chapter
CAPTION_CHARACTERS = range(1, 1001)  # the line that describes a picture to people


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


def check_script(script: Script, samples: Sequence[int], pictures: int) -> None:
    """Raise InvalidInputError, naming the scene, unless `script` fits `samples` and every text is usable."""
    for name, prompts, wanted in (("music", script.music, len(samples)), ("visual", script.visuals, pictures)):
        indexes = [prompt.order_index for prompt in prompts]
        if indexes != list(range(1, wanted + 1)):
            raise InvalidInputError(f"{name} prompts must be numbered 1 to {wanted} in order, not {indexes}")
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
