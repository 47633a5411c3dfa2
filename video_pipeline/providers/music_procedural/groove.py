"""Owns drum patterns; hides how they thin out in quiet sections. A stroke is `8 * kind + variant`."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from video_pipeline.domain.storyboard import Instrument
from video_pipeline.providers.music_procedural.ensemble import Seat
from video_pipeline.providers.music_procedural.form import Kind, Section
from video_pipeline.providers.music_procedural.melody import swung
from video_pipeline.providers.music_procedural.score import Note, Plan

VARIANTS = 4
"""Takes of each stroke; a repeated identical sample is what makes drums sound like a machine."""


class Stroke(IntEnum):
    """A way to hit a drum."""

    KICK = 0  # brushes: the soft foot
    SWISH = 1  # brushes: a stirring movement
    TAP = 2  # brushes: the wires on the skin
    TIP = 3  # brushes: the cymbal's edge, very soft
    DOUM = 4  # hand drum: the open low tone
    TEK = 5  # hand drum: the rim
    KA = 6  # hand drum: the light answer of the other hand
    SLAP = 7  # hand drum: the accent


_Pattern = tuple[tuple[float, Stroke, float, float], ...]  # beat, stroke, velocity, least busyness that plays it
_PATTERNS: dict[tuple[Instrument, int], _Pattern] = {
    (Instrument.BRUSHES, 4): (
        (0.0, Stroke.KICK, 0.7, 0.0),
        (0.0, Stroke.SWISH, 0.45, 0.0),
        (1.0, Stroke.TAP, 0.62, 0.15),
        (2.0, Stroke.SWISH, 0.5, 0.0),
        (2.0, Stroke.KICK, 0.5, 0.35),
        (3.0, Stroke.TAP, 0.68, 0.1),
        (1.5, Stroke.TIP, 0.35, 0.5),
        (3.5, Stroke.TIP, 0.4, 0.45),
        (0.5, Stroke.TIP, 0.3, 0.7),
        (2.5, Stroke.TAP, 0.35, 0.65),
    ),
    (Instrument.BRUSHES, 3): (
        (0.0, Stroke.KICK, 0.7, 0.0),
        (0.0, Stroke.SWISH, 0.5, 0.0),
        (1.0, Stroke.TAP, 0.5, 0.1),
        (2.0, Stroke.TAP, 0.58, 0.2),
        (1.5, Stroke.TIP, 0.32, 0.5),
        (2.5, Stroke.TIP, 0.36, 0.6),
    ),
    (Instrument.HAND_DRUM, 4): (
        (0.0, Stroke.DOUM, 0.8, 0.0),
        (1.0, Stroke.TEK, 0.5, 0.15),
        (1.5, Stroke.KA, 0.36, 0.45),
        (2.0, Stroke.DOUM, 0.55, 0.3),
        (2.5, Stroke.DOUM, 0.42, 0.6),
        (3.0, Stroke.TEK, 0.6, 0.0),
        (3.5, Stroke.KA, 0.4, 0.35),
        (0.5, Stroke.KA, 0.3, 0.7),
    ),
    (Instrument.HAND_DRUM, 3): (
        (0.0, Stroke.DOUM, 0.8, 0.0),
        (1.0, Stroke.KA, 0.4, 0.15),
        (1.5, Stroke.TEK, 0.48, 0.4),
        (2.0, Stroke.TEK, 0.56, 0.0),
        (2.5, Stroke.KA, 0.36, 0.5),
    ),
}


def groove(plan: Plan, seat: Seat) -> tuple[Note, ...]:
    """The drums: they wait through the intro unless they are alone, and mark the end of each eight bars."""
    rng = plan.stream("groove", str(seat.instrument))
    pattern = _PATTERNS[seat.instrument, 4 if plan.clock.beats % 2 == 0 else 3]
    alone = all(each.role is seat.role for each in plan.seats)
    notes: list[Note] = []
    for section in plan.sections:
        if section.kind in {Kind.INTRO, Kind.OUTRO} and not alone and plan.clock.bars > 6:
            continue
        for bar in range(section.start, section.end):
            notes += _bar(plan, pattern, bar, section, rng)
    first = pattern[0][1]
    notes.append(Note(plan.clock.starts[-2], 0.6, 8 * int(first), 0.38))
    return tuple(notes)


def _bar(plan: Plan, pattern: _Pattern, bar: int, section: Section, rng: np.random.Generator) -> list[Note]:
    busy = 0.25 * section.intensity + 0.75 * plan.movement - 0.2 * (section.kind is Kind.C)
    fill = (bar - section.start) % 8 == 7 or (section.bars < 8 and bar == section.end - 1)
    notes = []
    for beat, stroke, velocity, needed in pattern:
        late_in_bar = fill and beat >= plan.clock.beats - 1.5
        if beat >= plan.clock.beats or busy < needed - 0.3 * late_in_bar:
            continue
        if needed > 0.3 and rng.random() < 0.12:
            continue
        loud = velocity * (0.62 + 0.42 * section.intensity) + 0.04 * float(rng.standard_normal())
        start = plan.clock.at(bar, swung(beat, plan.character.swing)) + 0.005 * float(rng.standard_normal())
        pitch = 8 * int(stroke) + int(rng.integers(VARIANTS))
        notes.append(Note(max(start, 0.0), 0.6, pitch, min(max(loud, 0.08), 1.0)))
    return notes
