"""Owns where a song's beats and sections are, and where its pictures change; hides how the cuts are chosen.

    sections  |                       |                          |
    bars      |       |       |       |       |       |       |  |     every fourth beat, counted from a section
    beats     | | | | | | | | | | | | | | | | | | | | | | | | |  | |
    cuts                      ^       ^                  ^

A cut falls on the frame nearest to a beat. Of all ways to cut a song that one is taken whose scenes are most equal in
length, where a section's bound is worth more than a bar and a bar more than a beat.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from itertools import pairwise

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.timebase import FrameRate

TEMPO_BPM = range(20, 401)
"""What anybody calls a tempo, and may say of a song."""

SHORTEST_SCENE_S = Fraction(1)
BEATS_IN_A_BAR = 4


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What was heard in a song; positions in samples at 48 kHz, strictly rising."""

    tempo_bpm: float | None  # None: there is no beat
    beats: tuple[int, ...]
    sections: tuple[int, ...]  # where something else begins; neither the song's beginning nor its end
    confidence: float = 1.0  # 0 to 1: how clearly the beat stands out; a tempo that was given may have none

    def __post_init__(self) -> None:
        for name, places in (("beats", self.beats), ("sections", self.sections)):
            if any(after <= before for before, after in pairwise((-1, *places))):
                raise InvalidInputError(f"the {name} of a song must rise from 0 on, each later than the one before")
        if (self.tempo_bpm is None) != (not self.beats):
            raise InvalidInputError("a song has a tempo and beats, or neither")
        # Not more is asked of what was measured: the beats of a song may drift out of what anybody would order.
        if self.tempo_bpm is not None and not 0 < self.tempo_bpm < math.inf:
            raise InvalidInputError(f"a tempo is more than 0 bpm, not {self.tempo_bpm:g}")
        if not 0 <= self.confidence <= 1:
            raise InvalidInputError(f"confidence is between 0 and 1, not {self.confidence:g}")


def check_tempo(bpm: float) -> None:
    """Raise InvalidInputError when nobody would say such a tempo of a song."""
    if not TEMPO_BPM[0] <= bpm <= TEMPO_BPM[-1]:
        raise InvalidInputError(f"a tempo of {bpm:g} bpm; possible are {TEMPO_BPM[0]} to {TEMPO_BPM[-1]}")


class _Worth(IntEnum):
    """What begins at a beat."""

    BEAT = 0
    BAR = 1
    SECTION = 2


_COST = {_Worth.BEAT: 0.12, _Worth.BAR: 0.0, _Worth.SECTION: -0.3}
"""Against the square of the share by which a scene is longer or shorter than the others: a scene may be a third longer
to avoid a cut inside a bar, or half as long again to reach a new section."""

_CANDIDATES = 800
"""Of more beats every second one is left out, those of sections never: the work grows with the square."""


