"""Owns the contact sheets in the documentation, one for each kind of video; hides what they are made of.

Everything is made offline, in a studio of its own that is thrown away: pictures and clips by the procedural providers,
a song by the procedural music. Where nobody listens (the album), the music is the test double's. `make sheets`.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image

from tools.bench.measure import ROOT, say
from tools.bench_api.installation import environment, scratch
from video_pipeline import bootstrap
from video_pipeline.domain.brief import AlbumBrief, Brief, BuildBrief, MusicVideoBrief, StoryboardBrief
from video_pipeline.domain.delivery import AspectRatio, Rendition
from video_pipeline.domain.job import JobKind
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, TimeRange
from video_pipeline.domain.timeline import Motion, PictureClip, SoundClip, Timeline
from video_pipeline.domain.uploads import FileType
from video_pipeline.providers.offline import PROCEDURAL
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.sheets import contact_sheet
from video_pipeline.steps.start import start_job
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload

OUT = ROOT / "docs" / "images"
WIDTH = 1600
MOST_BYTES = 300_000
"""Of a sheet: somebody may read the page on a phone."""

_MADE = (Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES)
_SONG_S, _CLIP_S = 60, 4

Files = list[tuple[FileType, Path]]


def _album(channel: UUID, _: Material) -> tuple[Brief, Files]:
    brief = AlbumBrief(
        channel_id=channel,
        niche_label="Royal Court Ambience",
        mood_keywords="elegant, classical, serene",
        seed=7,
        target_duration_minutes=60,
        music_provider="dummy",
    )
    return brief, []


def _storyboard(channel: UUID, _: Material) -> tuple[Brief, Files]:
    brief = StoryboardBrief(
        channel_id=channel,
        niche_label="Coast",
        mood_keywords="calm, wide",
        seed=3,
        scene_count=5,
        scene_seconds=10,
        prompt="an old lighthouse above a calm sea",
        style="oil painting",
        aspect_ratio=AspectRatio.SQUARE,
        music_provider="dummy",
    )
    return brief, []


def _music_video(channel: UUID, material: Material) -> tuple[Brief, Files]:
    song = material.song()
    brief = MusicVideoBrief(
        channel_id=channel,
        niche_label="Night Drives",
        mood_keywords="neon, restless",
        seed=11,
        song_title="Night Train",
        music_file=song.name,
        genre="synthwave",
        prompt="neon towers of a sleeping city at night, above a dark harbour",
        scene_seconds=6,
    )
    return brief, [(FileType.MUSIC, song)]


def _build(channel: UUID, material: Material) -> tuple[Brief, Files]:
    brief = BuildBrief(
        channel_id=channel,
        niche_label="Winter Cabins",
        mood_keywords="warm, quiet",
        seed=5,
        picture_seconds=10,
        quotes="Snow makes every sound a secret.\n\nLet the kettle take its time.",
    )
    return brief, [(FileType.MUSIC, material.song()), *((FileType.VIDEOS, file) for file in material.views())]


ORDERS: dict[JobKind, Callable[[UUID, Material], tuple[Brief, Files]]] = {
    JobKind.ALBUM: _album,
    JobKind.STORYBOARD: _storyboard,
    JobKind.MUSIC_VIDEO: _music_video,
    JobKind.BUILD: _build,
}


class Material:
    """Files such as a producer brings."""

    def __init__(self, studio: Studio, folder: Path) -> None:
        self._studio = studio
        self._folder = folder
        words: dict[str, Any] = {"channel_id": UUID(int=0), "niche_label": "Snowy Cabin", "mood_keywords": "warm, snow"}
        brief = StoryboardBrief(**words, seed=21, scene_count=5, scene_seconds=_SONG_S)
        self._script = studio.writer.write(brief, [_SONG_S * SAMPLE_RATE] * 5)

    def song(self) -> Path:
        """A minute of music."""
        out = self._folder / "night-train.flac"
        if not out.exists():
            self._studio.music[PROCEDURAL].compose(self._script.music[0], 21, out)
        return out

    def views(self) -> Iterator[Path]:
        """Pictures and clips in turn."""
        for number, prompt in enumerate(self._script.visuals, start=1):
            picture = self._folder / f"{number} view.png"
            self._studio.images[PROCEDURAL].illustrate(prompt, 21, (1920, 1080), picture)
            yield self._clip(picture) if number % 2 else picture

    def _clip(self, picture: Path) -> Path:
        """Some seconds in which a picture comes nearer."""
        rate, song, out = FPS_30, self.song(), picture.with_suffix(".mp4")
        cut = TimeRange(0, _CLIP_S * SAMPLE_RATE)
        shown = PictureClip(picture.stem, _reference(picture), rate.frames_in(_CLIP_S), Motion.SLOW_ZOOM)
        timeline = Timeline("clip", rate, (shown,), (), (SoundClip("song", _reference(song), cut, cut),), ())
        self._studio.tools.render(
            timeline,
            Rendition.parse("mp4", "1280x720"),
            out,
            locate=lambda media: self._folder / media.key,
            report=lambda *_: None,
            cancelled=lambda: False,
        )
        return out


def _reference(file: Path) -> MediaReference:
    return MediaReference(file.name, sha256(file.read_bytes()).hexdigest(), file.stat().st_size)


def made(studio: Studio, kind: JobKind, material: Material) -> Path:
    """The sheet of a job of `kind`, brought as far as to the person who would approve it."""
    channel = studio.jobs.create_channel(f"Sheets of {kind}", "Ambience").id
    brief, files = ORDERS[kind](channel, material)
    job = studio.jobs.create_job(brief, preparing=bool(files))
    for file_type, file in files:
        keep_upload(studio, job.id, file_type, file.name, file)
    if files:
        start_job(studio.jobs, studio.media, job.id)
    for stage in _MADE:
        perform(studio, job.id, stage, "sheets")
    return contact_sheet(studio, job.id)


def small(sheet: Path) -> bytes:
    """The sheet as a JPEG of at most WIDTH pixels and MOST_BYTES."""
    with Image.open(sheet) as opened:
        picture = opened.convert("RGB")
    if picture.width > WIDTH:
        height = round(picture.height * WIDTH / picture.width)
        picture = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    for quality in range(90, 40, -4):
        content = io.BytesIO()
        picture.save(content, "JPEG", quality=quality, optimize=True, progressive=True)
        if content.tell() <= MOST_BYTES:
            break
    return content.getvalue()


def draw(kinds: list[JobKind], folder: Path, out: Path) -> None:
    """Make the sheets of `kinds` in `out`; this process's studio lies in `folder`."""
    brought = folder / "brought"
    brought.mkdir()
    studio = bootstrap.studio()
    material = Material(studio, brought)
    for kind in kinds:
        target = out / f"kind-{kind}.jpg"
        target.write_bytes(small(made(studio, kind, material)))
        say(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")


def main() -> int:
    """Make a studio, and the sheets in a process of its own, whose end is that of the studio's database."""
    parser = argparse.ArgumentParser(prog="python -m tools.sheets", description=__doc__)
    parser.add_argument("kinds", nargs="*", type=JobKind, help="by default all four", metavar="KIND")
    parser.add_argument("--out", type=Path, default=OUT, help="the folder for kind-KIND.jpg")
    parser.add_argument("--studio", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.studio:
        draw(chosen.kinds or list(ORDERS), chosen.studio, chosen.out)
        return 0
    with scratch("sheets") as folder:
        command = [sys.executable, "-m", "tools.sheets", *chosen.kinds, "--out", str(chosen.out.absolute())]
        settings = environment(folder)
        return subprocess.run([*command, "--studio", str(folder)], env=settings, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
