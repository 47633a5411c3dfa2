"""Owns what is known of the books as a whole: the files they name, when they were put back; hides the tables."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select, text

from video_pipeline.domain.inventory import Inventory, RecordedFile
from video_pipeline.store.books.base import INSTALLATION, Books

# Paths of render tasks are history: what a later attempt replaced is gone, and nobody needs it.
_FILES = text(
    """
SELECT * FROM (
    SELECT video_job_id AS job_id, 'track' AS what, local_file_path AS key, bytes, sha256 FROM audio_tracks
    UNION ALL SELECT video_job_id, 'bed', local_file_path, bytes, sha256 FROM sound_beds
    UNION ALL SELECT video_job_id, 'image', local_file_path, bytes, sha256 FROM images
    UNION ALL SELECT video_job_id, 'clip', clip_path, clip_bytes, clip_sha256 FROM images WHERE clip_path IS NOT NULL
    UNION ALL SELECT video_job_id, 'earlier image', local_file_path, bytes, sha256 FROM image_versions
    UNION ALL SELECT video_job_id, 'earlier clip', clip_path, clip_bytes, clip_sha256 FROM image_versions
        WHERE clip_path IS NOT NULL
    UNION ALL SELECT id, 'master', local_video_path, CAST(master_report -> 'media' ->> 'bytes' AS BIGINT),
        master_report -> 'media' ->> 'sha256' FROM video_jobs WHERE local_video_path IS NOT NULL
    UNION ALL SELECT video_job_id, 'export', local_file_path, bytes, sha256 FROM exports
    UNION ALL SELECT job_id, 'upload', file_path, bytes, sha256 FROM job_files
    UNION ALL SELECT video_job_id, 'thumbnail', image_url, NULL, NULL FROM thumbnails
) AS file
WHERE CAST(:job AS UUID) IS NULL OR job_id = :job
ORDER BY key, what, job_id
"""
)
_JOBS = text("SELECT id FROM video_jobs WHERE CAST(:job AS UUID) IS NULL OR id = :job")
_RECEIVING = text(
    "SELECT id FROM job_uploads WHERE num_nonnulls(file_id, error_message) = 0"
    " AND (CAST(:job AS UUID) IS NULL OR job_id = :job)"
)


def recorded_files(connection: Connection, job_id: UUID | None = None) -> tuple[RecordedFile, ...]:
    """The files that the books name, of one job or of all."""
    return tuple(RecordedFile(*row) for row in connection.execute(_FILES, {"job": job_id}))


class InventoryBooks(Books):
    """What there should be in the media store, and where the books come from."""

    def restored_at(self) -> datetime | None:
        """When these books were last put back from a backup; None when they never were."""
        with self._transaction() as connection:
            return connection.execute(select(INSTALLATION.c.restored_at)).scalar()

    def inventory(self, job_id: UUID | None = None) -> Inventory:
        """The files of one job or of all, and the jobs that there are."""
        values = {"job": job_id}
        with self._transaction() as connection:
            # One snapshot for all three, so that no file is between two of them.
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            return Inventory(
                jobs=frozenset(connection.execute(_JOBS, values).scalars()),
                files=recorded_files(connection, job_id),
                receiving=frozenset(connection.execute(_RECEIVING, values).scalars()),
            )
