"""Owns what a mix will measure, foreseen from what its sounds measure; hides how fades and the limiter are followed.

Nothing is decoded for it: the power of each tenth of a second and the highest sample of each 10 ms of every file are
known, and levels, fades and the limiter are applied to those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.delivery import LOUDNESS
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.sound.beds import BedPart, amplified, bed_powers, bed_tops, lay_beds
from video_pipeline.ffmpeg.sound.limiter import LOOK_AHEAD, smoothed_gain
from video_pipeline.ffmpeg.sound.loudness import CELL, STEP, Powers
from video_pipeline.ffmpeg.sound.mixing import fades, lay_out, track_gain_db
from video_pipeline.ffmpeg.sound.tracks import Analysis

FIRST_CEILING_DBTP = LOUDNESS.true_peak_dbtp - 1.0
"""Where the limiter holds true peaks at first: AAC at 256k adds 0.3 to 0.6 dB."""


@dataclass(frozen=True, slots=True)
class Trim:
    """What the rounds adjust: a gain for the whole programme, and the limiter's ceiling."""

    gain_db: float
    ceiling_dbtp: float


@dataclass(frozen=True, slots=True)
class Material:
    """What was measured of every sound of a programme, in the timeline's order."""

    pieces: list[Analysis]
    beds: list[Analysis]


def gains_of(material: Material, gain_db: float) -> list[float]:
    """The gain of each piece in dB when the whole programme is made louder by `gain_db`."""
    return [track_gain_db(analysis.facts, FIRST_CEILING_DBTP) + gain_db for analysis in material.pieces]


def beds_of(timeline: Timeline, material: Material) -> tuple[BedPart, ...]:
    """The beds at the levels that the music under no trim asks for.

    Their loops are not fitted to what is in the files (`beds.opened`): passes begin up to 50 ms earlier or later in the
    mix, which moves no loudness, and the power that was foreseen where passes cross is what fitted weights keep.
    """
    if not timeline.beds:
        return ()
    music = predicted_powers(timeline, material.pieces, gains_of(material, 0.0))
    return lay_beds(timeline, material.beds, music)


def foreseen_powers(timeline: Timeline, material: Material, gain_db: float, beds: Sequence[BedPart]) -> Powers:
    """The loudness steps of the programme, music and beds, before limiting; different sounds add their powers."""
    powers = predicted_powers(timeline, material.pieces, gains_of(material, gain_db))
    for part, analysis in zip(beds, material.beds, strict=True):
        powers += bed_powers(amplified(part, gain_db), analysis)
    return powers


def foreseen_limiting(timeline: Timeline, material: Material, trim: Trim, beds: Sequence[BedPart]) -> Powers:
    """By how much limiting will change the power of each loudness step of the programme, music and beds."""
    tops = [
        bed_tops(amplified(part, trim.gain_db), analysis) for part, analysis in zip(beds, material.beds, strict=True)
    ]
    return predicted_limiting(timeline, material.pieces, gains_of(material, trim.gain_db), trim.ceiling_dbtp, tops)


def predicted_powers(timeline: Timeline, analyses: list[Analysis], gains_db: list[float]) -> Powers:
    """The loudness steps of the programme before limiting, from those of its pieces; crossfades add powers."""
    layout = lay_out(timeline, [Path()] * len(analyses), gains_db, 0.0)
    powers = np.zeros(layout.length // STEP)
    for part, analysis in zip(layout.parts, analyses, strict=True):
        source, start = round(part.source / STEP), round(part.start / STEP)
        weights = (part.gain * fades(part, np.arange(STEP // 2, part.length, STEP)).astype(np.float64)) ** 2
        steps = analysis.powers[source : source + len(weights)]
        count = max(min(len(steps), len(weights), len(powers) - start), 0)
        powers[start : start + count] += steps[:count] * weights[:count]
    return powers


def predicted_limiting(
    timeline: Timeline,
    analyses: list[Analysis],
    gains_db: list[float],
    ceiling_dbtp: float,
    beneath: Sequence[NDArray[np.float32]] = (),
) -> Powers:
    """By how much limiting will change the power of each loudness step: the limiter itself, in steps of 10 ms.

    `beneath` are the highest samples of each 10 ms of what lies under the pieces.
    """
    layout = lay_out(timeline, [Path()] * len(analyses), gains_db, ceiling_dbtp)
    levels = np.zeros(layout.length // STEP * _CELLS, np.float32)
    for part, analysis in zip(layout.parts, analyses, strict=True):
        source, start = round(part.source / CELL), round(part.start / CELL)
        factors = part.gain * fades(part, np.arange(CELL // 2, part.length, CELL))
        cells = analysis.tops[source : source + len(factors)]
        count = max(min(len(cells), len(factors), len(levels) - start), 0)  # the last 100 ms may be no whole step
        levels[start : start + count] += cells[:count] * factors[:count]
    for tops in beneath:
        levels += tops[: len(levels)]
    gain = smoothed_gain(levels * np.float32(_BETWEEN), layout.ceiling, LOOK_AHEAD // CELL)
    return np.asarray(np.square(gain, dtype=np.float64).reshape(-1, _CELLS).mean(axis=1))


_CELLS = STEP // CELL

_BETWEEN = 10 ** (0.2 / 20)
"""True peaks are that much above the highest samples of music, on average."""
