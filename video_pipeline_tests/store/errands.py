"""Owns a process that loads everything once and forks a child for each errand about money; hides pipes and signals.

A line of JSON on its standard input is a list of errands, all of which begin in the same moment; a line on its standard
output tells what each one came to. A child that was killed has come to nothing.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from video_pipeline.domain.errors import CapReachedError, LimitReachedError, MediaError, ProviderRefusedError
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import Item, Limits, PurchaseState
from video_pipeline.domain.records import Lease
from video_pipeline.ports import Purchase
from video_pipeline.steps import purchase as buying
from video_pipeline.steps.attempt import Attempt
from video_pipeline.store import PostgresJobStore, connect
from video_pipeline.store.money import turns

Errand = dict[str, Any]

CENT = Decimal("0.01")
DEAREST_CENTS = 40
VENDOR = "mubert"


def told(lease: Lease) -> list[Any]:
    """A lease as JSON."""
    return [str(lease.job_id), str(lease.token), lease.attempt, lease.run_id]


class _Telling(Attempt):
    """An attempt that lets others know when it waits."""

    flag: Path | None = None

    def pause(self, seconds: float) -> None:
        if self.flag is not None:
            self.flag.touch()
        super().pause(seconds)


class _Shop:
    """What a child buys with; it looks again much sooner than a studio does."""

    def __init__(self, database: str, lease: list[Any], flag: str | None = None) -> None:
        self.store = PostgresJobStore(connect(database, pool_size=2))
        self.lease = Lease(UUID(lease[0]), UUID(lease[1]), lease[2], lease[3])
        self.attempt = _Telling(self.store, self.lease, Stage.MUSIC)
        self.attempt.flag = None if flag is None else Path(flag)
        buying.LOOK_AGAIN_S = (0.02, 0.1)
        turns.LOOK_AGAIN_S = 0.02

    def obtain(self, what: str, price: Decimal, limits: Limits, make: Callable[[Purchase], Generation]) -> Decimal:
        """Buy one thing; what it cost."""

        def keep(generation: Generation) -> Decimal:
            assert generation.purchase_id is not None
            self.store.close_purchase(generation.purchase_id, PurchaseState.SETTLED, generation.cost_usd)
            return generation.cost_usd

        offer = buying.Offer(VENDOR, price, limits, make, keep)
        return buying.obtain(self.store, self.attempt, Item(what, "rain", 7), [offer])


def _made(cost_usd: Decimal) -> Generation:
    return Generation(VENDOR, None, Licence("of a test", "https://example.org/licence"), cost_usd)


def spend_all(database: str, lease: list[Any], seed: int) -> Errand:
    """Buy at random prices, and cheaper after each refusal, until not even a cent is left.

    Some things fail for nothing, some are paid and of no use, the others take at most their price.
    """
    shop, dice = _Shop(database, lease), random.Random(seed)
    paid: list[Decimal] = []
    refused: list[int] = []
    most, number = DEAREST_CENTS, 0
    while most:
        number += 1
        cents, fate = dice.randint(1, most), dice.random()
        price = cents * CENT

        def make(purchase: Purchase, price: Decimal = price, fate: float = fate) -> Generation:
            purchase.submitting()
            purchase.submitted(str(uuid4()))
            time.sleep(dice.uniform(0, 0.01))
            if fate < 0.1:
                purchase.failed(Decimal(0), "it made nothing")
                raise ProviderRefusedError("it made nothing")
            if fate < 0.2:
                paid.append(price)
                purchase.failed(price, "it made noise")
                raise MediaError("it made noise")
            share = Decimal(str(dice.uniform(0.5, 1))) if fate < 0.8 else Decimal(1)
            return _made((price * share).quantize(Decimal("0.0001"), ROUND_FLOOR))

        try:
            paid.append(shop.obtain(f"music/{seed}-{number}", price, Limits(concurrency=64), make))
        except CapReachedError as error:
            most = cents - 1 if not error.may_pass else most
            refused.extend([cents] if not error.may_pass else [])
        except (ProviderRefusedError, MediaError):
            continue
    return {"bought": len(paid), "paid": str(sum(paid)), "refused": refused}


def buy(
    database: str,
    lease: list[Any],
    what: list[str],
    price: str,
    limits: dict[str, Any],
    hold_s: float = 0.0,
    flag: str | None = None,
) -> Errand:
    """Buy things one after the other, each of which takes `hold_s` seconds; why those were refused that were.

    The file `flag` is there as soon as it is waited.
    """
    shop = _Shop(database, lease, flag)
    refused = []

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        purchase.submitted(str(uuid4()))
        time.sleep(hold_s)
        return _made(Decimal(price))

    for each in what:
        try:
            shop.obtain(each, Decimal(price), Limits(**limits), make)
        except LimitReachedError as error:
            refused.append(type(error).__name__)
    return {"refused": refused}


def begin(database: str, lease: list[Any], purchase: str, limits: dict[str, Any]) -> Errand:
    """Ask once for a turn; how long to wait."""
    shop = _Shop(database, lease)
    return {"wait_s": shop.store.begin_submission(shop.lease, UUID(purchase), Limits(**limits)).wait_s}


def submit_and_die(database: str, lease: list[Any], purchase: str, limits: dict[str, Any]) -> Errand:
    """Submit something and never be heard of again."""
    shop = _Shop(database, lease)
    shop.store.begin_submission(shop.lease, UUID(purchase), Limits(**limits))
    shop.store.record_task(UUID(purchase), str(uuid4()))
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def report(database: str, lease: list[Any], error: str | None, pause_s: float | None = None) -> Errand:
    """Put down how a call went."""
    _Shop(database, lease).store.report_vendor(VENDOR, error, pause_s)
    return {}


ERRANDS: dict[str, Callable[..., Errand]] = {
    each.__name__: each for each in (spend_all, buy, begin, submit_and_die, report)
}


class Errands:
    """The process, as a test sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def at_once(self, errands: list[Errand]) -> list[Errand | None]:
        """Have all done by a process each; what they came to, None for one that was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(errands) + "\n")
        self._process.stdin.flush()
        return cast("list[Errand | None]", json.loads(self._process.stdout.readline()))


@contextmanager
def doing_errands() -> Iterator[Errands]:
    """Such a process, until the end of the context."""
    command = [sys.executable, "-m", "video_pipeline_tests.store.errands"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Errands(process)


def _begun(errand: Errand, gate: tuple[int, int]) -> tuple[int, int]:
    answer, into = os.pipe()
    pid = os.fork()
    if pid:
        os.close(into)
        return pid, answer
    try:
        os.close(gate[1])
        os.read(gate[0], 1)  # ends when the last writer has closed it
        os.write(into, json.dumps(ERRANDS[errand.pop("does")](**errand)).encode())
        os._exit(0)
    except BaseException:  # noqa: BLE001 - told by the exit code
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def _ended(pid: int, answer: int) -> Errand | None:
    with os.fdopen(answer) as told_by:
        said = told_by.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == -signal.SIGKILL:
        return None
    return {"failed": code} if code else cast(Errand, json.loads(said))


def main() -> None:
    """Serve the lines of the standard input."""
    for line in sys.stdin:
        gate = os.pipe()
        started = [_begun(errand, gate) for errand in json.loads(line)]
        for end in gate:
            os.close(end)
        print(json.dumps([_ended(*each) for each in started]), flush=True)


if __name__ == "__main__":
    main()
