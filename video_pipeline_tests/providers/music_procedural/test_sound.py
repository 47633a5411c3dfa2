"""What comes out of the loudspeaker: level, balance, stereo, no clicks, a beginning and an end."""

from __future__ import annotations

import numpy as np
import pytest

from video_pipeline.domain.storyboard import Instrument, MusicPrompt
from video_pipeline_tests.providers.music_procedural.listening import (
    bands_db,
    clicks,
    envelope_db,
    integrated_lufs,
    true_peak_dbtp,
)
from video_pipeline_tests.providers.music_procedural.repertoire import album, prompt, sound

pytestmark = pytest.mark.slow

ALBUM = album()
each_piece = pytest.mark.parametrize("asked", ALBUM, ids=lambda asked: f"piece {asked.order_index}")


@each_piece
def test_level_and_peaks(asked: MusicPrompt) -> None:
    piece = sound(asked)
    assert piece.shape == (asked.samples, 2)
    assert np.isfinite(piece).all()
    assert integrated_lufs(piece) == pytest.approx(-16, abs=0.7)
    assert 20 * np.log10(np.abs(piece).max()) <= -1.5
    assert true_peak_dbtp(piece) <= -1.0
    assert np.abs(piece.mean(axis=0)).max() < 1e-4  # no DC
    # A limiter that works hard would leave a crest of 10 dB and less; brick-walled masters have 8.
    assert np.abs(piece).max() / np.sqrt(np.square(piece).mean()) > 10 ** (11 / 20)


@each_piece
def test_octaves_are_balanced(asked: MusicPrompt) -> None:
    rumble, bass, warmth, mud, middle, presence, harsh, air = bands_db(
        sound(asked), (5, 40, 160, 200, 400, 2000, 3000, 6000, 16_000)
    )
    assert rumble < -20  # under 1 %
    assert bass < -2
    # No band holds everything: the low middle is where mixes get muddy, 3 to 6 kHz where they hurt.
    assert mud < -2.5
    assert middle > -9
    assert -45 < harsh < -13
    assert presence < -10
    assert air < harsh + 3
    assert warmth < -3


@each_piece
def test_stereo_is_wide_and_survives_a_mono_loudspeaker(asked: MusicPrompt) -> None:
    piece = sound(asked).astype(np.float64)
    correlation = np.corrcoef(piece.T)[0, 1]
    assert 0.1 < correlation < 0.98
    stereo, mono = np.square(piece).mean(), np.square(piece.mean(axis=1)).mean()
    assert 10 * np.log10(mono / stereo) > -3.0
    left, right = 10 * np.log10(np.square(piece).mean(axis=0))
    assert abs(left - right) < 2.5
    low = bands_db(np.stack([piece[:, 0] - piece[:, 1]] * 2, axis=1), (20, 100, 24_000))
    assert low[0] < -8  # the low end is in the middle


@each_piece
def test_no_clicks(asked: MusicPrompt) -> None:
    assert clicks(sound(asked)) == 0


@pytest.mark.parametrize("asked", ALBUM[::4], ids=lambda asked: f"piece {asked.order_index}")
def test_a_click_as_small_as_minus_46_dbfs_would_be_found(asked: MusicPrompt) -> None:
    damaged = sound(asked).copy()
    damaged[400_003, 0] += 0.005
    assert clicks(damaged) > 0
    # So would a note that is cut off: the sound stops within one sample.
    cut = sound(asked).copy()
    loud = int(np.argmax(np.abs(cut[200_000:400_000, 1]))) + 200_000
    cut[loud : loud + 4800, 1] = 0
    assert clicks(cut) > 0


@each_piece
def test_intro_grows_and_the_end_rings_out(asked: MusicPrompt) -> None:
    levels = envelope_db(sound(asked))
    body = levels[len(levels) // 3 : -len(levels) // 3].mean()
    assert levels[:3].mean() < levels.max() - 1.5
    # The last two seconds fall all the way, without a cut and without a long hole.
    end = levels[-5:]
    assert (np.diff(end) < 1.0).all()
    assert end[-1] < body - 40
    assert levels[-7] > body - 36
    assert np.abs(sound(asked)[[0, -1]]).max() < 1e-4


@pytest.mark.parametrize(
    ("players", "bpm", "seconds"),
    [
        ((Instrument.PIANO, Instrument.STRINGS, Instrument.BASS), 84, 60.0),
        ((Instrument.CELLO, Instrument.PIANO, Instrument.STRINGS), 56, 80.0),
        ((Instrument.GUITAR,), 96, 60.0),
    ],
)
def test_a_longer_piece_grows_has_a_climax_and_quiet_parts(
    players: tuple[Instrument, ...], bpm: int, seconds: float
) -> None:
    levels = envelope_db(sound(prompt(*players, bpm=bpm, seconds=seconds)), 4.0)[:-2]
    assert levels[0] < levels.max() - 4
    assert 4 < levels.max() - levels.min() < 24
    # The climax is neither at the beginning nor at the end.
    assert 0.2 < np.argmax(levels) / len(levels) < 0.95
