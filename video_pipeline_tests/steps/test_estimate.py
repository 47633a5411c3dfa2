"""What an order is expected to cost, by those who would be asked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from video_pipeline.domain.brief import AlbumBrief, Brief, BuildBrief, MusicVideoBrief, StoryboardBrief
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.estimates import Share, cap_note
from video_pipeline.domain.job import Approval
from video_pipeline.domain.materials import FootageFile, Materials, SongFile
from video_pipeline.domain.purchases import CapScope, Limits, Spending
from video_pipeline.domain.storyboard import SourceFile
from video_pipeline.ports import Capabilities, EngineCapabilities
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.steps.estimate import Sellers, estimate, expected_of_plan, refinement_price
from video_pipeline.steps.plan import plan

COMMON: dict[str, Any] = {
    "channel_id": UUID(int=1),
    "niche_label": "Rainy Library",
    "mood_keywords": "calm",
    "seed": 7,
    "approval": Approval.AUTO,
    "music_provider": "band",
    "visual_provider": "painter",
}
SONG: dict[str, Any] = {"song_title": "Song", "music_file": "a.mp3", "genre": "ambient", "prompt": "a lake at night"}


def provider(name: str, price: str) -> Any:
    return SimpleNamespace(capabilities=Capabilities(name, concurrency=1, price_usd=Decimal(price)))


def engine(name: str, **facts: Any) -> Any:
    known: dict[str, Any] = {"concurrency": 1, "price_usd": Decimal("0.01"), "from_picture": True, "seamless": True}
    return SimpleNamespace(capabilities=EngineCapabilities(name, **known | facts))


SELLERS = Sellers(
    music={"band": provider("band", "0.04")},
    images={"painter": provider("painter", "0.03"), "designer": provider("designer", "0.25")},
    engines={"mover": engine("mover", longest_s=8, second_usd=Decimal("0.1"), lengths=(4, 6, 8))},
)
ALBUM = AlbumBrief(**COMMON, target_duration_minutes=60)


def cents(brief: Brief, sellers: Sellers = SELLERS) -> Decimal:
    return estimate(sellers, brief).total_usd * 100


def test_each_kind_buys_what_it_needs() -> None:
    assert estimate(SELLERS, ALBUM).music == Share(20, Decimal("0.04"))
    assert cents(ALBUM) == 20 * (4 + 3)
    assert cents(StoryboardBrief(**COMMON, scene_count=3, scene_seconds=30)) == 3 * (4 + 3)
    assert cents(BuildBrief(**COMMON)) == 0
    assert cents(MusicVideoBrief(**COMMON, **SONG, scene_seconds=10)) == 21 * 3


@pytest.mark.parametrize(("scene_seconds", "clip"), [(2, 81), (10, 81)])
def test_clips_are_priced_as_long_as_they_are_made(scene_seconds: int, clip: int) -> None:
    # Two seconds, and the five that footage has beyond its scene, are seven: the next length is eight.
    told = estimate(SELLERS, MusicVideoBrief(**COMMON, **SONG, scene_seconds=scene_seconds, engine="mover"))
    assert told.clips == Share(min(210 // scene_seconds, 60), Decimal(clip) / 100)
    assert told.total_usd == told.scenes * (Decimal(clip) + 3) / 100


@pytest.mark.parametrize(("seconds", "scenes", "clip"), [(6, 2, 8), (24, 8, 8), (1200, 60, 20)])
def test_a_measured_song_is_estimated_by_its_length_and_the_plan_agrees(seconds: int, scenes: int, clip: int) -> None:
    mover = engine("mover", longest_s=20, second_usd=Decimal("0.1"), lengths=())
    sellers = replace(SELLERS, engines={"mover": mover}, thumbnails="designer", words_usd=Decimal("0.005"))
    brief = MusicVideoBrief(**COMMON, **SONG, scene_seconds=3, engine="mover")
    told = estimate(sellers, brief, seconds * 30)
    assert (told.frames, told.scenes, told.length_note) == (seconds * 30, scenes, None)
    assert told.clips == Share(scenes, Decimal("0.01") + Decimal(clip) / 10)
    song = SongFile(SourceFile("a.mp3", "0" * 64), seconds * 48_000)
    assert expected_of_plan(sellers, brief, plan(brief, GrammarWriter(), Materials(songs=(song,)))) == told.total_usd
    assert estimate(sellers, brief).length_note is not None


def test_a_build_is_estimated_by_its_plan_where_pictures_have_to_be_made() -> None:
    brief = BuildBrief(**COMMON)
    songs = tuple(SongFile(SourceFile(f"{name}.mp3", name * 64), 90 * 48_000) for name in "ab")
    assert cents(brief) == 0
    assert expected_of_plan(SELLERS, brief, plan(brief, GrammarWriter(), Materials(songs=songs))) == Decimal("0.06")
    film = (FootageFile(SourceFile("c.mp4", "c" * 64), 900),)
    assert expected_of_plan(SELLERS, brief, plan(brief, GrammarWriter(), Materials(songs=songs, footage=film))) == 0
    gone = replace(SELLERS, images={}, thumbnails="nobody")
    assert expected_of_plan(gone, brief, plan(brief, GrammarWriter(), Materials(songs=songs))) == 0


def test_a_picture_for_thumbnails_and_words_are_counted() -> None:
    sellers = replace(SELLERS, thumbnails="designer", words_usd=Decimal("0.005"))
    assert cents(ALBUM, sellers) == cents(ALBUM) + 25 + Decimal("0.5")


@pytest.mark.parametrize(
    ("changes", "sellers", "error"),
    [
        ({"music_provider": "nobody"}, SELLERS, "unknown provider 'nobody'; one of: band"),
        ({"engine": "nobody"}, SELLERS, "engine 'nobody' is not there"),
        ({}, replace(SELLERS, thumbnails="nobody"), "unknown provider 'nobody'; one of: designer, painter"),
    ],
)
def test_whom_nobody_knows_is_told(changes: dict[str, Any], sellers: Sellers, error: str) -> None:
    with pytest.raises(InvalidInputError, match=error):
        estimate(sellers, replace(MusicVideoBrief(**COMMON, **SONG), **changes))


def test_a_refinement_costs_its_picture_and_its_clip() -> None:
    usual = Decimal("0.02")
    assert refinement_price(SELLERS, ALBUM, 300) == usual
    assert refinement_price(replace(SELLERS, refinements="nobody"), ALBUM, 300) == usual
    vendor = SimpleNamespace(
        capabilities=Capabilities("vendor", concurrency=1, price_usd=Decimal("0.04"), limits=Limits(concurrency=1))
    )
    sellers: Any = replace(SELLERS, images={"vendor": vendor}, refinements="vendor")
    assert refinement_price(sellers, ALBUM, 300) == Decimal("0.04")
    moving = MusicVideoBrief(**COMMON, **SONG, engine="mover")
    assert refinement_price(sellers, moving, 30) == Decimal("0.04") + Decimal("0.61")
    assert refinement_price(sellers, replace(moving, engine="gone"), 30) == Decimal("0.04")


def test_the_tightest_cap_is_named() -> None:
    standing = [
        Spending(CapScope.JOB, None, Decimal(20), False, Decimal(0), Decimal(0)),
        Spending(CapScope.CHANNEL, None, None, False, Decimal(90), Decimal(9)),
        Spending(CapScope.DAY, None, Decimal(50), False, Decimal(40), Decimal("6.50")),
    ]
    assert cap_note(Decimal("3.50"), standing) is None
    assert cap_note(Decimal("3.51"), standing) == (
        "the cap of $50.00 for this day leaves $3.50 of about $3.51; the job would stop there until the cap is raised"
    )
    assert (cap_note(Decimal(30), standing) or "").startswith("the cap of $50.00 for this day")
