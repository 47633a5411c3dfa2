"""Owns the protocols at which the flow and the tools meet; hides which tool stands behind each.

A fake that stands in for one of these passes the same contract tests as the real thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.media import AudioFacts, Generation, ImageFacts, MediaReference
from video_pipeline.domain.progress import Progress
from video_pipeline.domain.records import (
    ChannelRecord,
    EventRecord,
    ExportRecord,
    ImageRecord,
    JobRecord,
    Lease,
    RenderReport,
    TrackRecord,
)
from video_pipeline.domain.storyboard import MusicPrompt, Storyboard, VisualPrompt
from video_pipeline.domain.timeline import Timeline

ReportProgress = Callable[[float, str], None]
"""Called with the finished share (0 to 1) and a message, from any thread."""

KeepFinished = Callable[[RenderReport], None]
"""Called for each file as soon as it is finished, in the thread that ordered it."""

IsCancelled = Callable[[], bool]
"""Asked now and then; True means stop soon and raise CancelledError."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Facts about a provider."""

    name: str
    concurrency: int  # how many requests it likes at once
    price_usd: Decimal  # for one piece


class MusicProvider(Protocol):
    """Makes pieces of music."""

    capabilities: Capabilities

    def compose(self, prompt: MusicPrompt, seed: int, out: Path) -> Generation:
        """Write the piece to `out` (FLAC, 48 kHz, stereo); blocks; called from several threads at once."""
        ...


class ImageProvider(Protocol):
    """Makes pictures."""

    capabilities: Capabilities

    def illustrate(self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path) -> Generation:
        """Write a picture of `size` (width, height) to `out` (PNG, 8-bit RGB); blocks; called from several threads."""
        ...


@dataclass(frozen=True, slots=True)
class Script:
    """What a prompt writer delivers: everything of a storyboard but the lengths."""

    title: str
    description: str  # without chapters; the plan adds them
    tags: tuple[str, ...]
    music: tuple[MusicPrompt, ...]
    visuals: tuple[VisualPrompt, ...]


class PromptWriter(Protocol):
    """Turns a brief into prompts; the deterministic grammar and, later, language models."""

    name: str

    def write(self, brief: Brief, samples: Sequence[int]) -> Script:
        """Prompts for `len(samples)` scenes; `samples` are the exact lengths of the pieces at 48 kHz."""
        ...


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


class MediaStore(Protocol):
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


class JobStore(Protocol):
    """Keeps the books. Every write with a lease raises LeaseLostError when a newer attempt owns the job."""

    # channels
    def create_channel(self, name: str, brand_niche: str, youtube_channel_id: str | None = None) -> ChannelRecord: ...
    def list_channels(self, *, active_only: bool = False) -> list[ChannelRecord]: ...
    def find_channel(self, name_or_id: str) -> ChannelRecord: ...

    # jobs
    def create_job(self, brief: Brief, output_directory: str | None = None) -> JobRecord: ...
    def create_job_unless(self, brief: Brief, statuses: Sequence[JobStatus]) -> JobRecord | None:
        """Order a video unless its channel has a job in one of `statuses`; of several orders at once, one is taken."""
        ...

    def get_job(self, job_id: UUID) -> JobRecord: ...
    def find_job(self, id_or_prefix: str) -> JobRecord: ...
    def list_jobs(
        self,
        *,
        statuses: Sequence[JobStatus] = (),
        channel_id: UUID | None = None,
        approved: bool | None = None,
        idle: bool = False,
        oldest_first: bool = False,
        limit: int = 50,
    ) -> list[JobRecord]:
        """Jobs, newest first unless asked otherwise; `idle` leaves out those that a live attempt holds."""
        ...

    def events(self, job_id: UUID) -> list[EventRecord]: ...

    # one live attempt
    def claim(self, job_id: UUID, run_id: str, *, ttl_s: int = 60) -> Lease:
        """Take the job for one attempt; ConflictError while another attempt's lease is live."""
        ...

    def is_held(self, job_id: UUID) -> bool:
        """True while an attempt's lease is live; that of a process of this machine ends when the process does."""
        ...

    def run_is_gone(self, job_id: UUID, run_id: str) -> bool:
        """True when a run that had claimed the job works on it no more: its process ended, or another run took over.

        False when in doubt: a run that has not claimed yet, or one on another machine whose lease still lives.
        """
        ...

    def renew(self, lease: Lease, *, ttl_s: int = 60) -> None: ...
    def release(self, lease: Lease) -> None: ...
    def lost_jobs(self) -> list[JobRecord]:
        """Jobs whose attempt ended without releasing: the lease expired."""
        ...

    # status
    def move(
        self,
        job_id: UUID,
        current: JobStatus,
        target: JobStatus,
        message: str = "",
        *,
        lease: Lease | None = None,
        approve_by: str | None = None,
    ) -> None:
        """Compare-and-set with an event row; IllegalMoveError, or ConflictError when it is not `current` any more.

        With `approve_by` the storyboard is approved in the same transaction. An approval of files that were made anew
        since and differ is taken back when the job comes to await approval, and the master made from them is forgotten.
        """
        ...

    def mark_job_failed(self, job_id: UUID, error_message: str, *, run_id: str | None = None) -> bool:
        """Move a working job to failed; False when it is not working.

        With `run_id` also False when another run has claimed the job last: a stray run does not fail it.
        """
        ...

    def mark_lost(self, job_id: UUID, error_message: str) -> bool:
        """Move a job to failed that somebody should work on and nobody does; False while an attempt holds it."""
        ...

    def retry(self, job_id: UUID, target: JobStatus | None = None) -> JobStatus:
        """Bring a failed job back to `target`, by default the status in which it failed; counts the retry."""
        ...

    def cancel(self, job_id: UUID) -> None: ...
    def is_cancelled(self, job_id: UUID) -> bool: ...
    def approve_storyboard(self, job_id: UUID, by: str = "operator") -> bool: ...
    def update_job_progress(self, job_id: UUID, progress: Progress | dict[str, Any]) -> bool: ...

    # what is made
    def save_storyboard(self, lease: Lease, storyboard: Storyboard) -> None: ...
    def tracks(self, job_id: UUID) -> list[TrackRecord]: ...
    def save_track(
        self, lease: Lease, prompt: MusicPrompt, generation: Generation, media: MediaReference, facts: AudioFacts
    ) -> TrackRecord: ...
    def images(self, job_id: UUID) -> list[ImageRecord]: ...
    def save_image(
        self, lease: Lease, prompt: VisualPrompt, generation: Generation, media: MediaReference, facts: ImageFacts
    ) -> ImageRecord: ...
    def open_render_task(self, lease: Lease, resolution: str) -> UUID: ...
    def close_render_task(self, lease: Lease, task_id: UUID, outcome: RenderReport | str) -> None:
        """Record the result: a report, or the text of the error."""
        ...

    def save_master(self, lease: Lease, report: RenderReport, *, task_id: UUID | None = None) -> None:
        """Record the master, and close its render task; exports that were made from an earlier one are forgotten."""
        ...

    def master(self, job_id: UUID) -> RenderReport | None: ...
    def save_export(self, job_id: UUID, report: RenderReport) -> ExportRecord: ...
    def exports(self, job_id: UUID) -> list[ExportRecord]: ...
