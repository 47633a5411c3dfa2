"""Owns trying a provider: one small real piece, bought as those of jobs are; hides what is asked for.

It belongs to no job: the caps of the day and of the month hold, the ledger has it, what was handed out has its licence,
and one whose answer was lost is taken up by the next trial of the same provider, or shown as doubtful.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import assert_never
from uuid import UUID

from video_pipeline.domain.brief import StoryboardBrief
from video_pipeline.domain.errors import InvalidInputError, MachineError, ProviderUnavailableError
from video_pipeline.domain.licences import LicensedKind
from video_pipeline.domain.media import Generation
from video_pipeline.domain.money import usd
from video_pipeline.domain.purchases import TRIALS, Item, PurchaseState
from video_pipeline.domain.records import Lease
from video_pipeline.domain.storyboard import Instrument, Mode, MusicPrompt, VisualPrompt
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ports import PromptWriter, Purchase, Script
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.steps.roster import Roster, Seller, Trade, provider_of
from video_pipeline.steps.studio import Studio, chosen, stated
from video_pipeline.steps.write import TERMS

SEED = 7
"""The same for each trial, so that one whose answer was lost is found again."""

PIECE_S = 30
SIZE = (1280, 720)
CLIP_S = 4

SUFFIXES = {Trade.MUSIC: ".flac", Trade.PICTURE: ".png", Trade.CLIP: ".mp4", Trade.WORDS: ".json"}
"""What can be tried, and the kind of file that comes of it."""

_KINDS = {Trade.MUSIC: LicensedKind.TRACK, Trade.PICTURE: LicensedKind.IMAGE, Trade.CLIP: LicensedKind.CLIP}
"""What has a licence; nobody claims words."""

PIECE = MusicPrompt(
    order_index=1,
    title="A trial",
    text="Slow nocturne with felt piano and warm pad in D minor. Tempo: 66 BPM. Duration: 0:30.",
    tempo_bpm=66,
    tonic="D",
    mode=Mode.MINOR,
    instruments=(Instrument.FELT_PIANO, Instrument.PAD),
    density=0.4,
    moods=("calm", "warm"),
    samples=PIECE_S * SAMPLE_RATE,
)
PICTURE = VisualPrompt(
    order_index=1,
    text="A lake at dusk between pine trees, mist over the water, golden light; no people, no text",
    description="A lake at dusk",
)
BRIEF = StoryboardBrief(
    channel_id=TRIALS,
    niche_label="A lake at dusk",
    mood_keywords="calm, warm",
    seed=SEED,
    scene_count=1,
    scene_seconds=30,
)


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial."""

    path: Path
    generation: Generation


@dataclass(frozen=True, slots=True)
class _Operator:
    """`purchase.Buyer` for a trial, which ends when its process does."""

    lease: Lease | None = None
    job_id: UUID = TRIALS
    is_edit: bool = False

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def waiting(self, why: str) -> AbstractContextManager[None]:
        log.warning("%s", why)
        return nullcontext()


def trial_price(roster: Roster, seller: Seller) -> Decimal:
    """US dollars that are set aside for a trial.

    InvalidInputError when the seller is not ready, or makes what is not tried.
    """
    if seller.missing:
        raise InvalidInputError(seller.missing)
    if seller.trade not in SUFFIXES:
        raise InvalidInputError(f"{seller.trade} is not tried; what is: {', '.join(SUFFIXES)}")
    if seller.trade is Trade.CLIP:
        engine = roster.engines[seller.name].capabilities
        return engine.price_of(min(CLIP_S, engine.longest_s))
    return seller.price_usd


def check_place(seller: Seller, out: Path) -> None:
    """InvalidInputError, before anything is bought, when what comes could not be put there."""
    suffix = SUFFIXES[seller.trade]
    if out.suffix.lower() != suffix:
        raise InvalidInputError(f"{out} is to be a {suffix} file: that is what is made of {seller.trade}")
    if out.exists():
        raise InvalidInputError(f"{out} is there already; name another file with --out")
    if not out.parent.is_dir():
        raise InvalidInputError(f"there is no folder {out.parent}")


