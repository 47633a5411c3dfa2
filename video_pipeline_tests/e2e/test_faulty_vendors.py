"""A whole job before vendors of whose calls three in ten go wrong, in all the ways that are known.

It is finished, or ends with an error that names vendor, call and remedy; what was paid is in the books; and none of the
keys is in anything that anybody can read afterwards.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from video_pipeline_tests.vendors import Fakes, Faults, running
from video_pipeline_tests.vendors.leonardo import PRICE as PICTURE_USD
from video_pipeline_tests.vendors.openai import INPUT_PRICE, OUTPUT_PRICE

CANARIES = {
    "VIDEO_PIPELINE_MUBERT_COMPANY_ID": "canary-company-51c7",
    "VIDEO_PIPELINE_MUBERT_LICENSE_TOKEN": "canary-mubert-9f3a",
    "VIDEO_PIPELINE_LEONARDO_API_KEY": "canary-leonardo-77d2",
    "VIDEO_PIPELINE_OPENAI_API_KEY": "canary-openai-e01b",
}
KEYS = {"mubert": "canary-mubert-9f3a", "leonardo": "canary-leonardo-77d2", "openai": "canary-openai-e01b"}
SCENES = 3
TRIES = 6


class House:
    """An installation whose vendors are faulty."""

    def __init__(self, root: Path, fakes: Fakes) -> None:
        self.root = root
        self.said = ""
        self.environment = os.environ | fakes.environment() | CANARIES
        self.environment |= {
            "VIDEO_PIPELINE_DATA_DIR": str(root / "data"),
            "VIDEO_PIPELINE_VENDOR_PACE": "0.02",
            "VIDEO_PIPELINE_PRICES": json.dumps({"leonardo": str(PICTURE_USD)}),
            "VIDEO_PIPELINE_WRITER": "openai",
            "VIDEO_PIPELINE_WRITER_MODEL": "some-model",
            "VIDEO_PIPELINE_WRITER_INPUT_USD": str(INPUT_PRICE),
            "VIDEO_PIPELINE_WRITER_OUTPUT_USD": str(OUTPUT_PRICE),
        }

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command; all that it says is kept."""
        command = [sys.executable, "-m", "video_pipeline", *words]
        done = subprocess.run(
            command, env=self.environment, cwd=self.root, capture_output=True, text=True, timeout=240, check=False
        )
        self.said += done.stdout + done.stderr
        return done

    def newest(self) -> dict[str, Any]:
        """The job."""
        found: list[dict[str, Any]] = json.loads(self.call("job", "list", "--json").stdout)
        return found[0]

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """All that was said and all that was written, files of the database included."""
        yield "what commands said", self.said.encode()
        for path in self.root.rglob("*"):
            if path.is_file():
                yield str(path.relative_to(self.root)), path.read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_job_before_faulty_vendors_ends_well_or_says_what_to_do(seed: int, tmp_path: Path) -> None:
    with running(Fakes(faults=Faults(seed, 0.3))) as fakes:
        house = House(tmp_path, fakes)
        order = ("--scenes", str(SCENES), "--scene-seconds", "10", "--seed", str(seed), "--niche", "Harbour")
        done = house.call("run", *order, "--music-provider", "mubert", "--visual-provider", "leonardo")
        for _ in range(TRIES):
            if done.returncode == 0:
                break
            check_told(house.newest()["error"])
            done = house.call("job", "retry", house.newest()["job_id"])
        job = house.newest()
        struck = [call for vendor, key in KEYS.items() for call in fakes.account(vendor, key).calls if call.fault]
        bills = {vendor: fakes.account(vendor, key).bill for vendor, key in KEYS.items()}
    assert len(struck) >= 3
    assert job["status"] == "completed" or job["error"]
    purchases = json.loads(house.call("money", "purchases", "--job", job["job_id"], "--json").stdout)
    for vendor in ("mubert", "leonardo"):
        ours = [each for each in purchases if each["provider"] == vendor]
        booked = sum(Decimal(str(each["price_usd" if each["closed_at"] is None else "cost_usd"])) for each in ours)
        if all(each["closed_at"] for each in ours):
            assert booked == bills[vendor].total, vendor
        else:  # what the next retry would take up counts with its price
            assert booked >= bills[vendor].total, vendor
    # What nobody knows of words is booked as the most that it can have been.
    words = sum(Decimal(str(each["cost_usd"] or 0)) for each in purchases if each["what"] == "words/00")
    assert words >= bills["openai"].total
    for canary in CANARIES.values():
        found = [name for name, content in house.everything() if canary.encode() in content]
        assert found == [], f"{canary} is in {found}"


def check_told(error: str | None) -> None:
    """An error names the vendor, the call or the thing, and what to do."""
    assert error
    assert re.search(r"mubert|leonardo|openai", error), error
    assert re.search(r"retry|again|check|change|use other words|look|raise|set ", error), error
