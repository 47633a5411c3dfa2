"""`provider`: who is there, whether their keys are taken, and one small piece that is bought."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

import pytest

from video_pipeline import bootstrap
from video_pipeline.bootstrap import roster as installed_roster
from video_pipeline.cores import Cores
from video_pipeline.domain.errors import StoreUnavailableError, UnreachableError
from video_pipeline.domain.purchases import TRIALS, PurchaseState
from video_pipeline.providers import registry
from video_pipeline.providers.workshop import Workshop
from video_pipeline.providers.writers import Tariff
from video_pipeline.steps import trial
from video_pipeline.steps.roster import Roster
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.cli.conftest import Call, in_json
from video_pipeline_tests.providers import buying
from video_pipeline_tests.vendors import Account, Fakes, running

KEY = "canary-4c1d7f0a9e"
"""The key of every vendor; it may stand in no word that is printed."""


@pytest.fixture(scope="module")
def fakes() -> Iterator[Fakes]:
    """All vendors."""
    with running() as served:
        yield served


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """The account of one test."""
    return f"{KEY} of {request.node.name}"


@pytest.fixture
def workshop(cores: Cores, fakes: Fakes, key: str, tmp_path: Path) -> Workshop:
    """One whose vendors are fakes; of Replicate nobody has a key."""
    made = buying.workshop(cores, fakes, key, tmp_path / "library")
    keyless = replace(made.accounts["replicate"], keys={})
    return replace(made, accounts={**made.accounts, "replicate": keyless})


KINDS = {"music": "track", "picture": "image", "clip": "clip", "words": None}
"""Of licences, by what is tried; words have none."""


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Pages:
    """`ports.Messenger` that has one page, or none."""

    def __init__(self, page: bytes | None) -> None:
        self.page = page

    def fetch(self, url: str, out: Path, most_bytes: int, limit_s: float) -> None:
        if self.page is None:
            raise UnreachableError(f"{url} did not answer")
        out.write_bytes(self.page)


@pytest.fixture(autouse=True)
def opened(
    call: Call, studio: Studio, workshop: Workshop, fakes: Fakes, key: str, monkeypatch: pytest.MonkeyPatch
) -> Studio:
    """The studio of the terminal, with a language model and the vendors' pages of terms."""
    account = buying.account(fakes, "openai", key)
    writer = registry.prompt_writer(registry.Assignment(account, "gpt-of-tests", Tariff(Decimal(1), Decimal(2))))
    plans = dict.fromkeys(("mubert", "leonardo", "runway"), "Creator")
    own = replace(studio, writer=writer, web=Pages(b"You may."), fallbacks={"mubert": ("procedural",)}, plans=plans)  # type: ignore[arg-type]
    monkeypatch.setattr(bootstrap, "studio", lambda: own)
    monkeypatch.setattr(bootstrap, "roster", lambda: Roster.of(own))
    return own


def account(fakes: Fakes, vendor: str, key: str) -> Account:
    return fakes.account(vendor, key)


def test_everybody_is_listed_and_no_key_is_shown(call: Call, opened: Studio) -> None:
    opened.jobs.report_vendor("leonardo", "it broke off")
    for _ in range(5):
        opened.jobs.report_vendor("gemini", "503")
    code, out, err = call("provider", "list")
    assert code == 0
    for words in (
        "mubert",
        "runway_gen3",
        "$0.10 a second",
        "8 s, 1920x1080",
        "3600 s",
        "set VIDEO_PIPELINE_REPLICATE_API_KEY",
        "it broke off",
        "left alone until",
        "openai/gpt-of-tests",
        "grammar",
    ):
        assert words in out, words
    told = in_json(call, "provider", "list")
    assert KEY not in out + err + json.dumps(told)
    found = {(each["kind"], each["name"]): each for each in told}
    assert {kind for kind, _ in found} == {"music", "picture", "clip", "ambience", "words"}
    assert (found["music", "mubert"]["ready"], found["music", "mubert"]["fallbacks"]) == (True, ["procedural"])
    assert (found["picture", "replicate"]["ready"], found["music", "procedural"]["local"]) == (False, True)
    assert (found["clip", "runway_gen3"]["longest_s"], found["music", "beatoven"]["longest_s"]) == (8, 150)
    assert found["picture", "leonardo"]["largest"] == [3840, 2160]
    assert found["words", "grammar"]["largest"] is None
    assert found["picture", "gemini"]["state"]["failures"] == 5


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("mubert", "licence 1"),
        ("leonardo", "pictures at once"),
        ("gemini", "model gemini-3.1-flash-image"),
        ("runway_gen3", "credit left"),
        ("runway", "credit left"),
        ("recraft", "credit left"),
        ("openai", "model gpt-of-tests"),
        ("beatoven", "key"),
    ],
)
def test_a_check_asks_and_spends_nothing(call: Call, fakes: Fakes, key: str, name: str, fact: str) -> None:
    vendor = name.partition("_")[0]
    account(fakes, vendor, key).behaviour.credit = Decimal(12)
    told = in_json(call, "provider", "check", name)
    assert fact in told["facts"]
    assert len(account(fakes, vendor, key).bill) == 0
    assert account(fakes, vendor, key).count("submit") == 0
    if name != "openai":
        assert (len(told["terms"]["sha256"]), told["terms"]["problem"]) == (64, None)


