"""Pieces that are longer than Mubert's licence lets a track be, and words that are longer than it reads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from video_pipeline.cores import Cores
from video_pipeline.providers import mubert
from video_pipeline.providers.mubert import MubertMusic
from video_pipeline.providers.workshop import Workshop
from video_pipeline_tests.providers import buying
from video_pipeline_tests.providers.buying import Remembered
from video_pipeline_tests.providers.test_contract import PIECE
from video_pipeline_tests.vendors import Account, Fakes

RATE = 48_000
LONG = replace(PIECE, samples=28 * RATE + 137)


@pytest.fixture
def account(fakes: Fakes, request: pytest.FixtureRequest) -> Account:
    account = fakes.account("mubert", f"key-{request.node.name}")
    account.behaviour.longest_s = 20
    return account


def asked_for(account: Account) -> list[int]:
    """The lengths in the submissions."""
    return [json.loads(call.body)["duration"] for call in account.calls if call.call == "submit"]


def test_the_licence_is_asked_once_and_kept(cores: Cores, fakes: Fakes, account: Account, tmp_path: Path) -> None:
    music = MubertMusic(buying.workshop(cores, fakes, account.key))
    told = Remembered()
    for purchase in (told, Remembered(task_id=None, known=set())):
        music.compose(LONG, 7, tmp_path / "a.flac", purchase)
    assert soundfile.info(tmp_path / "a.flac").frames == LONG.samples
    assert [path.name for path in tmp_path.iterdir()] == ["a.flac"]
    assert asked_for(account) == [20, 20]
    assert sum(call.path.endswith("/service/licenses") for call in account.calls) == 1
    assert told.told == ["submitting", "submitted"]
    assert len(account.bill) == 2


@pytest.fixture
def customer(
    cores: Cores, fakes: Fakes, account: Account, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], MubertMusic]:
    """A client that has the keys of a customer, and so cannot ask what the licence allows."""
    monkeypatch.setattr(mubert, "USUAL_S", 20)
    keys = {"customer_id": "cu-1", "access_token": account.key}
    workshop = Workshop(
        cores, Path("nowhere"), {"mubert": replace(buying.account(fakes, "mubert", "a"), keys=keys)}, buying.PACE
    )
    return lambda: MubertMusic(workshop)


def test_without_the_licence_a_refusal_says_how_long(
    customer: Callable[[], MubertMusic], account: Account, tmp_path: Path
) -> None:
    told = Remembered()
    customer().compose(LONG, 7, tmp_path / "a.flac", told)
    assert soundfile.info(tmp_path / "a.flac").frames == LONG.samples
    assert asked_for(account) == [29, 20]
    assert (told.told, len(account.bill)) == (["submitting", "submitted"], 1)


def test_a_lost_answer_to_the_shorter_one_is_found(
    customer: Callable[[], MubertMusic], account: Account, tmp_path: Path
) -> None:
    music = customer()
    made = music.compose(LONG, 7, tmp_path / "a.flac", Remembered())
    told = Remembered(began=time.monotonic())
    assert music.compose(LONG, 7, tmp_path / "a.flac", told).provider_id == made.provider_id
    assert (told.told, len(account.bill)) == (["submitted"], 1)


@pytest.mark.parametrize(
    ("answer", "longest"),
    [
        (
            {
                "data": [
                    {"license_limits": {"max_track_duration": 300}},
                    {"license_limits": {"max_track_duration": 180}},
                ]
            },
            180,
        ),
        ({"data": [{"license_limits": {"max_track_duration": -1}}]}, None),
        ({"data": [{"license_limits": None}, None]}, None),
        ({"data": None}, None),
        ([], None),
    ],
)
def test_what_a_licence_says(answer: object, longest: int | None) -> None:
    assert mubert._longest_in(answer) == longest


def test_words_that_fit_go_as_they_are_and_longer_ones_after_their_title(
    cores: Cores, fakes: Fakes, account: Account, tmp_path: Path
) -> None:
    """Other words for a piece whose title is what the moderation refuses would not help, if it went with them."""
    music = MubertMusic(buying.workshop(cores, fakes, account.key))
    short = replace(PIECE, text="Slow, warm strings over a soft piano; no drums, no voices")
    long = replace(PIECE, text=f"{'slow and warm, ' * 14}no drums")
    for piece in (short, replace(short, text="x" * 200), long):
        music.compose(piece, 7, tmp_path / "a.flac", Remembered())
    first, second, third = (json.loads(call.body)["prompt"] for call in account.calls if call.call == "submit")
    assert (first, second) == (short.text, "x" * 200)
    assert third.startswith(f"{PIECE.title}: slow and warm")
    assert 180 < len(third) <= 200
