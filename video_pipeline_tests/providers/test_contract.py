"""What every provider of music, of ambience, of pictures and of clips must do; each row of the registry is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar

import av
import cv2
import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from video_pipeline.cores import Cores
from video_pipeline.domain.ambience import Ambience
from video_pipeline.domain.errors import InvalidInputError, MachineError, MediaError
from video_pipeline.domain.media import Generation
from video_pipeline.domain.money import ZERO_USD
from video_pipeline.domain.storyboard import Instrument, Mode, MusicPrompt, VisualPrompt
from video_pipeline.ports import AmbienceProvider, ImageProvider, MusicProvider, VideoEngine
from video_pipeline.providers import registry
from video_pipeline.providers.workshop import Workshop
from video_pipeline_tests.providers import buying
from video_pipeline_tests.providers.buying import Remembered
from video_pipeline_tests.providers.library import write_library
from video_pipeline_tests.vendors import running

T = TypeVar("T")

PIECE = MusicPrompt(
    order_index=3,
    title="Rain on the Stairs",
    text="Slow nocturne with felt piano and warm pad in D minor. Tempo: 66 BPM. Duration: 0:14.",
    tempo_bpm=66,
    tonic="D",
    mode=Mode.MINOR,
    instruments=(Instrument.FELT_PIANO, Instrument.PAD),
    density=0.4,
    moods=("calm", "warm"),
    samples=14 * 48_000 + 137,
)
PICTURE = VisualPrompt(
    order_index=3,
    text="16:9 background of a lake at dusk, mist, golden tones, with pine silhouettes; no people, no text",
    description="A lake at dusk",
)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """What every provider may use: two workers, and a library in which all that is asked here is there."""
    with Cores(2) as pool:
        yield Workshop(pool, write_library(tmp_path_factory.mktemp("library") / "own"))


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """A provider that is tried: how it is opened, and what it promises beyond the port."""

    name: str  # as in the registry
    open: Callable[[Workshop], AbstractContextManager[T]]
    repeats: bool = True  # the same seed gives the same bytes
    rate: int = 30  # of clips, in frames a second


def _offline(table: Mapping[str, Callable[[Workshop], T]], name: str, **promises: Any) -> Row[T]:
    return Row(name, lambda workshop: nullcontext(table[name](workshop)), **promises)


def _vendor(table: Mapping[str, Callable[[Workshop], T]], name: str, **promises: Any) -> Row[T]:
    """A vendor's client before the vendor's fake."""

    @contextmanager
    def opened(workshop: Workshop) -> Iterator[T]:
        with running() as fakes:
            yield table[name](buying.workshop(workshop.cores, fakes, "a-key"))

    return Row(name, opened, repeats=False, **promises)


MUSIC: Sequence[Row[MusicProvider]] = (
    _offline(registry.MUSIC, "procedural"),
    _offline(registry.MUSIC, "dummy"),
    _offline(registry.MUSIC, "folder"),
    _vendor(registry.MUSIC, "mubert"),
    _vendor(registry.MUSIC, "beatoven"),
)

IMAGES: Sequence[Row[ImageProvider]] = (
    _offline(registry.IMAGES, "procedural"),
    _offline(registry.IMAGES, "dummy"),
    _offline(registry.IMAGES, "folder"),
    _vendor(registry.IMAGES, "leonardo"),
    _vendor(registry.IMAGES, "recraft"),
    _vendor(registry.IMAGES, "gemini"),
    _vendor(registry.IMAGES, "replicate"),
)


ENGINES: Sequence[Row[VideoEngine]] = (
    _offline(registry.ENGINES, "procedural"),
    _offline(registry.ENGINES, "dummy"),
    _vendor(registry.ENGINES, "runway_standard", rate=24),
    _vendor(registry.ENGINES, "runway_gen3", rate=24),
)


def repeating(rows: Sequence[Row[T]]) -> list[Row[T]]:
    """Those that promise the same bytes for the same order, as no vendor does."""
    return [row for row in rows if row.repeats]


def name_of(row: Row[Any]) -> str:
    """What a row is called in the report."""
    return row.name


def test_every_provider_of_the_registry_is_tried() -> None:
    assert {row.name for row in MUSIC} == set(registry.MUSIC)
    assert {row.name for row in IMAGES} == set(registry.IMAGES)
    assert {row.name for row in ENGINES} == set(registry.ENGINES)


def check_told(generation: Generation, provider: MusicProvider | ImageProvider) -> None:
    """What a provider tells of a thing that it made is what it says of itself."""
    assert generation.provider == provider.capabilities.name
    price = provider.capabilities.price_usd
    assert generation.cost_usd <= price  # which is what is set aside for it
    assert bool(generation.cost_usd) == bool(price)
    assert isinstance(generation.cost_usd, Decimal)
    assert generation.licence.name
    assert generation.licence.url


@pytest.fixture(scope="module", params=MUSIC, ids=lambda row: row.name)
def music_row(request: pytest.FixtureRequest) -> Row[MusicProvider]:
    row: Row[MusicProvider] = request.param
    return row


@pytest.fixture(scope="module")
def music(music_row: Row[MusicProvider], workshop: Workshop) -> Iterator[MusicProvider]:
    with music_row.open(workshop) as provider:
        yield provider


@pytest.fixture(scope="module")
def pieces(music: MusicProvider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A piece twice, at the same time, and the one behind it."""
    folder = tmp_path_factory.mktemp("pieces")
    other = replace(PIECE, order_index=4, tonic="F#", title="Another")
    wishes = {"a": (PIECE, 7), "b": (PIECE, 7), "c": (other, 8)}
    with ThreadPoolExecutor(3) as pool:
        for generation in pool.map(lambda name: music.compose(*wishes[name], folder / name, Remembered()), wishes):
            check_told(generation, music)
    return folder


