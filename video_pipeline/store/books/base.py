"""Owns what all parts of the job store share: transactions, finding a job, the history; hides the table objects."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, Table, bindparam, insert, select

from video_pipeline.domain.errors import NotFoundError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.webhooks import TOLD
from video_pipeline.store.books.announce import announce
from video_pipeline.store.books.codec import clean
from video_pipeline.store.schema import tables
from video_pipeline.store.server.engine import transaction

CHANNELS = cast(Table, tables.Channel.__table__)
JOBS = cast(Table, tables.VideoJob.__table__)
TRACKS = cast(Table, tables.AudioTrack.__table__)
IMAGES = cast(Table, tables.Image.__table__)
RENDER_TASKS = cast(Table, tables.RenderTask.__table__)
BEDS = cast(Table, tables.SoundBed.__table__)
EXPORTS = cast(Table, tables.Export.__table__)
LEASES = cast(Table, tables.JobLease.__table__)
EVENTS = cast(Table, tables.JobEvent.__table__)
IMAGE_VERSIONS = cast(Table, tables.ImageVersion.__table__)
UPLOADS = cast(Table, tables.YoutubeUpload.__table__)
ANALYTICS = cast(Table, tables.VideoAnalytics.__table__)
LICENCES = cast(Table, tables.LicenceRow.__table__)
TERMS = cast(Table, tables.ProviderTerms.__table__)
LEDGER = cast(Table, tables.CostEntry.__table__)
PURCHASES = cast(Table, tables.PurchaseRow.__table__)
CAPS = cast(Table, tables.SpendingCap.__table__)
VENDORS = cast(Table, tables.VendorHealth.__table__)
ORDERS = cast(Table, tables.WorkOrder.__table__)
THUMBNAILS = cast(Table, tables.Thumbnail.__table__)
FILES = cast(Table, tables.JobFile.__table__)
INSTALLATION = cast(Table, tables.Installation.__table__)
PARTS = cast(Table, tables.JobUpload.__table__)


# Statements that are used all the time are made once: to put one together and to know it again takes SQLAlchemy longer
# than it takes the server to answer.
_ROW = select(JOBS).where(JOBS.c.id == bindparam("job_id"))
_LOCKED_ROW = _ROW.with_for_update(key_share=True)
_JOB_OF = select(PURCHASES.c.video_job_id).where(PURCHASES.c.id == bindparam("purchase_id")).scalar_subquery()
_LOCKED_JOB_OF = select(JOBS.c.id).where(JOBS.c.id == _JOB_OF).with_for_update(key_share=True)


class Books:
    """One engine; each verb is one transaction.

    Rows are locked in one order everywhere, so that no two verbs wait for each other: the lease, the job, its
    purchases, the vendor. Whoever needs an earlier one later takes it first, or in a transaction of its own.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _transaction(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine)


def find_row(connection: Connection, job_id: UUID, *, locked: bool = False) -> Row[Any]:
    """The row of a job, locked against other writers if asked for; NotFoundError when there is none."""
    row = connection.execute(_LOCKED_ROW if locked else _ROW, {"job_id": job_id}).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no job {job_id}")
    return row


def lock_job_of(connection: Connection, purchase_id: UUID) -> None:
    """Lock the job of a purchase before the purchase itself is changed; nothing where it has none any more."""
    connection.execute(_LOCKED_JOB_OF, {"purchase_id": purchase_id})


def write_event(
    connection: Connection,
    job_id: UUID,
    kind: str,
    *,
    status_from: JobStatus | None = None,
    status_to: JobStatus | None = None,
    message: str = "",
    attempt: int | None = None,
) -> None:
    """Append one line to the job's history, and leave it for the webhooks, in the transaction of what it tells."""
    line = insert(EVENTS).values(
        video_job_id=job_id,
        kind=kind,
        status_from=status_from,
        status_to=status_to,
        message=clean(message),
        attempt=attempt,
    )
    event_id = connection.execute(line.returning(EVENTS.c.id)).scalar_one()
    if kind in TOLD:
        announce(connection, event_id)