def cut_frames(
    rhythm: Rhythm,
    rate: FrameRate,
    frames: int,
    *,
    scenes: int | None = None,
    seconds_each: Fraction | float | None = None,
    shortest_s: Fraction | float = SHORTEST_SCENE_S,
) -> tuple[int, ...]:
    """The frames at which the pictures of a song of `frames` frames change: one fewer than scenes, in order.

    Asked for are `scenes`, or about `seconds_each`, but not both. Every scene lasts at least `shortest_s`. Without a
    beat, or with too few of them, the cuts are even. InvalidInputError when so many scenes have no room.
    """
    least = max(math.ceil(Fraction(shortest_s) * rate.fraction), 1)
    count = _count(rate, frames, scenes, seconds_each, least)
    candidates = _candidates(rhythm, rate, frames, least)
    chosen = _best(candidates, frames, count, least) if len(candidates) >= count - 1 else None
    return chosen if chosen is not None else tuple(frames * number // count for number in range(1, count))


def _count(rate: FrameRate, frames: int, scenes: int | None, seconds_each: Fraction | float | None, least: int) -> int:
    if (scenes is None) == (seconds_each is None):
        raise InvalidInputError("say either how many scenes a song has, or how long each of them lasts")
    if scenes is not None:
        if scenes < 1 or scenes * least > frames:
            raise InvalidInputError(
                f"{scenes} scenes do not fit into {float(rate.seconds(frames)):.1f} s: each lasts at least "
                f"{float(rate.seconds(least)):.1f} s; ask for 1 to {frames // least}"
            )
        return scenes
    assert seconds_each is not None
    if seconds_each <= 0:
        raise InvalidInputError(f"a scene cannot last {float(seconds_each):g} s")
    wanted = round(frames / (Fraction(seconds_each) * rate.fraction))
    return max(min(wanted, frames // least), 1)


def _candidates(rhythm: Rhythm, rate: FrameRate, frames: int, least: int) -> list[tuple[int, _Worth]]:
    """The frames on which a cut may fall, and what each is worth; thinned out where there are very many."""
    possible: dict[int, _Worth] = {}
    for beat, worth in _weighed(rhythm):
        frame = rate.frame_at(beat)
        if least <= frame <= frames - least:
            possible[frame] = max(worth, possible.get(frame, worth))
    found = sorted(possible.items())
    while len(found) > _CANDIDATES:
        thinner = [each for number, each in enumerate(found) if number % 2 == 0 or each[1] is _Worth.SECTION]
        bars = [each for each in found if each[1] is not _Worth.BEAT]
        thinner = bars if len(found) // 2 > len(bars) >= _CANDIDATES // 4 else thinner
        if len(thinner) == len(found):
            break
        found = thinner
    return found


def _weighed(rhythm: Rhythm) -> Iterator[tuple[int, _Worth]]:
    """Each beat with what begins at it; bars are counted from the last section on."""
    if not rhythm.beats:
        return
    starts = {min(rhythm.beats, key=lambda beat: abs(beat - section)) for section in rhythm.sections}
    in_bar = 0
    for beat in rhythm.beats:
        if beat in starts:
            in_bar = 0
            yield beat, _Worth.SECTION
        else:
            yield beat, _Worth.BAR if in_bar == 0 else _Worth.BEAT
        in_bar = (in_bar + 1) % BEATS_IN_A_BAR


def _best(candidates: Sequence[tuple[int, _Worth]], frames: int, count: int, least: int) -> tuple[int, ...] | None:
    """The cheapest `count` - 1 cuts, found by dynamic programming; None when none keep every scene long enough.

    Scenes between a third and three times the even length are tried first, then any.
    """
    ideal = frames / count
    for shortest, longest in ((max(least, ideal / 3), 3 * ideal), (least, frames)):
        chosen = _cheapest(candidates, frames, count, (shortest, longest))
        if chosen is not None:
            return chosen
    return None


def _cheapest(
    candidates: Sequence[tuple[int, _Worth]], frames: int, count: int, lengths: tuple[float, float]
) -> tuple[int, ...] | None:
    ideal = frames / count
    shortest, longest = lengths
    # places[i]: cost of the cheapest way to have a cut at candidate i, so many scenes into the song, and its last cut.
    known: dict[int, tuple[float, int]] = {-1: (0.0, -1)}
    steps: list[dict[int, tuple[float, int]]] = []
    where = {-1: 0} | {index: frame for index, (frame, _) in enumerate(candidates)}
    for done in range(1, count):
        reached: dict[int, tuple[float, int]] = {}
        earlier = sorted(known)
        first = 0
        for index, (frame, worth) in enumerate(candidates):
            if frame > frames - (count - done) * shortest or frame < frames - (count - done) * longest:
                continue
            while first < len(earlier) and frame - where[earlier[first]] > longest:
                first += 1
            options = []
            for before in earlier[first:]:
                length = frame - where[before]
                if length < shortest:
                    break
                options.append((known[before][0] + (length / ideal - 1) ** 2, before))
            if options:
                cost, before = min(options)
                reached[index] = (cost + _COST[worth], before)
        if not reached:
            return None
        steps.append(reached)
        known = reached
    return _traced(steps, known, where, frames, ideal) if steps else ()


def _traced(
    steps: Sequence[dict[int, tuple[float, int]]],
    last: dict[int, tuple[float, int]],
    where: dict[int, int],
    frames: int,
    ideal: float,
) -> tuple[int, ...]:
    """The cuts on the cheapest way, from its end back to its beginning."""
    index = min(last, key=lambda each: last[each][0] + ((frames - where[each]) / ideal - 1) ** 2)
    cuts = []
    for reached in reversed(steps):
        cuts.append(where[index])
        index = reached[index][1]
    return tuple(reversed(cuts))
