"""Owns the shape of a piece in time: bars, beats, sections and their intensity; hides how a length is filled exactly.

| intro | A | A | B | A | link | B | A | outro | final chord ......... ring-out |
0       lead                                    ^ starts[bars]          duration
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from video_pipeline.providers.music_procedural.randomness import choose


class Kind(StrEnum):
    """What a section is for."""

    INTRO = "intro"
    A = "A"  # the theme
    B = "B"  # the contrast, higher and fuller
    C = "C"  # the quiet middle
    OUTRO = "outro"


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of bars with one idea."""

    kind: Kind
    start: int  # bar
    bars: int
    intensity: float  # 0 to 1: layers and dynamics
    visit: int  # 0 the first time this kind appears

    @property
    def end(self) -> int:
        """The first bar after it."""
        return self.start + self.bars


@dataclass(frozen=True, slots=True)
class Clock:
    """When bars and beats happen, in seconds."""

    starts: tuple[float, ...]  # of every bar, of the final chord, and the end of the piece
    beats: int  # a bar

    @property
    def bars(self) -> int:
        """Bars before the final chord."""
        return len(self.starts) - 2

    @property
    def beat_s(self) -> float:
        """Length of a beat before the ritardando."""
        return (self.starts[1] - self.starts[0]) / self.beats

    @property
    def bar_s(self) -> float:
        """Length of a bar before the ritardando."""
        return self.starts[1] - self.starts[0]

    def at(self, bar: int, beat: float = 0.0) -> float:
        """Seconds at `beat` of `bar`; beats past the bar run on into the next ones."""
        bar = min(bar + int(beat // self.beats), self.bars)
        beat = beat % self.beats
        if bar >= self.bars:
            return self.starts[self.bars] + beat * self.beat_s
        return self.starts[bar] + (self.starts[bar + 1] - self.starts[bar]) * beat / self.beats


def clock(duration_s: float, tempo_bpm: float, beats: int, ring_s: float = 7.0) -> Clock:
    """Whole bars, a ritardando over the last two when there are eight, then a final chord with time to ring out.

    The tempo bends by up to 1.2 % so that whole bars fill the length; what remains of a bar lengthens the ring-out.
    """
    beat = 60.0 / tempo_bpm
    lead = min(0.12, 0.02 * duration_s)
    # The last four seconds disappear in the crossfade to the next piece; a very short piece rings for a third.
    room = duration_s - lead - min(ring_s, 0.3 * duration_s)
    while beats > 1 and beats * beat > room:
        beats -= 1
    bar = beats * beat
    slower = 0.05 if room / bar >= 8.3 else 0.0
    count = max(1, round(room / bar - 3 * slower))
    if (count + 3 * slower) * bar * (1 - _BEND) > room:
        count = max(1, count - 1)
    bend = room / ((count + 3 * slower) * bar)
    if abs(bend - 1) <= _BEND:
        bar *= bend
    elif slower:
        # Too few bars to hide it in the tempo: the last two slow down more, and the rest goes to the ring-out.
        slower = min(max((room / bar - count) / 3, slower), 0.16)
    lengths = [bar] * count
    lengths[-1] *= 1 + 2 * slower
    lengths[max(count - 2, 0)] *= 1 + slower
    # Only a single beat that is longer than the whole piece has to hurry.
    hurry = min(1.0, (duration_s - min(1.0, 0.03 * duration_s) - lead) / sum(lengths))
    starts = [lead]
    for length in lengths:
        starts.append(starts[-1] + length * hurry)
    return Clock((*starts, duration_s), beats)


_BEND = 0.012
_TEMPLATES = ("AABACABA", "ABACABBA", "AABBCABA", "ABACBABA", "AABCABBA")
_BASE = {Kind.INTRO: 0.22, Kind.A: 0.55, Kind.B: 0.78, Kind.C: 0.4, Kind.OUTRO: 0.3}


def sections(clock_: Clock, energy: float, rng: np.random.Generator) -> tuple[Section, ...]:
    """The form: every bar before the final chord belongs to exactly one section."""
    bars = clock_.bars
    edge = 4 if bars >= 28 else 2 if bars >= 10 else 1 if bars >= 4 else 0
    inner = bars - 2 * edge
    unit = 8 if inner >= 24 else 4 if inner >= 8 else max(inner, 1)
    count = inner // unit
    spare = inner - count * unit
    letters = _letters(count, choose(rng, _TEMPLATES))
    lengths: list[tuple[Kind, int]] = [(kind, unit) for kind in letters]
    if spare:
        # What does not fill a section becomes a breath before the last but one, or a longer end in a small form.
        lengths.insert(max(len(lengths) - 2, 1), (Kind.C, spare))
    plan = [(Kind.INTRO, edge), *lengths, (Kind.OUTRO, edge)]
    return _numbered([(kind, length) for kind, length in plan if length], bars, energy)


def _letters(count: int, template: str) -> list[Kind]:
    endless = template + template[1:] * math.ceil(count / (len(template) - 1))
    letters = [Kind(letter) for letter in endless[:count]]
    if count >= 3:
        letters[-1] = Kind.A
    return letters


def _numbered(plan: list[tuple[Kind, int]], bars: int, energy: float) -> tuple[Section, ...]:
    found: list[Section] = []
    visits: dict[Kind, int] = {}
    start = 0
    for kind, length in plan:
        middle = (start + length / 2) / bars
        # The arc peaks at two thirds, where listeners expect the climax.
        arc = math.exp(-(((middle - 0.66) / 0.4) ** 2))
        intensity = 0.72 * _BASE[kind] + 0.28 * arc * (kind not in {Kind.INTRO, Kind.OUTRO}) + 0.08 * energy
        found.append(Section(kind, start, length, min(max(intensity, 0.1), 1.0), visits.get(kind, 0)))
        visits[kind] = visits.get(kind, 0) + 1
        start += length
    return tuple(found)
