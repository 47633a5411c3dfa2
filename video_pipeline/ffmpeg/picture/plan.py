"""Owns the cut of a timeline into unique stretches of picture; hides how a loop is laid out.

Cost follows unique material: a still scene is one `Hold` however long it is shown, a moving scene is one loop of
two `Move`s, a transition is one `Blend`. Each is a closed group of pictures, so that packets can be repeated.

    timeline  |-------- A --------[==|==]-------- B --------|
    still      Hold Hold Hold Hol  Blend  Hold Hold Hold Ho
    moving     Move0 Move1 Move0  r+Blend Move0 Move1 Move0 r      r: what is left over, a few frames

The loop of a moving scene has phase 0 at the first frame after its transition in, hence always starts with a whole
`Move`; the phases of the transition in are the last ones of the loop, those of the transition out carry on. Each scene
has a loop of its own length, chosen so that as little as possible is left over: that would be unique material.

Footage moves by itself, and its loop is as long as it is; where that begins says `Timeline.footage_starts`.

With an overlay every frame is unique. What lies beneath is cut as above, and then into groups by absolute position:

    beneath  Hold Hold Hold Hol  Blend  Hold Hold Hold Ho
    groups   |--Live--|--Live--|-Live--|--Live--|--Live--|       8 s, and where a scene begins to stand alone
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, cycle, pairwise
from typing import assert_never

from video_pipeline.domain.timebase import FrameRate
from video_pipeline.domain.timeline import Motion, Overlay, PictureClip, Timeline, Transition, TransitionKind

HOLD_SECONDS = 5
"""Distance of key frames in a still scene: 4 s costs 501 MB for 74 min of 1080p, 8.3 s costs 331 MB."""

MOVE_SECONDS = range(7, 11)
"""How long a Move may be. It starts with a key frame, at which every encoder's picture changes a little and to which a
player has to go back: the fewer the better, but none longer than 10 s."""

MOVES_IN_LOOP = 2

LIVE_SECONDS, LIVE_SLACK_SECONDS = 8, 1
"""Groups of a programme with an overlay begin every 8 s, but not within 1 s of where another one has to begin or of the
end: a key frame costs as much as many others. So a group has less than 10 s."""


@dataclass(frozen=True, slots=True)
class Look:
    """A picture at one moment of its motion; `phase` is a frame of the loop. Both are 0 for a still picture.

    Footage has a loop without being moved.
    """

    picture: str  # SHA-256 of the picture file, or of the footage
    motion: Motion
    phase: int
    period: int  # length of the loop in frames

    @property
    def is_footage(self) -> bool:
        """True for a picture that moves by itself."""
        return self.motion is Motion.STILL and self.period > 0


@dataclass(frozen=True, slots=True)
class Hold:
    """A picture that does not move: any prefix of it can be shown, any number of times."""

    picture: str
    frames: int
    words: str = ""  # which stand over it all the time

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
    kind: TransitionKind

    @property
    def shown(self) -> int:
        """Frames in the stretch."""
        return self.lead + self.frames


Plain = Hold | Move | Blend
"""What a programme without an overlay is made of."""


@dataclass(frozen=True, slots=True)
class Sight:
    """`frames` frames of a stretch, from its frame `start` on; 0 for a Hold, whose frames are all the same."""

    stretch: Plain
    start: int
    frames: int


@dataclass(frozen=True, slots=True)
class Words:
    """A caption over a stretch: from the stretch's frame `start` on, which may lie before its beginning, for `frames`
    frames, in the first and the last `fade` of which it appears and vanishes."""

    text: str
    start: int
    frames: int
    fade: int

    def opacity(self, number: int) -> float:
        """How much of them is seen at frame `number` of the stretch, 0 to 1."""
        place = number - self.start
        if not 0 <= place < self.frames:
            return 0.0
        share = min(min(place + 1, self.frames - place) / (self.fade + 1), 1.0)
        return share * share * (3 - 2 * share)


@dataclass(frozen=True, slots=True)
class Live:
    """What a programme shows from its frame `first` on, with the overlay and words over it; shown whole."""

    beneath: tuple[Sight, ...]
    first: int
    overlay: Overlay
    words: tuple[Words, ...] = ()

    @property
    def shown(self) -> int:
        """Frames in the stretch."""
        return sum(sight.frames for sight in self.beneath)


Stretch = Hold | Move | Blend | Live


class Kind(StrEnum):
    """What kind of picture a stretch is for an encoder, which decides how it is encoded."""

    STILL = "still"
    MOVE = "move"
    GLOW = "glow"  # nothing moves, the light changes by less than a level from frame to frame
    BLEND = "blend"
    FOOTAGE = "footage"  # a film, in which all may move at once, alone or in a transition or under an overlay
    LIVE = "live"  # an overlay over what stands still or dissolves


def kind_of(stretch: Stretch) -> Kind:
    """How `stretch` is encoded; where all moves, an overlay is only one more thing that does."""
    match stretch:
        case Hold():
            return Kind.STILL
        case Move():
            if stretch.look.is_footage:
                return Kind.FOOTAGE
            return Kind.GLOW if stretch.look.motion is Motion.BREATHING_LIGHT else Kind.MOVE
        case Blend():
            return Kind.FOOTAGE if stretch.before.is_footage or stretch.after.is_footage else Kind.BLEND
        case Live():
            return _kind_of_live(stretch)
    assert_never(stretch)


def _kind_of_live(live: Live) -> Kind:
    if any(kind_of(sight.stretch) is Kind.FOOTAGE for sight in live.beneath):
        return Kind.FOOTAGE
    if live.overlay is Overlay.NONE:
        beneath = live.beneath[0].stretch
        return Kind.BLEND if isinstance(beneath, Hold) else kind_of(beneath)
    return Kind.MOVE if any(map(_moves, live.beneath)) else Kind.LIVE


def _moves(sight: Sight) -> bool:
    match sight.stretch:
        case Hold():
            return False
        case Move():
            return True
        case Blend():
            return bool(sight.stretch.before.period or sight.stretch.after.period)
    assert_never(sight.stretch)


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


def loop_for(frames: int, rate: FrameRate) -> Loop:
    """The loop of a picture that moves alone for `frames` frames: the one that leaves the fewest of them over.

    A single frame left over is worse than many: on its own it would be a key frame next to another one.
    """
    groups = range(rate.frames_in(MOVE_SECONDS.start), rate.frames_in(MOVE_SECONDS.stop - 1) + 1)
    return Loop(min(groups, key=lambda group: (frames % group == 1, frames % group, -group)), MOVES_IN_LOOP)


def hold_frames(rate: FrameRate) -> int:
    """Length of every Hold at `rate`."""
    return rate.frames_in(HOLD_SECONDS)


def compile_plan(timeline: Timeline) -> tuple[Run, ...]:
    """The runs of `timeline` in order; their frames add up to `timeline.frames`."""
    plain = _plain_runs(timeline)
    if timeline.overlay is Overlay.NONE:
        return tuple(Run(stretch, frames) for stretch, frames in plain)
    return tuple(Run(live, live.shown) for live in _live(plain, timeline))


def _plain_runs(timeline: Timeline) -> list[tuple[Plain, int]]:
    """The stretches of `timeline` without its overlay, and how many frames come from each."""
    mixes = [each if each.kind is not TransitionKind.CUT and each.frames else None for each in timeline.transitions]
    shots = [
        _shot(clip, footage_start, before, after, timeline.rate)
        for clip, footage_start, before, after in zip(
            timeline.pictures, timeline.footage_starts, [None, *mixes], [*mixes, None], strict=True
        )
    ]
    runs: list[tuple[Plain, int]] = []
    for shot, mix, following in zip(shots, [*mixes, None], [*shots[1:], None], strict=True):
        whole, lead = _split(shot, timeline.rate)
        runs += whole
        left = shot.look(shot.alone - lead)
        if mix and following:
            blend = Blend(left, lead, following.look(-mix.frames), mix.frames, mix.kind)
            runs.append((blend, blend.shown))
        elif lead:
            runs.append((Move(left, lead), lead))
    return runs


def _live(runs: Sequence[tuple[Plain, int]], timeline: Timeline) -> Iterator[Live]:
    starts = [0, *accumulate(frames for _, frames in runs)]
    number = 0
    for first, end in pairwise(_borders(runs, starts, timeline.rate)):
        sights = []
        place = first
        while place < end:
            stretch = runs[number][0]
            last = min(end, starts[number + 1])
            sights.append(_sight(stretch, place - starts[number], last - place))
            place = last
            number += last == starts[number + 1]
        yield Live(tuple(sights), first, timeline.overlay)


def _sight(stretch: Plain, start: int, frames: int) -> Sight:
    """Some frames of a stretch, named by no more than what is seen: another picture later on changes nothing."""
    if isinstance(stretch, Hold):
        return Sight(stretch, 0, frames)
    if isinstance(stretch, Blend) and start + frames <= stretch.lead:
        return Sight(Move(stretch.before, stretch.lead), start, frames)
    return Sight(stretch, start, frames)


def _borders(runs: Sequence[tuple[Plain, int]], starts: Sequence[int], rate: FrameRate) -> list[int]:
    """Where groups begin, and the end. A group of one frame would put two key frames next to each other."""
    end = starts[-1]
    fixed = [0]
    for ((before, _), (after, _)), start in zip(pairwise(runs), starts[1:], strict=False):
        if _begins_anew(before, after) and start - fixed[-1] > 1 and end - start > 1:
            fixed.append(start)
    step, slack = rate.frames_in(LIVE_SECONDS), rate.frames_in(LIVE_SLACK_SECONDS)
    borders = []
    for first, last in pairwise([*fixed, end]):
        grid = range((first + slack) // step * step + step, last - slack + 1, step)
        borders += [first, *grid]
    return [*borders, end]


def _begins_anew(before: Plain, after: Plain) -> bool:
    """True where a scene begins to stand alone, which it does on a frame of its own, and at a hard cut."""
    return isinstance(after, Hold) or _last_picture(before) != _first_picture(after)


def _last_picture(stretch: Plain) -> str:
    match stretch:
        case Hold():
            return stretch.picture
        case Move():
            return stretch.look.picture
        case Blend():
            return stretch.after.picture
    assert_never(stretch)


def _first_picture(stretch: Plain) -> str:
    return stretch.before.picture if isinstance(stretch, Blend) else _last_picture(stretch)


@dataclass(frozen=True, slots=True)
class _Shot:
    """A clip between its transitions: `alone` frames, and the loop in which it moves; a still picture has none."""

    clip: PictureClip
    alone: int
    period: int = 0
    groups: tuple[int, ...] = ()  # how the loop is cut, again and again
    first: int = 0  # the phase after the transition in

    def look(self, place: int) -> Look:
        """The picture `place` frames after the transition in."""
        phase = (self.first + place) % self.period if self.period else 0
        return Look(self.clip.media.sha256, self.clip.motion, phase, self.period)


def _shot(
    clip: PictureClip, footage_start: int, before: Transition | None, after: Transition | None, rate: FrameRate
) -> _Shot:
    alone = clip.frames - (before.out_offset if before else 0) - (after.in_offset if after else 0)
    if clip.footage_frames:
        first = footage_start + (before.out_offset if before else 0)
        seen_from = footage_start - (before.in_offset if before else 0)
        seen_to = footage_start + clip.frames + (after.out_offset if after else 0)
        is_once = seen_from >= 0 and seen_to <= clip.footage_frames
        groups = (loop_for(alone, rate).group,) if is_once else groups_for(clip.footage_frames, rate)
        return _Shot(clip, alone, clip.footage_frames, groups, first=first % clip.footage_frames)
    if clip.motion is Motion.STILL:
        return _Shot(clip, alone)
    loop = loop_for(alone, rate)
    return _Shot(clip, alone, loop.period, (loop.group,))


def groups_for(period: int, rate: FrameRate) -> tuple[int, ...]:
    """How a loop of footage of `period` frames is cut: as few groups as may be, or one of several times the loop."""
    longest = rate.frames_in(MOVE_SECONDS.stop - 1)
    if period <= longest:
        return (longest // period * period,)
    count = -(-period // longest)
    return tuple(period * (number + 1) // count - period * number // count for number in range(count))


def _split(shot: _Shot, rate: FrameRate) -> tuple[list[tuple[Plain, int]], int]:
    """What a clip shows between its transitions: whole runs, and how many frames are left over after them."""
    if not shot.period:
        return [(Hold(shot.clip.media.sha256, hold_frames(rate)), shot.alone)] if shot.alone else [], 0
    runs: list[tuple[Plain, int]] = []
    place = 0
    for group in cycle(shot.groups):
        if place + group > shot.alone:
            break
        runs.append((Move(shot.look(place), group), group))
        place += group
    if shot.alone - place == 1 and runs:
        # On its own a single frame would be a key frame next to another one.
        place -= runs.pop()[1]
    return runs, shot.alone - place
