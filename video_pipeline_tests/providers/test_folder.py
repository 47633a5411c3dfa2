"""The operator's own library: whose turn it is, what does not fit, and what is known of its rights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import soundfile

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import InvalidInputError, MediaError
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.storyboard import MusicPrompt, seed_of
from video_pipeline.providers.folder import FolderImages, FolderMusic
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.studio import seed_for
from video_pipeline_tests.providers.library import LICENCE, write_library, write_piece, write_view
from video_pipeline_tests.providers.test_contract import PICTURE, PIECE

ASKED = replace(PIECE, samples=4 * 48_000)
SIZE = (320, 180)


@pytest.fixture(scope="module")
def cores() -> Iterator[Cores]:
    with Cores(2) as pool:
        yield pool


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return write_library(tmp_path / "library", seconds=5)


@pytest.fixture
def music(cores: Cores, library: Path) -> FolderMusic:
    return FolderMusic(Workshop(cores, library))


@pytest.fixture
def images(cores: Cores, library: Path) -> FolderImages:
    return FolderImages(Workshop(cores, library))


def composed(music: FolderMusic, folder: Path, places: range, seed: int = 7) -> list[str | None]:
    """The checksums of the files whose turn it is at these places."""
    return [
        music.compose(replace(ASKED, order_index=place), seed, folder / "piece.flac").provider_id for place in places
    ]


def test_each_file_is_heard_once_before_any_is_heard_twice(music: FolderMusic, library: Path, tmp_path: Path) -> None:
    heard = composed(music, tmp_path, range(1, 9))
    there = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (library / "music").glob("piece*")}
    assert set(heard[:6]) == there
    assert heard[6:] == heard[:2]


def test_each_picture_is_seen_once_before_any_is_seen_twice(images: FolderImages, tmp_path: Path) -> None:
    seen = [
        images.illustrate(replace(PICTURE, order_index=place), 7, SIZE, tmp_path / "a.png").provider_id
        for place in range(1, 8)
    ]
    assert len(set(seen[:6])) == 6
    assert seen[6] == seen[0]


def test_another_job_takes_them_in_another_order(music: FolderMusic, tmp_path: Path) -> None:
    orders = {tuple(composed(music, tmp_path, range(1, 3), seed)) for seed in range(4)}
    assert len(orders) >= 3


def test_a_file_that_is_added_leaves_the_others_in_their_order(
    music: FolderMusic, library: Path, tmp_path: Path
) -> None:
    before = composed(music, tmp_path, range(1, 7))
    write_piece(library / "music" / "one more.flac", 9, 5)
    after = composed(music, tmp_path, range(1, 8))
    assert [checksum for checksum in after if checksum in before] == before


def test_what_is_long_enough_comes_before_what_is_a_little_too_short(
    cores: Cores, library: Path, tmp_path: Path
) -> None:
    for path in (library / "music").glob("piece*"):
        path.unlink()
    for number, seconds in enumerate((2.9, 3.1, 3.5, 4.5, 9.0)):
        write_piece(library / "music" / f"{seconds}.wav", number, seconds, 48_000)
    music = FolderMusic(Workshop(cores, library))
    lengths = []
    for place in range(1, 6):
        music.compose(replace(ASKED, order_index=place), 7, tmp_path / "a.flac")
        lengths.append(soundfile.info(tmp_path / "a.flac").frames / 48_000)
    assert lengths[:2] == [4, 4]
    assert sorted(lengths[2:4]) == [3.1, 3.5]
    assert lengths[4] == 4  # round again; what has less than three quarters never comes


def test_music_that_is_too_short_is_an_error_that_says_what_is_there(music: FolderMusic, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"piece 3 needs 60 s of music; .* 6 files, the longest of 5 s"):
        music.compose(replace(ASKED, samples=60 * 48_000), 7, tmp_path / "a.flac")
    assert not (tmp_path / "a.flac").exists()


def test_pictures_that_are_too_small_are_an_error_that_says_what_is_there(
    images: FolderImages, library: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match=r"needs 3840 x 2160 pixels; .* 6 files, the largest of 640 x 640"):
        images.illustrate(PICTURE, 7, (3840, 2160), tmp_path / "a.png")
    write_view(library / "pictures" / "large.png", 9, (2000, 1200))
    images.illustrate(PICTURE, 7, (3840, 2160), tmp_path / "a.png")
    assert cv2.imread(str(tmp_path / "a.png")).shape == (2160, 3840, 3)


@pytest.mark.parametrize("what", ["no library", "no folder", "an empty one", "only notes"])
def test_an_empty_library_says_what_to_do(cores: Cores, tmp_path: Path, what: str) -> None:
    root = tmp_path / "library"
    if what != "no library":
        root.mkdir()
    if what in {"an empty one", "only notes"}:
        (root / "music").mkdir()
        (root / "pictures").mkdir()
    if what == "only notes":
        (root / "music" / "notes.mp3").write_text("buy music")
        (root / "pictures" / "licences.json").write_text("{}")
    workshop = Workshop(cores, root)
    with pytest.raises(InvalidInputError, match=r"no music: put files \(MP3, .*VIDEO_PIPELINE_LIBRARY_DIR"):
        FolderMusic(workshop).compose(ASKED, 7, tmp_path / "a")
    with pytest.raises(InvalidInputError, match=r"no pictures: put files \(PNG, .*VIDEO_PIPELINE_LIBRARY_DIR"):
        FolderImages(workshop).illustrate(PICTURE, 7, SIZE, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_damaged_file_is_named(cores: Cores, library: Path, tmp_path: Path) -> None:
    for path in (library / "music").glob("piece*"):
        raw = path.read_bytes()
        path.write_bytes(raw[: len(raw) * 2 // 3])
    with pytest.raises(MediaError, match=r"the own library delivered piece \d\.\w+, .*cut off"):
        FolderMusic(Workshop(cores, library)).compose(ASKED, 7, tmp_path / "a")


def licence_with(images: FolderImages, folder: Path) -> Licence:
    return images.illustrate(PICTURE, 7, SIZE, folder / "a.png").licence


def test_the_licence_is_what_is_stated_nearest_to_the_file(images: FolderImages, library: Path, tmp_path: Path) -> None:
    common = library / "pictures" / "licences.json"
    assert licence_with(images, tmp_path) == Licence("CC BY 4.0, by Mia Example", LICENCE["url"])
    generation: Generation = images.illustrate(PICTURE, 7, SIZE, tmp_path / "a.png")
    (taken,) = (
        path
        for path in library.glob("pictures/view*")
        if hashlib.sha256(path.read_bytes()).hexdigest() == generation.provider_id
    )
    common.write_text(json.dumps({taken.name: {"licence": "Pexels"}, "other.png": {"licence": "CC0"}}))
    assert licence_with(images, tmp_path) == Licence("Pexels", None)
    taken.with_name(f"{taken.name}.json").write_text(json.dumps({"licence": "own work", "author": "Jo"}))
    assert licence_with(images, tmp_path) == Licence("own work, by Jo", None)
    taken.with_name(f"{taken.name}.json").unlink()
    common.write_text(json.dumps({"other.png": {"licence": "CC0"}}))
    assert licence_with(images, tmp_path) == Licence("own material of the operator, no licence stated", None)
    common.unlink()
    assert licence_with(images, tmp_path) == Licence("own material of the operator, no licence stated", None)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("not json", "licences.json should state a licence, and is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"licence": "CC0", "price": "1"}', "should have the fields licence, url and author"),
        ('{"licence": ""}', "licence should be a text"),
        ('{"licence": "a\\nb"}', "in one line"),
        ('{"licence": "CC0", "url": "javascript:alert(1)"}', "url should begin with https"),
        ("[1]", "should have the fields"),
    ],
)
def test_a_licence_that_is_stated_badly_is_an_error_before_anything_is_made(
    images: FolderImages, library: Path, tmp_path: Path, stated: str, said: str
) -> None:
    (library / "pictures" / "licences.json").write_text(stated)
    with pytest.raises(InvalidInputError, match=said):
        licence_with(images, tmp_path)
    assert not (tmp_path / "a.png").exists()


def test_a_job_gives_its_own_seed_to_who_chooses_and_one_of_each_prompt_to_who_makes(
    music: FolderMusic, cores: Cores
) -> None:
    from video_pipeline.providers.dummy import DummyMusic

    prompts: list[MusicPrompt] = [replace(ASKED, order_index=place) for place in (1, 2)]
    assert [seed_for(music, prompt, 7) for prompt in prompts] == [7, 7]
    maker = DummyMusic(Workshop(cores, Path()))
    assert [seed_for(maker, prompt, 7) for prompt in prompts] == [seed_of(prompt, 7) for prompt in prompts]
    assert seed_for(music, replace(ASKED, seed=99), 7) == 99
