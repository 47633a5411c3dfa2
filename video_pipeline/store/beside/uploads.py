"""Owns uploads that come in pieces, in the books; hides the queries.

The row of the job is locked while one begins, so that two that begin at once do not exceed its limits together. How
far an upload is changes by compare-and-set.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from video_pipeline.domain.errors import ConflictError, NotFoundError, OffsetError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import JobFileRecord, UploadRecord
from video_pipeline.domain.uploads import FileType
from video_pipeline.store.beside.shelf import RECEIVING, check_job_has_room, file_record, insert_file
from video_pipeline.store.books.base import FILES, PARTS, Books, find_row
from video_pipeline.store.books.codec import clean

_NOW = func.clock_timestamp()


class UploadBooks(Books):
    """Verbs about uploads; see ports.UploadBook."""

    def open_upload(
        self, job_id: UUID, file_type: FileType, filename: str, size: int, *, sha256: str | None = None, ttl_s: float
    ) -> UploadRecord:
        """Begin an upload of `size` bytes, which count as the job's from now on."""
        name = clean(filename)
        values = {"job_id": job_id, "file_type": file_type, "filename": name, "bytes": size, "sha256": sha256}
        with self._transaction() as connection:
            find_row(connection, job_id, locked=True)
            there = FILES.c.job_id == job_id, FILES.c.file_type == file_type, FILES.c.filename == name
            if connection.execute(select(FILES.c.id).where(*there)).one_or_none() is not None:
                raise ConflictError(
                    f"job {job_id} has a file {name} among its {file_type}; delete it first, or give another name"
                )
            _check_not_under_way(connection, job_id, file_type, name)
            check_job_has_room(connection, job_id, size)
            new = insert(PARTS).values(values | _touched(ttl_s) | {"created_at": _NOW}).returning(PARTS)
            return _upload(connection.execute(new).one())

    def get_upload(self, job_id: UUID, upload_id: UUID) -> UploadRecord:
        """One upload, also one that became a file; NotFoundError when the job has no such upload."""
        query = select(PARTS).where(PARTS.c.id == upload_id, PARTS.c.job_id == job_id)
        with self._transaction() as connection:
            return _upload(_found(connection.execute(query).one_or_none(), job_id, upload_id))

    def get_uploads(self, job_id: UUID) -> list[UploadRecord]:
        """The uploads of a job that became no file, oldest first."""
        query = select(PARTS).where(PARTS.c.job_id == job_id, PARTS.c.file_id.is_(None))
        with self._transaction() as connection:
            return [_upload(row) for row in connection.execute(query.order_by(PARTS.c.created_at, PARTS.c.id))]

    def advance_upload(self, upload: UploadRecord, received: int, *, ttl_s: float) -> UploadRecord:
        """Record that `received` bytes are safe; OffsetError when it does not stand where `upload` does any more."""
        same = PARTS.c.id == upload.id, PARTS.c.received == upload.received, RECEIVING
        changed = update(PARTS).where(*same).values({"received": received} | _touched(ttl_s)).returning(PARTS)
        with self._transaction() as connection:
            row = connection.execute(changed).one_or_none()
            if row is not None:
                return _upload(row)
            now = connection.execute(select(PARTS).where(PARTS.c.id == upload.id)).one_or_none()
        stands = _found(now, upload.job_id, upload.id).received
        raise OffsetError(f"upload {upload.id} goes on with byte {stands}, not {upload.received}", offset=stands)

    def finish_upload(self, upload: UploadRecord, media: MediaReference) -> JobFileRecord:
        """Make it a file of the job; the same file again when it is one already."""
        with self._transaction() as connection:
            find_row(connection, upload.job_id, locked=True)
            query = select(PARTS).where(PARTS.c.id == upload.id).with_for_update()
            row = _found(connection.execute(query).one_or_none(), upload.job_id, upload.id)
            if row.file_id is not None:
                return file_record(connection.execute(select(FILES).where(FILES.c.id == row.file_id)).one())
            made = insert_file(connection, upload.job_id, upload.file_type, upload.filename, media)
            connection.execute(update(PARTS).where(PARTS.c.id == upload.id).values(file_id=made.id, updated_at=_NOW))
            return made

    def refuse_upload(self, upload: UploadRecord, error_message: str) -> None:
        """Record why it becomes no file; its name is free again."""
        values = {"error_message": clean(error_message), "updated_at": _NOW}
        with self._transaction() as connection:
            connection.execute(update(PARTS).where(PARTS.c.id == upload.id, RECEIVING).values(values))

    def drop_upload(self, job_id: UUID, upload_id: UUID) -> UploadRecord:
        """Forget an upload; what it was. NotFoundError when the job has no such upload."""
        ours = PARTS.c.id == upload_id, PARTS.c.job_id == job_id
        with self._transaction() as connection:
            row = connection.execute(delete(PARTS).where(*ours).returning(PARTS)).one_or_none()
            return _upload(_found(row, job_id, upload_id))

    def lapsed_uploads(self, limit: int) -> list[UploadRecord]:
        """Uploads for which nothing came in time, the first to expire first."""
        query = select(PARTS).where(_is_lapsed()).order_by(PARTS.c.expires_at).limit(limit)
        with self._transaction() as connection:
            return [_upload(row) for row in connection.execute(query)]

    def drop_lapsed_upload(self, upload_id: UUID) -> bool:
        """Forget an upload unless something came for it meanwhile; whether it was forgotten."""
        with self._transaction() as connection:
            return bool(connection.execute(delete(PARTS).where(PARTS.c.id == upload_id, _is_lapsed())).rowcount)

    def known_uploads(self, upload_ids: Sequence[UUID]) -> set[UUID]:
        """Those of these that are in the books."""
        with self._transaction() as connection:
            return set(connection.execute(select(PARTS.c.id).where(PARTS.c.id.in_(upload_ids))).scalars())


def _is_lapsed() -> ColumnElement[bool]:
    return PARTS.c.expires_at <= _NOW


def _touched(ttl_s: float) -> dict[str, Any]:
    return {"updated_at": _NOW, "expires_at": _NOW + timedelta(seconds=ttl_s)}


def _check_not_under_way(connection: Connection, job_id: UUID, file_type: FileType, name: str) -> None:
    same = PARTS.c.job_id == job_id, PARTS.c.file_type == file_type, PARTS.c.filename == name
    row = connection.execute(select(PARTS).where(*same, RECEIVING)).one_or_none()
    if row is not None:
        raise ConflictError(
            f"{name} is on its way to the {file_type} of job {job_id} already: go on with upload {row.id} at byte "
            f"{row.received}, or delete that first"
        )


def _found(row: Row[Any] | None, job_id: UUID, upload_id: UUID) -> Row[Any]:
    if row is None:
        raise NotFoundError(f"job {job_id} has no upload {upload_id}; it was abandoned, or nothing came for too long")
    return row


def _upload(row: Row[Any]) -> UploadRecord:
    return UploadRecord(
        id=row.id,
        job_id=row.job_id,
        file_type=row.file_type,
        filename=row.filename,
        bytes=row.bytes,
        received=row.received,
        sha256=row.sha256,
        file_id=row.file_id,
        error_message=row.error_message,
        created_at=row.created_at,
        updated_at=row.updated_at,
        expires_at=row.expires_at,
    )
