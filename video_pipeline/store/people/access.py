"""Owns the one door to users, keys, sessions and answers; hides which part of them a verb belongs to."""

from __future__ import annotations

from video_pipeline.store.people.answers import AnswerBooks
from video_pipeline.store.people.api_keys import KeyBooks
from video_pipeline.store.people.sessions import SessionBooks
from video_pipeline.store.people.users import UserBooks


class PostgresAccess(UserBooks, KeyBooks, SessionBooks, AnswerBooks):
    """`ports.AccessStore` on PostgreSQL, made of an engine; safe to share between threads."""
