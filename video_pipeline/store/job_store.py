"""Owns the one door to the books; hides which part of them a verb belongs to."""

from __future__ import annotations

from video_pipeline.store.beside.publications import PublicationBooks
from video_pipeline.store.beside.shelf import ShelfBooks
from video_pipeline.store.beside.uploads import UploadBooks
from video_pipeline.store.books.channels import ChannelBooks
from video_pipeline.store.books.edits import EditBooks
from video_pipeline.store.books.fences import LeaseBooks
from video_pipeline.store.books.inventory import InventoryBooks
from video_pipeline.store.books.jobs import JobBooks
from video_pipeline.store.books.licences import LicenceBooks
from video_pipeline.store.books.moves import MoveBooks
from video_pipeline.store.books.orders import OrderBooks
from video_pipeline.store.books.rewording import RewordBooks
from video_pipeline.store.books.works import WorkBooks
from video_pipeline.store.finding.feed import FeedBooks
from video_pipeline.store.finding.pages import SummaryBooks
from video_pipeline.store.finding.statistics import StatisticsBooks
from video_pipeline.store.money.caps import CapBooks
from video_pipeline.store.money.endings import EndingBooks
from video_pipeline.store.money.purchases import PurchaseBooks
from video_pipeline.store.money.turns import TurnBooks


class PostgresJobStore(
    ChannelBooks,
    JobBooks,
    LeaseBooks,
    MoveBooks,
    WorkBooks,
    OrderBooks,
    ShelfBooks,
    UploadBooks,
    PublicationBooks,
    SummaryBooks,
    StatisticsBooks,
    FeedBooks,
    InventoryBooks,
    PurchaseBooks,
    EndingBooks,
    CapBooks,
    TurnBooks,
    LicenceBooks,
    EditBooks,
    RewordBooks,
):
    """`ports.JobStore` on PostgreSQL, made of an engine; safe to share between threads."""
