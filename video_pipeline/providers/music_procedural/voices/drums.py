"""Owns the sounds of brushes and the hand drum; hides their noise bands and modes. Pitch is `8 * stroke + variant`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.music_procedural.groove import Stroke
from video_pipeline.providers.music_procedural.voices.modal import ring
from video_pipeline.providers.music_procedural.voices.tone import Timbre, Tone, band, frequencies, ramp, shaped_noise


@dataclass(frozen=True, slots=True)
class _Strike:
    """One stroke: modes of the skin and a burst of noise."""

    hertz: tuple[float, ...] = ()
    t60_s: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    noise: float = 0.0
    noise_hz: float = 3000.0
    noise_octaves: float = 0.8
    noise_s: float = 0.03  # time constant of the fall
    rise_s: float = 0.001
    length_s: float = 0.5


_STRIKES: dict[Stroke, _Strike] = {
    Stroke.KICK: _Strike(
        (58, 92, 150), (0.34, 0.2, 0.1), (1.0, 0.45, 0.16), noise=0.05, noise_hz=500, noise_s=0.01, rise_s=0.005
    ),
    Stroke.SWISH: _Strike(noise=0.2, noise_hz=3600, noise_octaves=0.75, noise_s=0.13, rise_s=0.11, length_s=0.8),
    Stroke.TAP: _Strike(
        (190, 332), (0.14, 0.1), (0.22, 0.12), noise=0.42, noise_hz=2500, noise_octaves=1.0, noise_s=0.045, rise_s=0.003
    ),
    Stroke.TIP: _Strike(noise=0.22, noise_hz=6200, noise_octaves=0.5, noise_s=0.05, rise_s=0.004),
    Stroke.DOUM: _Strike(
        (86, 137, 198, 262), (0.6, 0.3, 0.2, 0.14), (1.0, 0.42, 0.2, 0.1), noise=0.08, noise_hz=700, noise_s=0.012,
        rise_s=0.003, length_s=0.8,
    ),
    Stroke.TEK: _Strike(
        (410, 655, 930, 1240), (0.14, 0.1, 0.08, 0.06), (0.4, 0.32, 0.2, 0.12), noise=0.22, noise_hz=2600,
        noise_s=0.014, rise_s=0.0015,
    ),
    Stroke.KA: _Strike(
        (360, 590, 860), (0.1, 0.08, 0.06), (0.32, 0.22, 0.12), noise=0.16, noise_hz=1900, noise_s=0.012, rise_s=0.002
    ),
    Stroke.SLAP: _Strike(
        (240, 480, 760), (0.16, 0.1, 0.08), (0.5, 0.3, 0.2), noise=0.4, noise_hz=1700, noise_s=0.02, rise_s=0.001
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drums:
    """All strokes; both instruments share the table."""

    def span(self, seconds: float) -> float:
        """A stroke has one length."""
        return 0.0

    def tone(self, pitch: int, layer: int, seconds: float, timbre: Timbre) -> Tone:
        """One take of a stroke."""
        stroke, variant = Stroke(pitch // 8), pitch % 8
        strike = _STRIKES[stroke]
        rng = timbre.generator(int(stroke), variant, layer)
        samples = int(strike.length_s * SAMPLE_RATE)
        wave = np.zeros((2, samples), np.float32)
        if strike.hertz:
            freqs = np.array(strike.hertz) * (1 + 0.012 * rng.standard_normal())
            levels = np.array(strike.levels) * (1 + 0.1 * rng.standard_normal(len(strike.levels)))
            wave += ring(freqs, np.array(strike.t60_s), np.stack([levels, levels]), strike.length_s)[:, :samples]
        shape = band(frequencies(samples), strike.noise_hz * 2 ** (0.3 * timbre.brightness), strike.noise_octaves)
        time = np.arange(samples, dtype=np.float32) / np.float32(SAMPLE_RATE)
        fall = np.exp(-np.maximum(time - strike.rise_s, 0) / np.float32(strike.noise_s))
        middle, side = (shaped_noise(samples, shape, rng) for _ in range(2))
        level = np.float32(strike.noise * (0.75, 1.0, 1.2)[layer])
        wave += np.stack([middle + 0.4 * side, middle - 0.4 * side]) * (fall * level)
        start = int(strike.rise_s * SAMPLE_RATE)
        wave[:, :start] *= ramp(start)
        tail = samples // 4
        wave[:, -tail:] *= ramp(tail)[::-1]
        return Tone(wave * np.float32(0.5), 0, int(0.05 * SAMPLE_RATE), looped=False)


DRUMS = Drums()
