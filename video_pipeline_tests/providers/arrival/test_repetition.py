"""A piece that its vendor cannot make longer: exact length, no click, no hole, beginning and end as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from video_pipeline.domain.errors import MediaError
from video_pipeline.providers.arrival import take_music
from video_pipeline.providers.arrival.repetition import repeated

RATE = 48_000


def steady(kind: str, seconds: int) -> np.ndarray:
    """Sound that is as loud everywhere; of tones any two moments may cancel each other out."""
    time = np.arange(seconds * RATE)[:, None] / RATE
    tones = sum(np.sin(2 * np.pi * hertz * time + np.array([0, 1])) for hertz in (137.3, 221.7))
    noise = np.random.default_rng(3).normal(0, 1, (len(time), 2))
    return np.asarray(0.1 * {"tones": tones, "noise": noise, "both": tones + noise / 3}[kind])


def levels_db(sound: np.ndarray) -> np.ndarray:
    """How loud each half second is, against the usual."""
    halves = np.array_split(sound, len(sound) // (RATE // 2))
    powers = np.array([np.square(half).mean() for half in halves])
    return 10 * np.log10(powers / np.median(powers))


@pytest.mark.parametrize("kind", ["tones", "noise", "both"])
@pytest.mark.parametrize("seconds", [41, 55, 100])
def test_seams_are_neither_heard_nor_seen_in_the_level(kind: str, seconds: int) -> None:
    sound = steady(kind, 40)
    longer = np.concatenate(list(repeated((sound * 32767).astype(np.int16), seconds * RATE)))
    assert len(longer) >= seconds * RATE
    assert np.abs(levels_db(longer)).max() < 1
    assert np.abs(np.diff(longer, axis=0)).max() < 1.01 * np.abs(np.diff(sound, axis=0)).max()


def test_beginning_and_end_stay_as_they_were() -> None:
    sound = (steady("noise", 40) * 32767).astype(np.int16)
    longer = np.concatenate(list(repeated(sound, 60 * RATE)))
    assert np.array_equal(longer[: 20 * RATE] * 32768, sound[: 20 * RATE])
    assert np.array_equal(longer[-4 * RATE :] * 32768, sound[-4 * RATE :])


def taken(folder: Path, sound: np.ndarray, wanted_s: int, most_s: int) -> np.ndarray:
    soundfile.write(raw := folder / "03.raw", sound, RATE, format="WAV", subtype="FLOAT")
    samples = wanted_s * RATE + 137
    take_music(raw, folder / "a", vendor="Acme", samples=samples, tolerance=0.25, most=most_s * RATE)
    piece, _ = soundfile.read(folder / "a")
    assert len(piece) == samples
    assert sorted(path.name for path in folder.iterdir()) == ["03.raw", "a"]
    return np.asarray(piece)


def test_what_came_becomes_exactly_as_long_as_wanted(tmp_path: Path) -> None:
    piece = taken(tmp_path, steady("both", 19), 50, 20)
    assert np.abs(levels_db(piece)[:-2]).max() < 1
    assert np.abs(taken(tmp_path, steady("both", 30), 20, 20)[-50:]).max() < 0.001


def test_seams_do_not_clip(tmp_path: Path) -> None:
    noise = np.clip(steady("noise", 20) * 4, -0.9, 0.9)
    assert np.abs(taken(tmp_path, noise, 60, 20)).max() < 0.98


def test_what_is_shorter_than_the_vendor_can_make_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"lasts 14\.0 s; asked for were 20\.0 s"):
        taken(tmp_path, steady("tones", 14), 50, 20)
