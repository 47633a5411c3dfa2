"""Owns what measures, renders and keeps media; hides ffmpeg and the place of the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from video_pipeline.domain.delivery import AspectRatio, Rendition
from video_pipeline.domain.media import AudioFacts, FootageFacts, ImageFacts, MediaReference
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.rhythm import Rhythm
from video_pipeline.domain.thumbnails import Appeal, Design
from video_pipeline.domain.timebase import FrameRate
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

    def rhythm(self, path: Path, bpm: float | None = None) -> Rhythm:
        """Where the beats and sections of a song are; `bpm` is its tempo, if somebody knows it, within 4 %.

        Without a beat that stands out (rain, a drone) it has no tempo, unless `bpm` says one: its beats are then as
        even as that, and the confidence is 0. MediaError when it is not sound, InvalidInputError when nothing has
        such a tempo.
        """
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

    def conform_footage(
        self,
        video: Path,
        rate: FrameRate,
        out: Path,
        *,
        aspect: AspectRatio,
        report: ReportProgress,
        cancelled: IsCancelled,
        loop: bool = True,
        most_frames: int | None = None,
    ) -> FootageFacts:
        """Make footage (an mp4) of a video that somebody else made, written aside and renamed.

        It has exactly so many frames at `rate` as are told, is upright and silent, in square pixels of BT.709, and
        covers a frame of `aspect`: at most as large as 1080p, and not enlarged. As a `loop` its last half second fades
        into its first one, which shortens it by that; a video of less than four frames stays as it is. Of a longer one
        no more than `most_frames` are taken, from its beginning. MediaError when it is no usable video, is cut off or
        exceeds the limits; MachineError when the disk is too small; CancelledError when `cancelled` says so.
        """
        ...

    def footage_frames(self, video: Path, rate: FrameRate) -> int:
        """About how many frames the footage of a foreign video will have at `rate` as a loop; at least 1.

        MediaError when it is no usable video or exceeds the limits.
        """
        ...

    def conform_picture(self, picture: Path, out: Path) -> None:
        """Make a PNG of a picture that somebody else made: upright, 8-bit sRGB without transparency, written aside.

        It is at most 8K; larger ones are refused, as are broken ones, with MediaError.
        """
        ...

    def upload_kind(self, path: Path, *, pictured: bool) -> str:
        """The extension, such as flac, mp4 or jpg, that the content of a foreign file deserves, whatever its name.

        MediaError when it is no usable video or still picture (`pictured`: png, jpg, webp or avif for a still one) or
        no sound. The file is opened in a process of its own.
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

    def thumbnail(self, design: Design, pictures: Sequence[Path], out: Path, title: str = "") -> Appeal | None:
        """Draw `design` of `pictures`, the first of which counts most, as a JPEG of 1280 x 720 below 2 MB.

        The estimate of its appeal. Words of `title` that no font here has are left out; None, and nothing is written,
        when the design is nothing without words and there are none.
        """
        ...

    def thumbnail_words(self, title: str) -> str:
        """What of `title` is drawn on a thumbnail on this machine: words that no font here has are left out."""
        ...

    def check_caption(self, text: str) -> None:
        """InvalidInputError when `text` cannot be drawn as words over a picture of every shape and size.

        That is when no font here has one of its characters (the message names them and what to install), when it holds
        characters that are not seen, or when it is too long to be read.
        """
        ...

    def appeal(self, picture: Path) -> Appeal:
        """How much a picture promises at a glance, cut to the shape of a thumbnail."""
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


class Scanner(Protocol):
    """Decides whether a foreign file may come in, for example by looking for viruses."""

    def check(self, path: Path) -> None:
        """MediaError when the file is refused, MachineError when there is no answer."""
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

    def all_keys(self) -> list[str]:
        """Where all files are, in alphabetical order; what others put there may have a name that is no key."""
        ...

    def remove(self, key: str) -> None:
        """Delete `key`; nothing happens when it is not there."""
        ...
