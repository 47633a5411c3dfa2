"""What every contender is asked to make, and the slices of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.bench.material import Pool, filled, own_pool, tinted, turned
from tools.bench.programme import Programme, frames_of_minutes, slice_frames
from video_pipeline_tests.ffmpeg.material import detailed_picture


@pytest.fixture(scope="session")
def programme(pool: Pool) -> Programme:
    return pool.programme("five", 5, 300)


def test_the_timeline_is_exactly_as_long_as_the_programme(programme: Programme) -> None:
    timeline = programme.timeline()
    assert timeline.frames == programme.frames == 1500
    assert timeline.picture_starts[1:] == programme.cuts
    assert [transition.frames for transition in timeline.transitions] == [60] * 4
    assert [clip.available_range.duration for clip in timeline.sounds] == list(programme.piece_samples)


def test_a_programme_survives_json(programme: Programme, tmp_path: Path) -> None:
    moving = programme.moving()
    assert Programme.read(moving.write(tmp_path / "programme.json")) == moving


@pytest.mark.parametrize(("scenes", "length"), [(20, 5400), (5, 1800), (60, 5400), (2, 300)])
def test_a_slice_holds_the_same_share_of_dissolves(scenes: int, length: int) -> None:
    whole = (scenes - 1) * 60 / (scenes * length)
    assert 60 / (2 * slice_frames(scenes, length)) == pytest.approx(whole, rel=1e-3)


def test_scenes_share_the_minutes() -> None:
    assert frames_of_minutes(60, 20) == 5400
    assert frames_of_minutes(5, 5) == 1800


def test_no_content_comes_twice_in_a_long_programme(programme: Programme) -> None:
    """A long programme goes round few sources; a cache that knows one scene must not know another."""
    assert len({scene.picture.sha256 for scene in programme.scenes}) == 5
    assert len({scene.music.sha256 for scene in programme.scenes}) == 5


def test_material_is_made_once(pool: Pool) -> None:
    made = pool.piece(3, 480_000)
    before = Path(made.path).stat().st_mtime_ns
    assert pool.piece(3, 480_000) == made
    assert Path(made.path).stat().st_mtime_ns == before


def test_a_turned_piece_has_the_length_asked_for_and_another_beginning(pool: Pool) -> None:
    import numpy as np

    sound = np.arange(2000, dtype=np.int16).reshape(1000, 2)
    assert turned(sound, 1000, 0).tolist() == sound.tolist()
    assert turned(sound, 2500, 0).shape == (2500, 2)
    assert turned(sound, 1000, 1)[0].tolist() != sound[0].tolist()
    assert sorted(turned(sound, 1000, 1)[:, 0]) == sorted(sound[:, 0])


def test_pictures_fill_the_screen_and_differ_by_turn() -> None:
    import numpy as np

    pixels = np.random.default_rng(1).integers(0, 256, (600, 800, 3), np.uint8)
    assert filled(pixels, (1920, 1080)).shape == (1080, 1920, 3)
    assert tinted(pixels, 0) is pixels
    turns = {tinted(pixels, turn).tobytes() for turn in (0, 1, 2, 3, 50)}
    assert len(turns) == 5


def test_own_material_is_taken_from_two_directories(sources: Path, tmp_path: Path) -> None:
    pool = own_pool(tmp_path, sources, sources)
    assert (len(pool.music), len(pool.pictures)) == (2, 2)
    assert pool.programme("own", 2, 300).timeline().frames == 600


def test_a_directory_without_music_is_refused(tmp_path: Path) -> None:
    detailed_picture(tmp_path / "a.png", 1, (64, 64))
    with pytest.raises(ValueError, match="holds no file that ends in"):
        own_pool(tmp_path, tmp_path, tmp_path)
