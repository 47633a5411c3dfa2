"""Every instrument sounds, is heard in an ensemble, and is no other one."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest

from video_pipeline.domain.storyboard import Instrument
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.music_procedural.ensemble import PROFILES
from video_pipeline.providers.music_procedural.voices import VOICES
from video_pipeline.providers.music_procedural.voices.tone import Timbre
from video_pipeline_tests.providers.music_procedural.listening import bands_db, clicks, integrated_lufs, mel
from video_pipeline_tests.providers.music_procedural.repertoire import prompt, sound

pytestmark = pytest.mark.slow

PITCHED = [each for each in Instrument if each not in {Instrument.BRUSHES, Instrument.HAND_DRUM, Instrument.TEXTURE}]
TIMBRE = Timbre(brightness=0.0, seed=1)


def solo(instrument: Instrument) -> np.ndarray:
    return sound(prompt(instrument, seconds=11))


@pytest.mark.parametrize("instrument", Instrument)
def test_every_instrument_can_play_alone(instrument: Instrument) -> None:
    piece = solo(instrument)
    assert np.isfinite(piece).all()
    # Drums alone stay three decibels under the rest: their peaks leave no room.
    assert -20.5 < integrated_lufs(piece) < -15.2
    assert clicks(piece) == 0
    assert np.abs(piece).max() < 10 ** (-1.5 / 20)


@cache
def _portrait(instrument: Instrument) -> np.ndarray:
    """Timbre in 26 bands without the level, and how fast the sound falls."""
    levels = mel(solo(instrument))
    levels = np.maximum(levels, levels.max() - 60)
    timbre = levels.mean(axis=1) - levels.mean()
    return np.concatenate([timbre, 2 * levels.std(axis=1)])


def test_instruments_are_spectrally_distinct() -> None:
    portraits = {each: _portrait(each) for each in Instrument}
    near = {}
    for one, two in combinations(Instrument, 2):
        near[one, two] = float(np.sqrt(np.square(portraits[one] - portraits[two]).mean()))
    pair = min(near, key=lambda each: near[each])
    # The same instrument playing another piece stays under 1.6 dB, measured in the next test.
    assert near[pair] > 2.0, pair


@pytest.mark.parametrize("instrument", [Instrument.PIANO, Instrument.STRINGS, Instrument.BRUSHES, Instrument.HARP])
def test_an_instrument_is_more_like_itself_than_like_any_other(instrument: Instrument) -> None:
    again = mel(sound(prompt(instrument, seconds=11), 12))
    again = np.maximum(again, again.max() - 60)
    other_piece = np.concatenate([again.mean(axis=1) - again.mean(), 2 * again.std(axis=1)])
    distance = {each: float(np.sqrt(np.square(other_piece - _portrait(each)).mean())) for each in Instrument}
    assert min(distance, key=lambda each: distance[each]) is instrument


@pytest.mark.parametrize("instrument", PITCHED)
@pytest.mark.parametrize("layer", [0, 2])
def test_tones_are_in_tune(instrument: Instrument, layer: int) -> None:
    profile = PROFILES[instrument]
    pitch = (profile.low + profile.high) // 2
    voice = VOICES[instrument]
    tone = voice.tone(pitch, layer, voice.span(2.0), TIMBRE)
    wave = tone.wave[:, 4800 : 4800 + 2 * SAMPLE_RATE].mean(axis=0)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(wave.size), 2**19))
    freqs = np.fft.rfftfreq(2**19, 1 / SAMPLE_RATE)
    wanted = 440 * 2 ** ((pitch - 69) / 12)
    window = (freqs > wanted * 2 ** (-1 / 24)) & (freqs < wanted * 2 ** (1 / 24))
    # The strongest line within a quarter tone of the fundamental sits within 12 cents, and it is no leakage.
    found = freqs[window][np.argmax(spectrum[window])]
    assert abs(1200 * np.log2(found / wanted)) < 12
    assert spectrum[window].max() > 0.05 * spectrum.max()


@pytest.mark.parametrize("instrument", PITCHED)
def test_loud_tones_are_brighter_than_soft_ones(instrument: Instrument) -> None:
    profile = PROFILES[instrument]
    voice, pitch = VOICES[instrument], (profile.low + profile.high) // 2

    def treble(layer: int) -> float:
        wave = voice.tone(pitch, layer, voice.span(1.0), TIMBRE).wave
        split = 2.5 * 440 * 2 ** ((pitch - 69) / 12)
        low, high = bands_db(wave[:, :SAMPLE_RATE].T, (30, split, 20_000))
        return float(high - low)

    assert treble(2) > treble(0) + 0.5


@pytest.mark.parametrize("instrument", Instrument)
def test_every_instrument_is_audible_in_an_ensemble(instrument: Instrument) -> None:
    """Mixing it in changes the sound of a piano and a pad by more than the piece's own movement in some band."""
    without = mel(sound(prompt(Instrument.PIANO, Instrument.PAD, seconds=11)))
    mixed = mel(sound(prompt(Instrument.PIANO, Instrument.PAD, instrument, seconds=11, index=3)))
    if instrument in {Instrument.PIANO, Instrument.PAD}:
        return
    change = np.abs(np.percentile(mixed, 75, axis=1) - np.percentile(without, 75, axis=1))
    assert change.max() > 2.0
