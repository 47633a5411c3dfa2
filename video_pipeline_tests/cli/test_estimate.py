"""`job estimate`: what an order would take, without ordering it, and what stands on the job that is ordered."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import soundfile

from video_pipeline import bootstrap
from video_pipeline.domain.purchases import Item, PurchaseState
from video_pipeline.providers.dummy import DummyImages, DummyMusic
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.cli.conftest import Call, in_json


@pytest.fixture(autouse=True)
def paid(studio: Studio, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Providers `band` and `painter`, who take money; the dummies behind them take none."""
    band = DummyMusic(workshop)
    band.capabilities = replace(band.capabilities, name="band", price_usd=Decimal("0.04"))
    monkeypatch.setitem(studio.music, "band", band)  # type: ignore[arg-type] # a dict
    painter = DummyImages(workshop)
    painter.capabilities = replace(painter.capabilities, name="painter", price_usd=Decimal("0.03"))
    monkeypatch.setitem(studio.images, "painter", painter)  # type: ignore[arg-type] # a dict
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


def test_a_song_of_this_machine_is_measured_and_what_is_not_measured_is_said(
    call: Call, studio: Studio, tmp_path: Path
) -> None:
    """Whatever the song's length, 3:30 were estimated, and put down on the job."""
    wave = 0.1 * np.sin(np.arange(24 * 48_000) / 20.0)
    soundfile.write(song := tmp_path / "night.flac", wave, 48_000)
    words = ("--kind", "music_video", "--prompt", "a train at night", "--scene-seconds", "6", "--visual-provider")
    told = in_json(call, "job", "estimate", *words, "gemini", "--music", str(song))
    assert (told["duration_s"], told["scenes"], told["length_note"]) == (24, 4, None)
    assert told["estimated_cost_usd"] == 0.4
    assert "not measured" not in call("job", "estimate", *words, "gemini", "--music", str(song))[1]
    away = "https://songs.example.org/night.flac"
    told = in_json(call, "job", "estimate", *words, "gemini", "--music", away)
    assert (told["duration_s"], told["scenes"]) == (210, 35)
    assert "the song is not measured yet and counts as 3:30" in told["length_note"]
    assert told["length_note"] in call("job", "estimate", *words, "gemini", "--music", away)[1]
    code, _, err = call("job", "estimate", *words, "gemini", "--music", str(tmp_path / "gone.flac"))
    assert (code, "gone.flac is no file" in err) == (2, True)
    call("channel", "new", "C", "--niche", "N")
    job = in_json(call, "job", "new", "--channel", "C", *words, "painter", "--music", str(song))
    assert studio.jobs.find_job(job["job_id"]).estimated_cost_usd == Decimal("0.12")


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
