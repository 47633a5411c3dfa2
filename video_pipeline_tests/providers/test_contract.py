"""What every provider of music, of ambience, of pictures and of clips must do; each row of the registry is tried."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import soundfile

from video_pipeline.cores import Cores
from video_pipeline.domain.ambience import Ambience
from video_pipeline.domain.errors import InvalidInputError, MachineError, MediaError
from video_pipeline.domain.media import Generation
from video_pipeline.domain.money import ZERO_USD
from video_pipeline.domain.storyboard import Instrument, Mode, MusicPrompt, VisualPrompt
from video_pipeline.ports import AmbienceProvider, ImageProvider, MusicProvider, VideoEngine
from video_pipeline.providers import registry

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
def cores() -> Iterator[Cores]:
    with Cores(2) as pool:
        yield pool


class TestMusicProvider:
    """The contract of ports.MusicProvider."""

    @pytest.fixture(params=sorted(registry.MUSIC))
    def provider(self, request: pytest.FixtureRequest, cores: Cores) -> MusicProvider:
        return registry.MUSIC[request.param](cores)

    def test_it_delivers_stereo_flac_of_the_exact_length(self, provider: MusicProvider, tmp_path: Path) -> None:
        out = tmp_path / "out" / "piece"
        out.parent.mkdir()
        generation = provider.compose(PIECE, 7, out)
        facts = soundfile.info(out)
        assert (facts.format, facts.samplerate, facts.channels, facts.frames) == ("FLAC", 48_000, 2, PIECE.samples)
        assert generation.provider == provider.capabilities.name
        assert generation.cost_usd == provider.capabilities.price_usd == ZERO_USD
        assert generation.licence.url
        assert [path.name for path in out.parent.iterdir()] == ["piece"]

    def test_the_same_order_gives_the_same_bytes(self, provider: MusicProvider, tmp_path: Path) -> None:
        paths = [tmp_path / str(number) for number in range(2)]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda path: provider.compose(PIECE, 7, path), paths))
        assert paths[0].read_bytes() == paths[1].read_bytes()

    def test_another_piece_sounds_different(self, provider: MusicProvider, tmp_path: Path) -> None:
        provider.compose(PIECE, 7, tmp_path / "a")
        provider.compose(replace(PIECE, order_index=4, tonic="F#", title="Another"), 8, tmp_path / "b")
        one, other = (soundfile.read(tmp_path / name)[0].mean(axis=1) for name in "ab")
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.5

    def test_it_is_neither_silent_nor_clipped(self, provider: MusicProvider, tmp_path: Path) -> None:
        provider.compose(PIECE, 7, tmp_path / "a")
        sound, _ = soundfile.read(tmp_path / "a")
        assert 0.1 < np.abs(sound).max() < 1.0
        assert np.isfinite(sound).all()

    def test_a_place_that_cannot_be_written_is_an_error(self, provider: MusicProvider, tmp_path: Path) -> None:
        with pytest.raises(MachineError, match=r"cannot write .*room"):
            provider.compose(PIECE, 7, tmp_path / "missing" / "piece.flac")


@pytest.fixture(scope="module", params=sorted(registry.AMBIENCE))
def ambience(request: pytest.FixtureRequest, cores: Cores) -> AmbienceProvider:
    return registry.AMBIENCE[request.param](cores)


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


class TestImageProvider:
    """The contract of ports.ImageProvider."""

    @pytest.fixture(params=sorted(registry.IMAGES))
    def provider(self, request: pytest.FixtureRequest, cores: Cores) -> ImageProvider:
        return registry.IMAGES[request.param](cores)

    @pytest.mark.parametrize("size", [(640, 360), (360, 640), (512, 512)])
    def test_it_delivers_png_of_the_exact_size(
        self, provider: ImageProvider, size: tuple[int, int], tmp_path: Path
    ) -> None:
        out = tmp_path / "out" / "picture"
        out.parent.mkdir()
        generation = provider.illustrate(PICTURE, 7, size, out)
        assert out.read_bytes().startswith(b"\x89PNG")
        picture = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        assert picture.shape == (size[1], size[0], 3)
        assert picture.dtype == np.uint8
        assert generation.provider == provider.capabilities.name
        assert generation.licence.url
        assert [path.name for path in out.parent.iterdir()] == ["picture"]

    def test_the_same_order_gives_the_same_bytes(self, provider: ImageProvider, tmp_path: Path) -> None:
        paths = [tmp_path / str(number) for number in range(2)]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda path: provider.illustrate(PICTURE, 7, (320, 180), path), paths))
        assert paths[0].read_bytes() == paths[1].read_bytes()

    def test_another_seed_looks_different(self, provider: ImageProvider, tmp_path: Path) -> None:
        for seed in (7, 8):
            provider.illustrate(PICTURE, seed, (320, 180), tmp_path / str(seed))
        one, other = (cv2.imread(str(tmp_path / str(seed))).astype(float) for seed in (7, 8))
        assert np.abs(one - other).mean() > 3

    def test_it_is_neither_black_nor_white(self, provider: ImageProvider, tmp_path: Path) -> None:
        provider.illustrate(PICTURE, 7, (320, 180), tmp_path / "a")
        assert 15 < cv2.imread(str(tmp_path / "a")).mean() < 210


SIZE = (320, 180)


@pytest.fixture(scope="module", params=sorted(registry.ENGINES))
def engine(request: pytest.FixtureRequest, cores: Cores) -> VideoEngine:
    return registry.ENGINES[request.param](cores)


@pytest.fixture(scope="module")
def still(cores: Cores, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A painted picture to start from."""
    out = tmp_path_factory.mktemp("still") / "still.png"
    registry.IMAGES["procedural"](cores).illustrate(PICTURE, 7, SIZE, out)
    return out


@pytest.fixture(scope="module")
def clips(engine: VideoEngine, still: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of two seconds twice by one seed, and one by another."""
    folder = tmp_path_factory.mktemp("clips")
    seeds = {"a": 7, "b": 7, "c": 8}

    def make(name: str) -> Generation:
        return engine.animate(PICTURE, seeds[name], still, seconds=2, size=SIZE, out=folder / name)

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(make, seeds))
    for generation in made:
        assert generation.provider == engine.capabilities.name
        assert generation.cost_usd == engine.capabilities.price_usd == ZERO_USD
        assert generation.licence.url
    return folder


def shown(clip: Path) -> np.ndarray:
    """All frames of a clip, as brightness."""
    with av.open(str(clip)) as film:
        return np.stack([frame.to_ndarray(format="gray").astype(np.float32) for frame in film.decode(video=0)])


class TestVideoEngine:
    """The contract of ports.VideoEngine."""

    def test_it_delivers_a_silent_video_of_the_shape_and_length(self, clips: Path) -> None:
        assert sorted(path.name for path in clips.iterdir()) == ["a", "b", "c"]
        with av.open(str(clips / "a")) as film:
            assert [stream.type for stream in film.streams] == ["video"]
            (stream,) = film.streams.video
            assert stream.average_rate == 30
            assert stream.frames == 60
            assert stream.width * SIZE[1] == pytest.approx(stream.height * SIZE[0], rel=0.03)

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
            engine.animate(PICTURE, 7, picture, seconds=seconds, size=size, out=tmp_path / "out")

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
            engine.animate(PICTURE, 7, still, seconds=1, size=SIZE, out=tmp_path / "missing" / "clip")
