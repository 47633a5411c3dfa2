"""Owns progress as operators see it: stage, percent of the whole job, time left; hides the weights of the stages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from textwrap import shorten
from typing import Any


class Stage(StrEnum):
    """The nouns of the flow, in order; also the names of the Dagster assets."""

    STORYBOARD = "storyboard"
    MUSIC = "music"
    IMAGES = "images"
    MASTER = "master"
    EXPORTS = "exports"


STAGE_WEIGHTS: dict[Stage, int] = {
    Stage.STORYBOARD: 1,
    Stage.MUSIC: 29,
    Stage.IMAGES: 16,
    Stage.MASTER: 52,
    Stage.EXPORTS: 2,
}
"""Share of the whole job's time in percent, measured on a 60-minute album on two cores; only the display uses it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of progress."""

    stage: Stage
    percent: float  # of the whole job, 0 to 100
    stage_percent: float  # of this stage, 0 to 100
    message: str
    eta_s: float | None  # seconds to the end of this stage; None until known

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form, as kept in `video_jobs.progress`."""
        return asdict(self)


def overall_percent(stage: Stage, stage_percent: float) -> float:
    """Percent of the whole job when `stage` stands at `stage_percent`."""
    done = 0.0
    for each, weight in STAGE_WEIGHTS.items():
        if each is stage:
            return round(done + weight * min(max(stage_percent, 0.0), 100.0) / 100, 1)
        done += weight
    return round(done, 1)


_WAITS = "waits for "

WORDS_MAX = 200
"""Characters of why something is waited for, beside what is done."""


def waits_for(whom: str, why: str, now: datetime, seconds: float) -> str:
    """Who is waited for, why, and until when: a clause of a message, by the clock of `now`, which is in UTC."""
    until = now + timedelta(seconds=seconds)
    why = why.removeprefix(whom).lstrip(": ")  # errors begin with the name as well
    return f"{_WAITS}{whom}: {shorten(why, WORDS_MAX, placeholder=' ...')}; next try at {until:%H:%M:%S} UTC"


def waits_in(message: str) -> str:
    """The clauses of a message that say what is waited for; empty when it goes on."""
    _, found, rest = message.partition(f"; {_WAITS}")
    return _WAITS + rest if found else ""
