"""Owns the music and pictures that all contenders get; hides where they come from and how few are made for many scenes.

Twenty pieces and pictures are made once by the product's offline providers, or taken from two directories, and kept in
the work directory. Programmes of more scenes go round them again: each time a piece is turned (it starts elsewhere)
and a picture is mirrored and tinted, so that no content hash comes twice and no cache helps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np
import soundfile
from numpy.typing import NDArray

from tools.bench.measure import say
from tools.bench.programme import File, Programme, Scene
from video_pipeline.cores import Cores
from video_pipeline.domain.brief import StoryboardBrief
from video_pipeline.domain.storyboard import Scene as PlannedScene
from video_pipeline.domain.storyboard import item_seed
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg import find_ffmpeg
from video_pipeline.ffmpeg.sound.tracks import decode, load_pcm
from video_pipeline.providers import registry
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.plan import plan

SIZE = (1920, 1080)
POOL = 20
SEED = 7
POOL_SECONDS = 184
"""Three minutes and the handles of a crossfade on both sides."""

MUSIC_SUFFIXES = frozenset({".flac", ".wav", ".mp3", ".ogg", ".m4a", ".aac", ".aiff"})
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


@dataclass(frozen=True, slots=True)
class Pool:
    """Sources, at least one of each: music files of 48 kHz stereo FLAC, pictures of 1920 x 1080 PNG."""

    folder: Path
    music: tuple[Path, ...]
    pictures: tuple[Path, ...]
    origin: str  # for people

    def programme(self, name: str, scenes: int, scene_frames: int) -> Programme:
        """A programme of `scenes` scenes; its files are made if they are not there."""
        lengths = Programme(name, scene_frames, (_NOTHING,) * scenes).piece_samples
        made = [Scene(self.picture(index), self.piece(index, length)) for index, length in enumerate(lengths)]
        return Programme(name, scene_frames, tuple(made))

    def piece(self, index: int, samples: int) -> File:
        """Piece `index` of a programme, `samples` long."""
        source, turn = self.music[index % len(self.music)], index // len(self.music)
        out = self.folder / f"piece_{index:03}_{samples}.flac"

        def make(part: Path) -> None:
            sound, _ = soundfile.read(source, dtype="int16", always_2d=True)
            soundfile.write(part, turned(sound, samples, turn), SAMPLE_RATE, format="FLAC", subtype="PCM_16")

        return _kept(out, make)

    def picture(self, index: int) -> File:
        """Picture `index` of a programme."""
        source, turn = self.pictures[index % len(self.pictures)], index // len(self.pictures)
        out = self.folder / f"picture_{index:03}.png"

        def make(part: Path) -> None:
            pixels = cv2.imread(str(source), cv2.IMREAD_COLOR)
            if pixels is None:
                raise ValueError(f"{source} is no picture")
            done, png = cv2.imencode(".png", tinted(filled(np.asarray(pixels, np.uint8), SIZE), turn))
            if not done:
                raise ValueError(f"{source} cannot be written as PNG")
            part.write_bytes(png.tobytes())

        return _kept(out, make)


_NOTHING = Scene(File("", "", 0), File("", "", 0))


def turned(sound: NDArray[np.int16], samples: int, turn: int) -> NDArray[np.int16]:
    """`samples` samples of sound of shape (samples, 2): repeated if it is short, from elsewhere at each `turn`."""
    start = len(sound) * turn * 5 // 17 % len(sound)
    rolled = np.roll(sound, -start, axis=0)
    times = -(-samples // len(sound))
    return np.tile(rolled, (times, 1))[:samples]


def tinted(pixels: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """The picture itself at turn 0; afterwards mirrored every other time, and a little darker in one channel."""
    if turn == 0:
        return pixels
    seen = pixels[:, ::-1] if turn % 2 else pixels
    factors = np.ones(3, np.float32)
    factors[turn % 3] -= 0.03 * (1 + turn // 3)
    return np.asarray(np.clip(np.rint(seen * factors), 0, 255), np.uint8)


def filled(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """`pixels` scaled to cover `size` (width, height), cut off evenly."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    scale = max(size[0] / width, size[1] / height)
    larger = cv2.resize(pixels, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    left, top = (larger.shape[1] - size[0]) // 2, (larger.shape[0] - size[1]) // 2
    return np.ascontiguousarray(larger[top : top + size[1], left : left + size[0]])


def _kept(out: Path, make: Callable[[Path], None]) -> File:
    if not out.exists():
        part = out.with_name(f"{out.name}.part")
        make(part)
        part.replace(out)
    with out.open("rb") as content:
        return File(str(out), hashlib.file_digest(content, "sha256").hexdigest(), out.stat().st_size)


def own_pool(work: Path, music: Path, pictures: Path) -> Pool:
    """The files of two directories, brought to FLAC and PNG; ValueError when one holds nothing usable."""
    sounds, images = _listed(music, MUSIC_SUFFIXES), _listed(pictures, PICTURE_SUFFIXES)
    told = hashlib.sha256("\n".join(map(str, [*sounds, *images])).encode()).hexdigest()[:12]
    decoded = own_music(work / f"material_own_{told}", sounds)
    origin = f"{len(sounds)} pieces of {music}, {len(images)} of {pictures}"
    return Pool(work / f"material_own_{told}", decoded, tuple(images), origin)


def own_music(folder: Path, sounds: Sequence[Path]) -> tuple[Path, ...]:
    """Music files as FLAC in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    binary = find_ffmpeg(None).path
    names = [folder / f"source_{index:03}.flac" for index in range(len(sounds))]
    return tuple(Path(_kept(name, _decoder(binary, path)).path) for name, path in zip(names, sounds, strict=True))


def music_of(folder: Path) -> list[Path]:
    """The music files of a directory; ValueError when there are none."""
    return _listed(folder, MUSIC_SUFFIXES)


def _decoder(binary: Path, source: Path) -> Callable[[Path], None]:
    def make(part: Path) -> None:
        raw = part.with_suffix(".raw")
        named = raw.with_suffix(decode(binary, source, raw))
        raw.replace(named)
        soundfile.write(part, load_pcm(named), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
        named.unlink()

    return make


def _listed(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    found = sorted(path.resolve() for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not found:
        raise ValueError(f"{folder} holds no file that ends in {', '.join(sorted(suffixes))}")
    return found


def procedural_pool(work: Path, count: int = POOL, seconds: int = POOL_SECONDS) -> Pool:
    """`count` pieces of `seconds` seconds and as many pictures, made by the product itself; about three minutes."""
    folder = work / f"material_{count}x{seconds}_seed{SEED}"
    folder.mkdir(parents=True, exist_ok=True)
    brief = StoryboardBrief(
        channel_id=UUID(int=0),
        niche_label="Royal Court Ambience",
        mood_keywords="elegant, classical, serene",
        seed=SEED,
        scene_count=count,
        scene_seconds=seconds,
    )
    scenes = plan(brief, registry.prompt_writer()).scenes
    if any(not path.exists() for scene in scenes for path in _sources(folder, scene)):
        say(f"making {count} pieces of {seconds} s and {count} pictures (once) ...")
        with Cores() as cores, ThreadPoolExecutor(cores.workers) as threads:
            for made in [threads.submit(_provide, cores, folder, scene) for scene in scenes]:
                made.result()
    sources = [_sources(folder, scene) for scene in scenes]
    origin = f"procedural providers, {count} pieces of {seconds} s and {count} pictures, seed {SEED}"
    return Pool(folder, tuple(music for music, _ in sources), tuple(picture for _, picture in sources), origin)


def _sources(folder: Path, scene: PlannedScene) -> tuple[Path, Path]:
    return folder / f"source_{scene.order_index:03}.flac", folder / f"source_{scene.order_index:03}.png"


def _provide(cores: Cores, folder: Path, scene: PlannedScene) -> None:
    music, picture = _sources(folder, scene)
    index, workshop = scene.order_index, Workshop(cores, folder / "library")
    if not music.exists():
        provider = registry.music_providers(workshop)["procedural"]
        provider.compose(scene.music, item_seed(SEED, "music", index), music)
    if not picture.exists():
        painter = registry.image_providers(workshop)["procedural"]
        painter.illustrate(scene.visual, item_seed(SEED, "image", index), SIZE, picture)
