"""Owns the ears of these tests: loudness, onsets, chroma, spectra and clicks, measured on finished sound.

Nothing here is shared with the composer, so that a mistake in it cannot hide itself.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import butter, resample_poly, sosfilt, stft

from video_pipeline.domain.storyboard import Mode

Sound = npt.NDArray[np.floating]
RATE = 48_000
HOP = 480  # 10 ms

_K_WEIGHT = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)

MODE_STEPS = {
    Mode.MAJOR: (0, 2, 4, 5, 7, 9, 11),
    Mode.MINOR: (0, 2, 3, 5, 7, 8, 10),
    Mode.DORIAN: (0, 2, 3, 5, 7, 9, 10),
    Mode.PHRYGIAN: (0, 1, 3, 5, 7, 8, 10),
    Mode.LYDIAN: (0, 2, 4, 6, 7, 9, 11),
    Mode.MIXOLYDIAN: (0, 2, 4, 5, 7, 9, 10),
    Mode.PENTATONIC: (0, 2, 4, 7, 9),
}


def decibels(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Power ratio in dB, with a floor at -150."""
    return np.asarray(10 * np.log10(np.maximum(power, 1e-15)))


def integrated_lufs(sound: Sound) -> float:
    """BS.1770-4 with 400 ms blocks every 100 ms and both gates."""
    weighted = sosfilt(_K_WEIGHT, sound.astype(np.float64), axis=0)
    size, hop = int(0.4 * RATE), int(0.1 * RATE)
    sums = np.concatenate([[0.0], np.cumsum((weighted**2).sum(axis=1))])
    starts = np.arange(0, len(sound) - size + 1, hop)
    power = (sums[starts + size] - sums[starts]) / size
    power = power[power > 10 ** ((-70 + 0.691) / 10)]
    return float(-0.691 + 10 * np.log10(power[power > power.mean() / 10].mean()))


def true_peak_dbtp(sound: Sound) -> float:
    """The highest level between the samples, at four times the rate."""
    return float(20 * np.log10(np.abs(resample_poly(sound.astype(np.float64), 4, 1, axis=0)).max()))


