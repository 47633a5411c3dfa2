"""Owns the picture that is bought for a job's thumbnails alone; hides its prompt, and where it is recorded.

It stands beside the thumbnails with a record of its own, `bought.json`, so that it is bought once for a title. A job
does without it when it cannot be had: its own pictures do for thumbnails as well.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.delivery import MASTER, AspectRatio
from video_pipeline.domain.errors import CancelledError, LeaseLostError, NotFoundError
from video_pipeline.domain.media import Generation, ImageFacts, MediaReference
from video_pipeline.domain.purchases import UNFINISHED, Item, PurchaseState
from video_pipeline.domain.records import ImageRecord
from video_pipeline.domain.storyboard import Storyboard, VisualPrompt
from video_pipeline.ports import ImageProvider, MediaStore
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.files import THUMBNAILS
from video_pipeline.steps.paint import check_picture
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.steps.studio import Studio, in_turn

WHAT = "thumbnails/00"
"""As what it stands in the books of money."""

RECORD = "bought.json"

log = logging.getLogger(__name__)


def buy_thumbnail_picture(studio: Studio, attempt: Attempt, brief: Brief, storyboard: Storyboard) -> None:
    """Have the picture made if the installation wants one and it is not there; what fails is logged.

    CancelledError and LeaseLostError end the attempt, as anywhere.
    """
    if studio.thumbnail_provider is None:
        return
    try:
        _buy(studio, attempt, brief, storyboard, studio.thumbnail_provider)
    except (CancelledError, LeaseLostError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the job has pictures of its own
        log.warning(
            "job %s has no picture of %s for its thumbnails, and takes its own: %s",
            attempt.job_id,
            studio.thumbnail_provider,
            str(error) or type(error).__name__,
        )


def bought_picture(media: MediaStore, job_id: UUID) -> ImageRecord | None:
    """The picture that was bought for a job's thumbnails, as long as it is what it was."""
    told = _read(media, job_id)
    return None if told is None else _image(media, job_id, told)


def bought_keys(media: MediaStore, job_id: UUID) -> list[str]:
    """The keys of the picture and of its record; empty when none was bought."""
    found = bought_picture(media, job_id)
    return [] if found is None else [found.media.key, _record_key(job_id)]


def _buy(studio: Studio, attempt: Attempt, brief: Brief, storyboard: Storyboard, name: str) -> None:
    job_id, title = attempt.job_id, storyboard.title
    told = _read(studio.media, job_id)
    if told is not None and told.get("title") == title and _image(studio.media, job_id, told) is not None:
        _settle(studio, told)  # an attempt may have ended between the record and the books
        return
    rung = MASTER.rung_for(AspectRatio.WIDE)  # whatever shape the video has
    size, prompt = (rung.width, rung.height), _prompt(brief, storyboard)

    with studio.media.scratch(job_id) as scratch:
        made = scratch / "thumbnail.png"

        @cache  # books that did not answer are told again, when the file is in the store already
        def brought() -> tuple[MediaReference, ImageFacts]:
            facts = studio.tools.image_facts(made)
            check_picture(prompt.order_index, facts, size)
            key = f"{THUMBNAILS.format(job_id=job_id)}bought-a{attempt.lease.attempt}.png"
            return studio.media.adopt(made, key), facts

        def keep(generation: Generation) -> None:
            media, facts = brought()
            recorded = _recorded(generation, media, facts, title=title, prompt=prompt.text)
            _write(studio.media, job_id, scratch / RECORD, recorded)
            _settle(studio, recorded)

        def offer(provider: ImageProvider) -> Offer[None]:
            facts = provider.capabilities
            return Offer(
                provider=facts.name,
                price_usd=facts.price_usd,
                limits=facts.limits,
                make=lambda purchase: provider.illustrate(prompt, brief.seed, size, made, purchase),
                keep=keep,
            )

        chain = in_turn(studio.images, name, studio.fallbacks)
        item = Item(WHAT, prompt.text, brief.seed, (*size, title))
        obtain(studio.jobs, attempt, item, [offer(provider) for provider in chain])


def _prompt(brief: Brief, storyboard: Storyboard) -> VisualPrompt:
    """What its first scene shows, so that it stops those who scroll; the words of a title are drawn over it here."""
    shown = storyboard.scenes[0].visual
    seen = (shown.description or shown.text).rstrip(". ")
    text = (
        f"{AspectRatio.WIDE} striking key picture for a video about {brief.niche_label}: {seen}. One clear subject on "
        "one side, calm space for words on the other, strong light and rich contrast, recognisable when it is small. "
        "No text, no letters, no logos, no people."
    )
    return VisualPrompt(order_index=0, text=text, description=shown.description)


def _settle(studio: Studio, recorded: dict[str, Any]) -> None:
    """Put what it cost into the books, unless it is there."""
    if recorded["purchase_id"] is None:
        return
    purchase_id = UUID(recorded["purchase_id"])
    try:
        is_open = studio.jobs.purchase(purchase_id).state in UNFINISHED
    except NotFoundError:  # books that were restored from before it
        return
    if is_open:
        credits = None if recorded["credits"] is None else Decimal(recorded["credits"])
        cost = Decimal(recorded["cost_usd"])
        studio.jobs.close_purchase(purchase_id, PurchaseState.SETTLED, cost, credits=credits)


def _recorded(
    generation: Generation, media: MediaReference, facts: ImageFacts, *, title: str, prompt: str
) -> dict[str, Any]:
    return {
        "title": title,
        "prompt": prompt,
        "provider": generation.provider,
        "provider_id": generation.provider_id,
        "licence": {"name": generation.licence.name, "url": generation.licence.url},
        "cost_usd": str(generation.cost_usd),
        "credits": None if generation.credits is None else str(generation.credits),
        "purchase_id": None if generation.purchase_id is None else str(generation.purchase_id),
        "media": {"key": media.key, "sha256": media.sha256, "bytes": media.bytes},
        "facts": {
            "width": facts.width,
            "height": facts.height,
            "mean_luma": facts.mean_luma,
            "perceptual_hash": facts.perceptual_hash,
        },
        "created_at": datetime.now(UTC).isoformat(),
    }


def _record_key(job_id: UUID) -> str:
    return f"{THUMBNAILS.format(job_id=job_id)}{RECORD}"


def _write(media: MediaStore, job_id: UUID, made: Path, recorded: dict[str, Any]) -> None:
    made.write_text(json.dumps(recorded), encoding="utf-8")
    media.adopt(made, _record_key(job_id))


def _read(media: MediaStore, job_id: UUID) -> dict[str, Any] | None:
    try:
        found = json.loads(media.path(_record_key(job_id)).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _image(media: MediaStore, job_id: UUID, told: dict[str, Any]) -> ImageRecord | None:
    try:
        image = ImageRecord(
            id=job_id,
            order_index=0,
            provider=told["provider"],
            provider_image_id=told["provider_id"],
            prompt_text=told["prompt"],
            media=MediaReference(**told["media"]),
            facts=ImageFacts(**told["facts"]),
            created_at=datetime.fromisoformat(told["created_at"]),
            cost_usd=Decimal(told["cost_usd"]),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    return image if media.holds(image.media) else None
