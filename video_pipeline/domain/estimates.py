"""Owns what an order is expected to cost, told before anything is bought; hides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from video_pipeline.domain.money import usd
from video_pipeline.domain.purchases import Spending


@dataclass(frozen=True, slots=True)
class Share:
    """How many things a provider is asked for, and its price for one."""

    pieces: int
    price_usd: Decimal

    @property
    def total_usd(self) -> Decimal:
        """US dollars for all of them."""
        return self.pieces * self.price_usd


NOTHING = Share(0, Decimal(0))


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an order is expected to take."""

    frames: int  # of the programme, at 30 a second
    scenes: int
    music: Share
    images: Share
    clips: Share = NOTHING
    thumbnail: Share = NOTHING  # a picture that is bought for thumbnails alone
    words_usd: Decimal = Decimal(0)  # for a language model that writes; the grammar takes nothing
    length_note: str | None = None  # what the length is a guess of; None: it is known

    @property
    def total_usd(self) -> Decimal:
        """US dollars for everything."""
        shares = (self.music, self.images, self.clips, self.thumbnail)
        return sum((share.total_usd for share in shares), self.words_usd)


def cap_note(total_usd: Decimal, standing: Iterable[Spending]) -> str | None:
    """Which cap an order of so many dollars would come up against, for people; None when they all leave enough."""
    short = [each for each in standing if each.left_usd is not None and each.left_usd < total_usd]
    if not short:
        return None
    tightest = min(short, key=lambda each: each.left_usd or Decimal(0))
    return (
        f"the cap of {usd(tightest.cap_usd)} for this {tightest.scope} leaves {usd(tightest.left_usd)} of about "
        f"{usd(total_usd)}; the job would stop there until the cap is raised"
    )
