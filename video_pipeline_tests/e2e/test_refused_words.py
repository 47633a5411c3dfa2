"""A job whose words a vendor of music refuses, on the command line: it fails, gets other words, and is finished."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from video_pipeline_tests.e2e.test_faulty_vendors import KEYS, House
from video_pipeline_tests.vendors import Fakes, running

WORDS = "Slow, warm strings over a soft piano, as in a quiet hall; no drums, no voices"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_refused_music_is_asked_for_again_only_in_other_words(tmp_path: Path) -> None:
    with running(Fakes()) as fakes:
        house, account = House(tmp_path, fakes), fakes.account("mubert", KEYS["mubert"])
        house.environment |= {"VIDEO_PIPELINE_WRITER": "grammar"}
        account.next("refused", "submit")
        order = ("--scenes", "3", "--scene-seconds", "10", "--seed", "3", "--niche", "Harbour")
        assert house.call("run", *order, "--music-provider", "mubert", "--visual-provider", "dummy").returncode == 1
        failed = house.newest()
        named = re.search(r"music/0(\d): mubert refused the prompt", failed["error"])
        assert named is not None, failed["error"]
        job, number = failed["job_id"], named[1]
        assert f"video-pipeline job reword {job} {number} --prompt" in failed["error"]

        assert house.call("job", "retry", job).returncode == 1
        assert "is not asked for the same again" in house.newest()["error"]
        # A piece whose turn had not come may be bought now; the refused one is not asked for.
        before = account.bill
        assert account.count("submit") - len(before) == len(account.refused) == 1

        assert house.call("job", "reword", job, number, "--prompt", WORDS).returncode == 0
        assert account.bill == before
        done = house.call("job", "retry", job)
        assert done.returncode == 0, done.stderr
        bill = account.bill
    assert house.newest()["status"] == "completed"
    assert bill.charges[: len(before)] == before.charges
    assert len({charge.prompt for charge in bill}) == len(bill) == 3
    assert len(bill.of(WORDS)) == 1
    purchases = json.loads(house.call("money", "purchases", "--job", job, "--json").stdout)
    settled = [each["what"] for each in purchases if each["state"] == "settled"]
    assert sorted(settled) == ["music/01", "music/02", "music/03"]
    assert sum(Decimal(str(each["cost_usd"] or 0)) for each in purchases) == bill.total == Decimal("0.12")
    history = json.loads(house.call("job", "show", job, "--json").stdout)["history"]
    assert [each["message"].split(",")[0] for each in history if each["kind"] == "reworded"] == [
        f"piece {number}: other words"
    ]
