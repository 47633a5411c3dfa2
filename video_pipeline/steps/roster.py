"""Owns who can be asked for what, at what price, and whether they are ready; hides in which table each stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from video_pipeline.domain.errors import InvalidInputError, NotFoundError
from video_pipeline.domain.purchases import Limits, VendorState
from video_pipeline.ports import (
    AmbienceProvider,
    EngineCapabilities,
    ImageProvider,
    MusicProvider,
    PromptWriter,
    VideoEngine,
)
from video_pipeline.steps.studio import Described, Studio
from video_pipeline.steps.write import AT_ONCE


class Trade(StrEnum):
    """What somebody is asked for."""

    MUSIC = "music"
    PICTURE = "picture"
    CLIP = "clip"
    AMBIENCE = "ambience"
    WORDS = "words"
    THUMBNAIL = "thumbnail"
    REFINEMENT = "refinement"


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who can be asked; a `Studio` without the tools that need a database or ffmpeg."""

    music: Mapping[str, MusicProvider] = field(default_factory=dict)
    images: Mapping[str, ImageProvider] = field(default_factory=dict)
    engines: Mapping[str, VideoEngine] = field(default_factory=dict)
    ambience: Mapping[str, AmbienceProvider] = field(default_factory=dict)
    writer: PromptWriter | None = None  # None: the one that is configured cannot be opened
    writer_missing: str = ""  # why not
    # Who could write as well, and what to set for it, in words.
    idle_writers: Mapping[str, str] = field(default_factory=dict)
    thumbnails: str | None = None  # who is asked for pictures for thumbnails alone
    refinements: str | None = None  # who makes pictures anew
    fallbacks: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, studio: Studio) -> Roster:
        """Everybody whom a studio asks."""
        return cls(
            music=studio.music,
            images=studio.images,
            engines=studio.engines,
            ambience=studio.ambience,
            writer=studio.writer,
            thumbnails=studio.thumbnail_provider,
            refinements=studio.refinement_provider,
            fallbacks=studio.fallbacks,
        )


@dataclass(frozen=True, slots=True)
class Seller:
    """One who can be asked for one thing."""

    trade: Trade
    name: str
    price_usd: Decimal  # for one piece
    second_usd: Decimal  # for each second beside that
    longest_s: int | None  # of a piece or a clip; None: it is not stated
    largest: tuple[int, int] | None  # of a picture or a clip in 16:9, in pixels; None: it is not stated
    concurrency: int
    limits: Limits | None  # None: it works on this machine
    missing: str  # what has to be configured before, in words
    fallbacks: tuple[str, ...]  # whom to ask after it
    state: VendorState | None  # how calls have gone lately; None: there were none

    @property
    def ready(self) -> bool:
        """Whether an order may name it."""
        return not self.missing


def sellers(roster: Roster, states: Sequence[VendorState] = ()) -> list[Seller]:
    """Everybody, by trade, with how calls to them have gone lately."""
    lately = {state.provider: state for state in states}
    found = [
        _seller(roster, trade, name, each, lately.get(name))
        for trade, known in _tables(roster)
        for name, each in known.items()
    ]
    return [*found, *_writers(roster, lately)]


def seller_of(roster: Roster, name: str, trade: Trade | None = None, *, of_account: bool = False) -> Seller:
    """The one called `name`, of that trade where several trades have the name.

    With `of_account` the name of a vendor is enough where one account stands behind several names. NotFoundError lists
    who there is, InvalidInputError whom, or which trades, to choose from, or what to set first.
    """
    everybody = [each for each in sellers(roster) if each.trade not in (Trade.THUMBNAIL, Trade.REFINEMENT)]
    offering = [each for each in everybody if trade in (None, each.trade)]
    fitting = [each for each in offering if name in (each.name, each.name.partition("/")[0])]
    if len(fitting) > 1:
        trades = ", ".join(each.trade for each in fitting)
        raise InvalidInputError(f"{name} makes several things; say which with --kind: {trades}")
    if fitting:
        return fitting[0]
    if alike := [each for each in offering if _vendor_of(roster, each) == name]:
        if of_account:
            return alike[0]
        raise InvalidInputError(f"{name} has several engines; name one: {', '.join(each.name for each in alike)}")
    if name in roster.idle_writers and trade in (None, Trade.WORDS):
        raise InvalidInputError(roster.idle_writers[name])
    known = ", ".join(sorted({each.name for each in offering}))
    what = "provider" if trade is None else f"provider of {trade}"
    raise NotFoundError(f"there is no {what} called {name!r}; there are: {known}")


def _vendor_of(roster: Roster, seller: Seller) -> str:
    """Whose account is used, where that has another name than the seller; else empty."""
    return roster.engines[seller.name].capabilities.vendor if seller.trade is Trade.CLIP else ""


def provider_of(roster: Roster, seller: Seller) -> object:
    """Who is behind a seller."""
    if seller.trade is Trade.WORDS:
        writer = roster.writer
        return writer if writer is None or writer.name == seller.name else writer.stand_in
    return next(known for trade, known in _tables(roster) if trade is seller.trade)[seller.name]


def _tables(roster: Roster) -> Iterator[tuple[Trade, Mapping[str, Described]]]:
    yield Trade.MUSIC, roster.music
    yield Trade.PICTURE, roster.images
    yield Trade.CLIP, roster.engines
    yield Trade.AMBIENCE, roster.ambience
    for trade, name in ((Trade.THUMBNAIL, roster.thumbnails), (Trade.REFINEMENT, roster.refinements)):
        if name is not None and name in roster.images:
            yield trade, {name: roster.images[name]}


def _seller(roster: Roster, trade: Trade, name: str, provider: Described, state: VendorState | None) -> Seller:
    facts = provider.capabilities
    engine = facts if isinstance(facts, EngineCapabilities) else None
    return Seller(
        trade=trade,
        name=name,
        price_usd=facts.price_usd,
        second_usd=Decimal(0) if engine is None else engine.second_usd,
        longest_s=facts.longest_s,
        largest=facts.largest,
        concurrency=facts.concurrency,
        limits=facts.limits,
        missing=facts.missing,
        fallbacks=tuple(roster.fallbacks.get(name, ())),
        state=state,
    )


def _writers(roster: Roster, lately: Mapping[str, VendorState]) -> Iterator[Seller]:
    writer = roster.writer
    if writer is None:
        if roster.writer_missing:
            yield replace(_WRITER, name="model", limits=AT_ONCE, missing=roster.writer_missing)
        return
    stand_in = writer.stand_in
    if stand_in is None:
        yield replace(_WRITER, name=writer.name)
        return
    yield replace(
        _WRITER,
        name=writer.name,
        price_usd=writer.price_usd,
        limits=AT_ONCE,
        fallbacks=(stand_in.name,),
        state=lately.get(writer.name),
    )
    yield replace(_WRITER, name=stand_in.name)


_WRITER = Seller(
    trade=Trade.WORDS,
    name="",
    price_usd=Decimal(0),
    second_usd=Decimal(0),
    longest_s=None,
    largest=None,
    concurrency=AT_ONCE.concurrency,
    limits=None,
    missing="",
    fallbacks=(),
    state=None,
)
"""One who writes for nothing on this machine."""
