"""Owns the sound of things that are struck or plucked: sums of decaying partials; hides how they are summed fast.

A partial exp((-d + i w) t) over a grid of rows and columns is an outer product, so a sum of K partials is one matrix
product of rank 2K: about 5 ns a sample for 40 partials. The products are kept below OpenBLAS's threshold for threads
(M N K <= 262144), so the bytes do not depend on how many threads it may use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.music_procedural.theory import hertz
from video_pipeline.providers.music_procedural.voices.tone import (
    Timbre,
    Tone,
    Wave,
    band,
    frequencies,
    normalised,
    ramp,
    shaped_noise,
)

_COLUMNS = 512
_ROWS = 4
_PARTIALS_MAX = 60
_DECAY_OF_T60 = 6.907755  # ln(1000): -60 dB


def ring(
    hertz_: npt.NDArray[np.float64], t60: npt.NDArray[np.float64], gains: npt.NDArray[np.float64], seconds: float
) -> Wave:
    """The sum of decaying sines that start at phase 0; `gains` is (2, partials) for left and right."""
    keep = np.argsort(-np.abs(gains).max(axis=0), kind="stable")[:_PARTIALS_MAX]
    rate = -_DECAY_OF_T60 / t60[keep] + 2j * np.pi * hertz_[keep]
    samples = int(seconds * SAMPLE_RATE)
    rows = -(-samples // (_COLUMNS * _ROWS)) * _ROWS
    within = np.exp(rate[:, None] * (np.arange(_COLUMNS) / SAMPLE_RATE))
    across = np.exp(rate * (np.arange(rows) * (_COLUMNS / SAMPLE_RATE))[:, None]) * gains[:, None, keep]
    right = np.concatenate([within.imag, within.real]).astype(np.float32)
    left = np.concatenate([across.real, across.imag], axis=2).astype(np.float32)
    wave = left.reshape(2, rows // _ROWS, _ROWS, -1) @ right
    return np.asarray(wave.reshape(2, -1)[:, :samples])


@dataclass(frozen=True, slots=True)
class Modal:
    """A struck or plucked instrument; every figure is a property one can hear."""

    ratios: tuple[float, ...] = ()  # partials over the fundamental; empty: a string
    levels: tuple[float, ...] = ()  # of the ratios
    stiffness: float = 0.0  # of a string: inharmonicity B at C4
    pluck: float = 0.0  # where a string is plucked or struck, as a share of its length
    slope: float = 1.0  # a string's partials fall with k**-slope
    cutoff_hz: float = 4000.0  # of hammer or finger, for the medium layer
    t60_s: float = 6.0  # of the fundamental at C4
    t60_slope: float = 0.5  # octaves of decay per octave of pitch
    damping: float = 0.6  # how much faster high partials die
    detune_cents: float = 0.5  # between the strings of one note
    twin: float = 0.0  # share of a slow second decay, as pianos have
    knock: float = 0.0  # noise of the attack
    knock_hz: float = 900.0
    knock_s: float = 0.03
    body: tuple[float, ...] = ()  # resonances of the body in Hz
    width: float = 0.35  # how differently the partials sit left and right
    tremolo: float = 0.0  # depth of a motor's amplitude modulation
    attack_s: float = 0.002
    release_s: float = 0.25

    def span(self, seconds: float) -> float:
        """Struck tones are rendered until they are gone and cut when placed."""
        return 0.0

    def tone(self, pitch: int, layer: int, seconds: float, timbre: Timbre) -> Tone:
        """The whole decay of one pitch."""
        rng = timbre.generator(pitch, layer)
        f0 = hertz(pitch)
        base_t60 = min(self.t60_s * (f0 / 261.63) ** -self.t60_slope, 14.0)
        freqs, gains, t60 = self._partials(f0, base_t60, layer, timbre)
        # All layers of a key share the places of their partials, so that playing louder only makes them brighter.
        tilt = 1 + self.width * timbre.generator(pitch).uniform(-1, 1, (2, freqs.size))
        wave = ring(freqs, t60, gains * tilt, min(base_t60 * 0.8, 9.0) + 0.2)
        if self.tremolo:
            time = np.arange(wave.shape[1], dtype=np.float32) / np.float32(SAMPLE_RATE)
            sway = np.float32(self.tremolo) * np.sin(np.float32(2 * np.pi * 4.6) * time)
            wave *= np.stack([1 - self.tremolo + sway, 1 - self.tremolo - 0.5 * sway])
        wave = normalised(wave)
        if self.knock:
            self._knock(wave, layer, rng)
        start = max(int(self.attack_s * SAMPLE_RATE), 24)
        wave[:, :start] *= ramp(start)
        tail = min(SAMPLE_RATE // 4, wave.shape[1] // 2)
        wave[:, -tail:] *= ramp(tail)[::-1]
        return Tone(wave, 0, int(self.release_s * SAMPLE_RATE), looped=False)

    def _partials(
        self, f0: float, base_t60: float, layer: int, timbre: Timbre
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Frequencies in Hz, gains and decay times of all partials below 15 kHz."""
        if self.ratios:
            freqs, gains = f0 * np.array(self.ratios), np.array(self.levels)
        else:
            number = np.arange(1, min(int(13_000 / f0), 40) + 2, dtype=np.float64)
            stiff = self.stiffness * (f0 / 261.63)
            freqs = f0 * number * np.sqrt(1 + stiff * number**2)
            gains = number**-self.slope * (0.08 + np.abs(np.sin(np.pi * number * self.pluck)))
        cutoff = self.cutoff_hz * (0.62, 1.0, 1.5)[layer] * 2 ** (0.7 * timbre.brightness) * (f0 / 261.63) ** 0.35
        gains = gains / (1 + (freqs / cutoff) ** 1.7)
        t60 = (
            base_t60 / (1 + self.damping * np.maximum(freqs / f0 - 1, 0.0) ** 0.9)
            if self.ratios
            else self._string_decay(freqs, f0, base_t60)
        )
        if self.twin or self.detune_cents:
            shift = 2 ** (self.detune_cents / 2400)
            late = self.twin if self.twin else 0.5
            first_t60 = t60 * (0.5 if self.twin else 1.0)
            freqs = np.concatenate([freqs / shift, freqs * shift])
            gains = np.concatenate([gains * (1 - late), gains * late])
            t60 = np.concatenate([first_t60, t60])
        if self.body:
            body = np.array(self.body)
            freqs = np.concatenate([freqs, body])
            gains = np.concatenate([gains, np.full(body.size, 0.16 * gains.max())])
            t60 = np.concatenate([t60, np.full(body.size, 0.16)])
        keep = freqs < 15_000
        return freqs[keep], gains[keep], t60[keep]

    def _string_decay(self, freqs: npt.NDArray[np.float64], f0: float, t60: float) -> npt.NDArray[np.float64]:
        return np.asarray(t60 / (1 + self.damping * (freqs / f0 - 1) * 0.12 + (freqs / 5200) ** 2 * self.damping))

    def _knock(self, wave: Wave, layer: int, rng: np.random.Generator) -> None:
        samples = int(self.knock_s * SAMPLE_RATE * 4)
        noise = shaped_noise(samples, band(frequencies(samples), self.knock_hz, 0.9), rng)
        fall = np.exp(-np.arange(samples, dtype=np.float32) / np.float32(self.knock_s * SAMPLE_RATE))
        wave[:, :samples] += noise * fall * np.float32(self.knock * 0.1 * (0.7, 1.0, 1.3)[layer])
