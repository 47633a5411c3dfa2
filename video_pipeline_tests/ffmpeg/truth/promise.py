"""Owns what each frame of a timeline should show; hides the conversion of the sources and the arithmetic of cuts.

A still scene is the source as the ffmpeg program converts it (Lanczos, BT.709), a dissolve is a straight line between
two of those: nothing here comes from the engine. How a picture moves, and where the edge of a wipe is, only the engine
defines; there its frames before encoding are the promise, so what is tested is that those arrive in their places.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.timeline import Motion, Transition, TransitionKind
from video_pipeline.ffmpeg.encoding.stretch import frames_of, pictures_of
from video_pipeline.ffmpeg.picture.canvas import Size, load_planes
from video_pipeline.ffmpeg.picture.plan import Hold, Move, Stretch, compile_plan
from video_pipeline_tests.ffmpeg.truth.claim import Claim

_PART = 50
"""Frames of a moving picture that are made at once."""

Luma = NDArray[np.float32]
Planes = NDArray[np.uint8]

UNSEEN = 0.125
"""Of 220 levels, on average: an eighth of the smallest step that 8 bits can show."""


class Promise:
    """The brightness of each frame, shape (height, width), 16 black and 235 white."""

    def __init__(self, claim: Claim, size: tuple[int, int]) -> None:
        self._claim = claim
        self._program = [str(claim.ffmpeg), "-v", "error", "-nostdin"]
        self.size = size
        self.starts = claim.timeline.picture_starts
        self._runs = compile_plan(claim.timeline)
        self._run_ends = list(accumulate(run.frames for run in self._runs))
        self.luma = lru_cache(maxsize=6)(self._luma)
        self.source = lru_cache(maxsize=4)(self._converted)  # the planes of a picture, by its checksum
        self._unencoded = lru_cache(maxsize=2)(self._stretch)
        self._planes = lru_cache(maxsize=4)(self._loaded)

    def scene(self, number: int) -> tuple[int, int]:
        """The clip on the screen at a frame, and that which it becomes or becomes of; twice the same outside of one."""
        clip = int(np.searchsorted(self.starts, number, side="right")) - 1
        for cut in (clip, clip + 1):
            if 0 < cut < len(self.starts):
                begin, end = self.transition_frames(cut)
                if begin <= number < end:
                    return cut - 1, cut
        return clip, clip

    def transition_frames(self, cut: int) -> tuple[int, int]:
        """The frames [begin, end) of the transition before clip `cut`; empty for a straight cut."""
        transition = self._claim.timeline.transitions[cut - 1]
        if transition.kind is TransitionKind.CUT:
            return self.starts[cut], self.starts[cut]
        return self.starts[cut] - transition.in_offset, self.starts[cut] + transition.out_offset

    def alone(self, clip: int) -> tuple[int, int]:
        """The frames [begin, end) in which a clip is on the screen alone."""
        begin = self.transition_frames(clip)[1] if clip else 0
        last = clip + 1 == len(self.starts)
        return begin, self._claim.timeline.frames if last else self.transition_frames(clip + 1)[0]

    def is_still(self, number: int) -> bool:
        """True when the frame shows one picture that does not move."""
        first, second = self.scene(number)
        return first == second and self._claim.timeline.pictures[first].motion is Motion.STILL

    def source_at(self, number: int) -> Planes:
        """The planes that a still frame should have."""
        return self.source(self._claim.timeline.pictures[self.scene(number)[0]].media.sha256)

    def frames_off(self, number: int, shown: Luma) -> tuple[float, float] | None:
        """By how many frames `shown` is behind (-) or ahead (+) of frame `number`, and what a frame is worth in levels.

        The promise is taken as a straight line between its neighbours; None when those hardly differ, so that the
        picture says nothing about its place.
        """
        earlier, later = max(number - 1, 0), min(number + 1, self._claim.timeline.frames - 1)
        pace = (self.luma(later) - self.luma(earlier)) / max(later - earlier, 1)
        power = float(np.square(pace).mean())
        if power < (2 * UNSEEN) ** 2:
            return None
        return float(((shown - self.luma(number)) * pace).mean()) / power, power**0.5

    def _luma(self, number: int) -> Luma:
        first, second = self.scene(number)
        clips = self._claim.timeline.pictures
        if any(clips[clip].motion is not Motion.STILL for clip in (first, second)):
            return self._from_engine(number)
        if first == second:
            return self._still(clips[first].media.sha256)
        return self._between(self._claim.timeline.transitions[first], first, number)

    def _between(self, transition: Transition, first: int, number: int) -> Luma:
        if transition.kind is not TransitionKind.DISSOLVE:
            return self._from_engine(number)
        begin, end = self.transition_frames(first + 1)
        # The frames before and after show nothing and all of the next picture; the steps between are equal.
        share = np.float32((number - begin + 1) / (end - begin + 1))
        before, after = (self._still(self._claim.timeline.pictures[clip].media.sha256) for clip in (first, first + 1))
        return before * (1 - share) + after * share

    def _still(self, picture: str) -> Luma:
        return self.source(picture)[: self.size[1]].astype(np.float32)

    def _converted(self, picture: str) -> Planes:
        width, height = self.size
        # What has the shape of the target is cut out of the middle, to the pixel of the source, then scaled.
        cut = f"crop=w='min(iw,round(ih*{width}/{height}))':h='min(ih,round(iw*{height}/{width}))':exact=1"
        # H.264 takes chroma to be sited left, half-way between two rows; without being told swscale puts it between.
        sited = "out_h_chr_pos=0:out_v_chr_pos=128:flags=lanczos+accurate_rnd+full_chroma_int"
        scale = f"scale={width}:{height}:out_color_matrix=bt709:out_range=tv:{sited}"
        graph = f"{cut},{scale},format=yuv420p"
        done = subprocess.run(
            [*self._program, "-i", str(self._claim.files[picture]), "-vf", graph, "-f", "rawvideo", "-"],
            capture_output=True,
            check=True,
            timeout=120,
        )
        return np.frombuffer(done.stdout, np.uint8).reshape(height * 3 // 2, width)

    def _from_engine(self, number: int) -> Luma:
        place = int(np.searchsorted(self._run_ends, number, side="right"))
        run = self._runs[place]
        within = (number - self._run_ends[place] + run.frames) % run.stretch.shown
        if isinstance(run.stretch, Move):
            # A part of a Move is a Move that begins later: a long one is not made whole to look at one frame.
            first = within // _PART * _PART
            frames = self._unencoded(_later(run.stretch, first))
            return frames[within - first].astype(np.float32)
        return self._unencoded(run.stretch)[within].astype(np.float32)

    def _stretch(self, stretch: Stretch) -> list[Planes]:
        """The brightness of the frames of a stretch before encoding."""
        planes = {picture: self._planes(picture) for picture in pictures_of(stretch)}
        if isinstance(stretch, Hold):
            return [planes[stretch.picture][: self.size[1]]]
        return [frame[: self.size[1]].copy() for frame in frames_of(stretch, planes)]

    def _loaded(self, picture: str) -> Planes:
        return load_planes(self._claim.files[picture], Size(*self.size))


def _later(move: Move, frames: int) -> Move:
    """The part of `move` that begins `frames` frames later."""
    look = replace(move.look, phase=(move.look.phase + frames) % move.look.period)
    return Move(look, min(_PART, move.frames - frames))


def ssim(one: Luma, other: Luma) -> float:
    """Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004: Gaussian window of 11, sigma 1.5, 8 bits)."""
    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2

    def mean(plane: Luma) -> Luma:
        return np.asarray(cv2.GaussianBlur(plane, (11, 11), 1.5)[5:-5, 5:-5], np.float32)

    x, y = mean(one), mean(other)
    xx, yy, xy = mean(one * one) - x * x, mean(other * other) - y * y, mean(one * other) - x * y
    score = (2 * x * y + first) * (2 * xy + second) / ((x * x + y * y + first) * (xx + yy + second))
    return float(score.mean())


def colour_error(one: Planes, other: Planes) -> float:
    """By how many levels two pictures differ in the colour of their parts, on average; edges and grain do not count.

    Confusing BT.601 and BT.709 is worth 4 levels and more in a colourful picture, confusing the ranges 8.
    """
    height = one.shape[0] * 2 // 3
    errors = []
    for plane in (slice(height), slice(height, None)):
        parts = (
            cv2.resize(planes[plane].astype(np.float32), (32, 36), interpolation=cv2.INTER_AREA)
            for planes in (one, other)
        )
        errors.append(float(np.abs(np.subtract(*parts)).mean()))
    return max(errors)
