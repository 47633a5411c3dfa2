"""Owns what happens to the whole mix: room, tonal balance, glue, loudness and the limiter; hides its block transforms.

dry ----------------------+--> balance + high-pass --> glue --> gain --> limiter --> fades
send --> room (2 channels)+
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.ndimage import minimum_filter1d

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.metering import BLOCK, block_powers, integrated_lufs
from video_pipeline.providers.music_procedural.mixing import Mix
from video_pipeline.providers.music_procedural.voices.tone import Wave, frequencies, ramp

TARGET_LUFS = -16.0
CEILING_DBFS = -2.0
"""Of the samples; half a decibel and more is left for the peaks between them."""

_SIZE = 2**19
_EQ_TAPS = 2**13
_CENTRES_HZ = np.array([45.0, 90.0, 180.0, 360.0, 720.0, 1440.0, 2880.0, 5760.0, 11520.0])
_WANTED_DB = np.array([-9.0, -1.0, 0.0, -2.0, -3.0, -7.5, -14.0, -22.0, -32.0])
"""Power in octaves: full but not boomy below, a dip where mud and harshness live, a soft top."""

_STEP = 64  # samples of the limiter's grid
_WINDOW = 48  # steps: 64 ms, slow enough not to distort a bass note


def master(mix: Mix, room: Wave, brightness: float) -> Wave:
    """The finished sound, (2, samples), made in the memory of `mix.dry`."""
    _render_room(mix, room, _balance(mix, room, brightness))
    wave = mix.dry
    _level(wave)
    _fade(wave)
    return wave


def _balance(mix: Mix, room: Wave, brightness: float) -> npt.NDArray[np.float64]:
    """A linear-phase filter of `_EQ_TAPS` + 1 taps that brings the octaves halfway to where they should be."""
    size, count = 2**14, 48
    hop = max((mix.dry.shape[1] - size) // count, 1)
    power = np.zeros(size // 2 + 1)
    window = np.hanning(size).astype(np.float32)
    answer = np.square(np.abs(scipy.fft.rfft(room, 2**18, axis=1, workers=1))).mean(axis=0)
    answer = answer[:-1].reshape(size // 2, -1).mean(axis=1)
    for start in range(0, hop * count, hop):
        piece = np.zeros((3, size), np.float32)
        part = slice(start, start + size)
        heard = mix.dry[:, part].shape[1]
        piece[:2, :heard], piece[2, :heard] = mix.dry[:, part], mix.send[part]
        spectrum = np.square(np.abs(scipy.fft.rfft(piece * window, axis=1, workers=1)))
        power += spectrum[:2].sum(axis=0)
        power[:-1] += 2 * spectrum[2, :-1] * answer
    freqs = frequencies(size)
    edges = np.digitize(freqs, _CENTRES_HZ[:-1] * 2**0.5)
    found = 10 * np.log10(np.bincount(edges, power, minlength=_CENTRES_HZ.size)[: _CENTRES_HZ.size] + 1e-12)
    wanted = _WANTED_DB + 2.2 * brightness * np.log2(_CENTRES_HZ / 500) * (_CENTRES_HZ > 500)
    # Compare against the octaves that this music has; an octave without notes must not be filled with noise.
    present = found > found.max() - 26
    gap = wanted - found - (wanted - found)[present].mean()
    # The treble is always quiet, and a little more of it is air; below, a boost would only lift noise.
    most = np.where(_CENTRES_HZ > 4000, 5.0, np.where(present, 2.5, 0.0))
    gains = np.clip(0.45 * gap, -6.0, most)
    return _filter(gains)


def _filter(gains_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    freqs = frequencies(_EQ_TAPS)
    curve = np.interp(np.log2(np.maximum(freqs, 10.0)), np.log2(_CENTRES_HZ), gains_db)
    # Nothing below 32 Hz reaches a listener, but it costs headroom; above 17 kHz there is only hiss.
    edge = (freqs / 33.0) ** 6
    gain = 10 ** (curve / 20) * edge / (1 + edge) / (1 + (freqs / 17_000) ** 12)
    taps = np.roll(scipy.fft.irfft(gain, workers=1), _EQ_TAPS // 2)
    taps = np.append(taps, 0.0) * np.hanning(_EQ_TAPS + 1)
    # The window blurs the notch at 0 Hz; without this a trace of DC would pass.
    return np.asarray(taps - np.hanning(_EQ_TAPS + 1) * taps.sum() / np.hanning(_EQ_TAPS + 1).sum())


def _render_room(mix: Mix, room: Wave, taps: npt.NDArray[np.float64]) -> None:
    """dry := (dry + room * send) * taps by overlap-add, without the delay of the taps."""
    samples = mix.dry.shape[1]
    size = min(_SIZE, 2 ** int(np.ceil(np.log2(samples + room.shape[1] + taps.size))))
    tone = scipy.fft.rfft(taps.astype(np.float32), size, workers=1)
    wet = scipy.fft.rfft(room, size, axis=1, workers=1) * tone
    hop = size - room.shape[1] - taps.size
    delay = taps.size // 2
    tail = np.zeros((2, size - hop), np.float32)
    for start in range(0, samples + delay, hop):
        send = scipy.fft.rfft(mix.send[start : start + hop], size, workers=1) if start < samples else 0
        for channel in range(2):
            dry = scipy.fft.rfft(mix.dry[channel, start : start + hop], size, workers=1) if start < samples else 0
            block = scipy.fft.irfft(dry * tone + send * wet[channel], size, workers=1) if start < samples else None
            ready = np.zeros(size, np.float32) if block is None else block
            ready[: size - hop] += tail[channel]
            tail[channel] = ready[hop:]
            first, last = max(start - delay, 0), min(start - delay + hop, samples)
            if last > first:
                mix.dry[channel, first:last] = ready[first - start + delay : last - start + delay]


def _level(wave: Wave) -> None:
    """Gentle compression, then the gain that brings the result to the target through the limiter, in place."""
    samples = wave.shape[1]
    powers = block_powers(wave)
    mean = integrated_lufs(powers)
    if mean <= -69:
        return
    loud = -0.691 + 10 * np.log10(powers + 1e-12)
    glue = -0.3 * np.clip(loud - mean, 0.0, None)
    centres = (np.arange(powers.size) + 0.5) * BLOCK / _STEP
    steps = -(-samples // _STEP)
    glue_curve = 10 ** (np.interp(np.arange(steps + 1), centres, glue) / 20)
    peaks = _peaks(wave, steps) * glue_curve[:steps]
    ceiling = 10 ** (CEILING_DBFS / 20)
    gain = 10 ** ((TARGET_LUFS - mean) / 20)
    for _ in range(4):
        curve = _limit(peaks * gain, ceiling)
        each = np.interp(centres, np.arange(steps + 1), glue_curve * curve * gain)
        # Eight decibels are the most that a limiter may be asked for; beyond that quiet music stays quiet.
        error = TARGET_LUFS - integrated_lufs(powers * np.square(each))
        gain = min(gain * 10 ** (error / 20), 10 ** ((TARGET_LUFS - mean + 8) / 20))
    _apply(wave, glue_curve * gain * _limit(peaks * gain, ceiling))


def _peaks(wave: Wave, steps: int) -> npt.NDArray[np.float64]:
    starts = np.arange(0, wave.shape[1], _STEP)
    both = np.maximum(np.maximum.reduceat(wave, starts, axis=1), -np.minimum.reduceat(wave, starts, axis=1)).max(axis=0)
    return np.asarray(both[:steps], dtype=np.float64)


def _limit(peaks: npt.NDArray[np.float64], ceiling: float) -> npt.NDArray[np.float64]:
    """Gain at each step's start that keeps every sample below the ceiling, rising and falling smoothly ahead of it."""
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    held = minimum_filter1d(np.append(needed, needed[-1]), _WINDOW + 3, mode="nearest")
    window = np.hanning(_WINDOW + 3)[1:-1]
    padded = np.pad(held, _WINDOW // 2, mode="edge")
    return np.asarray(np.convolve(padded, window / window.sum(), mode="valid")[: held.size])


def _apply(wave: Wave, curve: npt.NDArray[np.float64]) -> None:
    """Multiply by a curve given at every step, straight lines between."""
    part = np.linspace(0, 1, _STEP, endpoint=False, dtype=np.float32)
    knots = curve.astype(np.float32)
    for first in range(0, knots.size - 1, 4096):
        here = knots[first : first + 4097]
        lines = (here[:-1, None] + np.diff(here)[:, None] * part).ravel()
        piece = wave[:, first * _STEP : first * _STEP + lines.size]
        piece *= lines[: piece.shape[1]]


def _fade(wave: Wave) -> None:
    """Silence at both ends: 20 ms in, and a long raised cosine out under the ring of the last chord."""
    samples = wave.shape[1]
    rise = min(SAMPLE_RATE // 50, samples // 4)
    fall = min(int(2.6 * SAMPLE_RATE), samples // 5)
    if rise:
        wave[:, :rise] *= ramp(rise)
    if fall:
        wave[:, -fall:] *= ramp(fall)[::-1]
