"""Each ambience by what can be measured of it: what it is made of, how it moves, that its end meets its beginning."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, find_peaks, sosfiltfilt, welch

from video_pipeline.domain.ambience import Ambience
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.ambience_procedural.circle import Circle, Wave, around, between
from video_pipeline.providers.ambience_procedural.mastering import CEILING_DBFS, TARGET_LUFS
from video_pipeline.providers.ambience_procedural.provider import MAKERS, loop
from video_pipeline.providers.metering import block_powers, integrated_lufs

SECONDS = 30
"""Shorter than what is delivered: the same sound at a third of the work."""

Values = NDArray[np.float64]


@pytest.fixture(scope="module")
def loops() -> dict[Ambience, Wave]:
    return {kind: loop(kind, 3, SECONDS) for kind in Ambience}


def band(wave: Wave, low: float, high: float) -> Values:
    """Both channels added, and of that one band."""
    sos = butter(4, (low, high), "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfiltfilt(sos, wave.mean(axis=0)))


def levels(sound: Values, a_second: int) -> Values:
    """The level in dB of each piece, so many a second."""
    size = SAMPLE_RATE // a_second
    pieces = np.square(sound[: len(sound) // size * size].reshape(-1, size)).mean(axis=1)
    return np.asarray(10 * np.log10(pieces + 1e-12))


def range_db(values: Values) -> float:
    low, high = np.quantile(values, (0.05, 0.95))
    return float(high - low)


def share(wave: Wave, low: float, high: float) -> float:
    """Of the power above 30 Hz."""
    hz, power = welch(wave.mean(axis=0), SAMPLE_RATE, nperseg=8192)
    return float(power[(hz >= low) & (hz < high)].sum() / power[hz >= 30].sum())


def spikiness(sound: Values) -> float:
    """Kurtosis: 3 for noise, much more where single moments stand out."""
    return float(np.mean(sound**4) / np.mean(sound**2) ** 2)


@pytest.mark.parametrize("kind", list(Ambience))
@pytest.mark.slow
def test_it_is_as_loud_as_wanted_and_below_the_ceiling(loops: dict[Ambience, Wave], kind: Ambience) -> None:
    wave = loops[kind]
    assert np.isfinite(wave).all()
    assert integrated_lufs(block_powers(wave)) == pytest.approx(TARGET_LUFS, abs=0.3)
    assert 20 * np.log10(np.abs(wave).max()) <= CEILING_DBFS + 0.01
    assert np.abs(wave.mean(axis=1)).max() < 1e-4


@pytest.mark.parametrize("kind", list(Ambience))
def test_its_end_runs_into_its_beginning(loops: dict[Ambience, Wave], kind: Ambience) -> None:
    """Around the seam there is no more of what a click is made of than anywhere else."""
    wave = loops[kind]
    turned = np.roll(wave, wave.shape[1] // 2, axis=1)
    for low, high in ((200, 2000), (6000, 20_000)):
        loud = np.abs(band(turned, low, high))
        middle = len(loud) // 2
        seam = loud[middle - 24 : middle + 24].max()
        pieces = loud[: len(loud) // 48 * 48].reshape(-1, 48).max(axis=1)
        assert seam <= np.quantile(pieces, 0.995)
    # Nor does its level jump there: the last second and the first one differ no more than any two neighbours.
    seconds = levels(wave.mean(axis=0).astype(np.float64), 1)
    assert abs(seconds[0] - seconds[-1]) <= np.abs(np.diff(seconds)).max() + 1.0


@pytest.mark.parametrize("kind", list(Ambience))
def test_both_ears_hear_something_of_their_own(loops: dict[Ambience, Wave], kind: Ambience) -> None:
    left, right = loops[kind]
    assert np.corrcoef(left, right)[0, 1] < 0.8
    assert 20 * np.log10(left.std() / right.std()) == pytest.approx(0, abs=4)


@pytest.mark.parametrize("kind", list(Ambience))
@pytest.mark.slow
def test_a_seed_decides_everything(kind: Ambience) -> None:
    first, again, other = (loop(kind, seed, 10) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first[0], other[0])[0, 1]) < 0.2


def test_rain_is_even_and_bright_and_made_of_drops(loops: dict[Ambience, Wave]) -> None:
    wave = loops[Ambience.RAIN]
    assert range_db(levels(band(wave, 300, 12_000), 2)) < 4
    assert share(wave, 1500, 14_000) > 0.4
    drops = band(wave, 1000, 9000)
    moments = levels(drops, 500)
    assert (moments > np.median(moments) + 6).mean() * 500 > 2  # single drops a second that stand out
    assert 3.1 < spikiness(drops) < 12


def test_fire_rumbles_and_crackles(loops: dict[Ambience, Wave]) -> None:
    wave = loops[Ambience.FIRE]
    assert share(wave, 30, 250) > 0.5
    assert spikiness(band(wave, 1500, 9000)) > 30
    crackles = levels(band(wave, 1500, 9000), 200)
    peaks, _ = find_peaks(crackles, height=np.median(crackles) + 12)
    assert 2 < len(peaks) / SECONDS < 30
    # In showers: the gaps between crackles vary more than those of events that know nothing of each other.
    gaps = np.diff(peaks)
    assert gaps.std() / gaps.mean() > 1.1


def test_wind_moves_slowly_in_strength_and_pitch(loops: dict[Ambience, Wave]) -> None:
    wave = loops[Ambience.WIND]
    strength = levels(band(wave, 100, 3000), 1)
    assert range_db(strength) > 5
    assert np.abs(np.diff(strength)).max() < 12
    size = SAMPLE_RATE
    spectra = np.square(np.abs(np.fft.rfft(wave.mean(axis=0)[: SECONDS * size].reshape(-1, size))))
    hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    inside = (hz > 150) & (hz < 3000)
    pitch = (spectra[:, inside] * np.log2(hz[inside])).sum(axis=1) / spectra[:, inside].sum(axis=1)
    assert range_db(pitch) > 0.5  # octaves
    assert np.corrcoef(pitch, strength)[0, 1] > 0.5  # a stronger gust is a higher one
    assert share(wave, 3000, 20_000) < 0.02


def test_waves_come_every_ten_seconds_and_leave_foam(loops: dict[Ambience, Wave]) -> None:
    wave = loops[Ambience.SEA]
    swell, foam = levels(band(wave, 50, 200), 4), levels(band(wave, 3000, 10_000), 4)
    assert range_db(foam) > 8
    around_the_end = np.convolve(np.concatenate([foam[-8:], foam, foam[:8]]), np.full(9, 1 / 9), "same")[8:-8]
    crests, _ = find_peaks(np.tile(around_the_end, 2), prominence=5)
    assert len(crests) / 2 == pytest.approx(SECONDS / 10, abs=1)
    # What is high comes after what is low.
    lags = np.arange(-16, 17)
    likeness = [np.corrcoef(swell, np.roll(foam, -lag))[0, 1] for lag in lags]
    assert 0.25 <= lags[int(np.argmax(likeness))] / 4 <= 3


def test_crickets_sing_pure_tones_in_pulses(loops: dict[Ambience, Wave]) -> None:
    wave = loops[Ambience.NIGHT]
    song = band(wave, 3900, 5500)
    hz, power = welch(song, SAMPLE_RATE, nperseg=16_384)
    inside = (hz > 3900) & (hz < 5500)
    flatness = np.exp(np.log(power[inside]).mean()) / power[inside].mean()
    assert flatness < 0.3
    envelope = np.sqrt(np.square(song[: len(song) // 48 * 48].reshape(-1, 48)).mean(axis=1))  # 1000 a second
    beats, strength = welch(envelope - envelope.mean(), 1000, nperseg=4096)
    pulses = strength[(beats > 24) & (beats < 40)].max()
    assert pulses > 20 * np.median(strength[(beats > 60) & (beats < 200)])


def test_an_owl_calls_from_afar(loops: dict[Ambience, Wave]) -> None:
    wave = loops[Ambience.NIGHT]
    calls = levels(band(wave, 340, 450), 5)
    assert calls.max() > np.median(calls) + 6
    assert ((calls > np.median(calls) + 5).mean()) < 0.4


def test_a_cafe_murmurs_at_the_pace_of_speech(loops: dict[Ambience, Wave]) -> None:
    wave = loops[Ambience.CAFE]
    assert share(wave, 100, 1500) > 0.7
    assert share(wave, 4500, 20_000) < 0.01
    envelope = np.sqrt(np.square(band(wave, 300, 2500)[: SECONDS * SAMPLE_RATE].reshape(-1, 480)).mean(axis=1))
    beats, strength = welch(envelope - envelope.mean(), 100, nperseg=512)
    syllables = strength[(beats > 2) & (beats < 7)].mean()
    assert syllables > 4 * strength[(beats > 15) & (beats < 30)].mean()
    cups = levels(band(wave, 3800, 9000), 100)
    peaks, _ = find_peaks(cups, height=np.median(cups) + 10, distance=5)
    assert 0.1 < len(peaks) / SECONDS < 3


def test_no_two_are_alike(loops: dict[Ambience, Wave]) -> None:
    """Octave levels and how they move: what an ear tells places apart by."""
    edges = 62.5 * 2.0 ** np.arange(0, 8.5)

    def portrait(wave: Wave) -> Values:
        bands = [band(wave, low, min(2 * low, 20_000)) for low in edges[:-1]]
        powers = np.array([levels(each, 4).mean() for each in bands])
        moves = np.array([levels(each, 10).std() for each in bands])
        return np.concatenate([powers - powers.max(), 3 * moves])

    portraits = {kind: portrait(wave) for kind, wave in loops.items()}
    for one, other in combinations(Ambience, 2):
        away = np.sqrt(np.mean(np.square(portraits[one] - portraits[other])))
        assert away > 3.5, f"{one} and {other} are {away:.1f} dB apart"


def test_what_is_placed_at_the_end_goes_on_at_the_beginning() -> None:
    channel = np.zeros(10, np.float32)
    around(channel, 8, np.arange(1, 5, dtype=np.float32))
    assert channel.tolist() == [3, 4, 0, 0, 0, 0, 0, 0, 1, 2]


def test_noise_has_the_spectrum_asked_for_and_no_seam() -> None:
    circle = Circle(4 * SAMPLE_RATE)
    noise = circle.noise(np.random.default_rng(1), between(400, 800, slope=8))
    assert noise.std() == pytest.approx(1, abs=0.01)
    assert share(np.stack([noise, noise]), 380, 850) > 0.9
    assert abs(noise[0] - noise[-1]) <= np.abs(np.diff(noise)).max()


def test_every_kind_has_a_maker_and_words() -> None:
    def of_small_factors(number: int) -> bool:
        for factor in (2, 3, 5, 7):
            while number % factor == 0:
                number //= factor
        return number == 1

    named: Callable[[Ambience], bool] = lambda kind: len(kind.label) > 3  # noqa: E731
    assert all(map(named, Ambience))
    assert set(MAKERS) == set(Ambience)
    assert all(60 <= seconds <= 90 and of_small_factors(seconds) for _, seconds in MAKERS.values())
