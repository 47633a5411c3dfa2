"""Owns the tables of what goes in and comes out: files, thumbnails, exports, uploads, analytics; hides nothing."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.domain.publishing import Privacy
from video_pipeline.domain.uploads import FileType
from video_pipeline.store.schema.tables.base import CHECKSUM, FILE_TYPE, PRIVACY, Base, Id, Now


class Thumbnail(Base):
    """One variant of a job's thumbnail; at most one is selected."""

    __tablename__ = "thumbnails"
    __table_args__ = (
        CheckConstraint("click_prediction BETWEEN 0 AND 1", name="click_prediction"),
        CheckConstraint("jsonb_typeof(pictures) = 'array'", name="pictures"),
        Index("idx_thumbnails_video_job_id", "video_job_id"),
        Index("idx_thumbnails_selected", "video_job_id", unique=True, postgresql_where=text("is_selected")),
    )

    id: Mapped[Id]
    video_job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    variant: Mapped[str]
    image_url: Mapped[str]
    click_prediction: Mapped[float | None] = mapped_column(Double)
    predicted_by: Mapped[str | None]  # the model whose prediction it is
    is_selected: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[Now]
    pictures: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))  # drawn from them


QUALITY = "quality ~ '^([a-z]{1,16}|[0-9]{2,4}x[0-9]{2,4}(@[0-9]{2,6}k)?)$'"
"""A rung of the ladder, or a size such as 1600x900@4000k."""


class Export(Base):
    """One finished encode of a job's master."""

    __tablename__ = "exports"
    __table_args__ = (
        UniqueConstraint("video_job_id", "format", "quality"),
        CheckConstraint("format IN ('mp4', 'mov', 'webm', 'av1', 'm4a', 'opus', 'flac')", name="format"),
        CheckConstraint(QUALITY, name="quality"),
        CheckConstraint(CHECKSUM, name="sha256"),
        CheckConstraint("bytes > 0", name="bytes"),
        CheckConstraint("duration_seconds > 0", name="duration_seconds"),
    )

    id: Mapped[Id]
    video_job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    format: Mapped[str]
    quality: Mapped[str]
    local_file_path: Mapped[str]
    sha256: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    duration_seconds: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    report: Mapped[dict[str, Any]]
    created_at: Mapped[Now]


class JobFile(Base):
    """A file that somebody uploaded for a job."""

    __tablename__ = "job_files"
    __table_args__ = (
        UniqueConstraint("job_id", "file_type", "filename"),
        CheckConstraint(CHECKSUM, name="sha256"),
        Index("idx_job_files_job", "job_id"),
    )

    id: Mapped[Id]
    job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    file_type: Mapped[FileType] = mapped_column(FILE_TYPE)
    filename: Mapped[str]
    file_path: Mapped[str]
    uploaded_at: Mapped[Now]
    sha256: Mapped[str | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)


class YoutubeUpload(Base):
    """One upload to YouTube."""

    __tablename__ = "youtube_uploads"
    __table_args__ = (Index("idx_youtube_job", "job_id"),)

    id: Mapped[Id]
    job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    video_id: Mapped[str]
    video_url: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    privacy: Mapped[Privacy] = mapped_column(PRIVACY, server_default="private")
    tags: Mapped[list[str] | None]
    category: Mapped[str | None]
    uploaded_at: Mapped[Now]


class VideoAnalytics(Base):
    """What YouTube reported about a video on one day."""

    __tablename__ = "video_analytics"
    __table_args__ = (
        Index("idx_video_analytics_job", "video_job_id", text("snapshot_date DESC")),
        Index("idx_video_analytics_day", "video_job_id", "youtube_video_id", "snapshot_date", unique=True),
    )

    id: Mapped[Id]
    video_job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    youtube_video_id: Mapped[str] = mapped_column(String(100))
    views: Mapped[int | None] = mapped_column(server_default=text("0"))
    watch_time_hours: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    revenue_usd: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    snapshot_date: Mapped[date]
    created_at: Mapped[datetime | None] = mapped_column(server_default=text("CURRENT_TIMESTAMP"))
