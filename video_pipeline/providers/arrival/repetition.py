"""Owns how a piece that a vendor cannot make longer becomes longer; hides where it goes back, and the seam.

    what came    |in|--------- body ---------|out|
    what is had  |in|--------- body ------><------- body ---------|out|

Beginning and end stay as they were made. Somewhere before its end the piece goes back by what lacks, so that it has
the wanted length; where more lacks than the body has, it goes back several times.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import numpy as np
from scipy.signal import correlate

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.arrival.rates import Sound

SEAM = 4 * SAMPLE_RATE
"""Samples over which what was is faded into what was before."""

_HEAD, _TAIL, _SEAM = 16, 8, 8
"""Parts of a piece that are not repeated, because pieces fade in and out, and the longest seam."""

_LEAST_BACK = 10 * SAMPLE_RATE
"""Whoever goes back by less is heard to stammer."""

_SEARCHED = 2048
"""How many samples further back a place is looked for at which both sounds swing alike: half a period of 12 Hz."""

_BLOCK = 1 << 16


def repeated(piece: Sound, samples: int) -> Iterator[Sound]:
    """`piece` (int16, 48 kHz), and parts of it again, as float32 blocks of `samples` together or somewhat more.

    It is told by blocks, because of a long piece the floats would take twice the memory.
    """
    seam = min(SEAM, len(piece) // _SEAM)
    leave = len(piece) - len(piece) // _TAIL  # where it goes back
    longest_back = leave - seam - len(piece) // _HEAD - _SEARCHED
    lack = samples - len(piece)
    times = max(ceil(lack / longest_back), 0) if longest_back > 0 else 0
    start = 0
    for time in range(times):
        back = max(lack * (time + 1) // times - lack * time // times, min(_LEAST_BACK, longest_back))
        entry = _entry(piece, leave, seam, back)
        yield from _blocks(piece, start, leave - seam)
        yield _crossfaded(_floats(piece[leave - seam : leave]), _floats(piece[entry : entry + seam]))
        start = entry + seam
    yield from _blocks(piece, start, len(piece))


def _entry(piece: Sound, leave: int, seam: int, back: int) -> int:
    """Where the seam begins in what was before: at the place that goes best with what is left."""
    first = leave - seam - back - _SEARCHED + 1
    left = _floats(piece[leave - seam : leave]).mean(axis=1)
    before = _floats(piece[first : first + seam + _SEARCHED - 1]).mean(axis=1)
    return first + int(np.argmax(correlate(before, left, "valid", "fft")))


def _crossfaded(left: Sound, entered: Sound) -> Sound:
    """One sound faded into another with equal power; how alike the two are is allowed for.

    Sounds that swing alike add up to more than their power, and such as swing against each other to less. With the
    correlation r, the power at the angle a is 1 + r sin(2a).
    """
    angle = np.linspace(0, np.pi / 2, len(left), dtype=np.float32)[:, None]
    energy = float(np.sqrt(np.square(left).sum() * np.square(entered).sum()))
    alike = float((left * entered).sum()) / energy if energy else 0.0
    power = 1 + max(alike, -0.5) * np.sin(2 * angle)
    return np.asarray((left * np.cos(angle) + entered * np.sin(angle)) / np.sqrt(power), np.float32)


def _blocks(piece: Sound, start: int, end: int) -> Iterator[Sound]:
    for place in range(start, end, _BLOCK):
        yield _floats(piece[place : min(place + _BLOCK, end)])


def _floats(sound: Sound) -> Sound:
    return sound.astype(np.float32) / np.float32(32768)
