"""Owns the picture that is bought for a job's thumbnails alone; hides its prompt, and where it is recorded.

It stands beside the thumbnails with a record of its own, `bought.json`, so that it is bought once for a title. Its
licence is in the books, written when it is paid; an attempt that ended before leaves both to the next one. A job does
without the picture when it cannot be had: its own ones do for thumbnails as well.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.delivery import MASTER, AspectRatio
from video_pipeline.domain.errors import CancelledError, LeaseLostError, StoreUnavailableError
from video_pipeline.domain.licences import LicensedKind
from video_pipeline.domain.media import Generation, ImageFacts, Licence, MediaReference, Use
from video_pipeline.domain.purchases import Item
from video_pipeline.domain.records import ImageRecord
from video_pipeline.domain.storyboard import Storyboard, VisualPrompt
from video_pipeline.ports import ImageProvider, MediaStore, Purchase
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.files import THUMBNAILS
from video_pipeline.steps.paint import check_picture
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.steps.studio import Studio, in_turn, stated

WHAT = "thumbnails/00"
"""As what it stands in the books of money."""

RECORD = "bought.json"

log = logging.getLogger(__name__)


def buy_thumbnail_picture(studio: Studio, attempt: Attempt, brief: Brief, storyboard: Storyboard) -> None:
    """Have the picture made if the installation wants one and it is not there; what fails is logged.

    CancelledError and LeaseLostError end the attempt, as anywhere, and so does StoreUnavailableError: the picture may
    be there, and a job that went on would show it without a licence in the books.
    """
    name = studio.thumbnail_provider
    try:
        if not _is_there(studio, attempt, storyboard.title) and name is not None:
            _buy(studio, attempt, brief, storyboard, name)
    except (CancelledError, LeaseLostError, StoreUnavailableError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the job has pictures of its own
        log.warning(
            "job %s has no picture by %s for its thumbnails, and takes its own: %s",
            attempt.job_id,
            name or "the one who was asked before",
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


def _is_there(studio: Studio, attempt: Attempt, title: str) -> bool:
    """Whether the picture for `title` was made before.

    Whatever title it is for, it is paid and has its licence then: an attempt may have ended between the two.
    """
    told = _read(studio.media, attempt.job_id)
    if told is None or _image(studio.media, attempt.job_id, told) is None:
        return False
    _settle(studio, attempt, told)
    return bool(told.get("title") == title)


def _buy(studio: Studio, attempt: Attempt, brief: Brief, storyboard: Storyboard, name: str) -> None:
    job_id, title = attempt.job_id, storyboard.title
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
            _settle(studio, attempt, recorded)

        def offer(provider: ImageProvider) -> Offer[None]:
            facts = provider.capabilities

            def make(purchase: Purchase) -> Generation:
                painted = provider.illustrate(prompt, brief.seed, size, made, purchase)
                return stated(studio, facts, painted, brief.seed)

            return Offer(facts.name, facts.price_usd, facts.limits, make, keep)

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


def _settle(studio: Studio, attempt: Attempt, recorded: dict[str, Any]) -> None:
    """Put what it cost, and under which rights it was made, into the books, unless they are there."""
    studio.jobs.record_made(
        attempt.lease,
        LicensedKind.THUMBNAIL,
        _generation(recorded),
        prompt=recorded["prompt"],
        sha256=recorded["media"]["sha256"],
        made_at=datetime.fromisoformat(recorded["created_at"]),
    )


def _generation(recorded: dict[str, Any]) -> Generation:
    """What was written by `_recorded`; by its first form there was no seed, and of the licence name and address."""
    licence, bought, credits = recorded["licence"], recorded["purchase_id"], recorded["credits"]
    uses = {name: tuple(map(Use, licence.get(name, ()))) for name in ("uses", "refused")}
    return Generation(
        provider=recorded["provider"],
        provider_id=recorded["provider_id"],
        licence=Licence(**(licence | uses)),
        cost_usd=Decimal(recorded["cost_usd"]),
        purchase_id=None if bought is None else UUID(bought),
        credits=None if credits is None else Decimal(credits),
        seed=recorded.get("seed"),
    )


def _recorded(
    generation: Generation, media: MediaReference, facts: ImageFacts, *, title: str, prompt: str
) -> dict[str, Any]:
    return {
        "title": title,
        "prompt": prompt,
        "provider": generation.provider,
        "provider_id": generation.provider_id,
        "seed": generation.seed,
        "licence": asdict(generation.licence),
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
