"""Owns the cut of a timeline into unique stretches of picture; hides how a loop is laid out.

Cost follows unique material: a still scene is one `Hold` however long it is shown, a moving scene is one loop of
`Move`s, a dissolve is one `Blend`. Each is a closed group of pictures, so that packets can be repeated and joined.

    timeline  |-------- A --------[==|==]-------- B --------|
    still      Hold Hold Hold Hol  Blend  Hold Hold Hold Ho
    moving     Move0 Move1 Move0  r+Blend Move0 Move1 Move0 r      r: what is left of A's loop, shorter than one Move

The loop of a moving scene has phase 0 at the first frame after its dissolve in, hence always starts with a whole
`Move`; the phases of the dissolve in are the last ones of the loop, those of the dissolve out carry on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from video_pipeline.domain.timebase import FrameRate
from video_pipeline.domain.timeline import Motion, PictureClip, Timeline, TransitionKind

HOLD_SECONDS = 5
"""Distance of key frames in a still scene: 4 s costs 501 MB for 74 min of 1080p, 8.3 s costs 331 MB."""

MOVE_SECONDS = 2
MOVES_IN_LOOP = 10


@dataclass(frozen=True, slots=True)
class Look:
    """A picture at one moment of its motion; `phase` is a frame of the loop, 0 for a still picture."""

    picture: str  # SHA-256 of the picture file
    motion: Motion
    phase: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A picture that does not move: any prefix of it can be shown, any number of times."""

    picture: str
    frames: int

    @property
    def shown(self) -> int:
        """Frames in the stretch."""
        return self.frames


@dataclass(frozen=True, slots=True)
class Move:
    """`frames` frames of a moving picture, beginning with `look`; shown whole."""

    look: Look
    frames: int

    @property
    def shown(self) -> int:
        """Frames in the stretch."""
        return self.frames


@dataclass(frozen=True, slots=True)
class Blend:
    """`lead` frames of `before` alone, then `frames` frames in which it becomes `after`; shown whole."""

    before: Look
    lead: int
    after: Look
    frames: int

    @property
    def shown(self) -> int:
        """Frames in the stretch."""
        return self.lead + self.frames


Stretch = Hold | Move | Blend


class Kind(StrEnum):
    """What kind of stretch it is, which decides how it is encoded."""

    STILL = "still"
    MOVE = "move"
    BLEND = "blend"


KINDS: dict[type[Stretch], Kind] = {Hold: Kind.STILL, Move: Kind.MOVE, Blend: Kind.BLEND}


@dataclass(frozen=True, slots=True)
class Run:
    """`frames` frames of the programme that come from one stretch; only a Hold repeats or is cut short."""

    stretch: Stretch
    frames: int


@dataclass(frozen=True, slots=True)
class Loop:
    """The seamless loop of a moving picture, in frames: `moves` groups of `group` frames each."""

    group: int
    moves: int

    @property
    def period(self) -> int:
        """Frames after which the motion starts again."""
        return self.group * self.moves


def loop_at(rate: FrameRate) -> Loop:
    """The loop of moving pictures at `rate`; about 20 s."""
    return Loop(group=rate.frames_in(MOVE_SECONDS), moves=MOVES_IN_LOOP)


def hold_frames(rate: FrameRate) -> int:
    """Length of every Hold at `rate`."""
    return rate.frames_in(HOLD_SECONDS)


def compile_plan(timeline: Timeline) -> tuple[Run, ...]:
    """The runs of `timeline` in order; their frames add up to `timeline.frames`."""
    loop = loop_at(timeline.rate)
    runs: list[Run] = []
    taken = 0  # frames of the current clip that its dissolve in has shown already
    for clip, transition, after in zip(
        timeline.pictures, (*timeline.transitions, None), (*timeline.pictures[1:], None), strict=True
    ):
        dissolve = transition if transition and transition.kind is TransitionKind.DISSOLVE else None
        alone = clip.frames - taken - (dissolve.in_offset if dissolve else 0)
        whole, lead = _split(clip, alone, loop, timeline.rate)
        runs += whole
        left = _look(clip, alone - lead, loop)
        if dissolve and dissolve.frames and after:
            blend = Blend(left, lead, _look(after, -dissolve.frames, loop), dissolve.frames)
            runs.append(Run(blend, blend.shown))
        elif lead:
            runs.append(Run(Move(left, lead), lead))
        taken = dissolve.out_offset if dissolve else 0
    return tuple(runs)


def _split(clip: PictureClip, alone: int, loop: Loop, rate: FrameRate) -> tuple[list[Run], int]:
    """What a clip shows between its dissolves: whole runs, and how many frames are left over after them."""
    if clip.motion is Motion.STILL:
        return [Run(Hold(clip.media.sha256, hold_frames(rate)), alone)] if alone else [], 0
    groups, lead = divmod(alone, loop.group)
    return [Run(Move(_look(clip, i * loop.group, loop), loop.group), loop.group) for i in range(groups)], lead


def _look(clip: PictureClip, phase: int, loop: Loop) -> Look:
    return Look(clip.media.sha256, clip.motion, 0 if clip.motion is Motion.STILL else phase % loop.period)
