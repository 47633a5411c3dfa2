"""`job estimate`: what an order would take, without ordering it, and what stands on the job that is ordered."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from video_pipeline import bootstrap
from video_pipeline.domain.purchases import Item, PurchaseState
from video_pipeline.providers.dummy import DummyMusic
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.cli.conftest import Call, in_json


@pytest.fixture(autouse=True)
def paid(studio: Studio, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider `band`, who takes money; the dummy behind it takes none."""
    band = DummyMusic(workshop)
    band.capabilities = replace(band.capabilities, name="band", price_usd=Decimal("0.04"))
    monkeypatch.setitem(studio.music, "band", band)  # type: ignore[arg-type] # a dict
    monkeypatch.setattr(bootstrap, "thumbnail_provider", lambda: None)


ALBUM = ("--music-provider", "band", "--visual-provider", "dummy")


def test_an_estimate_tells_each_line_and_the_caps_and_orders_nothing(call: Call, studio: Studio) -> None:
    told = in_json(call, "job", "estimate", *ALBUM)
    assert told["music"] == {"pieces": 20, "price_usd": 0.04, "total_usd": 0.8}
    assert (told["estimated_cost_usd"], told["duration_s"], told["cap_note"]) == (0.8, 3600, None)
    assert {each["scope"]: each["left_usd"] for each in told["caps"]} == {
        "job": 20,
        "channel": None,
        "day": 50,
        "month": 500,
    }
    call("money", "cap", "job", "0.5")
    code, out, _ = call("job", "estimate", *ALBUM)
    assert code == 0
    for words in ("music", "$0.04", "$0.80", "the cap of $0.50 for this job leaves $0.50 of about $0.80", "computing"):
        assert words in out, words
    assert studio.jobs.list_jobs() == []


def test_an_estimate_takes_no_key_and_the_order_does(call: Call) -> None:
    call("channel", "new", "C", "--niche", "N")
    options = ("--visual-provider", "leonardo")
    assert in_json(call, "job", "estimate", *options)["pictures"]["total_usd"] == 0.8
    code, _, err = call("job", "new", "--channel", "C", *options)
    assert (code, "leonardo needs a key: set" in err) == (2, True)
    for wrong, words in (("--minutes", "60 to 90"), ("--visual-provider", "unknown provider '9'")):
        code, _, err = call("job", "estimate", wrong, "9")
        assert (code, words in err) == (2, True)
    assert call("job", "estimate", "--channel", "nobody's")[0] == 4


def test_a_job_shows_what_was_expected_paid_and_is_doubtful(call: Call, studio: Studio) -> None:
    call("channel", "new", "C", "--niche", "N")
    job_id = in_json(call, "job", "new", "--channel", "C", "--niche", "x", *ALBUM)["job_id"]
    lease = studio.jobs.claim(studio.jobs.find_job(job_id).id, "run")
    bought, lost = (studio.jobs.reserve(lease, "band", Item(what, "a", 1), Decimal("0.04")) for what in ("a", "b"))
    studio.jobs.close_purchase(bought.id, PurchaseState.SETTLED, Decimal("0.03"))
    studio.jobs.close_purchase(lost.id, PurchaseState.DOUBTFUL)
    money = in_json(call, "job", "show", job_id)["money"]
    assert money == {
        "estimated_usd": 0.8,
        "paid_usd": 0.03,
        "reserved_usd": 0.04,
        "cap_usd": 20,
        "doubtful": [str(lost.id)],
    }
    out = call("job", "show", job_id)[1]
    assert f"{str(lost.id)[:8]}: look into" in out
