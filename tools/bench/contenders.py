"""Owns who takes part and how each is started; hides cold caches, slices and ready-made inputs.

An entry is one contender with one programme. A slow rival may stand for the whole programme by a slice of it that
holds the same share of dissolves; its times are then extrapolated by frames and marked so everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tools.bench import plain
from tools.bench.environment import bench_python
from tools.bench.floor import VOICE
from tools.bench.measure import ROOT
from tools.bench.plain import Argv
from tools.bench.programme import Programme, slice_frames
from tools.bench.yard import Yard


@dataclass(frozen=True, slots=True)
class Task:
    """One run to be measured: the command and what it makes."""

    argv: Argv
    outputs: tuple[Path, ...]


Start = Callable[[Path, int], Task]
"""Given an empty directory and the number of the repeat, prepares (not measured) and returns the task."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One contender with one programme."""

    name: str
    title: str
    programme: Programme
    start: Start
    stands_for: int = 0  # frames of the programme that a slice stands for; 0 when it is run whole
    slow: bool = False  # minutes where others take seconds: repeated less often
    checked: bool = False  # ours: must be right, or it does not count

    @property
    def frames(self) -> int:
        """Frames of the programme to which the times refer."""
        return self.stands_for or self.programme.frames


OURS = "ours"
FLOOR = "floor"
DEFAULT = "ffmpeg_default"
CHAIN = "ffmpeg_chain"
PARTS = "ffmpeg_parts"
MOVIEPY = "moviepy"
MOVIEPY_PARTS = "moviepy_parts"

TITLES = {
    OURS: "ours, mp4/high, cold cache",
    FLOOR: "floor: encode sound and unique frames, copy bytes",
    DEFAULT: "ffmpeg as tutorials do it (-loop 1, xfade, medium crf 18)",
    CHAIN: "ffmpeg tuned: one graph, loop filter, veryfast crf 18",
    PARTS: "ffmpeg tuned: parts joined by concat, ultrafast qp 18",
    MOVIEPY: "MoviePy 2.2.1: CrossFadeIn, compose, medium",
    MOVIEPY_PARTS: "MoviePy 2.2.1: only dissolves composed, rest chained",
}


def stills(yard: Yard, programme: Programme, *, whole: bool) -> list[Entry]:
    """All contenders for a programme of stills; the slow ones by a slice unless `whole`."""
    part = programme if whole else sliced(yard, programme)
    stands_for = 0 if whole else programme.frames
    return [
        ours(yard, programme),
        Entry(FLOOR, TITLES[FLOOR], programme, _floor(yard, programme)),
        _plain(yard, PARTS, programme, plain.parts, slow=not whole),
        replace(_plain(yard, CHAIN, part, plain.chain, slow=True), stands_for=stands_for),
        Entry(DEFAULT, TITLES[DEFAULT], part, _tutorial(yard, part), stands_for, slow=True),
        Entry(MOVIEPY, TITLES[MOVIEPY], part, _moviepy(yard, part, "compose"), stands_for, slow=True),
        Entry(MOVIEPY_PARTS, TITLES[MOVIEPY_PARTS], part, _moviepy(yard, part, "parts"), stands_for, slow=True),
    ]


def sliced(yard: Yard, programme: Programme) -> Programme:
    """Two scenes with one dissolve, the same share of dissolves as `programme`."""
    length = slice_frames(len(programme.scenes), programme.scene_frames)
    return yard.pool.programme(f"{programme.name}-slice", 2, length)


def ours(
    yard: Yard, programme: Programme, *, name: str = OURS, title: str = "", renditions: tuple[str, ...] = ("mp4_high",)
) -> Entry:
    """The product with an empty cache."""

    def start(folder: Path, _: int) -> Task:
        renders = {each: folder / f"{each}.{each.partition('_')[0]}" for each in renditions}
        argv = yard.ours(programme, folder / "cache", folder / "ours.json", renders)
        return Task(argv, tuple(renders.values()))

    return Entry(name, title or TITLES[OURS], programme, start, checked=True)


def swapped(yard: Yard, programme: Programme) -> Entry:
    """The product with a cache that knows all but one picture, another one at each repeat."""

    def start(folder: Path, number: int) -> Task:
        yard.warm_cache(programme, folder / "cache")
        index = len(programme.scenes) // 2
        # Picture numbers far beyond any programme: content that no cache has seen.
        changed = programme.with_picture(index, yard.pool.picture(1000 + number))
        out = folder / "mp4_high.mp4"
        file = changed.write(folder / "changed.json")
        words = [str(file), str(folder / "cache"), str(folder / "ours.json"), f"mp4_high={out}"]
        return Task([sys.executable, "-m", "tools.bench.ours", *words], (out,))

    return Entry("swap", "ours, one picture of a finished programme swapped", programme, start, checked=True)


def motion_rival(yard: Yard, programme: Programme, stands_for: int) -> Entry:
    """Plain ffmpeg with zoompan, in parts; x264 superfast."""
    title = "ffmpeg zoompan and xfade, parts, superfast crf 20"
    entry = _plain(yard, "ffmpeg_motion", programme, plain.parts, slow=True)
    return Entry(entry.name, title, programme, entry.start, stands_for, slow=True)


def transcode(yard: Yard, programme: Programme, stands_for: int) -> Entry:
    """libvpx on the finished master."""

    def start(folder: Path, _: int) -> Task:
        out = folder / "out.webm"
        return Task(plain.vp9_transcode(yard.ffmpeg, yard.master(programme), out), (out,))

    title = "ffmpeg: libvpx-vp9 good cpu-used 4 row-mt of the master"
    return Entry("ffmpeg_vp9", title, programme, start, stands_for, slow=True)


def _floor(yard: Yard, programme: Programme) -> Start:
    def start(folder: Path, _: int) -> Task:
        file, output = yard.programme_file(programme), yard.master(programme)
        inputs = [file, yard.mix(programme), yard.planes(programme), output]
        return Task([sys.executable, "-m", "tools.bench.floor", *map(str, inputs)], ())

    return start


def _plain(yard: Yard, name: str, programme: Programme, command: Callable[..., Argv], *, slow: bool = False) -> Entry:
    # The rival gets the same AAC coder as the product: the same product, the same cost.
    coder = [word for option, value in VOICE.options.items() for word in (f"-{option}", value)]

    def start(folder: Path, _: int) -> Task:
        out = folder / "out.mp4"
        return Task(command(yard.ffmpeg, programme, out, coder), (out,))

    return Entry(name, TITLES.get(name, name), programme, start, slow=slow)


def _tutorial(yard: Yard, programme: Programme) -> Start:
    def start(folder: Path, _: int) -> Task:
        out = folder / "out.mp4"
        return Task(plain.tutorial(yard.ffmpeg, programme, out), (out,))

    return start


def _moviepy(yard: Yard, programme: Programme, style: str) -> Start:
    def start(folder: Path, _: int) -> Task:
        out, script = folder / "out.mp4", ROOT / "tools" / "bench" / "moviepy_rival.py"
        words = [bench_python(), script, yard.programme_file(programme), out, style]
        return Task(list(map(str, words)), (out,))

    return start
