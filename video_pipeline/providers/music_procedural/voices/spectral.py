"""Owns the sound of many players at once: held tones without beginning or end; hides their spectra.

A spectrum in which every partial is a narrow bell of random phases, transformed back once, is an endless loop that
moves like an ensemble (P. Nasca's PADsynth). A pitch costs two transforms, whatever the length of its notes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.music_procedural.theory import hertz
from video_pipeline.providers.music_procedural.voices.tone import (
    Formants,
    Timbre,
    Tone,
    band,
    frequencies,
    normalised,
    resonance,
)

_SIZE = 2**18  # 5.5 s: long enough that nobody hears the loop
_TOP_HZ = 14_000.0


@dataclass(frozen=True, slots=True)
class Ensemble:
    """A held voice; every figure is a property one can hear."""

    ratios: tuple[float, ...]  # partials over the fundamental
    levels: tuple[float, ...]
    cents: float  # width of a partial: the spread of the players
    cutoff_hz: float  # where the tone turns soft, for the medium layer
    steepness: float = 2.0  # of that edge
    formants: Formants = ()
    floor: float = 1.0  # what is left outside the formants
    breath: float = 0.0  # noise in the tone
    breath_hz: float = 3000.0
    width: float = 0.55  # how far left and right differ in phase, in half turns
    attack_s: float = 0.5
    release_s: float = 0.9

    def span(self, seconds: float) -> float:
        """One loop serves every length."""
        return 0.0

    def tone(self, pitch: int, layer: int, seconds: float, timbre: Timbre) -> Tone:
        """A loop of one pitch, closed and opened."""
        # The layers share their phases: a crossfade between them is then a filter that opens, not two ensembles.
        rng = timbre.generator(pitch)
        freqs = frequencies(_SIZE)
        freqs = freqs[freqs < _TOP_HZ]
        phase = rng.random(freqs.size, dtype=np.float32) * np.float32(2 * np.pi)
        # The low end stays in the middle: wide bass is lost on a mono loudspeaker.
        spread = (self.width * np.clip((freqs - 90) / 250, 0.0, 1.0)).astype(np.float32)
        other = phase + spread * (rng.random(freqs.size, dtype=np.float32) * 2 - 1) * np.float32(np.pi)
        turns = np.exp(1j * np.stack([phase, other])).astype(np.complex64)
        closed, opened = (
            normalised(
                scipy.fft.irfft(turns * self._magnitudes(freqs, hertz(pitch), each, timbre), _SIZE, axis=1, workers=1)
            )
            for each in (layer, layer + 1)
        )
        attack, release = (int(seconds * SAMPLE_RATE) for seconds in (self.attack_s, self.release_s))
        return Tone(closed, attack, release, looped=True, opened=opened)

    def _magnitudes(
        self, freqs: npt.NDArray[np.float64], f0: float, layer: int, timbre: Timbre
    ) -> npt.NDArray[np.float32]:
        magnitude = np.zeros(freqs.size)
        cutoff = self.cutoff_hz * 0.65 * 1.5**layer * 2 ** (0.8 * timbre.brightness) * (f0 / 261.63) ** 0.3
        for ratio, level in zip(self.ratios, self.levels, strict=True):
            centre = f0 * ratio
            # Stops of the organ that would be below hearing are left out; so is what the limit of the loop would cut.
            if not 42 < centre < _TOP_HZ / 1.05:
                continue
            loud = level / (1 + (centre / cutoff) ** self.steepness)
            spread = max(centre * (2 ** (self.cents / 1200) - 1), 0.35)
            first, last = (int((centre + side * 4 * spread) * _SIZE / SAMPLE_RATE) for side in (-1, 1))
            near = freqs[max(first, 0) : last]
            bell = np.exp(-0.5 * np.square((near - centre) / spread))
            bell *= loud / np.sqrt(np.square(bell).sum())
            magnitude[max(first, 0) : last] += bell
            # Random phases alone make a level that wanders down to nothing; a steady line holds it, most in the bass.
            magnitude[round(centre * _SIZE / SAMPLE_RATE)] += loud * (0.6 + 1.2 / (1 + (centre / 220) ** 2))
        if self.formants:
            magnitude *= resonance(freqs, self.formants, self.floor)
        if self.breath:
            noise = band(freqs, self.breath_hz, 1.1)
            magnitude += self.breath * noise * np.sqrt(np.square(magnitude).sum() / np.square(noise).sum())
        return np.asarray(magnitude * np.clip((freqs - 25) / 25, 0, 1), dtype=np.float32)


def _series(count: int, slope: float, even: float = 1.0) -> tuple[tuple[float, ...], tuple[float, ...]]:
    numbers = range(1, count + 1)
    return (
        tuple(float(number) for number in numbers),
        tuple(number**-slope * (even if number % 2 == 0 else 1.0) for number in numbers),
    )


_STRINGS, _CHOIR, _PAD = _series(36, 0.95), _series(30, 1.0), _series(24, 1.2)

STRINGS = Ensemble(
    *_STRINGS, cents=13, cutoff_hz=2300, formants=((330, 0.5, 0.5), (900, 0.6, 0.5), (2400, 0.5, 0.7)), floor=0.7,
    breath=0.012, breath_hz=3800, attack_s=0.38, release_s=0.7,
)  # fmt: skip
CHOIR = Ensemble(
    *_CHOIR, cents=17, cutoff_hz=2600, formants=((560, 0.32, 1.6), (980, 0.28, 1.1), (2700, 0.22, 0.5)), floor=0.12,
    breath=0.045, breath_hz=3600, width=0.46, attack_s=0.5, release_s=0.9,
)  # fmt: skip
ORGAN = Ensemble(
    ratios=(0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0), levels=(0.28, 1.0, 0.62, 0.2, 0.3, 0.08, 0.12), cents=2.2,
    cutoff_hz=2800, breath=0.02, breath_hz=2200, width=0.36, attack_s=0.09, release_s=0.3,
)  # fmt: skip
PAD = Ensemble(
    *_PAD, cents=24, cutoff_hz=820, steepness=2.2, width=0.56, attack_s=1.1, release_s=1.6,
)  # fmt: skip
GLASS_PAD = Ensemble(
    ratios=(1.0, 2.0, 3.0, 4.02, 5.43, 8.1), levels=(1.0, 0.5, 0.1, 0.34, 0.16, 0.1), cents=7, cutoff_hz=3800,
    breath=0.05, breath_hz=6200, width=0.58, attack_s=0.9, release_s=1.8,
)  # fmt: skip
TEXTURE = Ensemble(
    ratios=(1.0, 2.0, 3.0, 4.0, 6.0), levels=(0.6, 0.8, 0.35, 0.4, 0.22), cents=60, cutoff_hz=3200, breath=1.1,
    breath_hz=1900, width=0.72, attack_s=1.6, release_s=2.2,
)  # fmt: skip
