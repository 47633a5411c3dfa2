"""Owns the beat of a song: its tempo, where each beat falls, how clear it is; hides correlation and tracking.

Tempo: the onset strength is compared with itself, later by one to four periods. A period also has to be worth more than
what lies between its beats, otherwise half the tempo, or a third, would do as well as the tempo. Beats: of all rows of
places that keep the tempo the one that passes the strongest onsets, by dynamic programming (Ellis: Beat Tracking by
Dynamic Programming, Journal of New Music Research 36, 2007).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from video_pipeline.ffmpeg.listening.onsets import RATE_HZ

SLOWEST_BPM, FASTEST_BPM = 48.0, 208.0

_USUAL_BPM, _OCTAVES = 112.0, 1.1
"""People tap along near two beats a second, wherever a song allows two readings (Ellis 2007: 120 bpm, 0.9 octaves)."""

_OFF_HALF = 0.02
"""So near to half of a tempo lies what is half of it: strokes are not that even."""

_GIVEN = 0.04
"""A tempo that somebody gave may be off by so much: 120.4 is called 120."""

_PERIODS = 4
_TIGHTNESS = 110.0
"""How much a beat that is early or late costs against the strength of onsets, whose effective level is 1."""

_CLEAR, _UNCLEAR = 0.30, 0.11
"""Clearness of a beat that nobody misses, and that below which there is none; see the table in the tests."""

_NEAR = slice(round(0.043 * RATE_HZ), round(0.075 * RATE_HZ))
_WAVERING = 0.3
"""Likeness to itself after 43 to 75 ms: a stroke is over by then (0.0 to 0.13), and the next one of the fastest drummer
is not there yet. The wavering of tones that beat against each other goes on (0.35 to 0.95), so do crickets (0.32)."""

_CHECKED = 4096
"""Places of a song, about 20 s, that are passed without asking whether to stop."""

_FEWEST = 6
"""Beats: fewer are no rhythm."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pulse:
    """The beat of a song; places of the onset strength."""

    tempo_bpm: float
    places: Values
    confidence: float  # 0 to 1


def pulse_of(
    onsets: NDArray[np.float32], bpm: float | None = None, check: Callable[[], None] = lambda: None
) -> Pulse | None:
    """The beat in an onset strength, at about `bpm` if that is known; None when there is none.

    With `bpm` there always is one, because somebody says so: even, where nothing is heard of it. `check` is called now
    and then, and may raise.
    """
    if len(onsets) < 4 * RATE_HZ or not onsets.any():
        return _even(np.zeros(len(onsets)), bpm) if bpm else None
    strength = _flattened(onsets)
    tempi = (bpm * (1 - _GIVEN), bpm * (1 + _GIVEN)) if bpm else (SLOWEST_BPM, FASTEST_BPM)
    likeness = _likeness(strength, tempi[0])
    period, clearness = _period(likeness, tempi, is_given=bpm is not None)
    confidence = float(np.clip((clearness - _UNCLEAR) / (_CLEAR - _UNCLEAR), 0, 1))
    if confidence > 0 and np.abs(likeness[_NEAR]).max() <= _WAVERING:
        places = _tracked(strength, period, check)
        if len(places) >= _FEWEST:
            return Pulse(_tempo(places, period), places, confidence)
    return _even(strength, bpm) if bpm else None


def _even(strength: Values, bpm: float) -> Pulse | None:
    """Beats at exactly that tempo, from the place on that catches most of the strength; None in less than one beat."""
    period = 60 / bpm * RATE_HZ
    if len(strength) <= period:
        return None
    starts = np.arange(int(period))
    caught = [strength[np.arange(start, len(strength), period).astype(int)].sum() for start in starts]
    return Pulse(bpm, np.arange(int(np.argmax(caught)), len(strength), period), 0.0)


def _flattened(onsets: NDArray[np.float32]) -> Values:
    """The strength against what is usual within a second, effective level 1: a loud refrain counts no more."""
    raw = np.asarray(onsets, np.float64)
    above = np.maximum(raw - _around(raw), 0)
    spread = np.sqrt(_around(np.square(above)))
    flat = above / (spread + 0.25 * np.sqrt(np.square(above).mean()) + 1e-9)
    # Two strokes that belong together are never to the hop together.
    bell = np.exp(-np.square(np.arange(-6, 7) / 2.0) / 2)
    smooth = np.convolve(flat, bell / bell.sum(), "same")
    return np.asarray(smooth / (smooth.std() + 1e-12))


def _around(values: Values) -> Values:
    """The mean of the values within a second of each; near the ends of those that there are."""
    window = np.hanning(int(2 * RATE_HZ) | 1)
    size = 1 << (len(values) + len(window)).bit_length()
    reach, answer = len(window) // 2, np.fft.rfft(window, size)
    sums, shares = (
        np.fft.irfft(np.fft.rfft(each, size) * answer, size)[reach : reach + len(values)]
        for each in (values, np.ones(len(values)))
    )
    return np.asarray(np.maximum(sums, 0) / shares)


