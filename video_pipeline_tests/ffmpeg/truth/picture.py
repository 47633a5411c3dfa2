"""Owns the truth about what is seen: each frame the promised one, however it is reached; hides decoding and seeking."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline_tests.ffmpeg.truth.claim import Claim, Finding, at_least, at_most
from video_pipeline_tests.ffmpeg.truth.container import Track
from video_pipeline_tests.ffmpeg.truth.promise import UNSEEN, Luma, Planes, Promise, colour_error, ssim

STILL_SSIM = 0.97
"""What a still scene is worth at least against its source; the issue's figure."""

CHANGING_SSIM = 0.93

MISPLACED = 0.5
"""Frames: whichever frame of the promise is nearest must be the one that is shown."""

TREMBLING = 1.0
"""Levels, as a root of the mean square: less than what any encoder changes in grain."""

CLEAR = 0.5
"""Levels that a frame is worth where movement is quick enough for encoders to follow at once."""

_ENOUGH = 20
"""Frames of a scene that have a mean."""

COLOUR_ERROR = 1.0
"""Levels; see colour_error."""

PULSE = 1.0
"""How much the picture may change at a key frame: as much as it does before and after it, and unseen more."""

SHARPER = 2.0
"""How much finer detail a key frame may show: grain that a dissolve loses comes back at its end."""

_NEAR = 15
"""Frames around a join that say how much the picture changes anyway."""

_COMPARED_EVERY = 7
"""Of the frames of transitions and moving scenes so many are compared as pictures; the places of all are measured."""


@dataclass
class Seen:
    """What looking at a file gave; frames by number."""

    digests: dict[int, bytes] = field(default_factory=dict)
    likeness: dict[int, float] = field(default_factory=dict)  # SSIM
    places: dict[int, tuple[float, float]] = field(default_factory=dict)  # see Promise.frames_off
    steps: dict[int, float] = field(default_factory=dict)  # see _step; to the frame before
    sharper: dict[int, float] = field(default_factory=dict)  # detail as a share of that of the frame before
    colours: dict[int, float] = field(default_factory=dict)  # mean error in levels


class Reader:
    """Reaches frames of a file as a player does."""

    def __init__(self, claim: Claim, track: Track) -> None:
        self._container = av.open(str(claim.file))
        self._stream = self._container.streams.video[0]
        self._stream.codec_context.thread_count = 1
        self._times = np.sort(track.pts).tolist()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._stream.codec_context.width, self._stream.codec_context.height

    def all(self) -> Iterator[Planes]:
        """All frames in order."""
        self._container.seek(0, stream=self._stream)
        for frame in self._container.decode(self._stream):
            yield frame.to_ndarray(format="yuv420p")

    def at(self, number: int) -> Planes | None:
        """The frame shown from the time of frame `number` on; None when there is none at exactly that time."""
        if number >= len(self._times):
            return None
        wanted = self._times[number]
        self._container.seek(wanted, stream=self._stream)
        frame = next((frame for frame in self._container.decode(self._stream) if frame.pts >= wanted), None)
        return frame.to_ndarray(format="yuv420p") if frame is not None and frame.pts == wanted else None

    def close(self) -> None:
        """Let the file go."""
        self._container.close()


def picture_findings(claim: Claim, track: Track, seeks: int) -> Iterator[Finding]:
    """Everything about pictures; `seeks` places are reached at random, and the edges of all scenes."""
    reader = Reader(claim, track)
    try:
        promise = Promise(claim, reader.size)
        seen = Seen() if claim.long else _walk(claim, reader, promise)
        yield _sought(claim, reader, promise, seen, seeks)
    finally:
        reader.close()
    yield from _judged(claim, promise, seen)
    if not claim.long:
        yield from _joins(claim, promise, seen, np.argsort(np.argsort(track.pts))[track.keys])


def _walk(claim: Claim, reader: Reader, promise: Promise) -> Seen:
    """Look at every frame in order."""
    seen = Seen()
    before: Luma | None = None
    last: Planes | None = None
    for number, planes in enumerate(reader.all()):
        if number >= claim.timeline.frames:
            break  # one too many is a finding about the packets
        # To compare takes a tenth of the time that a digest takes.
        same = last is not None and np.array_equal(planes, last)
        seen.digests[number] = seen.digests[number - 1] if same else _digest(planes)
        last = planes
        if promise.is_still(number) and same:
            continue
        luma = planes[: reader.size[1]].astype(np.float32)
        if before is not None:
            seen.steps[number] = _step(before, luma)
            seen.sharper[number] = _detail(luma) / max(_detail(before), 0.1)
        before = luma
        _compare(number, planes, promise, seen)
    return seen


