"""Owns the channels in the books; hides their secrets: no verb here reads a refresh token."""

from __future__ import annotations

import contextlib
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, true, update

from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.records import ChannelRecord
from video_pipeline.domain.summaries import ChannelSummary
from video_pipeline.store.books.base import CHANNELS, JOBS, Books
from video_pipeline.store.books.codec import channel_record, channel_summary, clean

NAME_MAX_CHARACTERS = 255
_COMPLETED = func.count().filter(JOBS.c.status == JobStatus.COMPLETED)
_PUBLIC = tuple(column for column in CHANNELS.c if column.name != "youtube_refresh_token")


class ChannelBooks(Books):
    """Verbs about channels."""

    def create_channel(self, name: str, brand_niche: str, youtube_channel_id: str | None = None) -> ChannelRecord:
        """Add a channel; ConflictError when another one has the YouTube id, InvalidInputError for unusable texts."""
        values = {"name": _text("name", name), "brand_niche": _text("niche", brand_niche)}
        youtube_channel_id = None if youtube_channel_id is None else _text("YouTube id", youtube_channel_id)
        with self._transaction() as connection:
            if youtube_channel_id is not None:
                taken = select(CHANNELS.c.name).where(CHANNELS.c.youtube_channel_id == youtube_channel_id)
                owner = connection.execute(taken).scalar_one_or_none()
                if owner is not None:
                    raise ConflictError(f"YouTube channel {youtube_channel_id} belongs to channel {owner!r} already")
            statement = insert(CHANNELS).values(**values, youtube_channel_id=youtube_channel_id).returning(*_PUBLIC)
            return channel_record(connection.execute(statement).one())

    def list_channels(self, *, active_only: bool = False) -> list[ChannelRecord]:
        """All channels, newest first."""
        query = select(*_PUBLIC).order_by(CHANNELS.c.created_at.desc(), CHANNELS.c.id)
        with self._transaction() as connection:
            rows = connection.execute(query.where(CHANNELS.c.is_active) if active_only else query)
            return [channel_record(row) for row in rows]

    def find_channel(self, name_or_id: str) -> ChannelRecord:
        """The channel with this id, YouTube id or name (in any case).

        NotFoundError when there is none, InvalidInputError when several have the name.
        """
        wanted = clean(name_or_id).strip()
        clauses = [CHANNELS.c.youtube_channel_id == wanted, func.lower(CHANNELS.c.name) == wanted.lower()]
        with contextlib.suppress(ValueError):  # not an id, so a name
            clauses.append(CHANNELS.c.id == UUID(wanted))
        with self._transaction() as connection:
            rows = connection.execute(select(*_PUBLIC).where(or_(*clauses)).order_by(CHANNELS.c.created_at)).all()
        if not rows:
            raise NotFoundError(f"there is no channel {name_or_id!r}")
        if len(rows) > 1:
            ids = ", ".join(str(row.id) for row in rows)
            raise InvalidInputError(f"{len(rows)} channels are called {name_or_id!r}; say which by its id: {ids}")
        return channel_record(rows[0])

    def list_channels_with_counts(self, *, active_only: bool = False) -> list[ChannelSummary]:
        """All channels with the number of their jobs, newest first; one query."""
        with self._transaction() as connection:
            return _with_counts(connection, CHANNELS.c.is_active if active_only else true())

    def get_channel(self, channel_id: UUID) -> ChannelSummary:
        """The channel; NotFoundError when there is none."""
        with self._transaction() as connection:
            return _one(connection, channel_id)

    def set_channel_active(self, channel_id: UUID, is_active: bool) -> ChannelSummary:
        """Let a channel take part in what is ordered by itself, or not; NotFoundError when there is none."""
        with self._transaction() as connection:
            connection.execute(update(CHANNELS).where(CHANNELS.c.id == channel_id).values(is_active=is_active))
            return _one(connection, channel_id)


def _with_counts(connection: Connection, which: ColumnElement[bool]) -> list[ChannelSummary]:
    counts = (
        select(JOBS.c.channel_id, func.count().label("total_jobs"), _COMPLETED.label("completed_jobs"))
        .group_by(JOBS.c.channel_id)
        .subquery()
    )
    numbers = (func.coalesce(counts.c[name], 0).label(name) for name in ("total_jobs", "completed_jobs"))
    query = select(*_PUBLIC, *numbers).outerjoin(counts, counts.c.channel_id == CHANNELS.c.id).where(which)
    rows = connection.execute(query.order_by(CHANNELS.c.created_at.desc(), CHANNELS.c.id))
    return [channel_summary(row) for row in rows]


def _one(connection: Connection, channel_id: UUID) -> ChannelSummary:
    found = _with_counts(connection, CHANNELS.c.id == channel_id)
    if not found:
        raise NotFoundError(f"there is no channel {channel_id}")
    return found[0]


def _text(what: str, value: str) -> str:
    cleaned = " ".join(value.split())
    if not cleaned or len(cleaned) > NAME_MAX_CHARACTERS or not cleaned.isprintable():
        raise InvalidInputError(f"the {what} of a channel needs 1 to {NAME_MAX_CHARACTERS} characters of plain text")
    return cleaned
