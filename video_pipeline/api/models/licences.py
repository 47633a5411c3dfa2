"""Owns the forms of licences; hides nothing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import Field

from video_pipeline.api.models.base import Answer
from video_pipeline.domain.licences import LicensedKind
from video_pipeline.domain.media import Use


class Licence(Answer):
    """Under which right one thing was made, for what, and from what."""

    id: int
    kind: LicensedKind
    order_index: int = Field(description="The place that it was made for; scenes may have been moved since.")
    provider: str
    plan: str | None
    licence: str
    licence_url: str | None
    terms_url: str | None
    terms_taken_at: datetime | None = Field(description="When the terms were read last before it was made.")
    terms_sha256: str | None = Field(description="Of the page of terms as it was then.")
    prompt: str | None
    seed: int | None
    provider_task_id: str | None
    cost_usd: Decimal = Field(description="A text, so that it stays exact.")
    sha256: str = Field(description="Of the file.")
    uses: list[Use] = Field(description="What is allowed.")
    refused: list[Use] = Field(description="What is explicitly not allowed.")
    created_at: datetime
    in_video: bool = Field(description="False: it was replaced since, or is no part of the video.")
    in_thumbnails: bool = Field(description="True: a picture for thumbnails alone from which some are drawn now.")


class Licences(Answer):
    """The licences of a job, the first one in front."""

    items: list[Licence]
