"""Owns sounds that lie under the whole programme: how they repeat, how loud they are, when they step back; hides seams.

A bed repeats from end to end; the end of each pass crosses into the beginning of the next one:

    pass 1   start |=========================[~~~]
    pass 2                                   [~~~]=========================[~~~]
    pass 3                                                                 [~~~]=====...
                   <--------- period -------->

Its level follows from two loudnesses (BS.1770-4), its own and that of the music. How loud the music is at each moment
is known before anything is mixed, so a bed steps back ahead of the music, and any part of it can be made on its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.delivery import LOUDNESS
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.domain.timeline import Bed, Timeline
from video_pipeline.ffmpeg.sound.loudness import (
    CELL,
    LOUDEST_BOOST_DB,
    SILENT_LUFS,
    STEP,
    Powers,
    Sound,
    integrated_lufs,
)
from video_pipeline.ffmpeg.sound.tracks import Analysis, Pcm, load_pcm, scale_of

BEDS_VERSION = 1

SHORTEST = SAMPLE_RATE
"""Samples: what repeats more than once a second is a rattle, not a bed."""

_SEAM = 3 * SAMPLE_RATE
"""Samples of the crossfade between two passes; a quarter of a short sound."""

_SEARCH = SAMPLE_RATE // 20
"""The end is moved by up to 50 ms to where it is most like the beginning: a tone then goes on in phase."""

_SOFT = 0.25  # 6 dB
_ENDS = 1 / 6
"""A recording that was faded in or out would sink at each seam: up to a sixth of it at either end is left out as long
as a second of it has less than a quarter of its median power."""

_RISE, _FALL = 3 * SAMPLE_RATE, 6 * SAMPLE_RATE
"""Samples in which a bed comes in with the programme and goes with it; a quarter of a short programme."""

_QUIET_LU, _LOUD_LU = -12.0, -4.0
"""Against the loudness of all of the music, over 400 ms: from the first on a bed begins to step back, at the second it
has stepped back altogether. A pause of some seconds brings it forward, a rest between two notes does not."""

_BACK_STEPS, _FORTH_STEPS = 8, 30
"""Tenths of a second that a bed takes to step back before the music is loud, and to come forward again."""


Weights = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Of the pass that begins and of the one that ends."""


@dataclass(frozen=True, slots=True)
class Loop:
    """How the file of a bed repeats; positions in its samples."""

    start: int  # of the first pass
    period: int  # from the start of one pass to that of the next
    fade: int  # how long two passes cross
    likeness: float = 0.0  # correlation of what crosses, 0 to 1


@dataclass(frozen=True, slots=True)
class BedPart:
    """One bed in the mix."""

    name: str
    pcm: Path
    loop: Loop
    length: int  # of the programme, samples
    gain: float  # factor
    steps_back: NDArray[np.float32]  # a factor for each tenth of a second; empty where it never does


def lay_beds(timeline: Timeline, analyses: Sequence[Analysis], music: Powers) -> tuple[BedPart, ...]:
    """The beds of a programme by what they measure; `music` is the power of each tenth of a second of its music.

    Their files and what is known only from them are still missing (`opened`). MediaError when a bed is too short.
    """
    return tuple(
        _laid(bed, analysis, music, timeline.samples) for bed, analysis in zip(timeline.beds, analyses, strict=True)
    )


def _laid(bed: Bed, analysis: Analysis, music: Powers, length: int) -> BedPart:
    usable = min(bed.samples, analysis.facts.samples)
    if usable < SHORTEST:
        raise MediaError(
            f"{bed.name} lasts {usable / SAMPLE_RATE:.2f} s; a sound that lies under a whole programme "
            f"lasts at least {SHORTEST // SAMPLE_RATE} s"
        )
    reference = integrated_lufs(music)
    heard = reference > SILENT_LUFS
    own = analysis.facts.loudness.integrated_lufs
    gain_db = (reference if heard else LOUDNESS.integrated_lufs) + bed.level_db - own
    return BedPart(
        name=bed.name,
        pcm=Path(),
        loop=loop_of(usable, analysis.powers),
        length=length,
        gain=10 ** (min(gain_db, LOUDEST_BOOST_DB) / 20),
        steps_back=stepping_back(music, reference, bed.ducking_db) if heard and bed.ducking_db else _NEVER,
    )


_NEVER = np.empty(0, np.float32)


def opened(part: BedPart, pcm: Path, gain_db: float) -> BedPart:
    """`part` with its decoded file, with its loop fitted to what is in it, and louder by `gain_db`."""
    return replace(amplified(part, gain_db), pcm=pcm, loop=_fitted(part.loop, load_pcm(pcm)))


