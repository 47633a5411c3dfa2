"""Owns the forms of money and of those who take it; hides nothing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, StrictBool

from video_pipeline.api.models.base import Answer
from video_pipeline.api.models.taken import form, number
from video_pipeline.domain.purchases import AMOUNT_MAX_USD, CapScope, PurchaseState
from video_pipeline.steps.roster import Trade


class Spending(Answer):
    """How one cap stands."""

    scope: CapScope
    channel_id: UUID | None = Field(description="In which it holds; None: in all of them.")
    cap_usd: float | None = Field(description="None: there is no limit.")
    is_own: bool = Field(description="It was set for that channel alone.")
    paid_usd: float
    reserved_usd: float = Field(description="Set aside for what is not settled.")
    left_usd: float | None


class Cap(Answer):
    """An amount that may not be exceeded, as somebody set it."""

    scope: CapScope
    channel_id: UUID | None = Field(description="None: for every channel that has none of its own.")
    amount_usd: float | None = Field(description="None: there is no limit.")
    set_by: str
    set_at: datetime


class Money(Answer):
    """How the caps stand, and which ones somebody set."""

    spending: list[Spending]
    caps: list[Cap]


class Purchase(Answer):
    """One thing that was bought of a provider, or is being bought."""

    id: UUID
    what: str = Field(description="Where it belongs, such as music/03.")
    prompt: str = Field(description="What was asked for, before the provider's own limits.")
    provider: str
    state: PurchaseState
    price_usd: float = Field(description="What is set aside for it.")
    cost_usd: float | None = Field(description="What the provider took; None while nobody knows.")
    credits: float | None
    task_id: str | None = Field(description="The provider's own id of it.")
    note: str
    created_at: datetime
    submitting_at: datetime | None = Field(description="When the provider was asked, the last time.")
    submitted_at: datetime | None = Field(description="When its answer came.")
    closed_at: datetime | None


class Purchases(Answer):
    """What a job was expected to cost, has cost, and for what; the newest purchase first."""

    estimated_usd: float
    paid_usd: float
    reserved_usd: float
    cap_usd: float | None = Field(description="Of this job; None: there is none.")
    items: list[Purchase]


class Provider(Answer):
    """One who can be asked for one thing."""

    kind: Trade
    name: str
    price_usd: float = Field(description="For one piece.")
    second_usd: float = Field(description="For each second of a clip beside that.")
    longest_s: int | None = Field(description="Of a piece or a clip; None: it is not stated.")
    largest: tuple[int, int] | None = Field(
        description="Width and height in pixels of a picture or a clip in 16:9; None: it is not stated."
    )
    concurrency: int
    local: bool = Field(description="It works on the studio's machine and costs nothing.")
    ready: bool
    missing: str | None = Field(description="What has to be configured before it can be asked.")
    fallbacks: list[str] = Field(description="Who is asked when it cannot.")
    failures: int = Field(description="In a row, the last ones.")
    under_way: int
    closed_until: datetime | None = Field(description="It is left alone until then, after too many failures.")
    paused_until: datetime | None = Field(description="It asked to be left alone until then.")
    last_error: str


class Providers(Answer):
    """Everybody who can be asked."""

    items: list[Provider]


Dollars = Annotated[Decimal, BeforeValidator(number), Field(ge=0, le=AMOUNT_MAX_USD, decimal_places=4)]


class NewCap(BaseModel):
    """A cap as it is to be."""

    model_config = form({"amount_usd": 200, "channel_id": None})

    amount_usd: Dollars | None = Field(description="Null: there is no limit.")
    channel_id: UUID | None = Field(default=None, description="For one channel alone; a job's or a channel's cap.")


class Resolution(BaseModel):
    """What the vendor's dashboard says of a doubtful purchase."""

    model_config = form({"spent": True, "cost_usd": 0.04})

    spent: StrictBool = Field(description="Whether the vendor took money.")
    cost_usd: Dollars | None = Field(default=None, description="How much; by default its price.")
