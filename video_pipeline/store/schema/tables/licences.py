"""Owns the tables of evidence: under which right each thing was made, which terms were read; hides nothing.

Both are append-only.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.domain.licences import LicensedKind
from video_pipeline.store.schema.tables.base import CHECKSUM, Base, Money, Now, postgres_enum

Content = bytes  # by another name: in a table `bytes` is a column
LICENSED_KIND = postgres_enum(LicensedKind, "licensed_kind")


class LicenceRow(Base):
    """The licence of one generated thing; it outlives its job, because a video that was published does as well."""

    __tablename__ = "licences"
    __table_args__ = (
        CheckConstraint("order_index >= 1", name="order_index"),
        CheckConstraint("terms_sha256 ~ '^[0-9a-f]{64}$'", name="terms_sha256"),
        CheckConstraint("num_nonnulls(terms_taken_at, terms_sha256) IN (0, 2)", name="terms"),
        CheckConstraint(CHECKSUM, name="sha256"),
        CheckConstraint("cost >= 0", name="cost"),
        CheckConstraint("jsonb_typeof(uses) = 'array'", name="uses"),
        CheckConstraint("jsonb_typeof(refused) = 'array'", name="refused"),
        Index("idx_licences_video_job_id", "video_job_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    video_job_id: Mapped[UUID]  # no foreign key: see above
    kind: Mapped[LicensedKind] = mapped_column(LICENSED_KIND)
    order_index: Mapped[int]
    provider: Mapped[str]
    plan: Mapped[str | None]
    licence: Mapped[str]
    licence_url: Mapped[str | None]
    terms_url: Mapped[str | None]
    terms_taken_at: Mapped[datetime | None]
    terms_sha256: Mapped[str | None]
    prompt: Mapped[str | None]
    seed: Mapped[int | None] = mapped_column(BigInteger)
    provider_task_id: Mapped[str | None]
    cost: Mapped[Money]
    sha256: Mapped[str]
    uses: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"))
    refused: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"))
    created_at: Mapped[Now]


class ProviderTerms(Base):
    """A page of a vendor's terms as it was at one moment."""

    __tablename__ = "provider_terms"
    __table_args__ = (
        CheckConstraint(CHECKSUM, name="sha256"),
        CheckConstraint("bytes > 0", name="bytes"),
        Index("idx_provider_terms_provider", "provider", "id"),
        Index("idx_provider_terms_sha256", "sha256", unique=True, postgresql_where=text("content IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    provider: Mapped[str]
    url: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[Content | None] = mapped_column(LargeBinary)  # NULL: an earlier row has the same page
    bytes: Mapped[int] = mapped_column(BigInteger)
    fetched_at: Mapped[Now]