def test_a_check_says_what_is_wrong(
    call: Call, opened: Studio, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = replace(workshop.accounts["leonardo"], keys={"api_key": "wrong-key"})
    refusing = registry.image_providers(replace(workshop, accounts={**workshop.accounts, "leonardo": wrong}))
    own = replace(opened, images=refusing, web=Pages(None))  # type: ignore[arg-type]
    monkeypatch.setattr(bootstrap, "roster", lambda: Roster.of(own))
    monkeypatch.setattr(bootstrap, "studio", lambda: own)
    code, _, err = call("provider", "check", "leonardo")
    assert (code, "VIDEO_PIPELINE_LEONARDO_API_KEY" in err, "wrong-key" in err) == (1, True, False)
    code, _, err = call("provider", "check", "replicate")
    assert (code, "needs a key" in err) == (2, True)
    code, out, _ = call("provider", "check", "recraft")
    assert (code, "not read:" in out) == (0, True)
    assert call("provider", "check", "nobody")[0] == 4
    assert "none is needed" in call("provider", "check", "dummy", "--kind", "picture")[1]
    code, _, err = call("provider", "check", "procedural")
    assert (code, "--kind: music, picture, clip, ambience" in err) == (2, True)


@pytest.mark.parametrize("name", ["mubert", "leonardo", "gemini", "runway_gen3", "recraft", "openai"])
def test_a_vendor_that_is_down_is_asked_once_by_a_check(call: Call, fakes: Fakes, key: str, name: str) -> None:
    """It was asked for half a minute, in silence."""
    sold = account(fakes, name.partition("_")[0], key)
    sold.next("error_json", "me", times=2)
    code, _, err = call("provider", "check", name)
    assert (code, f"checking {name}; nothing is asked twice\n" in err) == (3, True), err
    assert len(sold.calls) == 1


def test_a_vendor_is_checked_by_its_own_name_and_tried_by_that_of_an_engine(call: Call, tmp_path: Path) -> None:
    code, out, _ = call("provider", "check", "runway")
    assert (code, "runway" in out) == (0, True)
    code, _, err = call("provider", "try", "runway", "--yes", "--out", str(tmp_path / "made.mp4"))
    assert (code, "has several engines; name one: runway_standard, runway_gen3" in err) == (2, True)


def test_a_model_that_does_not_write_says_what_makes_it_do_so(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "roster", installed_roster)  # where the grammar writes
    code, _, err = call("provider", "check", "openai")
    assert (code, "with VIDEO_PIPELINE_WRITER=openai" in err, "no provider" in err) == (2, True, False)
    code, _, err = call("provider", "try", "gemini", "--kind", "words")
    assert (code, "with VIDEO_PIPELINE_WRITER=gemini" in err) == (2, True)


@pytest.mark.parametrize(
    ("name", "kind", "suffix"),
    [
        ("mubert", "music", "flac"),
        ("leonardo", "picture", "png"),
        ("runway_gen3", "clip", "mp4"),
        ("openai", "words", "json"),
    ],
)
def test_a_trial_buys_one_piece_and_the_ledger_has_it(
    call: Call, opened: Studio, fakes: Fakes, key: str, tmp_path: Path, name: str, kind: str, suffix: str
) -> None:
    out = tmp_path / f"made.{suffix}"
    told = in_json(call, "provider", "try", name, "--kind", kind, "--out", str(out), "--yes")
    assert (told["path"], told["bytes"]) == (str(out), out.stat().st_size)
    assert [path.name for path in tmp_path.iterdir() if "trial" in path.name] == []
    (bought,) = opened.jobs.purchases(TRIALS)
    cost_usd = Decimal(str(told["cost_usd"])).quantize(Decimal("0.0001"), ROUND_CEILING)
    assert (bought.state, bought.cost_usd) == (PurchaseState.SETTLED, cost_usd)
    assert [str(each.entry) for each in opened.jobs.cost_entries(TRIALS)] == ["reserve", "settle"]
    assert len(account(fakes, name.partition("_")[0], key).bill) == 1
    assert [
        (str(row.kind), row.sha256, row.prompt, row.plan, row.provider_task_id, row.cost_usd)
        for row in opened.jobs.licences(TRIALS)
    ] == [
        (licensed, sha256_of(out), bought.prompt, "Creator", told["task_id"] or bought.task_id, cost_usd)
        for licensed in [KINDS[kind]]
        if licensed is not None
    ]
    assert {each.scope: each.paid_usd for each in opened.jobs.spending()} == {
        "day": bought.cost_usd,
        "month": bought.cost_usd,
    }


def test_a_piece_is_handed_out_once_where_the_books_were_away(
    call: Call, opened: Studio, fakes: Fakes, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came with the answer, so it cannot be fetched again."""
    record, out = opened.jobs.record_made, tmp_path / "made.png"
    away = [StoreUnavailableError("the database did not answer")] * 2

    def patient(*arguments: Any, **named: Any) -> None:
        if away:
            raise away.pop()
        record(*arguments, **named)

    monkeypatch.setattr(opened.jobs, "record_made", patient)
    assert call("provider", "try", "recraft", "--yes", "--out", str(out))[0] == 0
    assert [row.sha256 for row in opened.jobs.licences(TRIALS)] == [sha256_of(out)]
    assert [each.state for each in opened.jobs.purchases(TRIALS)] == [PurchaseState.SETTLED]
    assert account(fakes, "recraft", key).count("submit") == 1


def test_nothing_is_spent_that_nobody_agreed_to(
    call: Call, opened: Studio, fakes: Fakes, key: str, tmp_path: Path
) -> None:
    there = tmp_path / "there.png"
    there.write_bytes(b"mine")
    good = str(tmp_path / "new.png")
    for arguments, code, words in (
        (("leonardo", "--out", good), 2, "leonardo takes up to $0.04 for picture; say --yes"),
        (("leonardo", "--yes", "--out", str(there)), 2, "is there already"),
        (("leonardo", "--yes", "--out", str(tmp_path / "new.jpg")), 2, "is to be a .png file"),
        (("leonardo", "--yes", "--out", str(tmp_path / "no" / "new.png")), 2, "there is no folder"),
        (("replicate", "--yes", "--out", good), 2, "needs a key"),
        (("procedural", "--kind", "ambience"), 2, "ambience is not tried"),
    ):
        found, _, err = call("provider", "try", *arguments)
        assert (found, words in err) == (code, True), (arguments, err)
    opened.jobs.set_cap("day", Decimal("0.01"))  # type: ignore[arg-type]
    code, _, err = call("provider", "try", "leonardo", "--yes", "--out", good)
    assert (code, "cap of $0.01 for this day" in err) == (1, True)
    assert opened.jobs.purchases() == []
    assert account(fakes, "leonardo", key).count("submit") == 0


def test_what_this_machine_makes_costs_nothing_and_is_no_purchase(call: Call, opened: Studio, tmp_path: Path) -> None:
    out = tmp_path / "made.png"
    told = in_json(call, "provider", "try", "dummy", "--kind", "picture", "--out", str(out))
    assert (told["cost_usd"], told["purchase_id"], out.is_file()) == (0, None, True)
    assert opened.jobs.purchases() == []
    again = tmp_path / "again.png"
    in_json(call, "provider", "try", "dummy", "--kind", "picture", "--out", str(again))
    (row,) = in_json(call, "job", "licence", str(TRIALS))
    assert (row["kind"], row["provider"], row["in_video"]) == ("image", "dummy", False)
    assert row["sha256"] == sha256_of(out) == sha256_of(again)


def test_a_trial_whose_answer_was_lost_is_doubtful_and_not_bought_again(
    call: Call, opened: Studio, fakes: Fakes, key: str, tmp_path: Path
) -> None:
    """Beatoven has no list in which to look."""
    sold = account(fakes, "beatoven", key)
    sold.next("reset_after", "submit")
    arguments = ("provider", "try", "beatoven", "--yes", "--out", str(tmp_path / "made.flac"))
    told = [call(*arguments) for _ in range(2)]
    (bought,) = in_json(call, "money", "purchases", "--trials", "--state", "doubtful")
    for code, _, err in told:
        assert (code, f"'video-pipeline money resolve {bought['id']}', then try it again" in err) == (1, True), err
        assert "retry" not in err
    assert sold.count("submit") == 1
    assert "provider try beatoven" in call("money", "resolve", bought["id"], "--spent")[1]
    assert call(*arguments)[0] == 0
    assert [str(each.state) for each in opened.jobs.purchases(TRIALS)] == ["settled", "lost"]


def test_a_trial_that_was_broken_off_is_taken_up(
    call: Call, opened: Studio, fakes: Fakes, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = account(fakes, "leonardo", key)
    arguments = ("provider", "try", "leonardo", "--yes", "--out", str(tmp_path / "made.png"))

    def broken_off(self: object, seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(trial._Operator, "pause", broken_off)
        assert call(*arguments)[0] == 130
    assert [each.state for each in opened.jobs.purchases(TRIALS)] == [PurchaseState.SUBMITTED]
    assert call(*arguments)[0] == 0
    assert [each.state for each in opened.jobs.purchases(TRIALS)] == [PurchaseState.SETTLED]
    assert (sold.count("submit"), len(sold.bill)) == (1, 1)
