"""Owns the five tables of the studio's core: channels, jobs, tracks, images, render tasks; hides nothing.

Paths (`local_file_path`, `local_video_path`, `output_directory`) are keys of the media store, relative to its root.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.domain.job import Approval, JobKind, JobStatus
from video_pipeline.store.schema.tables.base import (
    APPROVAL,
    CHECKSUM,
    JOB_KIND,
    JOB_STATUS,
    MUSIC_PROVIDER,
    ORDER_INDEX,
    RENDER_STATUS,
    VISUAL_PROVIDER,
    Base,
    Count,
    Id,
    Money,
    Now,
    RenderStatus,
)
from video_pipeline.store.schema.tables.words import JOB_WORDS, Words

# Written as PostgreSQL itself prints it. Anything may be in a column of JSON; what has no list of scenes has no count.
SCENE_COUNT = Computed(
    "CASE WHEN jsonb_typeof(storyboard_data -> 'scenes'::text) = 'array'::text"
    " THEN jsonb_array_length(storyboard_data -> 'scenes'::text) ELSE NULL::integer END",
    persisted=True,
)


class Channel(Base):
    """A YouTube channel."""

    __tablename__ = "channels"
    __table_args__ = (
        Index("idx_channels_is_active", "is_active"),
        Index("idx_channels_created_at", text("created_at DESC")),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(255))
    youtube_channel_id: Mapped[str | None] = mapped_column(String(100), unique=True)
    brand_niche: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    youtube_refresh_token: Mapped[str | None] = mapped_column(deferred=True)  # a secret: no record ever holds it


class VideoJob(Base):
    """One ordered video."""

    __tablename__ = "video_jobs"
    __table_args__ = (
        UniqueConstraint("id", "kind"),  # what the works of a job refer to, so that their kind cannot lie
        CheckConstraint(
            "target_duration_minutes BETWEEN 60 AND 90"
            " OR (kind <> 'album' AND target_duration_minutes BETWEEN 1 AND 720)",
            name="target_duration_minutes",
        ),
        CheckConstraint("approved_at IS NOT NULL OR NOT approved", name="approved_at"),
        CheckConstraint("refinement_count BETWEEN 0 AND 5", name="refinement_count"),
        CheckConstraint("retry_count >= 0", name="retry_count"),
        CheckConstraint("download_count >= 0", name="download_count"),
        CheckConstraint("attempt >= 0", name="attempt"),
        CheckConstraint("estimated_cost >= 0", name="estimated_cost"),
        CheckConstraint("actual_cost >= 0", name="actual_cost"),
        CheckConstraint("bpm > 0", name="bpm"),
        CheckConstraint("credits_used >= 0", name="credits_used"),
        CheckConstraint("duration >= 0", name="duration"),
        Index("idx_video_jobs_channel_id", "channel_id"),
        Index("idx_video_jobs_status", "status"),
        Index("idx_video_jobs_created_at", text("created_at DESC")),
        Index("idx_video_jobs_updated_at", text("updated_at DESC")),
        Index("idx_video_jobs_user_id", "user_id"),
        Index("idx_video_jobs_prompts", "prompts_json", postgresql_using="gin"),
        Index("idx_video_jobs_search", "search", postgresql_using="gin"),
        Index("idx_video_jobs_page", text("created_at DESC"), text("id DESC")),
        Index("idx_video_jobs_user_page", "user_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[Id]
    channel_id: Mapped[UUID] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    status: Mapped[JobStatus] = mapped_column(JOB_STATUS, server_default="planned")
    niche_label: Mapped[str] = mapped_column(String(255))
    mood_keywords: Mapped[str]
    target_duration_minutes: Mapped[int]
    prompts_json: Mapped[dict[str, Any] | None]
    local_video_path: Mapped[str | None]
    output_directory: Mapped[str]
    error_message: Mapped[str | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]

    kind: Mapped[JobKind] = mapped_column(JOB_KIND, server_default="album")
    brief: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    approval: Mapped[Approval] = mapped_column(APPROVAL, server_default="required")
    seed: Mapped[int | None] = mapped_column(BigInteger)
    progress: Mapped[dict[str, Any] | None]
    storyboard_data: Mapped[dict[str, Any] | None]
    approved: Mapped[bool] = mapped_column(server_default=false())
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    approved_fingerprint: Mapped[str | None]
    estimated_cost: Mapped[Money]
    actual_cost: Mapped[Money]
    retry_count: Mapped[Count]
    refinement_count: Mapped[Count]
    download_count: Mapped[Count]
    failed_from: Mapped[JobStatus | None] = mapped_column(JOB_STATUS)
    attempt: Mapped[Count]
    run_id: Mapped[str | None]
    run_dir: Mapped[str | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    master_report: Mapped[dict[str, Any] | None]

    user_id: Mapped[str | None]
    api_key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))  # that ordered it
    project_name: Mapped[str | None]
    song_title: Mapped[str | None]
    music_file: Mapped[str | None]
    genre: Mapped[str | None]
    bpm: Mapped[int | None]
    engine: Mapped[str | None]
    prompt: Mapped[str | None]
    youtube_title: Mapped[str | None]
    youtube_description: Mapped[str | None]
    youtube_tags: Mapped[list[str] | None]
    video_url: Mapped[str | None]
    credits_used: Mapped[int | None]
    duration: Mapped[int | None]  # seconds

    upload_strategy: Mapped[str | None] = mapped_column(String(50))
    scheduled_time: Mapped[datetime | None]
    youtube_video_id: Mapped[str | None] = mapped_column(String(100))

    search: Mapped[Any | None] = mapped_column(Words, JOB_WORDS)
    scene_count: Mapped[int | None] = mapped_column(SCENE_COUNT)


_MEASURED_TRACK = (
    "num_nonnulls(sha256, bytes, samples, channels, integrated_lufs, true_peak_dbtp, range_lu, longest_silence_s)"
)
_CLIP = "num_nonnulls(clip_path, clip_sha256, clip_bytes, clip_frames)"
_MEASURED_IMAGE = "num_nonnulls(sha256, bytes, width, height, mean_luma, perceptual_hash)"


class AudioTrack(Base):
    """One piece of music of a job."""

    __tablename__ = "audio_tracks"
    __table_args__ = (
        UniqueConstraint("video_job_id", "order_index"),
        ForeignKeyConstraint(
            ["video_job_id", "kind"], ["video_jobs.id", "video_jobs.kind"], ondelete="CASCADE", onupdate="CASCADE"
        ),
        CheckConstraint(ORDER_INDEX, name="order_index"),
        CheckConstraint("duration_seconds > 0", name="duration_seconds"),
        CheckConstraint(CHECKSUM, name="sha256"),
        CheckConstraint("cost >= 0", name="cost"),
        # Measured as a whole or not at all.
        CheckConstraint(f"{_MEASURED_TRACK} IN (0, 8)", name="measured"),
        Index("idx_audio_tracks_video_job_id", "video_job_id"),
        Index("idx_audio_tracks_order", "video_job_id", "order_index"),
    )

    id: Mapped[Id]
    video_job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(MUSIC_PROVIDER)
    provider_track_id: Mapped[str | None] = mapped_column(String(255))
    order_index: Mapped[int]
    duration_seconds: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    local_file_path: Mapped[str]
    license_document_url: Mapped[str | None]
    prompt_text: Mapped[str]
    created_at: Mapped[Now]

    kind: Mapped[JobKind] = mapped_column(JOB_KIND, server_default="album")
    licence: Mapped[str | None]
    cost: Mapped[Money]
    sha256: Mapped[str | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    samples: Mapped[int | None] = mapped_column(BigInteger)  # at 48 kHz
    channels: Mapped[int | None]
    integrated_lufs: Mapped[float | None] = mapped_column(Double)
    true_peak_dbtp: Mapped[float | None] = mapped_column(Double)
    range_lu: Mapped[float | None] = mapped_column(Double)
    longest_silence_s: Mapped[float | None] = mapped_column(Double)


class Image(Base):
    """One picture, of a job or on its own."""

    __tablename__ = "images"
    __table_args__ = (
        UniqueConstraint("video_job_id", "order_index"),
        ForeignKeyConstraint(
            ["video_job_id", "kind"], ["video_jobs.id", "video_jobs.kind"], ondelete="CASCADE", onupdate="CASCADE"
        ),
        CheckConstraint(ORDER_INDEX, name="order_index"),
        CheckConstraint(CHECKSUM, name="sha256"),
        CheckConstraint("perceptual_hash ~ '^[0-9a-f]{16}$'", name="perceptual_hash"),
        CheckConstraint("cost >= 0", name="cost"),
        CheckConstraint(f"{_MEASURED_IMAGE} IN (0, 6)", name="measured"),
        CheckConstraint(f"{_CLIP} IN (0, 4)", name="clip"),
        CheckConstraint("clip_frames > 0", name="clip_frames"),
        Index("idx_images_video_job_id", "video_job_id"),
        Index("idx_images_order", "video_job_id", "order_index"),
    )

    id: Mapped[Id]
    video_job_id: Mapped[UUID | None] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(VISUAL_PROVIDER)
    provider_image_id: Mapped[str | None] = mapped_column(String(255))
    order_index: Mapped[int | None]
    local_file_path: Mapped[str]
    prompt_text: Mapped[str]
    created_at: Mapped[Now]

    kind: Mapped[JobKind] = mapped_column(JOB_KIND, server_default="album")
    license_document_url: Mapped[str | None]
    licence: Mapped[str | None]
    cost: Mapped[Money]
    sha256: Mapped[str | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    mean_luma: Mapped[float | None] = mapped_column(Double)
    perceptual_hash: Mapped[str | None]
    clip_path: Mapped[str | None]  # of the footage that is shown instead
    clip_sha256: Mapped[str | None]
    clip_bytes: Mapped[int | None] = mapped_column(BigInteger)
    clip_frames: Mapped[int | None]


class RenderTask(Base):
    """One run of ffmpeg and its result."""

    __tablename__ = "render_tasks"
    __table_args__ = (
        Index("idx_render_tasks_video_job_id", "video_job_id"),
        Index("idx_render_tasks_status", "status"),
        Index("idx_render_tasks_created_at", text("created_at DESC")),
    )

    id: Mapped[Id]
    video_job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    ffmpeg_command: Mapped[str]
    local_video_path: Mapped[str | None]
    resolution: Mapped[str] = mapped_column(String(20), server_default="1920x1080")
    duration_seconds: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    status: Mapped[RenderStatus] = mapped_column(RENDER_STATUS, server_default="pending")
    error_message: Mapped[str | None]
    created_at: Mapped[Now]
    completed_at: Mapped[datetime | None]

    attempt: Mapped[int | None]
    report: Mapped[dict[str, Any] | None]