def amplified(part: BedPart, gain_db: float) -> BedPart:
    """`part`, louder by `gain_db`."""
    return replace(part, gain=part.gain * 10 ** (gain_db / 20))


def loop_of(samples: int, powers: Powers) -> Loop:
    """How a sound of so many samples repeats, by the power of each tenth of a second of it."""
    first, last = 0, samples
    powers = powers[: samples // STEP]
    if len(powers) > 2 * _SEAM // STEP:
        means = np.convolve(powers, np.full(10, 0.1), "valid")
        full = np.flatnonzero(means >= _SOFT * np.median(means))
        most = int(len(powers) * _ENDS)
        if full.size:
            first = min(int(full[0]), most) * STEP
            last = samples - min(len(means) - 1 - int(full[-1]), most) * STEP
    fade = min(_SEAM, (last - first) // 4)
    return Loop(first, last - first - fade, fade)


def _fitted(loop: Loop, pcm: Pcm) -> Loop:
    """`loop` with its end moved, by 50 ms at most, to where it is most like the beginning."""
    search = min(_SEARCH, loop.period // 8)
    head = _mono(pcm, loop.start, loop.fade)
    tail = _mono(pcm, loop.start + loop.period - search, loop.fade + search)
    size = 1 << (len(head) + len(tail)).bit_length()
    products = np.fft.irfft(np.fft.rfft(tail, size) * np.conj(np.fft.rfft(head, size)), size)[: search + 1]
    squares = np.concatenate([[0.0], np.cumsum(np.square(tail))])
    energies = (squares[loop.fade :] - squares[: search + 1]) * np.square(head).sum()
    alike = products / np.sqrt(np.maximum(energies, 1e-12))
    place = int(np.argmax(alike))
    return replace(loop, period=loop.period - search + place, likeness=float(np.clip(alike[place], 0, 1)))


def _mono(pcm: Pcm, start: int, length: int) -> NDArray[np.float64]:
    return np.asarray(pcm[start : start + length].mean(axis=1, dtype=np.float64) * scale_of(pcm))


def stepping_back(music: Powers, reference_lufs: float, ducking_db: float) -> NDArray[np.float32]:
    """The factor of a bed at each tenth of a second of the programme: 1, or less by `ducking_db` in loud music.

    The way back is begun before the music is loud, the way forward when it has been quiet for long enough.
    """
    blocks = np.convolve(music, np.full(4, 0.25), "same")
    loudness = -0.691 + 10 * np.log10(np.maximum(blocks, 1e-12)) - reference_lufs
    depth = np.clip((loudness - _QUIET_LU) / (_LOUD_LU - _QUIET_LU), 0.0, 1.0)
    # A slope is limited by the highest of all that still has its say: each value, less what its distance takes away.
    places = np.arange(len(depth))
    forth = np.maximum.accumulate(depth + places / _FORTH_STEPS) - places / _FORTH_STEPS
    back = np.maximum.accumulate((forth - places / _BACK_STEPS)[::-1])[::-1] + places / _BACK_STEPS
    window = np.hanning(7)[1:-1]
    rounded = np.convolve(np.pad(back, 2, mode="edge"), window / window.sum(), "valid") if len(back) else back
    return np.asarray(10 ** (-ducking_db * rounded / 20), np.float32)


def bed_sound(part: BedPart, start: int, stop: int) -> Sound:
    """Samples [start, stop) of the programme with nothing but this bed, shape (2, stop - start).

    MediaError when the file is shorter than the loop: it is not the one that was measured.
    """
    sound = np.zeros((2, stop - start), np.float32)
    pcm = load_pcm(part.pcm)
    loop = part.loop
    if len(pcm) < loop.start + loop.period + loop.fade:
        raise MediaError(f"{part.name} has {len(pcm)} samples, {loop.start + loop.period + loop.fade} were expected")
    position = first = max(start, 0)
    last = min(stop, part.length)
    while position < last:
        turn, phase = divmod(position, loop.period)
        # A pass is two pieces: what crosses with the pass before, and what is alone.
        crossing = turn > 0 and phase < loop.fade
        end = min(position + (loop.fade if crossing else loop.period) - phase, last)
        sound[:, position - start : end - start] = (
            _crossed(pcm, loop, phase, end - position)
            if crossing
            else pcm[loop.start + phase : loop.start + phase + end - position].T
        )
        position = end
    if first < last:
        sound[:, first - start : last - start] *= _levels(part, first, last) * np.float32(scale_of(pcm))
    return sound


def _crossed(pcm: Pcm, loop: Loop, phase: int, length: int) -> Sound:
    """The head of one pass and the tail of the one before.

    The weights keep the power the same throughout, however alike the two are (Fink, Holters, Zoelzer: Signal-Matched
    Power-Complementary Cross-Fading, DAFx 2016).
    """
    rising, falling = _weights(loop, np.arange(phase, phase + length))
    head = pcm[loop.start + phase : loop.start + phase + length].T
    tail = pcm[loop.start + loop.period + phase : loop.start + loop.period + phase + length].T
    return np.asarray(head * rising + tail * falling, np.float32)


def _weights(loop: Loop, places: NDArray[np.int64]) -> Weights:
    angle = math.pi / 2 * (places + 0.5) / loop.fade
    whole = np.sqrt(1 + loop.likeness * np.sin(2 * angle))
    return (np.sin(angle) / whole).astype(np.float32), (np.cos(angle) / whole).astype(np.float32)


def _levels(part: BedPart, first: int, last: int) -> NDArray[np.float32]:
    """The factor at each sample in [first, last), which lie in the programme."""
    levels = np.full(last - first, part.gain, np.float32)
    if part.steps_back.size:
        # Only what is around: a programme of 90 minutes has 54,000 steps.
        begin, end = max(first // STEP - 1, 0), min(last // STEP + 2, len(part.steps_back))
        begin = min(begin, len(part.steps_back) - 1)
        centres = np.arange(begin, max(end, begin + 1)) * STEP + STEP // 2
        levels *= np.interp(np.arange(first, last), centres, part.steps_back[begin : begin + len(centres)])
    return _faded(levels, part.length, np.arange(first, last), near=(first, last))


def _faded(
    levels: NDArray[np.float32], length: int, places: NDArray[np.int64], *, near: tuple[int, int]
) -> NDArray[np.float32]:
    """`levels` at `places`, which lie between the two of `near`, with both ends of the programme faded."""
    rise, fall = min(_RISE, length // 4), min(_FALL, length // 4)
    if rise and near[0] < rise:
        levels *= (0.5 - 0.5 * np.cos(math.pi * np.minimum((places + 0.5) / rise, 1))).astype(np.float32)
    if fall and near[1] > length - fall:
        left = np.clip((length - places - 0.5) / fall, 0, 1)
        levels *= (0.5 - 0.5 * np.cos(math.pi * left)).astype(np.float32)
    return levels


def bed_powers(part: BedPart, analysis: Analysis) -> Powers:
    """The loudness steps of a bed on the programme, from those of its file; where two passes cross, powers add."""
    head, tail, (rising, falling) = _repeated(part, analysis.powers, STEP)
    crossed = head * np.square(rising, dtype=np.float64) + tail * np.square(falling, dtype=np.float64)
    return np.asarray(crossed * np.square(_sampled(part, STEP), dtype=np.float64))


def bed_tops(part: BedPart, analysis: Analysis) -> NDArray[np.float32]:
    """The highest sample of each `CELL` samples of a bed on the programme, from those of its file."""
    head, tail, (rising, falling) = _repeated(part, analysis.tops, CELL)
    return np.asarray((head * rising + tail * falling) * _sampled(part, CELL), np.float32)


Measures = NDArray[np.float32] | NDArray[np.float64]


def _repeated(part: BedPart, values: Measures, width: int) -> tuple[Measures, Measures, Weights]:
    """What was measured of every `width` samples of the file, as it repeats, and of the pass before; their weights."""
    places = np.arange(part.length // width) * width + width // 2
    if not len(values):
        values = np.zeros(1)
    phases = places % part.loop.period
    steps = (part.loop.start + phases) // width
    earlier = (part.loop.start + part.loop.period + phases) // width
    rising, falling = _weights(part.loop, np.minimum(phases, part.loop.fade - 1))
    alone = (phases >= part.loop.fade) | (places < part.loop.period)
    rising[alone], falling[alone] = 1, 0
    last = len(values) - 1
    return values[np.minimum(steps, last)], values[np.minimum(earlier, last)], (rising, falling)


def _sampled(part: BedPart, width: int) -> NDArray[np.float32]:
    """The factor in the middle of every `width` samples of the programme."""
    places = np.arange(part.length // width) * width + width // 2
    levels = np.full(len(places), part.gain, np.float32)
    if part.steps_back.size:
        levels *= part.steps_back[np.minimum(places // STEP, len(part.steps_back) - 1)]
    return _faded(levels, part.length, places, near=(0, part.length))
