"""Owns who writes which part; hides nothing but the table of writers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from video_pipeline.domain.storyboard import MusicPrompt
from video_pipeline.providers.music_procedural import accompaniment, groove, melody
from video_pipeline.providers.music_procedural.ensemble import Role, Seat
from video_pipeline.providers.music_procedural.form import Kind
from video_pipeline.providers.music_procedural.score import Note, Part, Plan, make_plan

_WRITERS: dict[Role, Callable[[Plan, Seat], tuple[Note, ...]]] = {
    Role.LEAD: melody.lead,
    Role.COUNTER: melody.counter,
    Role.FIGURE: accompaniment.figure,
    Role.SPARKLE: accompaniment.sparkle,
    Role.HARMONY: accompaniment.held,
    Role.BASS: accompaniment.bass,
    Role.GROOVE: groove.groove,
    Role.AIR: accompaniment.air,
}


def write(prompt: MusicPrompt, seed: int) -> tuple[Plan, tuple[Part, ...]]:
    """The plan of a piece and all its parts."""
    plan = make_plan(prompt, seed)
    return plan, tuple(Part(seat, _shaped(plan, _WRITERS[seat.role](plan, seat))) for seat in plan.seats)


def _shaped(plan: Plan, notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """The same notes with a crescendo through the intro and a diminuendo through the outro."""
    starts = plan.clock.starts
    points, levels = [starts[0]], [0.74]
    for section in plan.sections:
        rising, falling = section.start == 0, section.kind is Kind.OUTRO
        points += [starts[section.start] + 1e-3, starts[section.end]]
        levels += [0.74, 0.96] if rising else [0.9, 0.78] if falling else [1.0, 1.0]
    shape = np.interp([note.start_s for note in notes], points, levels)
    return tuple(replace(note, velocity=float(note.velocity * level)) for note, level in zip(notes, shape, strict=True))
