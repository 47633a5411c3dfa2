"""Owns the one door to the books; hides which part of them a verb belongs to."""

from __future__ import annotations

from video_pipeline.store.channels import ChannelBooks
from video_pipeline.store.edits import EditBooks
from video_pipeline.store.feed import FeedBooks
from video_pipeline.store.fences import LeaseBooks
from video_pipeline.store.jobs import JobBooks
from video_pipeline.store.ledger import LedgerBooks
from video_pipeline.store.moves import MoveBooks
from video_pipeline.store.orders import OrderBooks
from video_pipeline.store.pages import SummaryBooks
from video_pipeline.store.shelf import ShelfBooks
from video_pipeline.store.statistics import StatisticsBooks
from video_pipeline.store.works import WorkBooks


class PostgresJobStore(
    ChannelBooks,
    JobBooks,
    LeaseBooks,
    MoveBooks,
    WorkBooks,
    OrderBooks,
    ShelfBooks,
    SummaryBooks,
    StatisticsBooks,
    FeedBooks,
    LedgerBooks,
    EditBooks,
):
    """`ports.JobStore` on PostgreSQL, made of an engine; safe to share between threads."""