def _likeness(strength: Values, slowest_bpm: float) -> Values:
    """How like the strength is to itself, later by each number of places: 1 at once, 0 by chance.

    As far as the slowest tempo asks for; by whole songs it is like nothing.
    """
    longest = int(max((_PERIODS + 1) * 60 / slowest_bpm, _NEAR.stop / RATE_HZ) * RATE_HZ) + 2
    centred = strength - strength.mean()
    size = 1 << (len(centred) + longest).bit_length()
    spectrum = np.fft.rfft(centred, size)
    products = np.fft.irfft(np.square(np.abs(spectrum)), size)[:longest]
    pairs = np.maximum(len(centred) - np.arange(longest), 1)
    return np.asarray(products / pairs / (products[0] / len(centred)))


def _period(likeness: Values, between_bpm: tuple[float, float], *, is_given: bool) -> tuple[float, float]:
    """The places from beat to beat, and how clear they are; of given tempi none is likelier than another."""
    slowest, fastest = between_bpm
    tempi = np.geomspace(slowest, fastest, max(int(np.log(fastest / slowest) / np.log(1.0025)), 8))
    periods = 60 / tempi * RATE_HZ
    every = np.arange(1, _PERIODS + 1)[:, None]

    def at(parts: NDArray[np.floating]) -> Values:
        """Mean likeness at so many periods, the highest of a few neighbouring places."""
        lags = parts * periods
        sides = [np.interp(lags + side, np.arange(len(likeness)), likeness) for side in (-1.0, 0.0, 1.0)]
        return np.asarray(np.max(sides, axis=0).mean(axis=0))

    beats = at(every.astype(float))
    between = np.maximum(at(every - 0.5), np.maximum(at(every - 1 / 3), at(every - 2 / 3)))
    usual = np.exp(-np.square(np.log2(tempi / _USUAL_BPM) / _OCTAVES) / 2)
    worth = beats - 0.5 * np.maximum(between, 0)
    best = int(np.argmax(worth if is_given else worth * usual))
    best = best if is_given else _half(tempi, worth, best)
    return float(periods[best]), float(beats[best])


def _half(tempi: Values, worth: Values, best: int) -> int:
    """Where half of the best tempo is, if it is worth no less by what is heard; else where the best one is.

    What is usual decides where both readings do. Where the strokes between the slower beats are so weak that the slower
    reading is the better one, it is that of a slow piece in eighths. A piano in eighths whose strokes are as strong as
    those on the beat stays at twice its tempo: so are kick and snare of a faster one (see the table in the tests).
    """
    near = np.flatnonzero(np.abs(np.log(2 * tempi / tempi[best])) < _OFF_HALF)
    if not near.size:
        return best
    half = int(near[np.argmax(worth[near])])
    return half if worth[half] >= worth[best] else best


def _tracked(strength: Values, period: float, check: Callable[[], None]) -> Values:
    """The places of the beats: those on the best way through the strength at steps of about `period`."""
    nearest, farthest = round(period / 2), round(2 * period)
    steps = np.arange(farthest, nearest - 1, -1)
    cost = -_TIGHTNESS * np.square(np.log(steps / period))
    count = len(strength)
    # Before the beginning lies silence, so that every place has as many before it.
    total = np.zeros(count + farthest)
    came_from = np.full(count, -1)
    for place in range(count):
        if place % _CHECKED == 0:
            check()
        options = total[place : place + len(steps)] + cost
        best = int(np.argmax(options))
        total[place + farthest] = strength[place]
        if options[best] > 0:
            total[place + farthest] += options[best]
            came_from[place] = place - steps[best]
    ways = total[farthest:]
    tail = max(count - farthest, 0)
    place = tail + int(np.argmax(ways[tail:]))
    places = []
    while place >= 0:
        places.append(place)
        place = int(came_from[place])
    return _refined(strength, _heard(strength, np.array(places[::-1])))


def _heard(strength: Values, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """`places` from the first to the last one at which something is heard: the way goes on in silence, a beat does not.

    Half of what a beat has on average is something (Ellis 2007).
    """
    loud = np.flatnonzero(strength[places] >= 0.5 * np.sqrt(np.square(strength[places]).mean()))
    return places[loud[0] : loud[-1] + 1] if loud.size else places[:0]


def _refined(strength: Values, places: NDArray[np.int64]) -> Values:
    """Each place moved to the top of the parabola through it and its neighbours, by half a place at most."""
    inner = np.clip(places, 1, len(strength) - 2)
    before, here, after = strength[inner - 1], strength[inner], strength[inner + 1]
    bend = before - 2 * here + after
    moved = np.where(bend < -1e-9, 0.5 * (before - after) / np.where(bend < -1e-9, bend, -1.0), 0.0)
    return np.asarray(inner + np.clip(moved, -0.5, 0.5))


def _tempo(places: Values, period: float) -> float:
    """Beats a minute by the line through all beats; a gap of several periods counts as so many."""
    numbers = np.concatenate([[0], np.cumsum(np.maximum(np.rint(np.diff(places) / period), 1))])
    slope = float(np.polyfit(numbers, places, 1)[0])
    return 60 * RATE_HZ / slope
