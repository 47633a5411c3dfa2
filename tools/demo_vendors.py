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
from collections.abc import Mapping, Sequence
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


def main(words: Sequence[str] | None = None) -> int:
    """Run the demo; 0 when the job is finished and its books agree with the bill."""
    given = _parser().parse_args(words)
    faults = Faults(given.seed, given.faulty) if given.faulty else None
    with running(Fakes(faults=faults)) as fakes:
        environment = os.environ | fakes.environment() | KEYS | WRITER
        environment |= {"VIDEO_PIPELINE_DATA_DIR": str(DATA), "VIDEO_PIPELINE_VENDOR_PACE": "0.05"}
        finished = _made(environment, given)
        newest, *_ = _json(environment, "job", "list")
        return _compare(fakes, _json(environment, "job", "show", newest["job_id"]), finished=finished)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make demo-vendors", description=__doc__)
    parser.add_argument("--music", default="mubert", help="who makes the music: mubert, beatoven")
    parser.add_argument("--images", default="leonardo", help="who makes the pictures: leonardo, gemini, replicate")
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


def _compare(fakes: Fakes, job: Mapping[str, Any], *, finished: bool) -> int:
    billed = Decimal(0)
    for vendor in fakes.vendors:
        bill = fakes.account(vendor, KEY).bill
        if len(bill):
            print(f"{vendor:10} billed {len(bill):2} things, {bill.total:.4f} USD")
            billed += bill.total
    booked = Decimal(str(job["cost_usd"]))
    print(f"the bills  {billed:.4f} USD")
    print(f"the ledger {booked:.4f} USD")
    print(f"job        {job['job_id']}, {job['status']}")
    return 0 if finished and abs(billed - booked) <= ROUNDED else 1


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
