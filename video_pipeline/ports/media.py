"""Owns what measures, renders and keeps media; hides ffmpeg and the place of the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.media import AudioFacts, ImageFacts, MediaReference
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ports.work import IsCancelled, KeepFinished, ReportProgress


class MediaTools(Protocol):
    """Measures, renders and draws media; the ffmpeg room."""

    def describe(self) -> str:
        """Which ffmpeg is used, its version and where it was found, for people."""
        ...

    def audio_facts(self, path: Path) -> AudioFacts:
        """Decode `path` once and measure it; MediaError when it is not sound."""
        ...

    def image_facts(self, path: Path) -> ImageFacts:
        """Decode and measure a picture; MediaError when it is not one."""
        ...

    def render(
        self,
        timeline: Timeline,
        rendition: Rendition,
        out: Path,
        *,
        locate: Callable[[MediaReference], Path],
        report: ReportProgress,
        cancelled: IsCancelled,
    ) -> RenderReport:
        """Render `timeline` to `out`, written aside and renamed; the report's media key is `out`'s name."""
        ...

    def render_all(
        self,
        timeline: Timeline,
        outs: Mapping[Rendition, Path],
        *,
        locate: Callable[[MediaReference], Path],
        report: ReportProgress,
        cancelled: IsCancelled,
        finished: KeepFinished,
    ) -> dict[Rendition, RenderReport]:
        """Render `timeline` to several files in one go, which share all the work that they have in common.

        A file that fails does not keep the others from being finished; the first failure is raised when they are. The
        stages in each report are those of the whole batch so far.
        """
        ...

    def transcode(
        self,
        video: Path,
        rendition: Rendition,
        out: Path,
        *,
        report: ReportProgress,
        cancelled: IsCancelled,
        crop: bool = False,
    ) -> RenderReport:
        """Make `rendition` of a video that somebody else made, written aside and renamed.

        It is brought to the size (between bars, or with `crop` cut to cover it), the loudness and the colours of every
        export, upright, at its own frame rate up to 60, and nothing of it is kept but picture, sound and chapters.
        MediaError when it is no usable video, is cut off or exceeds the limits; MachineError when the disk is too
        small. The report's `command` says what was noticed on the way, such as a hardware encoder that failed.
        """
        ...

    def upload_kind(self, path: Path, *, pictured: bool) -> str:
        """The extension, such as flac, mp4 or jpg, that the content of a foreign file deserves, whatever its name.

        MediaError when it is no usable video or still picture (`pictured`: png, jpg or webp for a still one) or no
        sound. The file is opened in a process of its own.
        """
        ...

    def describe_encoders(self) -> str:
        """Which hardware encoders work on this machine, or why none does, for people; may try them for seconds."""
        ...

    def waveform(self, audio: Path, out: Path) -> None:
        """Draw the waveform of `audio` as a PNG."""
        ...

    def contact_sheet(self, pictures: Sequence[Path], out: Path) -> None:
        """Draw all `pictures` on one JPEG sheet."""
        ...

    def preview(self, picture: Path, width: int, out: Path) -> None:
        """Draw `picture` as a JPEG at most `width` pixels wide."""
        ...

    def poster(self, video: Path, at_s: float, out: Path) -> None:
        """Write the frame of `video` at `at_s` seconds as a JPEG."""
        ...

    def thumbnail(self, picture: Path, out: Path, title: str = "") -> bool:
        """Draw `picture` as a JPEG of 1280 x 720 below 2 MB, with `title` on it; False when no words were set."""
        ...

    def appeal(self, picture: Path) -> float:
        """How much a picture promises at a glance, about 0 to 1."""
        ...

    def programme_waveform(self, timeline: Timeline, out: Path, *, locate: Callable[[MediaReference], Path]) -> None:
        """Draw how loud the programme is from end to end as a PNG."""
        ...

    def preview_clip(
        self,
        timeline: Timeline,
        master: Path,
        out: Path,
        *,
        locate: Callable[[MediaReference], Path],
        cancelled: IsCancelled,
    ) -> RenderReport:
        """Make an mp4 of 20 s at low quality around the first transition, the sound of `master` faded at both ends.

        A shorter programme is shown whole; the file has less than 3 MB. CancelledError when `cancelled` says so.
        """
        ...

    def inspect(self, video: Path) -> dict[str, Any]:
        """Facts of the finished file for the gates; a file that did not change is read once.

        Keys: width, height, frames (int), rate (str), video_s, audio_s, first_pts_s (float), video_codec,
        video_profile, pixel_format, color_space, color_primaries, color_transfer, color_range, sample_aspect (str),
        audio_codec, audio_rate, audio_channels, chapters, edit_lists (int), index_first (bool), bytes (int). Without a
        picture video_codec and the other words of it are empty and its figures 0.
        """
        ...

    def black_frames(self, video: Path) -> int:
        """How many different key frames of `video` are black; every stretch of picture begins with one."""
        ...


class PartStore(Protocol):
    """Keeps the bytes of uploads until they are files."""

    def part(self, upload_id: UUID) -> Path:
        """Where the bytes of an upload are, or would be."""
        ...

    def part_bytes(self, upload_id: UUID) -> int:
        """How many bytes there are; 0 when there is no such part."""
        ...

    def append_part(self, upload_id: UUID, offset: int, content: bytes) -> None:
        """Write `content` at `offset`, safe on the disk when this returns; what lay behind it is cut off.

        Only for who keeps others out meanwhile. MachineError when the disk refuses; then nothing is behind `offset`.
        """
        ...

    def remove_part(self, upload_id: UUID) -> None:
        """Delete the bytes of an upload; nothing happens when there are none."""
        ...

    def part_ids(self) -> list[UUID]:
        """The uploads of which there are bytes."""
        ...


class MediaStore(PartStore, Protocol):
    """Keeps files; a key is a relative path with forward slashes."""

    def path(self, key: str) -> Path:
        """Where `key` is, or would be; InvalidInputError when it would leave the store."""
        ...

    def locate(self, media: MediaReference) -> Path:
        """The file of `media`; NotFoundError when it is missing, MediaError when its size differs."""
        ...

    def holds(self, media: MediaReference) -> bool:
        """True when the file is there with the recorded size and checksum."""
        ...

    def adopt(self, made: Path, key: str, *, sha256: str = "") -> MediaReference:
        """Move a finished file in as `key`: checksum, fsync, rename; replaces what was there.

        `sha256` spares reading the file, where its maker took the checksum while writing.
        """
        ...

    def duplicate(self, media: MediaReference, key: str) -> MediaReference:
        """Give the file of `media` a second name; the bytes are shared where the storage can."""
        ...

    def scratch(self, job_id: UUID) -> AbstractContextManager[Path]:
        """A directory of its own for one attempt, on the store's file system, removed afterwards."""
        ...

    def lock(self, key: str, cancelled: IsCancelled = ...) -> AbstractContextManager[None]:
        """Wait until nobody else makes `key`, and keep others out meanwhile; ends with the process that holds it.

        CancelledError when `cancelled`, by default nobody, says so while somebody else makes it.
        """
        ...

    def keys(self, prefix: str) -> list[str]:
        """The keys of all files that begin with `prefix`, in alphabetical order."""
        ...

    def remove(self, key: str) -> None:
        """Delete `key`; nothing happens when it is not there."""
        ...
