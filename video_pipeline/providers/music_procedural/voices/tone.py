"""Owns what a rendered tone is and the small signal tools that all voices share; hides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import scipy.fft

from video_pipeline.domain.timebase import SAMPLE_RATE

Wave = npt.NDArray[np.float32]
"""Sound as (2, samples)."""

LAYERS = 3
"""Loudness layers of a voice: soft, medium, loud; they differ in timbre, not in level."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A rendered tone, ready to be placed any number of times."""

    wave: Wave  # RMS near 0.1 in its loudest half second
    attack: int  # samples of fade-in applied at placement
    release: int  # samples of fade-out added after the note's length
    looped: bool  # may be read past its end, from the beginning
    opened: Wave | None = None  # the same tone one layer brighter, with the same phases; long notes swell into it


@dataclass(frozen=True, slots=True)
class Timbre:
    """How all voices of one piece are coloured."""

    brightness: float  # -1 dark to 1 bright
    seed: int  # of the noise and the phases

    def generator(self, *key: int) -> np.random.Generator:
        """The random numbers of one tone; they do not depend on the order of rendering."""
        return np.random.default_rng([self.seed, *key])


class Voice(Protocol):
    """A synthesised instrument."""

    def tone(self, pitch: int, layer: int, seconds: float, timbre: Timbre) -> Tone:
        """The tone of a MIDI pitch that can be held for `seconds`."""
        ...

    def span(self, seconds: float) -> float:
        """The length to render for a note of `seconds`; notes with equal spans share one tone."""
        ...


def normalised(wave: Wave, rms: float = 0.1) -> Wave:
    """`wave` scaled so that its loudest half second has the given RMS."""
    step = SAMPLE_RATE // 4
    power = np.square(wave).mean(axis=0)
    if power.size <= step:
        loudest = float(power.sum()) / (2 * step)
    else:
        sums = np.add.reduceat(power, np.arange(0, power.size, step))
        pairs = sums[:-1] + sums[1:]
        loudest = float(pairs.max() if pairs.size else sums[0]) / (2 * step)
    return np.asarray(wave * np.float32(rms / max(loudest, 1e-12) ** 0.5))


def ramp(samples: int) -> npt.NDArray[np.float32]:
    """A raised-cosine rise from 0 to 1 over `samples`, without its end points."""
    turn = (np.arange(samples, dtype=np.float32) + 1) * np.float32(np.pi / (samples + 1))
    return np.asarray(0.5 - 0.5 * np.cos(turn), dtype=np.float32)


def shaped_noise(samples: int, gain: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Noise of RMS 1 whose spectrum follows `gain`, given at `frequencies(samples)`."""
    white = scipy.fft.rfft(rng.standard_normal(samples, dtype=np.float32), workers=1)
    noise = scipy.fft.irfft(white * gain.astype(np.float32), samples, workers=1)
    return np.asarray(noise / max(float(np.sqrt(np.square(noise).mean())), 1e-9), dtype=np.float32)


def frequencies(samples: int) -> npt.NDArray[np.float64]:
    """The frequencies of the real FFT of `samples` samples, in Hz."""
    return np.asarray(scipy.fft.rfftfreq(samples, 1 / SAMPLE_RATE))


Formants = tuple[tuple[float, float, float], ...]
"""Resonances of a body or a vowel: (centre in Hz, octaves, gain)."""


def resonance(freqs: npt.NDArray[np.float64], formants: Formants, floor: float) -> npt.NDArray[np.float64]:
    """`floor` plus the bell of every formant."""
    shape = np.full(freqs.shape, floor)
    for centre, octaves, gain in formants:
        shape += gain * band(freqs, centre, octaves)
    return shape


def band(freqs: npt.NDArray[np.float64], centre: float, octaves: float) -> npt.NDArray[np.float64]:
    """A bell on the logarithmic frequency axis: 1 at `centre`, falling over `octaves`."""
    return np.asarray(np.exp(-np.square(np.log2(np.maximum(freqs, 1.0) / centre) / octaves)))