def try_provider(studio: Studio, seller: Seller, out: Path) -> Tried:
    """Have one small piece made, at `out`; errors are those of `obtain`, `trial_price` and `check_place`."""
    price_usd = trial_price(Roster.of(studio), seller)
    check_place(seller, out)
    with TemporaryDirectory(dir=out.parent, prefix=".trial-") as scratch:
        made = Path(scratch, f"made{out.suffix.lower()}")
        make, item = _work(studio, seller, made)

        @cache  # books that did not answer are told again, when the file has its place already
        def handed_out() -> str:
            return _hand_out(made, out)

        def keep(generation: Generation) -> Tried:
            sha256 = handed_out()
            if kind := _KINDS.get(seller.trade):
                studio.jobs.record_made(None, kind, generation, prompt=item.prompt, sha256=sha256)
            elif generation.purchase_id is not None:
                cost, credits = generation.cost_usd, generation.credits
                studio.jobs.close_purchase(generation.purchase_id, PurchaseState.SETTLED, cost, credits=credits)
            return Tried(out, generation)

        return obtain(studio.jobs, _Operator(), item, [Offer(seller.name, price_usd, seller.limits, make, keep)])


def _hand_out(made: Path, out: Path) -> str:
    """Put what was made where it was asked for; its checksum."""
    try:
        with made.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        made.replace(out)
    except OSError as error:
        raise MachineError(f"cannot write {out}: {error.strerror}; see that the disk has room") from error
    return sha256


Make = Callable[[Purchase], Generation]


def _work(studio: Studio, seller: Seller, made: Path) -> tuple[Make, Item]:
    what = f"trial/{seller.name}/{seller.trade}"
    match seller.trade:
        case Trade.MUSIC:
            music = studio.music[seller.name]

            def compose(purchase: Purchase) -> Generation:
                return stated(studio, music.capabilities, music.compose(PIECE, SEED, made, purchase), SEED)

            return compose, Item(what, PIECE.text, SEED, (PIECE.samples,))
        case Trade.PICTURE:
            images = studio.images[seller.name]

            def illustrate(purchase: Purchase) -> Generation:
                return stated(studio, images.capabilities, images.illustrate(PICTURE, SEED, SIZE, made, purchase), SEED)

            return illustrate, Item(what, PICTURE.text, SEED, SIZE)
        case Trade.CLIP:
            return _clip(studio, seller, made), Item(what, PICTURE.text, SEED, (CLIP_S, *SIZE))
        case Trade.WORDS:
            return _words(studio, seller, made), Item(what, BRIEF.niche_label, SEED)
        case Trade.AMBIENCE | Trade.THUMBNAIL | Trade.REFINEMENT:
            raise AssertionError("`trial_price` has refused it")
        case _:
            assert_never(seller.trade)


def _clip(studio: Studio, seller: Seller, made: Path) -> Make:
    engine = studio.engines[seller.name]
    facts = engine.capabilities
    shown = made.with_name("shown.png")

    def make(purchase: Purchase) -> Generation:
        if facts.from_picture:
            _paint(studio, shown)
        source = shown if facts.from_picture else None
        seconds = min(CLIP_S, facts.longest_s)
        moved = engine.animate(PICTURE, SEED, source, seconds=seconds, size=SIZE, out=made, purchase=purchase)
        return stated(studio, facts, moved, SEED)

    return make


def _paint(studio: Studio, out: Path) -> Generation:
    """A picture to begin with, by this machine: it costs nothing and takes no key."""
    painter = chosen(studio.images, "procedural")

    def make(purchase: Purchase) -> Generation:
        return painter.illustrate(PICTURE, SEED, SIZE, out, purchase)

    item = Item("trial/procedural/picture", PICTURE.text, SEED, SIZE)
    return obtain(studio.jobs, _Operator(), item, [Offer("procedural", Decimal(0), None, make, lambda made: made)])


def _words(studio: Studio, seller: Seller, made: Path) -> Make:
    writer = provider_of(Roster.of(studio), seller)
    if not isinstance(writer, PromptWriter):
        raise InvalidInputError(f"{seller.name} writes nothing")

    def make(purchase: Purchase) -> Generation:
        if purchase.unanswered_s is not None:
            purchase.failed(seller.price_usd, "the answer was lost: possibly paid, and not asked for again")
            raise ProviderUnavailableError(
                f"the answer of {seller.name} to an earlier trial was lost, and {usd(seller.price_usd)} are counted as "
                "taken for it; try again"
            )
        purchase.submitting()
        script = writer.write(BRIEF, (PIECE.samples,))
        _check_writer(seller, script, purchase)
        purchase.submitted(None)
        made.write_text(json.dumps(asdict(script), default=str, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        return Generation(seller.name, None, TERMS, script.cost_usd)

    return make


def _check_writer(seller: Seller, script: Script, purchase: Purchase) -> None:
    """Where a model cannot write the grammar does, which is no trial of the model."""
    if script.written_by == seller.name:
        return
    why = f"{seller.name} wrote nothing that can be used, and the {script.written_by} stood in; the log says why"
    purchase.failed(script.cost_usd, why)
    raise ProviderUnavailableError(f"{why}; {usd(script.cost_usd)} were taken")