def bands_db(sound: Sound, edges: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """Power between neighbouring edges in Hz, in dB against the whole."""
    power = (np.abs(np.fft.rfft(sound.astype(np.float64), axis=0)) ** 2).sum(axis=1)
    freqs = np.fft.rfftfreq(len(sound), 1 / RATE)
    return np.array(
        [float(decibels(power[(freqs >= low) & (freqs < high)].sum() / power.sum())) for low, high in pairwise(edges)]
    )


def centroid_hz(sound: Sound) -> float:
    """The middle of the spectrum on the logarithmic axis of the ear, weighted by amplitude."""
    spectrum = np.abs(np.fft.rfft(sound.astype(np.float64).mean(axis=1)))
    freqs = np.fft.rfftfreq(len(sound), 1 / RATE)
    heard = (freqs > 50) & (freqs < 16_000)
    weight = spectrum[heard] / freqs[heard] ** 0.5
    return float(np.exp((weight * np.log(freqs[heard])).sum() / weight.sum()))


def envelope_db(sound: Sound, seconds: float = 0.5) -> npt.NDArray[np.float64]:
    """RMS level of consecutive stretches."""
    size = int(seconds * RATE)
    count = len(sound) // size
    return decibels((sound[: count * size].astype(np.float64) ** 2).reshape(count, -1).mean(axis=1))


def mel(sound: Sound, bands: int = 26) -> npt.NDArray[np.float64]:
    """Power in `bands` bands of equal width on the mel scale every 10 ms, in dB, (bands, frames)."""
    mono = sound.astype(np.float32).mean(axis=1)
    _, _, spectrum = stft(mono, RATE, nperseg=2048, noverlap=2048 - HOP, boundary=None)
    edges = 700 * (np.exp(np.linspace(np.log1p(40 / 700), np.log1p(14_000 / 700), bands + 1)) - 1)
    bins = np.round(edges / RATE * 2048).astype(int)
    bins = np.maximum(bins, bins[0] + np.arange(bins.size))
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return decibels(np.add.reduceat(power[: bins[-1]], bins[:-1], axis=0).astype(np.float64) + 1e-12)


def onset_strength(sound: Sound) -> npt.NDArray[np.float64]:
    """How much louder the bands become within 20 ms, every 10 ms; the floor is 50 dB under the loudest."""
    levels = mel(sound)
    levels = np.maximum(levels, levels.max() - 50)
    rise = np.clip(levels[:, 2:] - levels[:, :-2], 0, None).mean(axis=0)
    return np.asarray(rise)


def onsets(sound: Sound) -> int:
    """How many attacks are heard."""
    strength = onset_strength(sound)
    around = uniform_filter1d(strength, 41)
    peak = maximum_filter1d(strength, 11)
    return int(((strength == peak) & (strength > around + 0.9)).sum())


def best_tempo(sound: Sound, candidates: npt.NDArray[np.float64]) -> float:
    """The candidate in BPM whose beat, two beats and four beats repeat the attacks best."""
    strength = onset_strength(sound)
    strength = strength - strength.mean()
    size = 2 ** int(np.ceil(np.log2(2 * strength.size)))
    spectrum = np.abs(np.fft.rfft(strength, size)) ** 2
    repeat = np.fft.irfft(spectrum)[: strength.size]
    # A smear of 15 ms forgives the human timing of the players.
    repeat = uniform_filter1d(repeat, 3)
    lags = np.arange(strength.size)
    score = [
        sum(np.interp(beats * 60 / bpm * RATE / HOP, lags, repeat) for beats in (1, 2, 3, 4, 6, 8))
        for bpm in candidates
    ]
    return float(candidates[int(np.argmax(score))])


def chroma(sound: Sound) -> npt.NDArray[np.float64]:
    """Power of the twelve pitch classes between 60 and 2000 Hz, each frame counted alike, sum 1."""
    freqs, _, spectrum = stft(sound.astype(np.float64).mean(axis=1), RATE, nperseg=16_384, noverlap=8192, boundary=None)
    power = np.abs(spectrum) ** 2
    heard = (freqs > 60) & (freqs < 2000)
    power, freqs = power[heard], freqs[heard]
    # Only peaks of the spectrum are notes.
    peaks = np.zeros_like(power)
    top = (power[1:-1] > power[:-2]) & (power[1:-1] > power[2:])
    peaks[1:-1][top] = power[1:-1][top]
    pitch = 69 + 12 * np.log2(freqs / 440)
    classes = np.round(pitch).astype(int) % 12
    result = np.zeros((12, power.shape[1]))
    np.add.at(result, classes, peaks**0.5)
    result /= np.maximum(result.sum(axis=0), 1e-12)
    total = result.mean(axis=1)
    return np.asarray(total / total.sum())


def lowest_class(sound: Sound) -> int:
    """The pitch class of the lowest note: the first peak of the spectrum within 20 dB of the highest one."""
    wave = sound.astype(np.float64).mean(axis=1) * np.hanning(len(sound))
    power = np.abs(np.fft.rfft(wave)) ** 2
    peaks = 1 + np.flatnonzero((power[1:-1] > power[:-2]) & (power[1:-1] > power[2:]))
    first = peaks[power[peaks] > power.max() / 100][0]
    return round(69 + 12 * float(np.log2(first * RATE / len(sound) / 440))) % 12


def clicks(sound: Sound) -> int:
    """Samples above 15 kHz that stand eight times over the 20 ms around them and over -66 dBFS.

    Every voice fades in and no partial lies up there, so that an attack leaves nothing; a jump of one sample is white.
    """
    found = 0
    high = butter(8, 15_000, "highpass", fs=RATE, output="sos")
    for channel in sound.T.astype(np.float64):
        rest = np.abs(sosfilt(high, channel))
        around = np.sqrt(np.maximum(uniform_filter1d(rest**2, 961), 0.0))
        found += int(((rest > 8 * around) & (rest > 10 ** (-66 / 20))).sum())
    return found


def features(sound: Sound) -> npt.NDArray[np.float64]:
    """What a listener tells pieces apart by: timbre, its movement, harmony, pace; scaled so that 1 is clearly heard."""
    levels = mel(sound)
    levels = np.maximum(levels, levels.max() - 60)
    timbre = levels.mean(axis=1) - levels.mean()
    movement = levels.std(axis=1)
    strength = onset_strength(sound)
    seconds = len(sound) / RATE
    return np.concatenate(
        [
            timbre / 6.0 / timbre.size**0.5,
            movement / 4.0 / movement.size**0.5,
            chroma(sound) / 0.06 / 12**0.5,
            [onsets(sound) / seconds / 1.0, strength.std() / 0.6, np.log2(centroid_hz(sound)) / 0.3],
        ]
    )
