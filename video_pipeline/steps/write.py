"""Owns having the plan of a job written; hides what a language model takes for it.

What is written is never bought twice: where an earlier attempt asked a model and never told the answer, money may be
gone, and the writer that costs nothing steps in. So it does where a cap leaves no money for words.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from decimal import Decimal

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.errors import CapReachedError
from video_pipeline.domain.estimates import cap_note
from video_pipeline.domain.materials import Materials
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.purchases import Item, Limits
from video_pipeline.domain.storyboard import Song, Storyboard
from video_pipeline.ports import PromptWriter, Purchase, Script
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.estimate import Sellers, expected_of_plan
from video_pipeline.steps.plan import plan
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.steps.studio import Studio

WHAT = "words/00"
AT_ONCE = Limits(concurrency=16)
TERMS = Licence("words of a language model, under the terms of its vendor", None)

log = logging.getLogger(__name__)


def write_plan(studio: Studio, attempt: Attempt, brief: Brief, materials: Materials) -> Storyboard:
    """The storyboard of a job, in the books with what writing it cost. Raises as `plan` does."""
    writer = studio.writer
    if writer.stand_in is None:
        return _kept(studio, attempt, brief, plan(brief, writer, materials))
    item = Item(WHAT, f"{brief.niche_label}; {brief.mood_keywords}", brief.seed, (brief,))
    stand_in = writer.stand_in
    made: list[Storyboard] = []

    def make(purchase: Purchase) -> Generation:
        if purchase.unanswered_s is not None:
            purchase.failed(writer.price_usd, "the answer was lost: possibly paid, and not asked for again")
            made.append(plan(brief, stand_in, materials))
            return Generation(writer.name, None, TERMS, Decimal(0))
        counted = _Counted(writer)
        purchase.submitting()
        made.append(plan(brief, counted, materials))
        return Generation(writer.name, None, TERMS, counted.cost_usd)

    def keep(generation: Generation) -> Storyboard:
        return _kept(studio, attempt, brief, made[-1], generation)

    try:
        return obtain(studio.jobs, attempt, item, [Offer(writer.name, writer.price_usd, AT_ONCE, make, keep)])
    except CapReachedError as error:
        log.warning("%s writes in the place of %s: %s", stand_in.name, writer.name, error)
        return _kept(studio, attempt, brief, plan(brief, stand_in, materials))


def _kept(
    studio: Studio, attempt: Attempt, brief: Brief, storyboard: Storyboard, by: Generation | None = None
) -> Storyboard:
    sellers = Sellers.of(studio)
    expected_usd = expected_of_plan(sellers, brief, storyboard)
    studio.jobs.save_storyboard(attempt.lease, storyboard, by=by, expected_usd=expected_usd)
    to_buy = expected_usd - sellers.words_usd  # which are bought
    note = cap_note(to_buy, studio.jobs.spending(attempt.job_id)) if to_buy else None
    if note:
        log.warning("what is planned costs more than may be spent: %s", note)
    return storyboard


class _Counted:
    """A writer whose scripts' cost is added up."""

    stand_in = None

    def __init__(self, writer: PromptWriter) -> None:
        self.name = writer.name
        self.price_usd = writer.price_usd
        self.cost_usd = Decimal(0)
        self._writer = writer

    def write(
        self, brief: Brief, samples: Sequence[int], *, songs: Sequence[Song] = (), pictures: int | None = None
    ) -> Script:
        script = self._writer.write(brief, samples, songs=songs, pictures=pictures)
        self.cost_usd += script.cost_usd
        return script
