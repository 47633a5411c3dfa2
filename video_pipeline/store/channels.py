"""Owns the channels in the books; hides their secrets: no verb here reads a refresh token."""

from __future__ import annotations

import contextlib
from uuid import UUID

from sqlalchemy import func, insert, or_, select

from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.domain.records import ChannelRecord
from video_pipeline.store.books import CHANNELS, Books
from video_pipeline.store.codec import channel_record, clean

NAME_MAX_CHARACTERS = 255
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


def _text(what: str, value: str) -> str:
    cleaned = " ".join(value.split())
    if not cleaned or len(cleaned) > NAME_MAX_CHARACTERS or not cleaned.isprintable():
        raise InvalidInputError(f"the {what} of a channel needs 1 to {NAME_MAX_CHARACTERS} characters of plain text")
    return cleaned
