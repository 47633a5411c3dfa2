"""Owns buying one thing of a provider; hides when money is set aside, taken and given back, and what is taken up again.

Money is set aside before a provider is asked, and what it takes is booked with the thing itself, in one transaction. An
attempt that finds a purchase of the same thing under way goes on with it. Of several providers the next one is asked
only where nothing can have been bought of the one before.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Generic, TypeVar

from video_pipeline.domain.errors import (
    CapReachedError,
    DoubtfulPurchaseError,
    LimitReachedError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from video_pipeline.domain.media import Generation
from video_pipeline.domain.money import usd
from video_pipeline.domain.purchases import TRIALS, UNFINISHED, Item, Limits, PurchaseRecord, PurchaseState
from video_pipeline.ports import JobStore, Purchase
from video_pipeline.steps.open_purchase import LOOK_AGAIN_S, Buyer, OpenPurchase
from video_pipeline.steps.wording import remedy

CAP_PATIENCE_S = 120.0
"""How long others are waited for who may give back what they have set aside."""

log = logging.getLogger(__name__)

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Offer(Generic[Made]):
    """What one provider would do."""

    provider: str
    price_usd: Decimal
    limits: Limits | None  # None: it works on this machine
    make: Callable[[Purchase], Generation]  # writes the thing
    keep: Callable[[Generation], Made]  # records it, with what it cost


def obtain(jobs: JobStore, attempt: Buyer, item: Item, offers: Sequence[Offer[Made]]) -> Made:
    """Have one thing made by the first provider of `offers` that can, and record it.

    What is under way already is taken up instead. Raises what the last provider asked has raised; CapReachedError when
    there is no money left, DoubtfulPurchaseError when a person has to look first.
    """
    found = _unfinished(jobs, attempt, item, offers)
    if found is not None:
        offers = [offer for offer in offers if offer.provider == found.provider]
    for offer, is_last in ((offer, offer is offers[-1]) for offer in offers):
        purchase: OpenPurchase | None = None
        try:
            purchase = _begun(jobs, attempt, item, offer, found)
            generation = _made(offer, purchase)
        except PromptRefusedError as error:
            raise _with_remedy(attempt, item, error) from error
        except DoubtfulPurchaseError as error:
            if purchase is None or purchase.record is None:
                raise
            raise _doubt(attempt, purchase.record, str(error)) from error
        except (ProviderUnavailableError, ProviderRefusedError, LimitReachedError) as error:
            is_for_good = isinstance(error, CapReachedError)
            if is_last or is_for_good or (purchase and purchase.took_money) or _is_open(jobs, attempt, item):
                raise
            log.warning("%s is asked of the next provider: %s", item.what, error)
        else:
            return _kept(offer, purchase, generation)
    raise AssertionError("there is at least one offer")


def _unfinished(jobs: JobStore, attempt: Buyer, item: Item, offers: Sequence[Offer[Made]]) -> PurchaseRecord | None:
    """The purchase to go on with; one of something else in the same place is over."""
    for record in jobs.purchases(attempt.job_id, what=item.what, states=UNFINISHED):
        if record.state is PurchaseState.DOUBTFUL:
            raise _doubt(attempt, record, record.note or f"the answer of {record.provider} was lost")
        is_offered = any(offer.provider == record.provider for offer in offers)
        if is_offered and record.request == item.request(record.provider):
            return record
        if record.state is PurchaseState.RESERVED:
            jobs.close_purchase(record.id, PurchaseState.RELEASED, note="something else is wanted")
        else:
            # The vendor works on it, or has done so, and is paid for it; without its answer nobody knows, and the books
            # rather have too much than too little.
            possibly = "possibly paid; " if record.state is PurchaseState.SUBMITTING else ""
            note = f"{possibly}something else was wanted meanwhile"
            jobs.close_purchase(record.id, PurchaseState.LOST, record.owed_usd, note=note)
    return None


def _is_open(jobs: JobStore, attempt: Buyer, item: Item) -> bool:
    return bool(jobs.purchases(attempt.job_id, what=item.what, states=UNFINISHED))


def _begun(
    jobs: JobStore, attempt: Buyer, item: Item, offer: Offer[Made], found: PurchaseRecord | None
) -> OpenPurchase:
    """The purchase to go on with, or a new one; PromptRefusedError for words that this vendor has refused before."""
    if not offer.price_usd and offer.limits is None and found is None:
        return OpenPurchase(jobs, attempt, None, None)
    if found is None:
        refused_at = jobs.refused_at(attempt.job_id, item.request(offer.provider))
        if refused_at is not None:
            raise PromptRefusedError(
                f"{offer.provider} refused the words on {refused_at:%Y-%m-%d %H:%M} UTC, and is not asked for the same "
                "again; use others"
            )
    return OpenPurchase(jobs, attempt, found or _reserved(jobs, attempt, item, offer), offer.limits)


def _with_remedy(attempt: Buyer, item: Item, error: PromptRefusedError) -> PromptRefusedError:
    """The refusal, with what it is of and what to do; who edits by hand knows both."""
    if attempt.is_edit:
        return error
    return PromptRefusedError(f"{item.what}: {error}; {remedy(attempt.job_id, item.what)}")


def _doubt(attempt: Buyer, record: PurchaseRecord, what_happened: str) -> DoubtfulPurchaseError:
    """The error of a doubtful purchase: what happened, where to look, what to say of it, and what to do then."""
    if attempt.is_edit:
        then = "then ask for it again"
    elif attempt.job_id == TRIALS:
        then = "then try it again"
    else:
        then = f"then 'video-pipeline job retry {attempt.job_id}'"
    return DoubtfulPurchaseError(
        f"{what_happened}; look into the dashboard of {record.provider} whether {usd(record.price_usd)} were taken for "
        f"{record.what}, say what is so with 'video-pipeline money resolve {record.id}', {then}"
    )


def _made(offer: Offer[Made], purchase: OpenPurchase) -> Generation:
    try:
        return replace(offer.make(purchase), purchase_id=purchase.id)
    except BaseException as error:
        purchase.give_up(error)
        purchase.raise_if_in_vain(error)
        raise


def _kept(offer: Offer[Made], purchase: OpenPurchase, generation: Generation) -> Made:
    """Record what was made; that it cannot be kept is no reason to ask another provider."""
    try:
        return purchase.kept(lambda: offer.keep(generation))
    except BaseException as error:
        purchase.give_up(error, generation)
        purchase.raise_if_in_vain(error)
        raise


def _reserved(jobs: JobStore, attempt: Buyer, item: Item, offer: Offer[Made]) -> PurchaseRecord:
    """The money set aside; others who may give some back are waited for."""
    waited_s = 0.0
    while True:
        try:
            return jobs.reserve(attempt.lease, offer.provider, item, offer.price_usd)
        except CapReachedError as error:
            if not error.may_pass or waited_s >= CAP_PATIENCE_S:
                raise
        pause_s = random.uniform(*LOOK_AGAIN_S)  # noqa: S311 - so that those who wait do not look all at once
        attempt.pause(pause_s)
        waited_s += pause_s
