"""Owns the table of the pictures that a scene showed before; hides nothing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.store.schema.tables.base import CHECKSUM, VISUAL_PROVIDER, Base, Id, Money, Now


class ImageVersion(Base):
    """A picture that was replaced, with all that is needed to show it again."""

    __tablename__ = "image_versions"
    __table_args__ = (
        CheckConstraint("order_index >= 1", name="order_index"),
        CheckConstraint(CHECKSUM, name="sha256"),
        CheckConstraint("bytes > 0", name="bytes"),
        CheckConstraint("perceptual_hash ~ '^[0-9a-f]{16}$'", name="perceptual_hash"),
        CheckConstraint("cost >= 0", name="cost"),
        Index("idx_image_versions_scene", "video_job_id", "order_index", text("replaced_at DESC")),
    )

    id: Mapped[Id]
    video_job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    order_index: Mapped[int]
    image_prompt: Mapped[str]
    description: Mapped[str]
    provider: Mapped[str] = mapped_column(VISUAL_PROVIDER)
    provider_image_id: Mapped[str | None]
    local_file_path: Mapped[str]
    sha256: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    mean_luma: Mapped[float] = mapped_column(Double)
    perceptual_hash: Mapped[str]
    licence: Mapped[str | None]
    license_document_url: Mapped[str | None]
    cost: Mapped[Money]
    seed: Mapped[int] = mapped_column(BigInteger)
    clip_path: Mapped[str | None]  # of the footage that was shown instead
    clip_sha256: Mapped[str | None]
    clip_bytes: Mapped[int | None] = mapped_column(BigInteger)
    clip_frames: Mapped[int | None]
    created_at: Mapped[datetime]  # of the picture
    replaced_at: Mapped[Now]
