"""Owns what all tables share: the metadata, names of constraints, enum types, column shorthands; hides nothing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import DateTime, Dialect, Enum, MetaData, Numeric, Text, TypeDecorator, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from video_pipeline.domain.job import Approval, JobKind, JobStatus
from video_pipeline.domain.money import LedgerEntry
from video_pipeline.domain.publishing import Privacy
from video_pipeline.domain.uploads import FileType


class Base(DeclarativeBase):
    """The whole schema; constraints carry the names that PostgreSQL itself would give them."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's name for it, read once
        str: Text,
        datetime: DateTime(timezone=True),
        # Without it None would be stored as the JSON value null, which IS NOT NULL.
        dict[str, Any]: JSONB(none_as_null=True),
        list[str]: JSONB(none_as_null=True),
        Decimal: Numeric(12, 4),
    }


def postgres_enum(kind: type[StrEnum], name: str) -> Enum:
    """The enum type `name` with the values of `kind`, in their order."""
    return Enum(kind, name=name, values_callable=lambda members: [member.value for member in members])


class RenderStatus(StrEnum):
    """How far one run of ffmpeg is."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


# Of the first schema; `schema.admit_providers` adds others.
MUSIC_PROVIDERS = ("dummy", "mubert", "beatoven", "procedural", "replicate", "upload")
VISUAL_PROVIDERS = ("dummy", "leonardo", "gemini", "procedural", "replicate", "runway", "recraft", "openai", "upload")

JOB_STATUS = postgres_enum(JobStatus, "video_job_status")
JOB_KIND = postgres_enum(JobKind, "video_job_kind")
APPROVAL = postgres_enum(Approval, "approval_mode")
RENDER_STATUS = postgres_enum(RenderStatus, "render_status")
FILE_TYPE = postgres_enum(FileType, "job_file_type")
PRIVACY = postgres_enum(Privacy, "upload_privacy")
LEDGER_ENTRY = postgres_enum(LedgerEntry, "ledger_entry")


class ProviderName(TypeDecorator[str]):
    """An enum type of the database to which names are added: the server checks them, nobody checks them here."""

    impl = Enum
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        """As it is."""

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """As it is."""


MUSIC_PROVIDER = ProviderName(*MUSIC_PROVIDERS, name="music_provider")
VISUAL_PROVIDER = ProviderName(*VISUAL_PROVIDERS, name="visual_provider")

Id = Annotated[UUID, mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))]
Now = Annotated[datetime, mapped_column(server_default=text("CURRENT_TIMESTAMP"))]
Count = Annotated[int, mapped_column(server_default=text("0"))]
Money = Annotated[Decimal, mapped_column(Numeric(12, 4), server_default=text("0"))]

ORDER_INDEX = "order_index BETWEEN 1 AND 20 OR (kind <> 'album' AND order_index >= 1)"
"""An album has 20 scenes; other kinds have as many as their storyboard says."""

CHECKSUM = "sha256 ~ '^[0-9a-f]{64}$'"
