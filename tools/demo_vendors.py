"""Owns `make demo-vendors`: a whole job before fake vendors on this machine; hides how both are started and compared.

Nothing leaves the machine and nothing is paid: the vendors are those of the tests, which answer as the real ones do and
keep a bill. At the end the bill, the ledger and the files stand beside each other.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from video_pipeline_tests.vendors import Fakes, Faults, running
from video_pipeline_tests.vendors.openai import INPUT_PRICE, OUTPUT_PRICE

KEY = "demo-key"
TRIES = 6
"""How often a job is retried that ended with an error that may pass."""

ROUNDED = Decimal("0.0001")
"""The books keep a hundredth of a cent, always rounded up."""

MUSIC = ("mubert", "beatoven")
IMAGES = ("leonardo", "gemini", "replicate", "recraft")

WORDS = "words/"
"""Purchases of a language model: settled with the calls whose answers were lost among them."""

DATA = Path(".demo")
KEYS = {
    "VIDEO_PIPELINE_MUBERT_COMPANY_ID": "demo",
    "VIDEO_PIPELINE_MUBERT_LICENSE_TOKEN": KEY,
    **{
        f"VIDEO_PIPELINE_{vendor}_API_KEY": KEY
        for vendor in ("BEATOVEN", "LEONARDO", "GEMINI", "REPLICATE", "RUNWAY", "RECRAFT", "OPENAI")
    },
}
WRITER = {
    "VIDEO_PIPELINE_WRITER": "openai",
    "VIDEO_PIPELINE_WRITER_MODEL": "demo",
    "VIDEO_PIPELINE_WRITER_INPUT_USD": str(INPUT_PRICE),
    "VIDEO_PIPELINE_WRITER_OUTPUT_USD": str(OUTPUT_PRICE),
}


@dataclass(frozen=True, slots=True)
class Balance:
    """What one vendor has on its bill, and what the books have of it; US dollars."""

    vendor: str
    things: int
    billed: Decimal
    purchases: int  # that were paid
    booked: Decimal
    in_vain: Decimal  # of that, for purchases of which nothing came
    tells_cost: bool

    @property
    def agrees(self) -> bool:
        """The same, but for what the books round up."""
        return abs(self.billed - self.booked) <= ROUNDED

    @property
    def explained(self) -> bool:
        """It differs for a reason: prices that the vendor does not say, or answers that were lost."""
        return bool(self._reason())

    def _reason(self) -> str:
        if not self.tells_cost and self.purchases == self.things:
            return "it does not say what it took, so that each counts with the price of the settings"
        if 0 < self.booked - self.billed <= self.in_vain + ROUNDED:
            return f"{self.in_vain:.4f} of it in vain: where an answer was lost, the books count it as paid"
        return ""

    def __str__(self) -> str:
        text = f"{self.vendor:10} billed {self.things:2} things, {self.billed:.4f} USD"
        if self.agrees:
            return text
        wrong = f"this should not be; see VIDEO_PIPELINE_DATA_DIR={DATA} video-pipeline money purchases"
        return f"{text}; booked {self.purchases}, {self.booked:.4f} USD: {self._reason() or wrong}"


def main(words: Sequence[str] | None = None) -> int:
    """Run the demo; 0 when the job is finished and its books agree with the bill."""
    given = _parser().parse_args(words)
    faults = Faults(given.seed, given.faulty) if given.faulty else None
    with running(Fakes(faults=faults)) as fakes:
        environment = os.environ | fakes.environment() | KEYS | WRITER
        environment |= {"VIDEO_PIPELINE_DATA_DIR": str(DATA), "VIDEO_PIPELINE_VENDOR_PACE": "0.05"}
        if given.thumbnails:
            environment["VIDEO_PIPELINE_THUMBNAIL_PROVIDER"] = given.thumbnails
        finished = _made(environment, given)
        newest, *_ = _json(environment, "job", "list")
        job = _json(environment, "job", "show", newest["job_id"])
        bought = _json(environment, "money", "purchases", "--job", newest["job_id"])
    return _compare(list(balances(fakes, bought)), job, finished=finished)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make demo-vendors", description=__doc__)
    parser.add_argument("--music", default=MUSIC[0], choices=MUSIC, help="who makes the music")
    parser.add_argument("--images", default=IMAGES[0], choices=IMAGES, help="who makes the pictures")
    parser.add_argument("--thumbnails", choices=IMAGES, help="who makes a picture for thumbnails; by default nobody")
    parser.add_argument("--scenes", type=int, default=4)
    parser.add_argument("--faulty", type=float, default=0.0, help="the share of calls that go wrong, such as 0.3")
    parser.add_argument("--seed", type=int, default=1, help="of the faults")
    return parser


def _made(environment: Mapping[str, str], given: argparse.Namespace) -> bool:
    """Order a video and make it, again where its error may pass; was it finished?"""
    order = ("--scenes", str(given.scenes), "--scene-seconds", "15", "--seed", "7", "--niche", "Forest Spirits")
    sellers = ("--music-provider", given.music, "--visual-provider", given.images)
    done = _call(environment, "run", *order, *sellers)
    for _ in range(TRIES):
        sys.stderr.write(done.stderr)
        if done.returncode == 0:
            return True
        newest, *_ = _json(environment, "job", "list")
        done = _call(environment, "job", "retry", newest["job_id"])
    return False


def balances(fakes: Fakes, purchases: Sequence[Mapping[str, Any]]) -> Iterator[Balance]:
    """The bill of each vendor that has one, or of whom something was bought, beside the `purchases` of its things."""
    for name, vendor in fakes.vendors.items():
        bill = fakes.account(name, KEY).bill
        own = [each for each in purchases if each["provider"].split("/")[0] == name and each["cost_usd"]]
        paid = [Decimal(str(each["cost_usd"])) for each in own]
        troubled = any(call.fault for call in fakes.account(name, KEY).calls)
        lost = [
            Decimal(str(each["cost_usd"]))
            for each in own
            if each["state"] == "lost" or (troubled and each["what"].startswith(WORDS))
        ]
        if len(bill) or paid:
            sums = (bill.total, len(paid), sum(paid, Decimal(0)), sum(lost, Decimal(0)))
            yield Balance(name, len(bill), *sums, vendor.tells_cost)


def _compare(found: Sequence[Balance], job: Mapping[str, Any], *, finished: bool) -> int:
    ledger, booked = Decimal(str(job["cost_usd"])), sum(each.booked for each in found)
    for each in found:
        print(each)
    print(f"the bills  {sum(each.billed for each in found):.4f} USD")
    print(f"the ledger {ledger:.4f} USD")
    if ledger != booked:
        print(f"the ledger and the purchases, which cost {booked:.4f} USD, should agree")
    print(f"job        {job['job_id']}, {job['status']}")
    good = finished and ledger == booked and all(each.agrees or each.explained for each in found)
    return 0 if good else 1


def _json(environment: Mapping[str, str], *words: str) -> Any:
    done = _call(environment, *words, "--json")
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def _call(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "video_pipeline", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    raise SystemExit(main())
