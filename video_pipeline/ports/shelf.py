"""Owns the verbs of what lies beside a job's works: thumbnails, uploaded files and uploads on their way.

Hides PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import JobFileRecord, ThumbnailDraft, ThumbnailRecord, UploadRecord
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

        Its version, which is what follows a hyphen, makes no difference: those of a former one are replaced as well.
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
        """Record one file; ConflictError when the job has one of that type and name, also one that is on its way.

        LimitReachedError when the job has as many files, or as many bytes, as it may have.
        """
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


class UploadBook(Protocol):
    """Uploads in pieces, until they are files."""

    def open_upload(
        self, job_id: UUID, file_type: FileType, filename: str, size: int, *, sha256: str | None = None, ttl_s: float
    ) -> UploadRecord:
        """Begin an upload of `size` bytes, which count as the job's from now on.

        ConflictError when the job has a file of that type and name, or one on its way; LimitReachedError when it has
        as many files, or as many bytes, as it may have.
        """
        ...

    def get_upload(self, job_id: UUID, upload_id: UUID) -> UploadRecord:
        """One upload, also one that became a file; NotFoundError when the job has no such upload."""
        ...

    def get_uploads(self, job_id: UUID) -> list[UploadRecord]:
        """The uploads of a job that became no file, oldest first."""
        ...

    def advance_upload(self, upload: UploadRecord, received: int, *, ttl_s: float) -> UploadRecord:
        """Record that `received` bytes are safe; more than before, or fewer when the disk has lost some.

        OffsetError when it does not stand where `upload` does any more, NotFoundError when it was abandoned.
        """
        ...

    def finish_upload(self, upload: UploadRecord, media: MediaReference) -> JobFileRecord:
        """Make it a file of the job; the same file again when it is one already. NotFoundError when it is gone."""
        ...

    def refuse_upload(self, upload: UploadRecord, error_message: str) -> None:
        """Record why it becomes no file; its name is free again."""
        ...

    def drop_upload(self, job_id: UUID, upload_id: UUID) -> UploadRecord:
        """Forget an upload; what it was. NotFoundError when the job has no such upload."""
        ...

    def lapsed_uploads(self, limit: int) -> list[UploadRecord]:
        """Uploads for which nothing came in time."""
        ...

    def drop_lapsed_upload(self, upload_id: UUID) -> bool:
        """Forget an upload unless something came for it meanwhile; whether it was forgotten."""
        ...

    def known_uploads(self, upload_ids: Sequence[UUID]) -> set[UUID]:
        """Those of these that are in the books."""
        ...
