"""Scripts by fake vendors that know their schemas, remember what they charged, and go wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from video_pipeline.domain.errors import PromptRefusedError, ProviderRefusedError
from video_pipeline.ports import Script
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.providers.http import Account
from video_pipeline.providers.registry import MODELS
from video_pipeline.providers.writers import LanguageModelWriter, Tariff, WriterWithFallback
from video_pipeline.steps.script import check_script
from video_pipeline_tests.providers.writers.scripts import BRIEF, SAMPLES, answer
from video_pipeline_tests.vendors import Fakes, Faults, running
from video_pipeline_tests.vendors.faults import Fault
from video_pipeline_tests.vendors.gemini import INPUT_PRICE as GEMINI_IN
from video_pipeline_tests.vendors.gemini import OUTPUT_PRICE as GEMINI_OUT
from video_pipeline_tests.vendors.openai import INPUT_PRICE, OUTPUT_PRICE

NAMES = {"openai": "gpt-of-tests", "gemini": "gemini-3.8-flash"}
TARIFFS = {"openai": Tariff(INPUT_PRICE, OUTPUT_PRICE), "gemini": Tariff(GEMINI_IN, GEMINI_OUT)}


@pytest.fixture(scope="module")
def served() -> Iterator[Fakes]:
    with running() as fakes:
        yield fakes


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """The key of this test."""
    return f"key-of-{abs(hash(request.node.nodeid))}"


def writer(fakes: Fakes, vendor: str, key: str) -> LanguageModelWriter:
    account = Account(vendor, fakes.base(vendor), {"api_key": key})
    return LanguageModelWriter(MODELS[vendor](account, NAMES[vendor]), TARIFFS[vendor])


@pytest.mark.parametrize("vendor", NAMES)
def test_a_model_that_follows_the_schema_writes_a_usable_script_at_the_price_on_its_bill(
    served: Fakes, vendor: str, key: str
) -> None:
    script = writer(served, vendor, key).write(BRIEF, SAMPLES)
    check_script(script, SAMPLES, 3)
    bill = served.account(vendor, key).bill
    assert len(bill) == 1
    assert abs(script.cost_usd - bill.total) < Decimal("0.000002")


def test_smaller_servers_write_as_well(served: Fakes, key: str) -> None:
    account = served.account("openai", key)
    account.behaviour.max_completion_tokens = False
    account.behaviour.json_schema = False
    check_script(writer(served, "openai", key).write(BRIEF, SAMPLES), SAMPLES, 3)
    account.behaviour.json_object = False
    check_script(writer(served, "openai", key).write(BRIEF, SAMPLES), SAMPLES, 3)
    assert len(account.bill) == 2


@pytest.mark.parametrize("vendor", NAMES)
@pytest.mark.parametrize("fault", [Fault.INVALID_JSON, Fault.WRONG_SCHEMA, Fault.LENGTH])
def test_a_slip_of_a_model_is_mended_and_both_answers_are_in_the_books(
    served: Fakes, vendor: str, fault: Fault, key: str
) -> None:
    account = served.account(vendor, key)
    account.next(fault, "submit")
    script = writer(served, vendor, key).write(BRIEF, SAMPLES)
    assert len(account.bill) == 2
    assert abs(script.cost_usd - account.bill.total) < Decimal("0.000004")


@pytest.mark.parametrize("vendor", NAMES)
@pytest.mark.parametrize(
    "fault", [Fault.LIMIT_SECONDS, Fault.LIMIT_DATE, Fault.LIMIT_BARE, Fault.ERROR_JSON, Fault.REDIRECT, Fault.SLOW]
)
def test_what_a_vendor_did_not_take_up_is_sent_again_and_paid_once(
    served: Fakes, vendor: str, fault: Fault, key: str
) -> None:
    account = served.account(vendor, key)
    account.behaviour.drip_s = 0.1
    account.next(fault, "submit", wait_s=0.05)
    writer(served, vendor, key).write(BRIEF, SAMPLES)
    assert len(account.bill) == 1


@pytest.mark.parametrize("vendor", NAMES)
@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.GATEWAY_LOST, Fault.TRUNCATED_JSON, Fault.CUT_OFF])
def test_a_lost_answer_is_not_bought_again_and_the_books_say_not_less_than_the_bill(
    served: Fakes, vendor: str, fault: Fault, key: str
) -> None:
    account = served.account(vendor, key)
    account.next(fault, "submit")
    script = WriterWithFallback(writer(served, vendor, key), GrammarWriter()).write(BRIEF, SAMPLES)
    assert script.written_by == "grammar"
    assert len(account.bill) == 1
    assert script.cost_usd >= account.bill.total


@pytest.mark.parametrize("vendor", NAMES)
def test_no_money_and_no_leave_are_final(served: Fakes, vendor: str, key: str) -> None:
    account = served.account(vendor, key)
    account.next(Fault.NO_QUOTA, "submit")
    with pytest.raises(ProviderRefusedError, match=r"credit|quota"):
        writer(served, vendor, key).write(BRIEF, SAMPLES)
    with pytest.raises(PromptRefusedError):
        writer(served, vendor, key).write(replace(BRIEF, niche_label="A forbidden lake"), SAMPLES)
    with pytest.raises(ProviderRefusedError, match=f"VIDEO_PIPELINE_{vendor.upper()}_API_KEY"):
        writer(served, vendor, "wrong-key").write(BRIEF, SAMPLES)


def test_a_model_that_was_talked_into_something_reaches_nothing_but_words(served: Fakes, key: str) -> None:
    hostile = answer(title="<script>alert(1)</script>\nBuy now", provider="leonardo", cost_usd=-5, written_by="me")
    served.account("openai", key).behaviour.answers = (json.dumps(hostile),)
    script = writer(served, "openai", key).write(BRIEF, SAMPLES)
    assert script.title == "script alert(1) /script Buy now"
    assert script.written_by == "openai/gpt-of-tests"
    assert script.cost_usd > 0


@pytest.mark.parametrize("vendor", NAMES)
def test_with_every_third_call_going_wrong_there_is_always_a_script(vendor: str) -> None:
    wrote: list[str] = []
    with running(Fakes(faults=Faults(seed=3, share=0.4, wait_s=0.01))) as fakes:
        account = fakes.account(vendor, "k")
        account.behaviour.drip_s = 0.05
        for _ in range(12):
            both = WriterWithFallback(writer(fakes, vendor, "k"), GrammarWriter())
            script = both.write(BRIEF, SAMPLES)
            assert isinstance(script, Script)
            check_script(script, SAMPLES, 3)
            wrote.append(script.written_by)
    assert set(wrote) == {"grammar", f"{vendor}/{NAMES[vendor]}"}
