"""Owns the verbs of the books; hides PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.media import AudioFacts, Generation, ImageFacts, MediaReference
from video_pipeline.domain.progress import Progress
from video_pipeline.domain.records import (
    BedRecord,
    ChannelRecord,
    Clip,
    EventRecord,
    ExportRecord,
    ImageRecord,
    ImageVersion,
    JobRecord,
    Lease,
    NewPicture,
    RenderReport,
    TrackRecord,
    Works,
)
from video_pipeline.domain.storyboard import BedPlan, MusicPrompt, Song, Storyboard, VisualPrompt
from video_pipeline.ports.finding import FeedBook, InventoryBook, StatisticsBook, SummaryBook
from video_pipeline.ports.licences import LicenceBook
from video_pipeline.ports.orders import OrderBook
from video_pipeline.ports.publications import PublicationBook
from video_pipeline.ports.purchases import MoneyBook
from video_pipeline.ports.shelf import FileBook, ThumbnailBook, UploadBook


class ChannelBook(Protocol):
    """Channels."""

    def create_channel(self, name: str, brand_niche: str, youtube_channel_id: str | None = None) -> ChannelRecord: ...
    def list_channels(self, *, active_only: bool = False) -> list[ChannelRecord]: ...
    def find_channel(self, name_or_id: str) -> ChannelRecord: ...


class JobBook(Protocol):
    """Jobs: ordering, finding, progress, history."""

    def create_job(
        self,
        brief: Brief,
        output_directory: str | None = None,
        *,
        preparing: bool = False,
        key_id: UUID | None = None,
    ) -> JobRecord: ...
    def create_job_unless(self, brief: Brief, statuses: Sequence[JobStatus]) -> JobRecord | None:
        """Order a video unless its channel has a job in one of `statuses`; of several orders at once, one is taken."""
        ...

    def update_job_config(self, job_id: UUID, brief: Brief, *, by: str) -> JobRecord:
        """Order something else of the same kind, for the same channel and user, before anything is begun.

        ConflictError when the job is planned already or worked on, InvalidInputError when kind, channel or user differ.
        """
        ...

    def get_job(self, job_id: UUID) -> JobRecord: ...
    def find_job(self, id_or_prefix: str) -> JobRecord: ...
    def increment_estimated_cost(self, job_id: UUID, additional_cost: Decimal) -> Decimal:
        """Expect so many US dollars more of a job; returns what is expected of it now."""
        ...

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
    def increment_download_count(self, job_id: UUID) -> int: ...
    def update_job_progress(self, job_id: UUID, progress: Progress | dict[str, Any]) -> bool: ...
    def delete_job(self, job_id: UUID) -> None:
        """Forget a job with all that is recorded of it but its money and licences.

        ConflictError while it is unfinished or held, or when it was published.
        """
        ...


class LeaseBook(Protocol):
    """One live attempt a job. Every write with a lease raises LeaseLostError when a newer attempt owns the job."""

    def claim(self, job_id: UUID, run_id: str, *, ttl_s: int = 60, edit: bool = False) -> Lease:
        """Take the job for one attempt; ConflictError while another attempt's lease is live.

        With `edit` for a change of its storyboard: the job stays in the hands of the run that had it last, and
        `run_id` says for people what is being done. ConflictError when its status allows no edit.
        """
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


class MoveBook(Protocol):
    """Changes of status, and the approval that one of them needs."""

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
    def approve_storyboard(self, job_id: UUID, by: str = "operator", *, expected: str | None = None) -> bool:
        """Approve exactly what is there now; PreconditionError when that is not the `expected` version."""
        ...


class WorkBook(Protocol):
    """What is made."""

    def save_storyboard(
        self,
        lease: Lease,
        storyboard: Storyboard,
        *,
        by: Generation | None = None,
        expected_usd: Decimal | None = None,
    ) -> None:
        """Record the plan, and what writing it cost.

        `expected_usd`, what the job is expected to cost by this plan, replaces what was expected of the order.
        """
        ...

    def works(self, job_id: UUID) -> Works:
        """Music, pictures and sounds of a job, as they were at one moment."""
        ...

    def tracks(self, job_id: UUID) -> list[TrackRecord]: ...
    def save_track(
        self, lease: Lease, prompt: MusicPrompt | Song, generation: Generation, media: MediaReference, facts: AudioFacts
    ) -> TrackRecord: ...
    def images(self, job_id: UUID) -> list[ImageRecord]: ...
    def save_image(
        self,
        lease: Lease,
        prompt: VisualPrompt,
        generation: Generation,
        media: MediaReference,
        facts: ImageFacts,
        *,
        clip: Clip | None = None,
    ) -> ImageRecord: ...
    def save_clip(self, lease: Lease, order_index: int, generation: Generation, clip: Clip) -> ImageRecord:
        """Record the footage that was made of a picture, and add what it cost; NotFoundError without the picture."""
        ...

    def save_bed(
        self, lease: Lease, plan: BedPlan, generation: Generation, media: MediaReference, facts: AudioFacts
    ) -> BedRecord: ...
    def open_render_task(self, lease: Lease, resolution: str) -> UUID: ...
    def close_render_task(self, lease: Lease, task_id: UUID, outcome: RenderReport | str) -> None:
        """Record the result: a report, or the text of the error."""
        ...

    def save_master(self, lease: Lease, report: RenderReport, *, task_id: UUID | None = None) -> None:
        """Record the master, and close its render task; exports that were made from an earlier one are forgotten."""
        ...

    def master(self, job_id: UUID) -> RenderReport | None: ...
    def save_export(self, job_id: UUID, report: RenderReport, *, version: str | None = None) -> ExportRecord:
        """Record one export; ConflictError when the storyboard is not the `version` any more that it shows."""
        ...

    def exports(self, job_id: UUID) -> list[ExportRecord]: ...


class EditBook(Protocol):
    """Changes of a storyboard that was delivered. Each needs the lease of an edit (`claim`).

    Each takes the approval back, brings the job to await it again, and forgets the master and the exports, which show
    the former storyboard. ConflictError when the job's status allows no edit, PreconditionError when the storyboard is
    not the `expected` version any more, InvalidInputError for a scene that there is not.
    """

    def storyboard_version(self, job_id: UUID) -> str | None:
        """The fingerprint of the plan and its files; None while scenes lack their music or picture."""
        ...

    def refine_scene_in_storyboard(
        self,
        lease: Lease,
        scene_number: int,
        *,
        by: str,
        picture: NewPicture | None = None,
        description: str | None = None,
        expected: str | None = None,
    ) -> JobRecord:
        """Give a scene another picture, another description or both, and count the refinement.

        The former picture goes into the history, and the money set aside for the new one is settled.
        LimitReachedError when all refinements are used up.
        """
        ...

    def reorder_storyboard_scenes(
        self, lease: Lease, scene_order: Sequence[int], storyboard: Storyboard, *, by: str, expected: str | None = None
    ) -> JobRecord:
        """Put the scenes, with all that was made for them, into another order; `storyboard` is the plan in that order.

        The order that there is changes nothing and takes no approval back.
        """
        ...

    def image_versions(self, job_id: UUID, order_index: int | None = None) -> list[ImageVersion]:
        """Earlier pictures of one scene or of all, the last replaced first."""
        ...

    def restore_image(
        self, lease: Lease, scene_number: int, version_id: UUID, *, by: str, expected: str | None = None
    ) -> JobRecord:
        """Let a scene show an earlier picture again, with its prompt and description; the present one goes into the
        history. It is no refinement and costs nothing. NotFoundError when the scene never showed it.
        """
        ...


class RewordBook(Protocol):
    """Other words for what a failed job lacks, of which a vendor may have refused the former ones.

    No lease is needed, nothing is bought, no refinement is counted, and the job stays failed until it is retried.
    ConflictError when it did not fail over such a thing, PreconditionError when the storyboard is not the `expected`
    version, InvalidInputError for what there is not, or is not made of words.
    """

    def reword_scene(
        self,
        job_id: UUID,
        scene_number: int,
        *,
        by: str,
        prompt: str | None = None,
        description: str | None = None,
        expected: str | None = None,
    ) -> JobRecord:
        """Give a scene of a job that failed over its pictures other words."""
        ...

    def reword_track(
        self, job_id: UUID, order_index: int, *, by: str, prompt: str, expected: str | None = None
    ) -> JobRecord:
        """Give a piece of a job that failed over its music other words."""
        ...

    def refused_words(self, job_id: UUID) -> set[tuple[str, str]]:
        """What a vendor's moderation has refused for a job: the thing, such as music/03, with the words."""
        ...


class JobStore(
    ChannelBook,
    JobBook,
    LeaseBook,
    MoveBook,
    WorkBook,
    OrderBook,
    ThumbnailBook,
    FileBook,
    UploadBook,
    PublicationBook,
    SummaryBook,
    StatisticsBook,
    FeedBook,
    InventoryBook,
    MoneyBook,
    LicenceBook,
    EditBook,
    RewordBook,
    Protocol,
):
    """Keeps the books."""
