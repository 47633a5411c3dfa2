"""Beatoven's odd parts: lengths in words, no list, two words for waiting, before its fake."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import soundfile

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import (
    DoubtfulPurchaseError,
    InvalidInputError,
    MediaError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import MusicPrompt
from video_pipeline.providers.beatoven import BeatovenMusic
from video_pipeline.providers.http import Account as VendorAccount
from video_pipeline.providers.workshop import Workshop
from video_pipeline_tests.providers import buying
from video_pipeline_tests.providers.buying import Remembered
from video_pipeline_tests.providers.test_contract import PIECE
from video_pipeline_tests.vendors import Account, Fakes

RATE = 48_000
SHORT = replace(PIECE, samples=6 * RATE)
PRICE = Decimal("0.10")

Compose = Callable[..., Generation]


@pytest.fixture
def account(fakes: Fakes, key: str) -> Account:
    return fakes.account("beatoven", key)


@pytest.fixture
def compose(fakes: Fakes, cores: Cores, key: str, tmp_path: Path) -> Compose:
    def composed(prompt: MusicPrompt = SHORT, purchase: Remembered | None = None) -> Generation:
        music = BeatovenMusic(buying.workshop(cores, fakes, key))
        told = Remembered() if purchase is None else purchase
        return music.compose(prompt, 7, tmp_path / "03.flac", told)

    return composed


def test_a_longer_piece_is_had_by_playing_parts_again(
    compose: Compose, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("video_pipeline.providers.beatoven.LONGEST_S", 20)
    samples, told = 27 * RATE + 137, Remembered()
    made = compose(replace(PIECE, samples=samples), told)
    assert soundfile.info(tmp_path / "03.flac").frames == samples
    assert [path.name for path in tmp_path.iterdir()] == ["03.flac"]
    assert made.provider_id == told.task_id == account.bill.charges[0].task_id
    assert (made.cost_usd, account.bill.total, len(account.bill)) == (PRICE, PRICE, 1)
    assert told.told == ["submitting", "submitted"]


def test_it_hears_of_one_length_in_words(compose: Compose, account: Account) -> None:
    account.behaviour.credit = Decimal(0)  # nothing is made of it
    with pytest.raises(ProviderRefusedError, match="quota exhausted"):
        compose(replace(PIECE, samples=200 * RATE, text="Slow nocturne. Duration: 3:20."))
    asked = json.loads(account.calls[0].body)
    assert asked == {"prompt": {"text": "150 seconds of Slow nocturne."}, "format": "wav", "looping": False}


@pytest.mark.parametrize("fault", ["reset_after", "cut_off", "truncated_json", "gateway_lost", "error_page"])
def test_without_a_list_a_lost_answer_is_doubtful_and_never_sent_again(
    compose: Compose, account: Account, fault: str
) -> None:
    account.next(fault, "submit")
    told = Remembered()
    with pytest.raises(DoubtfulPurchaseError, match=r"^beatoven: .* was lost, and no list says what became of it$"):
        compose(purchase=told)
    assert told.told == ["submitting", "trouble", "doubtful"]
    assert account.count("submit") == 1


def test_a_later_attempt_goes_on_with_the_task(compose: Compose, account: Account) -> None:
    account.next("truncated_media", "media", times=3)
    told = Remembered()
    with pytest.raises(MediaError):
        compose(purchase=told)
    assert (told.told[-1], told.costs) == ("failed", [PRICE])
    assert compose(purchase=Remembered(task_id=told.task_id)).provider_id == told.task_id
    assert account.count("submit") == len(account.bill) == 1


@pytest.mark.parametrize("fault", ["limit_seconds", "limit_date", "error_json"])
def test_what_was_certainly_not_accepted_is_sent_again(compose: Compose, account: Account, fault: str) -> None:
    account.next(fault, "submit", wait_s=0.1)
    told = Remembered()
    compose(purchase=told)
    assert told.told == ["submitting", "refused", "trouble", "submitting", "submitted"]
    assert len(account.bill) == 1


def test_both_words_for_waiting_and_unknown_ones_are_waited_for(compose: Compose, account: Account) -> None:
    account.behaviour.polls_until_ready = 4
    account.next("unknown_state", "poll", times=2)
    account.next("error_page", "poll", status=502)
    account.next("truncated_json", "poll")
    compose()
    assert account.count("poll") == 7


@pytest.mark.parametrize("fault", ["truncated_media", "page_as_media", "expired_link", "cut_off"])
def test_media_that_is_not_usable_is_fetched_again(compose: Compose, account: Account, fault: str) -> None:
    account.next(fault, "media")
    compose()
    assert account.count("media") == 2
    assert len(account.bill) == 1


def test_silence_was_paid_for_and_is_not_taken(compose: Compose, account: Account, tmp_path: Path) -> None:
    account.next("silent")
    told = Remembered()
    with pytest.raises(MediaError, match="is silent"):
        compose(purchase=told)
    assert (told.told[-1], told.costs) == ("failed", [PRICE])
    assert list(tmp_path.iterdir()) == []


def test_words_that_are_refused_are_not_sent_again_and_cost_nothing(compose: Compose, account: Account) -> None:
    told = Remembered()
    with pytest.raises(PromptRefusedError, match="content policy; use others"):
        compose(replace(SHORT, text="a forbidden song"), told)
    assert told.told == ["submitting", "refused"]
    assert (account.count("submit"), len(account.bill)) == (1, 0)


def test_a_task_that_failed_counts_as_paid(compose: Compose, account: Account) -> None:
    account.next("task_failed")
    told = Remembered()
    with pytest.raises(ProviderUnavailableError, match="failed; retry the job"):
        compose(purchase=told)
    assert (told.told[-1], told.costs) == ("failed", [PRICE])


def test_a_task_that_is_gone_was_paid_for(compose: Compose, account: Account) -> None:
    told = Remembered(task_id="another-accounts_1")
    with pytest.raises(MediaError, match=r"does not know .*it was paid for"):
        compose(purchase=told)
    assert (told.told, told.costs) == (["failed"], [PRICE])
    assert account.count("submit") == 0


def test_no_key_and_a_wrong_one_say_what_to_set(compose: Compose, cores: Cores, fakes: Fakes, tmp_path: Path) -> None:
    for keys, error in (({}, InvalidInputError), ({"api_key": "wrong-key"}, ProviderRefusedError)):
        workshop = Workshop(cores, tmp_path, {"beatoven": VendorAccount("beatoven", fakes.base("beatoven"), keys)})
        with pytest.raises(error, match="VIDEO_PIPELINE_BEATOVEN_API_KEY"):
            BeatovenMusic(workshop).compose(SHORT, 7, tmp_path / "a", Remembered())
