"""Owns the tracks of a programme as stored packets, ready to be joined; hides how they are read without holding all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from video_pipeline.domain.chapters import chapters_of
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.encoding.stretch import PictureFormat
from video_pipeline.ffmpeg.sound.voice import Voice
from video_pipeline.ffmpeg.work.coded import CodedFacts, read_facts, read_payload

_HELD_BYTES = 96 * 2**20
"""Stretches that return soon (a still scene, a loop of ten moves) are not read again; a long programme is not held."""


@dataclass(frozen=True, slots=True)
class PictureTrack:
    """Coded stretches in the order of showing and how many frames of each; `form` is what they share."""

    form: PictureFormat
    runs: Sequence[tuple[Path, int]]


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """Coded chunks of sound in order."""

    voice: Voice
    chunks: Sequence[Path]


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter in seconds of the programme, exactly."""

    name: str
    start: Fraction
    end: Fraction


@dataclass(frozen=True, slots=True)
class Label:
    """What a file says about its content."""

    title: str = ""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Reel:
    """Everything that one file is joined from."""

    picture: PictureTrack | None
    sound: SoundTrack
    label: Label


def label_of(timeline: Timeline) -> Label:
    """The name of `timeline` and its chapters."""
    at = timeline.rate.seconds
    marks = tuple(Mark(each.name, at(each.start), at(each.end)) for each in chapters_of(timeline))
    return Label(timeline.name, marks)


def turns_of(frames: int, length: int) -> list[int]:
    """How a run of `frames` is made of a stretch of `length`: how many frames are shown each time round.

    A last turn of a single frame would put two key frames next to each other; those would need different numbers
    (idr_pic_id, ITU-T H.264, 7.4.3), and all key frames here have the same. So it borrows a frame.
    """
    whole, rest = divmod(frames, length)
    turns = [length] * whole + ([rest] if rest else [])
    if rest == 1 and whole and length > 2:
        turns[-2:] = [length - 1, 2]
    return turns


def stretches_of(picture: PictureTrack) -> Iterator[tuple[Path, CodedFacts, list[int]]]:
    """Each run's stretch, its facts and its turns; MediaError when a stretch does not fit to the first one."""
    known: dict[Path, CodedFacts] = {}
    header: bytes | None = None
    for path, frames in picture.runs:
        facts = known.get(path) or read_facts(path)
        known[path] = facts
        header = facts.header if header is None else header
        if facts.header != header:
            raise MediaError(f"stretch {path.name} has other parameter sets than the first one; delete the cache")
        yield path, facts, turns_of(frames, len(facts.sizes))


class Shelf:
    """The packets of the stretches used last, each stretch as one piece of memory that was prepared once."""

    def __init__(self, prepare: Callable[[bytes], bytes] = bytes) -> None:
        self._prepare = prepare
        self._held: OrderedDict[Path, bytes] = OrderedDict()
        self._size = 0

    def payload(self, path: Path) -> bytes:
        """All packets of `path` in a row; TransientError when they were damaged since they were stored."""
        held = self._held.get(path)
        if held is None:
            held = self._prepare(read_payload(path)[1])
            self._held[path] = held
            self._size += len(held)
            while self._size > _HELD_BYTES and len(self._held) > 1:
                self._size -= len(self._held.popitem(last=False)[1])
        self._held.move_to_end(path)
        return held