def _step(before: Luma, after: Luma) -> float:
    """By how many levels the parts of a picture change, on average; they are so large that grain does not count."""
    height, width = before.shape
    side = max(height // 60, 8)
    small = (width // side, height // side)
    parts = (cv2.resize(luma, small, interpolation=cv2.INTER_AREA) for luma in (before, after))
    return float(np.abs(np.subtract(*parts)).mean())


def _detail(luma: Luma) -> float:
    return float(np.abs(cv2.Laplacian(luma, cv2.CV_32F)).mean())


def _digest(planes: Planes) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(planes).data, digest_size=12).digest()


def _compare(number: int, planes: Planes, promise: Promise, seen: Seen) -> None:
    shown, promised = planes[: promise.size[1]].astype(np.float32), promise.luma(number)
    if promise.is_still(number) or number % _COMPARED_EVERY == 0:
        seen.likeness[number] = ssim(shown, promised)
    if promise.is_still(number):
        seen.colours[number] = colour_error(planes, promise.source_at(number))
        return
    off = promise.frames_off(number, shown)
    if off is not None:
        seen.places[number] = off


def _sought(claim: Claim, reader: Reader, promise: Promise, seen: Seen, seeks: int) -> Finding:
    """Reach frames in a random order; each must be what is there when the file is played from the start."""
    frames = claim.timeline.frames
    edges = {place for clip in range(len(promise.starts)) for end in promise.alone(clip) for place in (end - 1, end)}
    places = [*np.random.default_rng(seeks).integers(0, frames, seeks).tolist(), *sorted(edges & set(range(frames)))]
    missed = []
    for number in places:
        planes = reader.at(number)
        if planes is None:
            missed.append(number)
        elif claim.long:
            seen.digests[number] = _digest(planes)
            _compare(number, planes, promise, seen)
        elif _digest(planes) != seen.digests.get(number):
            missed.append(number)
    return Finding(f"seeks to {len(places)} frames", not missed, f"missed {missed[:8]}", float(len(missed)))


def _judged(claim: Claim, promise: Promise, seen: Seen) -> Iterator[Finding]:
    still = [number for number in seen.likeness if promise.is_still(number)]
    if still:
        yield at_least("still scenes like their sources", min(seen.likeness[n] for n in still), STILL_SSIM, " SSIM")
        yield at_most("colours of still scenes", max(seen.colours.values()), COLOUR_ERROR, " levels off")
    changing = [number for number in seen.likeness if not promise.is_still(number)]
    if changing:
        worst = min(seen.likeness[n] for n in changing)
        yield at_least("changing frames as promised", worst, CHANGING_SSIM, " SSIM")
    yield from _placed(promise, seen)
    kinds = []
    for clip in range(len(promise.starts)):
        numbers = [number for number in range(*promise.alone(clip)) if number in seen.digests]
        if numbers and promise.is_still(numbers[0]):
            kinds.append(len({seen.digests[number] for number in numbers}))
    if kinds:
        yield at_most("different pictures in a still scene", max(kinds), 1)


def _placed(promise: Promise, seen: Seen) -> Iterator[Finding]:
    """Transitions to the frame; motion on average, since encoders leave small movements for the next frames."""
    between, moving = [0.0], [0.0]
    trembling = [0.0]
    scenes: dict[int, list[float]] = {}
    for number, (off, worth) in seen.places.items():
        first, second = promise.scene(number)
        if first != second:
            between.append(abs(off))
        else:
            if worth >= CLEAR:
                scenes.setdefault(first, []).append(off)
            trembling.append(abs(off) * worth)
    moving += [abs(float(np.mean(offs))) for offs in scenes.values() if len(offs) >= _ENOUGH]
    yield at_most("transitions off their place", max(between), MISPLACED, " frames")
    yield at_most("motion off its place", max(moving), MISPLACED, " frames on average")
    yield at_most("motion trembles", max(trembling), TREMBLING, " levels")


def _joins(claim: Claim, promise: Promise, seen: Seen, keys: NDArray[np.int64]) -> Iterator[Finding]:
    """How much more than it does anyway the picture changes where a group of pictures begins."""
    pulses, sharper = [0.0], [1.0]
    for key in keys.tolist():
        if key not in seen.steps:
            continue  # the first frame; or a still scene, whose frames are all the same anyway
        promised = promise.luma(key - 1), promise.luma(key)
        near = [number for number in range(key - _NEAR, key + _NEAR + 1) if number not in keys]
        usual = max(seen.steps.get(number, 0.0) for number in near)
        pulses.append(seen.steps[key] / (max(_step(*promised), usual) + UNSEEN))
        sharper.append(seen.sharper[key] * _detail(promised[0]) / max(_detail(promised[1]), 0.1))
    yield at_most("pulse where a group begins", max(pulses), PULSE, " times the changes around it")
    yield at_most("sharpness where a group begins", max(*sharper, 1 / min(sharper)), SHARPER, " times that before")
