"""Owns who writes which part; hides nothing but the table of writers."""

from __future__ import annotations

from collections.abc import Callable

from video_pipeline.domain.storyboard import MusicPrompt
from video_pipeline.providers.music_procedural import accompaniment, groove, melody
from video_pipeline.providers.music_procedural.ensemble import Role, Seat
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
    return plan, tuple(Part(seat, _WRITERS[seat.role](plan, seat)) for seat in plan.seats)
