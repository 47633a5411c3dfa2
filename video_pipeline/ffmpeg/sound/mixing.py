"""Owns the mix of a programme: levels, equal-power crossfades, beds, limiting, 16 bits; hides its blocks.

The mix is made in blocks of 3.2 s that do not depend on each other, straight from the decoded files, so it needs no
more memory for 90 minutes than for one, any worker can make any part of it, and a part comes out the same each time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.delivery import LOUDNESS
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.media import AudioFacts
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.sound.beds import BedPart, bed_sound
from video_pipeline.ffmpeg.sound.limiter import CONTEXT, limiting_gain
from video_pipeline.ffmpeg.sound.loudness import LOUDEST_BOOST_DB, SILENT_LUFS, STEP, Sound
from video_pipeline.ffmpeg.sound.tracks import load_pcm, scale_of
from video_pipeline.ffmpeg.work.crew import StopFlag

GRID = 76_800
"""Samples: the least common multiple of an AAC frame (1024), an Opus frame (960) and a loudness step (4800)."""

BLOCK = 2 * GRID
"""What is mixed at once: few enough samples to stay in a core's own cache."""

EDGE = SAMPLE_RATE * 30 // 1000
"""Samples of fade at both ends of the programme: without an edit list the first 21 ms of AAC are aliased."""

