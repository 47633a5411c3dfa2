"""The music obeys its prompt: key, tempo, density, mood; twenty pieces of an album are twenty pieces."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from video_pipeline.domain.storyboard import TONICS, Instrument, Mode, MusicPrompt
from video_pipeline_tests.providers.music_procedural.listening import (
    MODE_STEPS,
    RATE,
    best_tempo,
    centroid_hz,
    chroma,
    features,
    lowest_class,
    onsets,
)
from video_pipeline_tests.providers.music_procedural.repertoire import album, cycle, prompt, sound

I = Instrument  # noqa: E741 - a table of instruments reads better with one letter


@pytest.mark.slow
@pytest.mark.parametrize("asked", album(), ids=lambda asked: f"piece {asked.order_index}")
def test_the_scale_that_is_heard_is_the_one_asked_for(asked: MusicPrompt) -> None:
    heard = chroma(sound(asked))
    tonic = TONICS.index(asked.tonic)
    share = [sum(heard[(root + step) % 12] for step in MODE_STEPS[asked.mode]) for root in range(12)]
    # A scale a fifth away differs in one note, which a short piece may hardly touch; all others must lose clearly.
    assert share[tonic] > max(share) - 0.03
    assert int(np.argmax(share)) in {tonic, (tonic + 7) % 12, (tonic + 5) % 12}
    assert share[tonic] > (0.65 if asked.mode is Mode.PENTATONIC else 0.8)
    # The tonic is among the three classes that are heard most.
    assert (heard > heard[tonic]).sum() < 3


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.slow
def test_each_mode_has_its_characteristic_note_and_ends_at_home(mode: Mode) -> None:
    asked = prompt(I.HARP, I.PAD, mode=mode, tonic="D", bpm=92, seconds=28, density=0.7)
    piece = sound(asked)
    heard = np.roll(chroma(piece), -TONICS.index("D"))
    inside = {step: heard[step] for step in MODE_STEPS[mode]}
    outside = [heard[step] for step in range(12) if step not in inside]
    # Partials of low notes fall beside the scale too, but every note of the scale that gives the mode its colour
    # is stronger than the mean of what is foreign.
    colour = {Mode.DORIAN: 9, Mode.PHRYGIAN: 1, Mode.LYDIAN: 6, Mode.MIXOLYDIAN: 10, Mode.MINOR: 8}.get(mode, 4)
    if mode is Mode.MINOR:
        colour = 3
    assert inside[colour] > np.mean(outside)
    # The last chord is the triad of the tonic, perhaps with a ninth, and its lowest note is the tonic itself.
    final = np.roll(chroma(piece[-5 * RATE :]), -TONICS.index("D"))
    third = 4 if 4 in inside else 3
    assert {0, third, 7} <= {int(each) for each in np.argsort(final)[-4:]}
    assert lowest_class(piece[-5 * RATE :]) == TONICS.index("D")


@pytest.mark.parametrize(
    ("players", "bpm"),
    [
        ((I.GUITAR, I.BASS, I.BRUSHES), 96),
        ((I.LUTE, I.FLUTE, I.HAND_DRUM), 88),
        ((I.ELECTRIC_PIANO, I.BASS, I.BRUSHES), 74),
        ((I.HARP, I.HAND_DRUM, I.STRINGS), 111),
        ((I.MUSIC_BOX, I.HARP), 67),
    ],
)
@pytest.mark.slow
def test_the_tempo_that_is_heard_is_the_one_asked_for(players: tuple[Instrument, ...], bpm: int) -> None:
    piece = sound(prompt(*players, bpm=bpm, density=0.7, seconds=30))
    found = best_tempo(piece, np.arange(40.0, 160.0, 0.5))
    # The ear and the autocorrelation may count half, double or dotted beats; the pulse is the same.
    ratios = np.array([0.5, 2 / 3, 0.75, 1.0, 4 / 3, 1.5, 2.0]) * bpm
    assert np.abs(found / ratios - 1).min() < 0.025, found


@pytest.mark.slow
@pytest.mark.parametrize(
    "players", [(I.PIANO, I.STRINGS), (I.HARP,), (I.GUITAR, I.BASS, I.BRUSHES), (I.KALIMBA, I.PAD)]
)
def test_density_is_heard_as_attacks(players: tuple[Instrument, ...]) -> None:
    counts = [onsets(sound(prompt(*players, density=density, seconds=24))) for density in (0.0, 0.5, 1.0)]
    assert counts[0] < counts[1] < counts[2]
    assert counts[2] > 1.5 * counts[0]


@pytest.mark.parametrize("players", [(I.PIANO, I.STRINGS), (I.HARP, I.PAD), (I.GUITAR, I.FLUTE, I.CHOIR)])
@pytest.mark.slow
def test_bright_moods_sound_brighter_than_dark_ones(players: tuple[Instrument, ...]) -> None:
    def brightness(*moods: str) -> float:
        return float(
            np.mean([centroid_hz(sound(prompt(*players, moods=moods, seconds=16), seed)) for seed in (11, 12)])
        )

    assert brightness("bright", "sparkling") > 1.12 * brightness("dark", "night")


@pytest.mark.slow
def test_twenty_pieces_of_an_album_are_all_different() -> None:
    pieces = [sound(asked) for asked in album()]
    found = [features(piece) for piece in pieces]
    nearest = min(float(np.linalg.norm(one - two)) for one, two in combinations(found, 2))
    assert nearest > 0.7
    assert nearest > 4 * _nuisance(pieces[::7])


@pytest.mark.slow
def test_even_pieces_of_one_ensemble_in_one_key_differ() -> None:
    pieces = [sound(asked) for asked in cycle()]
    found = [features(piece) for piece in pieces]
    nearest = min(float(np.linalg.norm(one - two)) for one, two in combinations(found, 2))
    assert nearest > 2 * _nuisance(pieces[:1])
    # Measure for measure, no two melodies and accompaniments coincide.
    for one, two in combinations(pieces, 2):
        assert abs(np.corrcoef(one[: 15 * RATE, 0], two[: 15 * RATE, 0])[0, 1]) < 0.5


def _nuisance(pieces: list[np.ndarray]) -> float:
    """How far the features move when the same piece is 2 dB softer, 35 ms later and dithered again."""
    rng = np.random.default_rng(5)
    distances = []
    for piece in pieces:
        noise = (rng.random(piece.shape) - rng.random(piece.shape)) / 32_768
        again = np.roll(piece, 1700, axis=0) * 0.8 + noise
        distances.append(float(np.linalg.norm(features(again) - features(piece))))
    return max(distances)
