"""Owns the table of the sounds that lie beneath a programme, such as rain; hides nothing."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.store.schema.tables.base import CHECKSUM, Base, Id, Money, Now


class SoundBed(Base):
    """One sound that is repeated under the whole programme of a job."""

    __tablename__ = "sound_beds"
    __table_args__ = (
        UniqueConstraint("video_job_id", "order_index"),
        CheckConstraint("order_index >= 1", name="order_index"),
        CheckConstraint("ducking_db >= 0", name="ducking_db"),
        CheckConstraint("duration_seconds > 0", name="duration_seconds"),
        CheckConstraint(CHECKSUM, name="sha256"),
        CheckConstraint("bytes > 0", name="bytes"),
        CheckConstraint("cost >= 0", name="cost"),
    )

    id: Mapped[Id]
    video_job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    order_index: Mapped[int]
    name: Mapped[str]
    level_db: Mapped[float] = mapped_column(Double)  # loudness against that of the music
    ducking_db: Mapped[float] = mapped_column(Double)  # how far it steps back while the music is loud
    provider: Mapped[str]
    provider_sound_id: Mapped[str | None]
    local_file_path: Mapped[str]
    sha256: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    duration_seconds: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    samples: Mapped[int] = mapped_column(BigInteger)  # at 48 kHz
    channels: Mapped[int]
    integrated_lufs: Mapped[float] = mapped_column(Double)
    true_peak_dbtp: Mapped[float] = mapped_column(Double)
    range_lu: Mapped[float] = mapped_column(Double)
    longest_silence_s: Mapped[float] = mapped_column(Double)
    licence: Mapped[str | None]
    license_document_url: Mapped[str | None]
    cost: Mapped[Money]
    created_at: Mapped[Now]
