"""Owns how loud something is; hides the K-weighting of ITU-R BS.1770-4.

The weighting is applied to the spectrum of each block instead of by a filter: one transform per 400 ms.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.fft

from video_pipeline.domain.timebase import SAMPLE_RATE

BLOCK = SAMPLE_RATE * 2 // 5
"""Samples of a block of the meter: 400 ms."""

_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""The two filters of BS.1770-4, tables 1 and 2, for 48 kHz."""

Powers = npt.NDArray[np.float64]


def k_weight(freqs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gain in power at each frequency in Hz."""
    z = np.exp(-2j * np.pi * freqs / SAMPLE_RATE)
    gain = np.ones(freqs.size, dtype=np.complex128)
    for (b0, b1, b2), (a0, a1, a2) in (_SHELF, _HIGH_PASS):
        gain *= (b0 + b1 * z + b2 * z * z) / (a0 + a1 * z + a2 * z * z)
    return np.asarray(np.square(np.abs(gain)))


def block_powers(wave: npt.NDArray[np.float32]) -> Powers:
    """The K-weighted power of each whole 400 ms block of (2, samples), both channels added; one block at least."""
    count = max(wave.shape[1] // BLOCK, 1)
    weight = k_weight(np.asarray(scipy.fft.rfftfreq(BLOCK, 1 / SAMPLE_RATE))).astype(np.float32)
    powers = np.zeros(count)
    for index in range(count):
        piece = wave[:, index * BLOCK : (index + 1) * BLOCK]
        spectrum = scipy.fft.rfft(piece, BLOCK, axis=1, workers=1)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        powers[index] = 2.0 * float((power * weight).sum(dtype=np.float64)) / BLOCK**2
    return powers


def integrated_lufs(powers: Powers) -> float:
    """Gated loudness of block powers (BS.1770-4 equations 5 to 7); -70 when everything is below the gate."""
    heard = powers[powers > 10 ** ((-70 + 0.691) / 10)]
    if not heard.size:
        return -70.0
    kept = heard[heard >= heard.mean() / 10]
    return float(-0.691 + 10 * np.log10(kept.mean()))