class TestMusicProvider:
    """The contract of ports.MusicProvider."""

    def test_it_is_called_as_in_the_registry(self, music: MusicProvider, music_row: Row[MusicProvider]) -> None:
        assert music.capabilities.name == music_row.name
        assert music.capabilities.concurrency >= 1
        assert music.capabilities.price_usd >= ZERO_USD

    def test_it_delivers_stereo_flac_of_the_length_and_nothing_beside_it(self, pieces: Path) -> None:
        assert sorted(path.name for path in pieces.iterdir()) == ["a", "b", "c"]
        for path in pieces.iterdir():
            facts = soundfile.info(path)
            assert (facts.format, facts.samplerate, facts.channels) == ("FLAC", 48_000, 2)
            assert facts.frames == PIECE.samples
            assert len(soundfile.read(path)[0]) == facts.frames

    @pytest.mark.parametrize("music_row", repeating(MUSIC), indirect=True, ids=name_of, scope="module")
    def test_the_same_order_gives_the_same_bytes(self, pieces: Path) -> None:
        assert (pieces / "a").read_bytes() == (pieces / "b").read_bytes()

    def test_another_piece_sounds_different(self, pieces: Path) -> None:
        one, other = (soundfile.read(pieces / name)[0].mean(axis=1) for name in "ac")
        shorter = min(len(one), len(other))
        assert abs(np.corrcoef(one[:shorter], other[:shorter])[0, 1]) < 0.5

    def test_it_is_neither_silent_nor_clipped(self, pieces: Path) -> None:
        for name in "ac":
            sound, _ = soundfile.read(pieces / name)
            assert np.abs(sound).max() > 0.1
            assert np.abs(resample_poly(sound, 4, 1, axis=0)).max() <= 1.0
            seconds = np.array_split(np.abs(sound).max(axis=1), len(sound) // 48_000)
            heard = "".join("-" if second.max() > 10 ** (-60 / 20) else "." for second in seconds)
            assert "." * 8 not in heard

    def test_a_place_that_cannot_be_written_is_an_error(self, music: MusicProvider, tmp_path: Path) -> None:
        with pytest.raises(MachineError, match=r"cannot write .*room"):
            music.compose(PIECE, 7, tmp_path / "missing" / "piece.flac", Remembered())
        assert list(tmp_path.iterdir()) == []

    def test_what_cannot_be_replaced_stays_and_nothing_lies_beside_it(
        self, music: MusicProvider, tmp_path: Path
    ) -> None:
        (tmp_path / "piece.flac" / "inside").mkdir(parents=True)
        with pytest.raises(MachineError, match="cannot write"):
            music.compose(PIECE, 7, tmp_path / "piece.flac", Remembered())
        assert [path.name for path in tmp_path.rglob("*")] == ["piece.flac", "inside"]


@pytest.fixture(scope="module", params=sorted(registry.AMBIENCE))
def ambience(request: pytest.FixtureRequest, workshop: Workshop) -> AmbienceProvider:
    return registry.AMBIENCE[request.param](workshop)


@pytest.fixture(scope="module")
def folder(ambience: AmbienceProvider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rain twice by one seed, and a café."""
    folder = tmp_path_factory.mktemp("loops")
    wishes = {"a": (Ambience.RAIN, 7), "b": (Ambience.RAIN, 7), "c": (Ambience.CAFE, 7)}
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda name: ambience.generate(*wishes[name], folder / name), wishes))
    for generation in made:
        assert generation.provider == ambience.capabilities.name
        assert generation.cost_usd == ambience.capabilities.price_usd == ZERO_USD
        assert generation.licence.url
    return folder


class TestAmbienceProvider:
    """The contract of ports.AmbienceProvider."""

    def test_it_delivers_stereo_flac_and_nothing_beside_it(self, folder: Path) -> None:
        assert sorted(path.name for path in folder.iterdir()) == ["a", "b", "c"]
        for path in folder.iterdir():
            facts = soundfile.info(path)
            assert (facts.format, facts.samplerate, facts.channels) == ("FLAC", 48_000, 2)
            assert 10 <= facts.frames / 48_000 <= 120

    def test_the_same_order_gives_the_same_bytes(self, folder: Path) -> None:
        assert (folder / "a").read_bytes() == (folder / "b").read_bytes()

    def test_another_kind_sounds_different(self, folder: Path) -> None:
        one, other = (soundfile.read(folder / name)[0].mean(axis=1)[: 10 * 48_000] for name in "ac")
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.5

    def test_it_is_neither_silent_nor_clipped_and_has_no_seam(self, folder: Path) -> None:
        for name in "ac":
            sound, _ = soundfile.read(folder / name)
            assert 0.05 < np.abs(sound).max() < 0.95
            steps = np.abs(np.diff(sound, axis=0))
            assert np.abs(sound[0] - sound[-1]).max() <= np.quantile(steps, 0.9999)

    def test_a_place_that_cannot_be_written_is_an_error(self, ambience: AmbienceProvider, tmp_path: Path) -> None:
        with pytest.raises(MachineError, match=r"cannot write .*room"):
            ambience.generate(Ambience.RAIN, 7, tmp_path / "missing" / "rain.flac")


SIZE = (320, 180)
SHAPES = {"wide": (640, 360), "upright": (360, 640), "square": (512, 512)}


@pytest.fixture(scope="module", params=IMAGES, ids=lambda row: row.name)
def image_row(request: pytest.FixtureRequest) -> Row[ImageProvider]:
    row: Row[ImageProvider] = request.param
    return row


@pytest.fixture(scope="module")
def images(image_row: Row[ImageProvider], workshop: Workshop) -> Iterator[ImageProvider]:
    with image_row.open(workshop) as provider:
        yield provider


@pytest.fixture(scope="module")
def pictures(images: ImageProvider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture twice, the one behind it, and three shapes, at the same time."""
    folder = tmp_path_factory.mktemp("pictures")
    wishes = {"a": (PICTURE, 7, SIZE), "b": (PICTURE, 7, SIZE), "c": (replace(PICTURE, order_index=4), 8, SIZE)}
    wishes |= {name: (PICTURE, 7, size) for name, size in SHAPES.items()}
    with ThreadPoolExecutor(3) as pool:
        for generation in pool.map(lambda name: images.illustrate(*wishes[name], folder / name, Remembered()), wishes):
            check_told(generation, images)
    return folder


class TestImageProvider:
    """The contract of ports.ImageProvider."""

    def test_it_is_called_as_in_the_registry(self, images: ImageProvider, image_row: Row[ImageProvider]) -> None:
        assert images.capabilities.name == image_row.name
        assert images.capabilities.concurrency >= 1
        assert images.capabilities.price_usd >= ZERO_USD

    def test_it_delivers_png_of_the_exact_size_and_nothing_beside_it(self, pictures: Path) -> None:
        assert {path.name for path in pictures.iterdir()} == {"a", "b", "c", *SHAPES}
        for name, size in SHAPES.items():
            assert (pictures / name).read_bytes().startswith(b"\x89PNG")
            picture = cv2.imread(str(pictures / name), cv2.IMREAD_UNCHANGED)
            assert picture is not None
            assert picture.shape == (size[1], size[0], 3)
            assert picture.dtype == np.uint8

    @pytest.mark.parametrize("image_row", repeating(IMAGES), indirect=True, ids=name_of, scope="module")
    def test_the_same_order_gives_the_same_bytes(self, pictures: Path) -> None:
        assert (pictures / "a").read_bytes() == (pictures / "b").read_bytes()

    def test_another_picture_looks_different(self, pictures: Path) -> None:
        one, other = (cv2.imread(str(pictures / name)).astype(float) for name in "ac")
        assert np.abs(one - other).mean() > 3

    def test_it_is_neither_black_nor_white_nor_flat(self, pictures: Path) -> None:
        for name in "ac":
            picture = cv2.imread(str(pictures / name))
            assert 15 < picture.mean() < 210
            assert picture.std() > 3

    def test_a_place_that_cannot_be_written_is_an_error(self, images: ImageProvider, tmp_path: Path) -> None:
        with pytest.raises(MachineError, match=r"cannot write .*room"):
            images.illustrate(PICTURE, 7, SIZE, tmp_path / "missing" / "picture.png", Remembered())
        assert list(tmp_path.iterdir()) == []

    def test_what_cannot_be_replaced_stays_and_nothing_lies_beside_it(
        self, images: ImageProvider, tmp_path: Path
    ) -> None:
        (tmp_path / "picture.png" / "inside").mkdir(parents=True)
        with pytest.raises(MachineError, match="cannot write"):
            images.illustrate(PICTURE, 7, SIZE, tmp_path / "picture.png", Remembered())
        assert [path.name for path in tmp_path.rglob("*")] == ["picture.png", "inside"]


@pytest.fixture(scope="module", params=ENGINES, ids=lambda row: row.name)
def engine_row(request: pytest.FixtureRequest) -> Row[VideoEngine]:
    row: Row[VideoEngine] = request.param
    return row


@pytest.fixture(scope="module")
def engine(engine_row: Row[VideoEngine], workshop: Workshop) -> Iterator[VideoEngine]:
    with engine_row.open(workshop) as engine:
        yield engine


@pytest.fixture(scope="module")
def still(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A painted picture to start from."""
    out = tmp_path_factory.mktemp("still") / "still.png"
    registry.IMAGES["procedural"](workshop).illustrate(PICTURE, 7, SIZE, out)
    return out


@pytest.fixture(scope="module")
def clips(engine: VideoEngine, still: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of two seconds twice by one seed, and one by another."""
    folder = tmp_path_factory.mktemp("clips")
    seeds = {"a": 7, "b": 7, "c": 8}

    def make(name: str) -> Generation:
        return engine.animate(
            PICTURE, seeds[name], still, seconds=2, size=SIZE, out=folder / name, purchase=Remembered()
        )

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(make, seeds))
    for generation in made:
        assert generation.provider == engine.capabilities.name
        assert generation.cost_usd == engine.capabilities.price_of(2)
        assert generation.licence.url
    return folder


def shown(clip: Path) -> np.ndarray:
    """All frames of a clip, as brightness."""
    with av.open(str(clip)) as film:
        return np.stack([frame.to_ndarray(format="gray").astype(np.float32) for frame in film.decode(video=0)])


class TestVideoEngine:
    """The contract of ports.VideoEngine."""

    def test_it_delivers_a_silent_video_of_the_shape_and_length(
        self, clips: Path, engine: VideoEngine, engine_row: Row[VideoEngine]
    ) -> None:
        assert sorted(path.name for path in clips.iterdir()) == ["a", "b", "c"]
        with av.open(str(clips / "a")) as film:
            assert [stream.type for stream in film.streams] == ["video"]
            (stream,) = film.streams.video
            assert stream.average_rate == engine_row.rate
            assert stream.frames == engine_row.rate * engine.capabilities.made_s(2)
            assert stream.width * SIZE[1] == pytest.approx(stream.height * SIZE[0], rel=0.03)

    @pytest.mark.parametrize("engine_row", repeating(ENGINES), indirect=True, ids=name_of, scope="module")
    def test_the_same_order_gives_the_same_bytes(self, clips: Path) -> None:
        assert (clips / "a").read_bytes() == (clips / "b").read_bytes()

    def test_another_seed_moves_otherwise(self, clips: Path) -> None:
        assert np.abs(shown(clips / "a") - shown(clips / "c")).mean() > 0.3

    def test_it_shows_its_picture_and_moves(self, clips: Path, still: Path) -> None:
        frames = shown(clips / "a")
        rows, columns = frames.shape[1:]
        start = cv2.resize(cv2.imread(str(still), cv2.IMREAD_GRAYSCALE), (columns, rows), interpolation=cv2.INTER_AREA)
        assert np.corrcoef(frames[0].ravel(), start.ravel())[0, 1] > 0.7
        assert np.abs(frames[0] - frames[20]).mean() > 1

    def test_it_ends_as_it_begins_if_it_says_so(self, clips: Path, engine: VideoEngine) -> None:
        # Seen from afar: a codec's own noise differs between its key frames and all others.
        frames = np.stack([cv2.resize(frame, (40, 24), interpolation=cv2.INTER_AREA) for frame in shown(clips / "a")])
        steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2))
        is_even = bool(np.abs(frames[-1] - frames[0]).mean() < 1.5 * np.median(steps))
        assert is_even == engine.capabilities.seamless

    def test_what_it_cannot_make_is_refused(self, engine: VideoEngine, still: Path, tmp_path: Path) -> None:
        def animate(picture: Path | None, seconds: int, size: tuple[int, int] = SIZE) -> None:
            engine.animate(PICTURE, 7, picture, seconds=seconds, size=size, out=tmp_path / "out", purchase=Remembered())

        longest = engine.capabilities.longest_s
        with pytest.raises(InvalidInputError, match=f"lasts 1 to {longest} seconds, not {longest + 1}"):
            animate(still, longest + 1)
        with pytest.raises(InvalidInputError, match="even sides"):
            animate(still, 1, (321, 180))
        if engine.capabilities.from_picture:
            with pytest.raises(InvalidInputError, match="moves a picture"):
                animate(None, 1)
        (tmp_path / "words.png").write_text("no picture")
        with pytest.raises(MediaError, match=r"words\.png is no picture"):
            animate(tmp_path / "words.png", 1)
        assert [path.name for path in tmp_path.iterdir()] == ["words.png"]

    def test_a_place_that_cannot_be_written_is_an_error(self, engine: VideoEngine, still: Path, tmp_path: Path) -> None:
        with pytest.raises(MachineError, match=r"cannot write .*room"):
            engine.animate(
                PICTURE, 7, still, seconds=1, size=SIZE, out=tmp_path / "missing" / "clip", purchase=Remembered()
            )
