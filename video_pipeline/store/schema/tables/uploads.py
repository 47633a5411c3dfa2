"""Owns the table of uploads that come in pieces; hides nothing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.domain.uploads import FileType
from video_pipeline.store.schema.tables.base import CHECKSUM, FILE_TYPE, Base, Id, Now

RECEIVING = "num_nonnulls(file_id, error_message) = 0"
"""Neither a file yet nor refused."""


class JobUpload(Base):
    """One file on its way; of each type and name one at a time."""

    __tablename__ = "job_uploads"
    __table_args__ = (
        CheckConstraint("bytes > 0", name="bytes"),
        CheckConstraint("received BETWEEN 0 AND bytes", name="received"),
        CheckConstraint(CHECKSUM, name="sha256"),
        CheckConstraint("num_nonnulls(file_id, error_message) <= 1", name="outcome"),
        CheckConstraint("file_id IS NULL OR received = bytes", name="file_id"),
        Index(
            "idx_job_uploads_receiving",
            *("job_id", "file_type", "filename"),
            unique=True,
            postgresql_where=text(RECEIVING),
        ),
        Index("idx_job_uploads_expires_at", "expires_at"),
        Index("idx_job_uploads_file_id", "file_id"),
    )

    id: Mapped[Id]
    job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    file_type: Mapped[FileType] = mapped_column(FILE_TYPE)
    filename: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    sha256: Mapped[str | None]
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("job_files.id", ondelete="CASCADE"))
    error_message: Mapped[str | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    expires_at: Mapped[datetime]
