"""Owns having one picture made; hides where it lies, how it is bought, and what is looked at before it is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeVar

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.delivery import MASTER
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.media import Generation, ImageFacts, MediaReference
from video_pipeline.domain.money import REGENERATED_IMAGE_USD
from video_pipeline.domain.purchases import Item
from video_pipeline.domain.storyboard import VisualPrompt, seed_of
from video_pipeline.ports import ImageProvider, Purchase
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.steps.studio import Studio, in_turn, seed_for, stated
from video_pipeline.steps.wording import image_item

BLACK_LUMA_MAX = 6.0
"""Mean luma (0-255) at or below which a picture counts as black."""

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Painter:
    """Has the pictures of one order made in one attempt."""

    studio: Studio
    attempt: Attempt
    brief: Brief
    scratch: Path
    anew: bool = False  # it takes the place of one that is there, which has a price of its own

    def picture_of(
        self,
        written: VisualPrompt,
        index: int,
        keep: Callable[[Generation, MediaReference, ImageFacts], Made],
    ) -> Made:
        """Have the picture of a prompt made, and recorded by `keep`, which gets it as it lies in the media store.

        `index` is its place, which may not be the one that the prompt was written for.

        Errors are those of `obtain`; MediaError when what came is not usable.
        """
        size, made = picture_size(self.brief), self.scratch / f"{index:02}.png"

        @cache  # books that did not answer are told again, when the file is in the store already
        def brought() -> tuple[MediaReference, ImageFacts]:
            facts = self.studio.tools.image_facts(made)
            check_picture(index, facts, size)
            return self.studio.media.adopt(made, image_key(self.attempt, index)), facts

        def take(generation: Generation) -> Made:
            return keep(generation, *brought())

        def offer(provider: ImageProvider) -> Offer[Made]:
            facts, seed = provider.capabilities, seed_for(provider, written, self.brief.seed)

            def make(purchase: Purchase) -> Generation:
                painted = provider.illustrate(written, seed, size, made, purchase)
                return stated(self.studio, facts, painted, seed)

            return Offer(
                provider=facts.name,
                price_usd=regeneration_price(provider) if self.anew else facts.price_usd,
                limits=facts.limits,
                make=make,
                keep=take,
            )

        item = Item(image_item(index), written.text, seed_of(written, self.brief.seed), size)
        name = repainter(self.studio, self.brief) if self.anew else self.brief.visual_provider
        chain = in_turn(self.studio.images, name, self.studio.fallbacks)
        return obtain(self.studio.jobs, self.attempt, item, [offer(provider) for provider in chain])


def repainter(studio: Studio, brief: Brief) -> str:
    """Who makes a picture of an order anew."""
    return studio.refinement_provider or brief.visual_provider


def regeneration_price(provider: ImageProvider) -> Decimal:
    """What one picture made anew is expected to cost, in US dollars; a vendor takes as much as for the first one."""
    facts = provider.capabilities
    if facts.regeneration_usd is not None:
        return facts.regeneration_usd
    return REGENERATED_IMAGE_USD if facts.limits is None else facts.price_usd


def picture_size(brief: Brief) -> tuple[int, int]:
    """Width and height of every picture of an order."""
    rung = MASTER.rung_for(brief.aspect_ratio)
    return rung.width, rung.height


def image_key(attempt: Attempt, order_index: int) -> str:
    """Where the picture lies that this attempt makes of a scene; no other attempt's lies there."""
    return f"{stem(attempt, order_index)}.png"


def stem(attempt: Attempt, order_index: int) -> str:
    """Where everything lies that this attempt makes for the picture of a scene, without its suffix."""
    return f"jobs/{attempt.job_id}/images/{order_index:02}-a{attempt.lease.attempt}"


def check_picture(index: int, facts: ImageFacts, size: tuple[int, int]) -> None:
    """Raise MediaError when a delivered picture is not usable: smaller than asked, or black."""
    if facts.width < size[0] or facts.height < size[1]:
        raise MediaError(f"picture {index} is {facts.width}x{facts.height}, asked for {size[0]}x{size[1]}")
    if facts.mean_luma <= BLACK_LUMA_MAX:
        raise MediaError(f"picture {index} is black (mean luma {facts.mean_luma:.1f} of 255)")
