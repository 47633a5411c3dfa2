"""Owns the tables that guard and remember: leases, events, money; hides nothing. Events and money are append-only."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.money import LedgerEntry
from video_pipeline.store.schema.tables.base import JOB_STATUS, LEDGER_ENTRY, Base, Now


class JobLease(Base):
    """The one attempt that may write to a job: a row a job, replaced by the next attempt."""

    __tablename__ = "job_leases"
    __table_args__ = (
        UniqueConstraint("token"),
        CheckConstraint("attempt > 0", name="attempt"),
        Index("idx_job_leases_expires_at", "expires_at", postgresql_where=text("released_at IS NULL")),
    )

    video_job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    attempt: Mapped[int]
    run_id: Mapped[str]
    holder: Mapped[str] = mapped_column(server_default=text("''"))
    claimed_at: Mapped[Now]
    expires_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    edit: Mapped[str | None]  # what is edited and by whom; NULL while the lease is that of a run
    editor: Mapped[str] = mapped_column(server_default=text("''"))  # the process that edits; `holder` is the run's


class JobEvent(Base):
    """One line of a job's history."""

    __tablename__ = "job_events"
    __table_args__ = (Index("idx_job_events_video_job_id", "video_job_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    video_job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    kind: Mapped[str]
    status_from: Mapped[JobStatus | None] = mapped_column(JOB_STATUS)
    status_to: Mapped[JobStatus | None] = mapped_column(JOB_STATUS)
    message: Mapped[str] = mapped_column(server_default="")
    attempt: Mapped[int | None]
    created_at: Mapped[Now]


class CostEntry(Base):
    """One movement of money; it outlives its job, so deleting jobs cannot make room under a cap."""

    __tablename__ = "cost_ledger"
    __table_args__ = (
        # A request is reserved once, and then settled or released once.
        Index("idx_cost_ledger_reserve", "request_key", unique=True, postgresql_where=text("entry = 'reserve'")),
        Index("idx_cost_ledger_outcome", "request_key", unique=True, postgresql_where=text("entry <> 'reserve'")),
        Index("idx_cost_ledger_video_job_id", "video_job_id"),
        Index("idx_cost_ledger_created_at", text("created_at DESC")),
        Index(  # what a month has cost, without a look at the rows; each reservation asks for it
            "idx_cost_ledger_settled",
            "created_at",
            postgresql_include=["video_job_id", "channel_id", "amount"],
            postgresql_where=text("entry = 'settle'"),
        ),
        CheckConstraint("amount >= 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    video_job_id: Mapped[UUID]  # no foreign key: see above
    channel_id: Mapped[UUID | None]
    request_key: Mapped[str]
    entry: Mapped[LedgerEntry] = mapped_column(LEDGER_ENTRY)
    amount: Mapped[Decimal]  # US dollars
    provider: Mapped[str]
    provider_task_id: Mapped[str | None]
    message: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Now]
