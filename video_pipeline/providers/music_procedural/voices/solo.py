"""Owns the voices of one player: flute, cello and electric piano; hides how vibrato, breath and the tine are made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.music_procedural.theory import hertz
from video_pipeline.providers.music_procedural.voices.tone import (
    Formants,
    Timbre,
    Tone,
    band,
    frequencies,
    normalised,
    ramp,
    resonance,
    shaped_noise,
)

Curve = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Soloist:
    """A blown or bowed voice with vibrato that starts after the tone does."""

    levels: tuple[float, ...]  # of the harmonics
    formants: Formants
    floor: float
    vibrato_hz: float
    vibrato_cents: float
    swell: float  # depth of the vibrato in loudness
    breath: float
    breath_hz: float
    cutoff_hz: float
    attack_s: float
    release_s: float

    def span(self, seconds: float) -> float:
        """Lengths in steps of a fifth, so that notes share tones and vibrato fits them all."""
        steps = np.ceil(np.log(max(seconds, 0.4) / 0.4) / np.log(1.2))
        return float(0.4 * 1.2**steps)

    def tone(self, pitch: int, layer: int, seconds: float, timbre: Timbre) -> Tone:
        """One tone with its vibrato and breath."""
        rng = timbre.generator(pitch, layer, int(1000 * seconds))
        samples = int((seconds + self.release_s + 0.05) * SAMPLE_RATE)
        time = np.arange(samples) / SAMPLE_RATE
        depth = np.clip((time - 0.28) / 0.7, 0.0, 1.0)
        rate = self.vibrato_hz * (1 + 0.06 * rng.standard_normal())
        sway = np.sin(2 * np.pi * rate * time + rng.uniform(0, 2 * np.pi)) * depth
        f0 = hertz(pitch)
        drift = 1 + 0.0009 * np.sin(2 * np.pi * 0.7 * time + rng.uniform(0, 6))
        cycles = np.cumsum(f0 * drift * (1 + sway * self.vibrato_cents / 1731)) / SAMPLE_RATE
        angle = ((cycles % 1.0) * (2 * np.pi)).astype(np.float32)
        wave = harmonics(angle, self._levels(f0, layer, timbre.brightness))
        wave *= (1 + self.swell * sway).astype(np.float32)
        noise = shaped_noise(samples, band(frequencies(samples), self.breath_hz, 0.8), rng)
        wave = wave / max(float(np.sqrt(np.square(wave).mean())), 1e-9)
        onset = 1 + 2.2 * np.exp(-time / 0.05)
        wave = wave + noise * (self.breath * onset).astype(np.float32)
        # A player leans into a tone: it opens over its first third and closes a little towards its end.
        bow = 0.72 + 0.28 * np.sin(np.pi * np.clip(time / max(seconds, 0.1), 0, 1) ** 0.7)
        wave *= bow.astype(np.float32)
        late = np.concatenate([np.zeros(24, np.float32), noise[:-24]]) * np.float32(0.5 * self.breath)
        stereo = normalised(np.stack([wave, wave + late - noise * np.float32(0.5 * self.breath)]).astype(np.float32))
        return Tone(stereo, int(self.attack_s * SAMPLE_RATE), int(self.release_s * SAMPLE_RATE), looped=False)

    def _levels(self, f0: float, layer: int, brightness: float) -> npt.NDArray[np.float64]:
        freqs = f0 * np.arange(1.0, len(self.levels) + 1)
        cutoff = self.cutoff_hz * (0.7, 1.0, 1.4)[layer] * 2 ** (0.7 * brightness)
        levels = np.array(self.levels) * resonance(freqs, self.formants, self.floor) / (1 + (freqs / cutoff) ** 2)
        return np.asarray(np.where(freqs < 14_000, levels, 0.0))


def harmonics(angle: Curve, levels: npt.NDArray[np.float64]) -> Curve:
    """The sum of levels[k-1] sin(k angle) by Chebyshev's recurrence sin((k+1)a) = 2 cos(a) sin(ka) - sin((k-1)a)."""
    twice = 2 * np.cos(angle)
    before, now = np.zeros_like(angle), np.sin(angle)
    total = np.float32(levels[0]) * now
    for level in levels[1:]:
        before, now = now, twice * now - before
        if level:
            total += np.float32(level) * now
    return np.asarray(total)


FLUTE = Soloist(
    levels=(1.0, 0.42, 0.2, 0.07, 0.035, 0.015), formants=((900, 1.2, 0.4),), floor=0.8, vibrato_hz=4.9,
    vibrato_cents=9, swell=0.16, breath=0.085, breath_hz=2600, cutoff_hz=3200, attack_s=0.07, release_s=0.16,
)  # fmt: skip
CELLO = Soloist(
    levels=tuple(number**-0.95 for number in range(1, 41)),
    formants=((210, 0.35, 0.7), (420, 0.4, 0.6), (1150, 0.45, 0.5), (2500, 0.4, 0.35)), floor=0.45, vibrato_hz=5.3,
    vibrato_cents=13, swell=0.1, breath=0.035, breath_hz=3000, cutoff_hz=2200, attack_s=0.12, release_s=0.28,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ElectricPiano:
    """Frequency modulation: a body at 1:1 whose index falls, and a short tine at 14:1."""

    release_s: float = 0.3

    def span(self, seconds: float) -> float:
        """Rendered until it is gone, cut when placed."""
        return 0.0

    def tone(self, pitch: int, layer: int, seconds: float, timbre: Timbre) -> Tone:
        """The whole decay of one pitch."""
        f0 = hertz(pitch)
        samples = int(min(5.5 * (261.63 / f0) ** 0.35, 7.0) * SAMPLE_RATE)
        time = np.arange(samples) / SAMPLE_RATE
        fall = np.exp(-time * 1.15 * (f0 / 261.63) ** 0.45)
        bite = (0.55, 1.0, 1.7)[layer] * 2 ** (0.5 * timbre.brightness) * min((400 / f0) ** 0.5, 1.5)
        index = bite * (0.35 + 0.65 * np.exp(-time * 3.2)) * fall**0.3
        turn = 2 * np.pi * ((f0 * time) % 1.0)
        tine = np.sin(2 * np.pi * ((f0 * 14.0 * time) % 1.0)) if f0 * 14 < 16_000 else np.zeros(samples)
        body = np.sin(turn + index * np.sin(turn)) * fall
        ping = (0.02, 0.045, 0.08)[layer] * np.sin(turn + 0.4 * tine) * tine * np.exp(-time * 9)
        sway = 0.14 * np.sin(2 * np.pi * 4.1 * time)
        mono = (body + ping).astype(np.float32)
        wave = normalised(np.stack([mono * (1 + sway), mono * (1 - sway)]).astype(np.float32))
        start, tail = 96, SAMPLE_RATE // 4
        wave[:, :start] *= ramp(start)
        wave[:, -tail:] *= ramp(tail)[::-1]
        return Tone(wave, 0, int(self.release_s * SAMPLE_RATE), looped=False)


ELECTRIC_PIANO = ElectricPiano()
