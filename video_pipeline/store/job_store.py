"""Owns the one door to the books; hides which part of them a verb belongs to."""

from __future__ import annotations

from video_pipeline.store.channels import ChannelBooks
from video_pipeline.store.edits import EditBooks
from video_pipeline.store.fences import LeaseBooks
from video_pipeline.store.jobs import JobBooks
from video_pipeline.store.ledger import LedgerBooks
from video_pipeline.store.moves import MoveBooks
from video_pipeline.store.works import WorkBooks


class PostgresJobStore(ChannelBooks, JobBooks, LeaseBooks, MoveBooks, WorkBooks, LedgerBooks, EditBooks):
    """`ports.JobStore` on PostgreSQL, made of an engine; safe to share between threads."""
