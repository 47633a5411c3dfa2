"""Owns the forms of files that are handed out, and of work ordered for them; hides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from video_pipeline.api.models.base import Answer
from video_pipeline.domain.orders import OrderKind, OrderStatus
from video_pipeline.domain.uploads import FileType, UploadState


class Export(Answer):
    """A finished export."""

    format: str
    quality: str
    width: int
    height: int
    bytes: int
    duration_s: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    sha256: str
    created_at: datetime
    url: str


class Exports(Answer):
    """The exports of a job."""

    items: list[Export]


class Video(Answer):
    """The finished programme."""

    available: bool
    url: str | None
    bytes: int | None = None
    duration_s: float | None = None
    integrated_lufs: float | None = None
    true_peak_dbtp: float | None = None


class OrderProgress(Answer):
    """How far ordered work is."""

    percent: float
    message: str


class Order(Answer):
    """Work that was ordered on demand."""

    id: UUID
    job_id: UUID
    kind: OrderKind
    status: OrderStatus
    progress: OrderProgress | None
    error: str | None
    result: Any | None
    created_at: datetime
    finished_at: datetime | None
    url: str


class Preview(Answer):
    """The low preview of the whole programme."""

    available: bool
    url: str | None
    order: Order | None


class Thumbnail(Answer):
    """One thumbnail to choose from."""

    id: UUID
    variant: str
    click_prediction: float | None = Field(description="An estimate from 0 to 1, by the model that is named.")
    predicted_by: str | None
    parts: dict[str, float] = Field(description="What the estimate consists of, each from 0 to 1; empty if not known.")
    is_selected: bool
    url: str
    created_at: datetime


class Thumbnails(Answer):
    """Thumbnails, the highest prediction first."""

    items: list[Thumbnail]
    model: str = Field(description="The model that estimates now; those drawn before may have another.")
    weights: dict[str, float] = Field(description="How much each part counts; those that are missing count nothing.")


class File(Answer):
    """An uploaded file."""

    id: UUID
    file_type: str
    filename: str
    bytes: int
    sha256: str
    uploaded_at: datetime
    url: str


class Files(Answer):
    """The uploaded files of a job."""

    items: list[File]


class Upload(Answer):
    """A file that comes in pieces."""

    id: UUID
    file_type: FileType
    filename: str
    bytes: int = Field(description="Its whole size, as announced.")
    offset: int = Field(description="How many bytes are safe; the next piece begins with this one.")
    state: UploadState
    sha256: str | None
    file: File | None = Field(description="What it became, once it is kept.")
    error: str | None = Field(description="Why it was refused.")
    created_at: datetime
    expires_at: datetime = Field(description="It is forgotten then, unless more comes.")
    url: str


class Uploads(Answer):
    """Uploads of a job that are not files yet, oldest first."""

    items: list[Upload]
