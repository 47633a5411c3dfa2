"""Owns the table of what happened to the books as a whole; hides nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.store.schema.tables.base import Base


class Installation(Base):
    """One row, once these books were put back from a backup."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("1"), autoincrement=False)
    restored_at: Mapped[datetime]  # the last time
