"""Owns what lies beside a job's works in the books: thumbnails and uploaded files; hides the queries.

The row of the job is locked while its thumbnails change, so that exactly one of them stays selected, and while a file
is added, so that its limits hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, delete, func, select, union_all, update
from sqlalchemy.dialects.postgresql import insert

from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import JobFileRecord, ThumbnailDraft, ThumbnailRecord
from video_pipeline.domain.uploads import FileType, check_room
from video_pipeline.store.books.base import FILES, PARTS, THUMBNAILS, Books, find_row
from video_pipeline.store.books.codec import clean
from video_pipeline.store.files.keys import checked_key

_NOW = func.clock_timestamp()
RECEIVING = and_(PARTS.c.file_id.is_(None), PARTS.c.error_message.is_(None))
_BEST_FIRST = (THUMBNAILS.c.click_prediction.desc().nulls_last(), THUMBNAILS.c.variant, THUMBNAILS.c.id)


class ShelfBooks(Books):
    """Verbs about thumbnails and files."""

    def save_thumbnail(
        self, job_id: UUID, variant: str, key: str, click_prediction: float | None, predicted_by: str | None
    ) -> ThumbnailRecord:
        """Record one thumbnail; it replaces one of the same variant, and its selection if the key is the same."""
        values = _values(ThumbnailDraft(variant, key, click_prediction), predicted_by)
        with self._transaction() as connection:
            find_row(connection, job_id, locked=True)
            same = THUMBNAILS.c.video_job_id == job_id, THUMBNAILS.c.variant == values["variant"]
            chosen = select(THUMBNAILS.c.image_url).where(*same, THUMBNAILS.c.is_selected)
            selected = connection.execute(chosen).scalar_one_or_none() == values["image_url"]
            connection.execute(delete(THUMBNAILS).where(*same))
            saved = _insert(connection, job_id, values | {"is_selected": selected})
            _select_best_if_none(connection, job_id)
            return _thumbnail(connection.execute(select(THUMBNAILS).where(THUMBNAILS.c.id == saved)).one())

    def replace_thumbnails(
        self, job_id: UUID, drafts: Sequence[ThumbnailDraft], predicted_by: str
    ) -> list[ThumbnailRecord]:
        """Record those that were drawn anew; see ports.ThumbnailBook."""
        wanted = {draft.key: _values(draft, predicted_by) for draft in drafts}
        model = clean(predicted_by).partition("-")[0]
        former = THUMBNAILS.c.video_job_id == job_id, func.split_part(THUMBNAILS.c.predicted_by, "-", 1) == model
        with self._transaction() as connection:
            find_row(connection, job_id, locked=True)
            connection.execute(delete(THUMBNAILS).where(*former, THUMBNAILS.c.image_url.not_in(list(wanted))))
            kept = {row.image_url for row in connection.execute(select(THUMBNAILS.c.image_url).where(*former))}
            for key, values in wanted.items():
                if key in kept:
                    connection.execute(update(THUMBNAILS).where(*former, THUMBNAILS.c.image_url == key).values(values))
                else:
                    _insert(connection, job_id, values)
            _select_best_if_none(connection, job_id)
            return _thumbnails(connection, job_id)

    def get_thumbnails(self, job_id: UUID) -> list[ThumbnailRecord]:
        """All of a job, highest prediction first."""
        with self._transaction() as connection:
            return _thumbnails(connection, job_id)

    def get_selected_thumbnail(self, job_id: UUID) -> ThumbnailRecord | None:
        """The selected one of a job; None when it has none at all."""
        query = select(THUMBNAILS).where(THUMBNAILS.c.video_job_id == job_id, THUMBNAILS.c.is_selected)
        with self._transaction() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _thumbnail(row)

    def update_thumbnail_selection(self, job_id: UUID, thumbnail_id: UUID) -> list[ThumbnailRecord]:
        """Select one and no other; all of the job. NotFoundError when the job has no such thumbnail."""
        with self._transaction() as connection:
            find_row(connection, job_id, locked=True)
            _select(connection, job_id, thumbnail_id)
            return _thumbnails(connection, job_id)

    def add_file(self, job_id: UUID, file_type: FileType, filename: str, media: MediaReference) -> JobFileRecord:
        """Record one file; see ports.FileBook."""
        with self._transaction() as connection:
            find_row(connection, job_id, locked=True)
            same = PARTS.c.job_id == job_id, PARTS.c.file_type == file_type, PARTS.c.filename == clean(filename)
            if connection.execute(select(PARTS.c.id).where(*same, RECEIVING)).one_or_none() is not None:
                raise ConflictError(f"{filename} is on its way to the {file_type} of job {job_id} already, in pieces")
            check_job_has_room(connection, job_id, media.bytes)
            return insert_file(connection, job_id, file_type, filename, media)

    def get_job_files(self, job_id: UUID, file_type: FileType | None = None) -> list[JobFileRecord]:
        """The files of a job, oldest first."""
        query = select(FILES).where(FILES.c.job_id == job_id, FILES.c.sha256.is_not(None))
        if file_type is not None:
            query = query.where(FILES.c.file_type == file_type)
        with self._transaction() as connection:
            return [file_record(row) for row in connection.execute(query.order_by(FILES.c.uploaded_at, FILES.c.id))]

    def get_file(self, job_id: UUID, file_id: UUID) -> JobFileRecord:
        """One file; NotFoundError when the job has no such file."""
        query = select(FILES).where(FILES.c.id == file_id, FILES.c.job_id == job_id, FILES.c.sha256.is_not(None))
        with self._transaction() as connection:
            return file_record(_found(connection.execute(query).one_or_none(), job_id, file_id))

    def delete_file(self, job_id: UUID, file_id: UUID) -> JobFileRecord:
        """Forget one file; what it was. NotFoundError when the job has no such file."""
        ours = FILES.c.id == file_id, FILES.c.job_id == job_id, FILES.c.sha256.is_not(None)
        with self._transaction() as connection:
            row = connection.execute(delete(FILES).where(*ours).returning(FILES)).one_or_none()
            return file_record(_found(row, job_id, file_id))

    def get_file_counts(self, job_id: UUID) -> dict[FileType, int]:
        """How many files of each type a job has; types without files count 0."""
        query = select(FILES.c.file_type, func.count()).where(FILES.c.job_id == job_id).group_by(FILES.c.file_type)
        with self._transaction() as connection:
            counts: dict[FileType, int] = {kind: count for kind, count in connection.execute(query)}  # noqa: C416
        return {each: counts.get(each, 0) for each in FileType}


def insert_file(
    connection: Connection, job_id: UUID, file_type: FileType, filename: str, media: MediaReference
) -> JobFileRecord:
    """Record one file of a locked job; ConflictError when it has one of that type and name."""
    values = {
        "job_id": job_id,
        "file_type": file_type,
        "filename": clean(filename),
        "file_path": str(checked_key(media.key)),
        "sha256": media.sha256,
        "bytes": media.bytes,
        "uploaded_at": _NOW,
    }
    once = insert(FILES).values(values).on_conflict_do_nothing(index_elements=["job_id", "file_type", "filename"])
    row = connection.execute(once.returning(FILES)).one_or_none()
    if row is None:
        raise ConflictError(
            f"job {job_id} has a file {filename} among its {file_type}; delete it first, or give another name"
        )
    return file_record(row)


def check_job_has_room(connection: Connection, job_id: UUID, size: int) -> None:
    """LimitReachedError unless a locked job may have one more file of `size` bytes; what is on its way counts."""
    every = union_all(
        select(FILES.c.bytes).where(FILES.c.job_id == job_id),
        select(PARTS.c.bytes).where(PARTS.c.job_id == job_id, RECEIVING),
    ).subquery()
    count, total = connection.execute(select(func.count(), func.coalesce(func.sum(every.c.bytes), 0))).one()
    check_room(count, int(total), size)


def _found(row: Row[Any] | None, job_id: UUID, file_id: UUID) -> Row[Any]:
    if row is None:
        raise NotFoundError(f"job {job_id} has no file {file_id}")
    return row


def _values(draft: ThumbnailDraft, predicted_by: str | None) -> dict[str, Any]:
    if draft.click_prediction is not None and not 0 <= draft.click_prediction <= 1:
        raise InvalidInputError(f"a prediction is between 0 and 1, not {draft.click_prediction}")
    return {
        "variant": clean(draft.variant),
        "image_url": str(checked_key(draft.key)),
        "click_prediction": draft.click_prediction,
        "predicted_by": predicted_by and clean(predicted_by),
        "pictures": [asdict(picture) for picture in draft.pictures],
    }


def _insert(connection: Connection, job_id: UUID, values: dict[str, Any]) -> UUID:
    new = values | {"video_job_id": job_id, "created_at": _NOW}
    inserted: UUID = connection.execute(insert(THUMBNAILS).values(new).returning(THUMBNAILS.c.id)).scalar_one()
    return inserted


def _thumbnails(connection: Connection, job_id: UUID) -> list[ThumbnailRecord]:
    query = select(THUMBNAILS).where(THUMBNAILS.c.video_job_id == job_id).order_by(*_BEST_FIRST)
    return [_thumbnail(row) for row in connection.execute(query)]


def _select_best_if_none(connection: Connection, job_id: UUID) -> None:
    found = _thumbnails(connection, job_id)
    if found and not any(each.is_selected for each in found):
        _select(connection, job_id, found[0].id)


def _select(connection: Connection, job_id: UUID, thumbnail_id: UUID) -> None:
    of_job = THUMBNAILS.c.video_job_id == job_id
    # One after the other: a unique index looks at each row as it is written.
    others = update(THUMBNAILS).where(of_job, THUMBNAILS.c.is_selected, THUMBNAILS.c.id != thumbnail_id)
    connection.execute(others.values(is_selected=False))
    chosen = update(THUMBNAILS).where(of_job, THUMBNAILS.c.id == thumbnail_id).values(is_selected=True)
    if not connection.execute(chosen).rowcount:
        raise NotFoundError(f"job {job_id} has no thumbnail {thumbnail_id}")


def _thumbnail(row: Row[Any]) -> ThumbnailRecord:
    return ThumbnailRecord(
        id=row.id,
        job_id=row.video_job_id,
        variant=row.variant,
        key=row.image_url,
        click_prediction=row.click_prediction,
        predicted_by=row.predicted_by,
        is_selected=row.is_selected,
        created_at=row.created_at,
        pictures=tuple(MediaReference(**picture) for picture in row.pictures),
    )


def file_record(row: Row[Any]) -> JobFileRecord:
    """A row of job_files."""
    return JobFileRecord(
        id=row.id,
        job_id=row.job_id,
        file_type=row.file_type,
        filename=row.filename,
        media=MediaReference(row.file_path, row.sha256, row.bytes),
        uploaded_at=row.uploaded_at,
    )