COMFORTABLE_LIMITING_DB = 3.0
LEEWAY_LU = 1.5
"""A piece that needs more limiting than is comfortable may stay so much quieter than the others (limit: 2 LU)."""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece in the mix; positions and lengths in samples."""

    name: str
    pcm: Path
    source: int  # first sample used of the decoded file
    start: int  # where that sample is in the programme
    length: int
    fade_in: int
    fade_out: int
    gain: float  # factor


@dataclass(frozen=True, slots=True)
class Mix:
    """A whole programme, ready to be mixed."""

    parts: tuple[Part, ...]
    length: int  # samples
    ceiling: float  # factor of full scale that true peaks stay below
    beds: tuple[BedPart, ...] = ()


def track_gain_db(facts: AudioFacts, ceiling_dbtp: float) -> float:
    """The gain that brings a piece to the target loudness, or almost there when it would be limited too hard."""
    loudness = facts.loudness
    if loudness.integrated_lufs <= SILENT_LUFS:
        return 0.0
    gain = min(LOUDNESS.integrated_lufs - loudness.integrated_lufs, LOUDEST_BOOST_DB)
    limiting = loudness.true_peak_dbtp + gain - ceiling_dbtp
    return gain - min(max(limiting - COMFORTABLE_LIMITING_DB, 0.0), LEEWAY_LU)


def lay_out(
    timeline: Timeline, pcm: list[Path], gains_db: list[float], ceiling_dbtp: float, beds: tuple[BedPart, ...] = ()
) -> Mix:
    """Place the decoded files on the programme: each reaches over its cuts to the ends of its crossfades."""
    parts = []
    for index, (clip, start) in enumerate(zip(timeline.sounds, timeline.sound_starts, strict=True)):
        before = timeline.crossfades[index - 1] if index else None
        after = timeline.crossfades[index] if index < len(timeline.crossfades) else None
        first = before.start if before else start
        end = after.end if after else start + clip.source_range.duration
        parts.append(
            Part(
                name=clip.name,
                pcm=pcm[index],
                source=clip.source_range.start - (start - first),
                start=first,
                length=end - first,
                fade_in=before.duration if before else 0,
                fade_out=after.duration if after else 0,
                gain=10 ** (gains_db[index] / 20),
            )
        )
    return Mix(tuple(parts), timeline.samples, 10 ** (ceiling_dbtp / 20), beds)


def mix_span(mix: Mix, out: Path, start: int, stop: int, flag: StopFlag) -> NDArray[np.float64]:
    """Write samples [start, stop) of the programme into the 16-bit file `out`; start lies on a block.

    Returns by how much limiting changed the power of each loudness step, 1 where it did nothing. Runs in a worker.
    """
    ratios = []
    with out.open("r+b") as file:
        file.seek(start * 4)
        for first in range(start, stop, BLOCK):
            flag.check()
            last = min(first + BLOCK, stop)
            sound, ratio = _limited(mix, first, last)
            file.write(_to_16_bits(sound, seed=first).tobytes())
            ratios.append(ratio)
    return np.concatenate(ratios)


def _limited(mix: Mix, start: int, stop: int) -> tuple[Sound, NDArray[np.float64]]:
    surrounded = mixed(mix, start - CONTEXT, stop + CONTEXT)
    sound = surrounded[:, CONTEXT:-CONTEXT]
    steps = sound.shape[1] // STEP
    gain = limiting_gain(surrounded, mix.ceiling)
    if gain is None:
        return sound, np.ones(steps)
    limited = sound * gain[CONTEXT:-CONTEXT]
    before, after = _energies(sound, steps), _energies(limited, steps)
    return limited, np.divide(after, before, out=np.ones(steps), where=before > 0)


def _energies(sound: Sound, steps: int) -> NDArray[np.float64]:
    parts = sound[:, : steps * STEP].reshape(2, steps, STEP)
    return np.asarray(np.einsum("csn,csn->s", parts, parts, dtype=np.float64))


def mixed(mix: Mix, start: int, stop: int) -> Sound:
    """Samples [start, stop) of the programme before limiting, shape (2, stop - start); silence outside of it."""
    result = np.zeros((2, stop - start), np.float32)
    for part in mix.parts:
        first, last = max(start, part.start), min(stop, part.start + part.length)
        if first >= last:
            continue
        pcm = load_pcm(part.pcm)
        source = part.source + first - part.start
        piece = pcm[source : source + last - first]
        if len(piece) < last - first:
            raise MediaError(
                f"{part.name} has {len(pcm)} samples, the timeline uses it up to {part.source + part.length}"
            )
        faded = np.multiply(piece.T, np.float32(scale_of(pcm) * part.gain), dtype=np.float32, order="C")
        if first < part.start + part.fade_in or last > part.start + part.length - part.fade_out:
            faded *= fades(part, np.arange(first - part.start, last - part.start))
        result[:, first - start : last - start] += faded
    for bed in mix.beds:
        result += bed_sound(bed, start, stop)
    return _with_edges(result, start, mix.length)


def fades(part: Part, places: NDArray[np.int64]) -> NDArray[np.float32]:
    """The fades at some samples of a part; the squares of two crossing fades add up to one."""
    envelope = np.ones(len(places), np.float32)
    rising, falling = places < part.fade_in, places >= part.length - part.fade_out
    if rising.any():
        envelope[rising] *= np.sin(math.pi / 2 * (places[rising] + 0.5) / part.fade_in)
    if falling.any():
        done = places[falling] - (part.length - part.fade_out)
        envelope[falling] *= np.cos(math.pi / 2 * (done + 0.5) / part.fade_out)
    return envelope


def _with_edges(sound: Sound, start: int, length: int) -> Sound:
    """`sound`, which begins at `start` of a programme of `length` samples, faded near both ends of the programme."""
    stop = start + sound.shape[1]
    for first, last, end in ((0, EDGE, 0), (length - EDGE, length, length - 1)):
        near = np.arange(max(first, start), min(last, stop))
        if near.size:
            fade = 0.5 - 0.5 * np.cos(math.pi * (np.abs(near - end) + 0.5) / EDGE)
            sound[:, near - start] *= fade.astype(np.float32)
    return sound


def _to_16_bits(sound: Sound, seed: int) -> NDArray[np.int16]:
    """Interleaved samples, with dither that is the same each time; digital silence stays silent."""
    scaled = sound * np.float32(32768)
    if sound.any():
        start = seed // BLOCK * _NOISE_STEP % _NOISE
        scaled += _noise()[:, start : start + sound.shape[1]]
    np.rint(scaled, out=scaled)
    np.clip(scaled, -32768, 32767, out=scaled)
    samples = np.empty((sound.shape[1], 2), np.int16)
    samples.T[...] = scaled
    return samples


_NOISE = 8 * GRID
_NOISE_STEP = 104_729
"""A prime: the noise of each block begins elsewhere."""


@lru_cache(maxsize=1)
def _noise() -> Sound:
    """13 s and a block of triangular noise of one step; making it anew each time would take as long as all the rest."""
    random = np.random.default_rng(1)
    once = random.random((2, _NOISE), np.float32) - random.random((2, _NOISE), np.float32)
    return np.concatenate([once, once[:, :BLOCK]], axis=1)
