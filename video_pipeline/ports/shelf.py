"""Owns the verbs of what lies beside a job's works: thumbnails and uploaded files; hides PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import JobFileRecord, ThumbnailDraft, ThumbnailRecord
from video_pipeline.domain.uploads import FileType


class ThumbnailBook(Protocol):
    """Thumbnails; one of a job's is selected, by default the one with the highest prediction."""

    def save_thumbnail(
        self, job_id: UUID, variant: str, key: str, click_prediction: float | None, predicted_by: str | None
    ) -> ThumbnailRecord:
        """Record one thumbnail; it replaces one of the same variant, and its selection if the key is the same."""
        ...

    def replace_thumbnails(
        self, job_id: UUID, drafts: Sequence[ThumbnailDraft], predicted_by: str
    ) -> list[ThumbnailRecord]:
        """Record those that were drawn anew instead of all that `predicted_by` judged before.

        One with the same key stays the same row under its new name, selected if it was. Returns all of the job.
        """
        ...

    def get_thumbnails(self, job_id: UUID) -> list[ThumbnailRecord]:
        """All of a job, highest prediction first."""
        ...

    def get_selected_thumbnail(self, job_id: UUID) -> ThumbnailRecord | None: ...
    def update_thumbnail_selection(self, job_id: UUID, thumbnail_id: UUID) -> list[ThumbnailRecord]:
        """Select one and no other; all of the job. NotFoundError when the job has no such thumbnail."""
        ...


class FileBook(Protocol):
    """Uploaded files."""

    def add_file(self, job_id: UUID, file_type: FileType, filename: str, media: MediaReference) -> JobFileRecord:
        """Record one file; ConflictError when the job has one of that type and name."""
        ...

    def get_job_files(self, job_id: UUID, file_type: FileType | None = None) -> list[JobFileRecord]:
        """The files of a job, oldest first."""
        ...

    def get_file(self, job_id: UUID, file_id: UUID) -> JobFileRecord:
        """One file; NotFoundError when the job has no such file."""
        ...

    def delete_file(self, job_id: UUID, file_id: UUID) -> JobFileRecord:
        """Forget one file; what it was. NotFoundError when the job has no such file."""
        ...

    def get_file_counts(self, job_id: UUID) -> dict[FileType, int]:
        """How many files of each type a job has; types without files count 0."""
        ...
