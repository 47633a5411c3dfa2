"""Owns sound whose end runs into its beginning, and the tools that keep it so; hides that it is made as a spectrum.

A loop is a circle: noise is a spectrum with random phases, which has no beginning; what happens at a moment is placed
around the end; filters and echoes are products of spectra. So a seam exists nowhere, and nothing has to be hidden.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from video_pipeline.domain.timebase import SAMPLE_RATE

Mono = npt.NDArray[np.float32]
Wave = npt.NDArray[np.float32]
"""Sound as (2, samples)."""

Shape = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
"""The gain at each frequency in Hz."""


@dataclass(frozen=True, slots=True)
class Chance:
    """The random numbers of one loop: each concern draws its own, so a change in one moves nothing in another."""

    kind: str
    seed: int

    def stream(self, *names: str | int) -> np.random.Generator:
        """The generator of one concern; the same in every process."""
        digest = hashlib.blake2b(repr((self.kind, self.seed, names)).encode(), digest_size=16).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle of so many samples, at 48 kHz unless said otherwise."""

    samples: int
    rate: int = SAMPLE_RATE

    @property
    def seconds(self) -> float:
        """Around."""
        return self.samples / self.rate

    @property
    def frequencies(self) -> npt.NDArray[np.float64]:
        """Of the bins of a spectrum, in Hz."""
        return np.asarray(scipy.fft.rfftfreq(self.samples, 1 / self.rate))

    def noise(self, rng: np.random.Generator, shape: Shape) -> Mono:
        """Noise with this spectrum, its effective level 1."""
        bins = self.samples // 2 + 1
        spectrum = rng.standard_normal(bins, dtype=np.float32) + 1j * rng.standard_normal(bins, dtype=np.float32)
        spectrum *= np.asarray(shape(self.frequencies), np.float32)
        spectrum[0] = 0
        return self._level_one(spectrum)

    def drift(self, rng: np.random.Generator, fastest_hz: float, *, tilt: float = 0.5) -> Mono:
        """A smooth random curve around 0, effective level 1, with nothing in it faster than `fastest_hz`.

        `tilt` is the power of the frequency by which fast movements are smaller than slow ones.
        """
        count = max(int(fastest_hz * self.seconds), 2)
        spectrum = np.zeros(self.samples // 2 + 1, np.complex64)
        phases = np.exp(2j * np.pi * rng.random(count))
        spectrum[1 : count + 1] = phases * rng.uniform(0.6, 1.0, count) / np.arange(1, count + 1) ** tilt
        return self._level_one(spectrum)

    def _level_one(self, spectrum: npt.NDArray[np.complex64]) -> Mono:
        wave = scipy.fft.irfft(spectrum, self.samples, workers=1).astype(np.float32)
        return np.asarray(wave / np.sqrt(np.square(wave).mean(dtype=np.float64)), np.float32)

    def filtered(self, wave: npt.NDArray[np.float32], shape: Shape) -> npt.NDArray[np.float32]:
        """`wave`, one channel or several, with the gain of `shape` at each frequency and no delay."""
        spectrum = scipy.fft.rfft(wave, axis=-1, workers=1)
        spectrum *= np.asarray(shape(self.frequencies), np.float32)
        return np.asarray(scipy.fft.irfft(spectrum, self.samples, axis=-1, workers=1), np.float32)

    def echoing(self, wave: Wave, rng: np.random.Generator, *, decay_s: float, brightest_hz: float) -> Wave:
        """What a room or a wood answers to `wave`: a tail of noise, each ear its own; -60 dB after `decay_s`."""
        length = min(int(decay_s * 1.1 * self.rate), self.samples)
        fall = np.exp(-6.9 * np.arange(length) / (decay_s * self.rate))
        # It builds up: the first 15 ms would be walls, and there are none so near.
        fall *= np.minimum(np.arange(length) / (0.015 * self.rate), 1)
        answer = np.zeros((2, self.samples), np.float32)
        answer[:, :length] = rng.standard_normal((2, length)) * fall
        answer /= np.sqrt(np.square(answer).sum(axis=1, keepdims=True))
        spectrum = scipy.fft.rfft(answer, axis=1, workers=1) * scipy.fft.rfft(wave, axis=1, workers=1)
        spectrum *= (1 / (1 + (self.frequencies / brightest_hz) ** 2)).astype(np.float32)
        return np.asarray(scipy.fft.irfft(spectrum, self.samples, axis=1, workers=1), np.float32)

    def moments(self, rng: np.random.Generator, a_second: float) -> npt.NDArray[np.int64]:
        """Places of events that know nothing of each other, so many a second on average, in order."""
        return np.sort(rng.integers(0, self.samples, rng.poisson(a_second * self.seconds)))

    def raised(self, wave: Wave, rate: int) -> Wave:
        """`wave` on a circle of as many seconds at a higher rate; there is nothing new in it."""
        finer = Circle(self.samples * rate // self.rate, rate)
        spectrum = np.zeros((2, finer.samples // 2 + 1), np.complex64)
        spectrum[:, : self.samples // 2 + 1] = scipy.fft.rfft(wave, axis=1, workers=1)
        factor = np.float32(finer.samples / self.samples)
        return np.asarray(scipy.fft.irfft(spectrum, finer.samples, axis=1, workers=1) * factor, np.float32)

    def silence(self) -> Wave:
        """Nothing yet."""
        return np.zeros((2, self.samples), np.float32)


def place(wave: Wave, at: int, grain: Mono, pan: float, level: float = 1.0) -> None:
    """Add a short sound to `wave` at a place, around its end if need be; `pan` is -1 left to 1 right."""
    angle = (pan + 1) * np.pi / 4
    for channel, gain in zip(wave, (np.cos(angle), np.sin(angle)), strict=True):
        around(channel, at, grain * np.float32(level * gain))


def around(channel: Mono, at: int, grain: Mono) -> None:
    """Add `grain` to one channel from a place on, around its end as often as need be."""
    at %= len(channel)
    while len(grain):
        first = min(len(grain), len(channel) - at)
        channel[at : at + first] += grain[:first]
        grain, at = grain[first:], 0


def between(lowest_hz: float, highest_hz: float, *, slope: float = 4.0, tilt: float = 0.0) -> Shape:
    """A band with soft edges that fall by `slope` powers of the frequency, and `tilt` powers inside."""

    def shape(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        safe = np.maximum(hz, 1.0)
        return np.asarray(
            (safe / 1000) ** -tilt
            / np.sqrt((1 + (lowest_hz / safe) ** (2 * slope)) * (1 + (safe / highest_hz) ** (2 * slope)))
        )

    return shape


def decibels(level_db: float | npt.NDArray[np.float32] | npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The factor of a level."""
    return np.asarray(10 ** (np.asarray(level_db) / 20), np.float32)
