"""Owns being many readers at once, in a process of its own; hides what each kind of reader asks for.

Run as `python -m tools.bench_api.load` with an `Order` as JSON on standard input; it answers with JSON on standard
output. Every reader asks again when it has its answer (a closed loop): at once, so that the server is never idle and
a request waits for those of all the others, or after a while of looking at it. Listeners stay connected, while one
thread orders videos in the books, as Dagster's processes write there: what is measured is the time from the end of that
transaction to the listener.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import UUID

from tools.bench_api.books import opened
from tools.bench_api.latency import spread
from tools.bench_api.wire import Line, WireError
from video_pipeline.domain.brief import StoryboardBrief
from video_pipeline.store import PostgresJobStore

ROOT = "/api/v2"
LISTEN = "events"
WARM_S = 3.0
"""Before anything is counted: the first requests open connections and load libraries."""

CONNECT_S = 60.0
PATIENCE_S = 30.0
"""How long the last event may take to everybody, after which it is missing."""

PAUSE_MAX_S = 3.0
"""The server hangs up on who is silent for five seconds."""

REQUESTS_MAX = 500_000
PAGES = 10
FILTERS = ("", "status=completed&", "status=processing&", "kind=album&", "approved=true&")
SHOWN_ERRORS = 5


@dataclass(frozen=True, slots=True)
class Order:
    """What the load is made of."""

    port: int
    seconds: float
    readers: dict[str, int]  # by kind: list, search, show, events
    keys: list[tuple[str, str]]  # user and key of each reader, of listeners first
    shown: dict[str, list[str]]  # ids of jobs that a user may see
    words: list[str]
    database_url: str
    channel: str
    told_user: str  # whose jobs are ordered meanwhile; every listener may see them
    warm_s: float = WARM_S
    pause_s: float = 0.0  # how long a reader looks at an answer, on average


@dataclass(slots=True)
class Tally:
    """What came of the requests of one kind."""

    seconds: list[float] = field(default_factory=list)  # of each request that was answered
    bytes: int = 0
    errors: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Crowd:
    """What all readers share."""

    order: Order
    tallies: dict[str, Tally]
    counting: bool = False
    ended: bool = False
    told: dict[str, float] = field(default_factory=dict)  # when an event was in the books (monotonic), by its job
    heard: dict[str, list[float]] = field(default_factory=dict)  # when each listener had it
    messages: int = 0

    def goes_on(self, seconds: float) -> bool:
        """Whether to go on after `seconds`: on a machine that is busy nothing may have been answered by then."""
        counts = [len(tally.seconds) for kind, tally in self.tallies.items() if kind != LISTEN]
        if seconds < self.order.seconds:
            return sum(counts) < REQUESTS_MAX
        return not (all(counts) and self.told) and seconds < self.order.seconds + PATIENCE_S


def _pages(crowd: Crowd, user: str, dice: random.Random) -> Iterator[str]:
    """Paths of a reader who turns pages; gets each answer's cursor in between."""
    while True:
        wanted, cursor = dice.choice(FILTERS), ""
        for _ in range(PAGES):
            answer = yield f"{ROOT}/jobs?{wanted}limit=50{cursor}"
            if not answer["next_cursor"]:
                break
            cursor = f"&cursor={quote(answer['next_cursor'])}"


def _searches(crowd: Crowd, user: str, dice: random.Random) -> Iterator[str]:
    while True:
        yield f"{ROOT}/jobs?limit=50&q={quote(dice.choice(crowd.order.words))}"


def _shows(crowd: Crowd, user: str, dice: random.Random) -> Iterator[str]:
    while True:
        yield f"{ROOT}/jobs/{dice.choice(crowd.order.shown[user])}"


READERS: dict[str, Callable[[Crowd, str, random.Random], Iterator[str]]] = {
    "list": _pages,
    "search": _searches,
    "show": _shows,
}
"""What each kind of reader asks for, one path after the other."""


async def _read(crowd: Crowd, kind: str, number: int) -> None:
    """Be one reader until the end."""
    user, key = crowd.order.keys[number]
    dice = random.Random(number)  # noqa: S311 - the same each time
    asked = READERS[kind](crowd, user, dice)
    line, tally = Line(crowd.order.port, key), crowd.tallies[kind]
    path = next(asked)
    while not crowd.ended:
        began = time.monotonic()
        try:
            answer = await line.get(path)
            took = time.monotonic() - began
            found = json.loads(answer.body)
            if answer.status != 200:
                raise WireError(f"status {answer.status}: {found.get('detail')}")
        except (OSError, EOFError, ValueError, WireError) as error:
            tally.errors[f"{path.partition('?')[0]}: {error!r}"] += 1
            await line.close()
            await asyncio.sleep(0.1)  # what refuses everything must not be asked a thousand times a second
            continue
        if crowd.counting:
            tally.seconds.append(took)
            tally.bytes += len(answer.body)
        if crowd.order.pause_s:
            await asyncio.sleep(crowd.order.pause_s * dice.uniform(0.5, 1.5))
        # A generator that is sent the answer chooses the next path; most do not look at it.
        path = asked.send(found)  # type: ignore[attr-defined]
    await line.close()


async def _listen(crowd: Crowd, number: int, ready: asyncio.Queue[int]) -> None:
    """Be one listener until it is cancelled."""
    line = Line(crowd.order.port, crowd.order.keys[number][1])
    try:
        async for block in line.listen(f"{ROOT}/events"):
            if block.startswith(b"retry:"):
                ready.put_nowait(number)
                continue
            crowd.messages += 1
            if b"event: job\n" in block:
                now = time.monotonic()
                job = json.loads(block.partition(b"data: ")[2])["job"]["id"]
                crowd.heard.setdefault(job, []).append(now)
    except (OSError, EOFError, ValueError, WireError) as error:
        crowd.tallies[LISTEN].errors[repr(error)] += 1
        ready.put_nowait(number)
    finally:
        await line.close()


def _tell(crowd: Crowd, ended: threading.Event) -> None:
    """Order videos, one after the other, at times that do not beat with the server's own."""
    dice = random.Random(1)  # noqa: S311 - the same each time
    store = PostgresJobStore(opened(crowd.order.database_url))
    while not ended.wait(dice.uniform(0.5, 1.5)):
        brief = StoryboardBrief(
            channel_id=UUID(crowd.order.channel),
            niche_label="Told Meanwhile",
            mood_keywords="calm",
            seed=1,
            scene_count=3,
            scene_seconds=60,
            user_id=crowd.order.told_user,
        )
        job = store.create_job(brief)
        crowd.told[str(job.id)] = time.monotonic()


async def run(order: Order) -> dict[str, Any]:
    """Make the load; what came of it."""
    crowd = Crowd(order, {kind: Tally() for kind in order.readers})
    listeners = order.readers.get(LISTEN, 0)
    ready: asyncio.Queue[int] = asyncio.Queue()
    tasks = [asyncio.create_task(_listen(crowd, number, ready)) for number in range(listeners)]
    async with asyncio.timeout(CONNECT_S):
        for _ in tasks:
            await ready.get()
    kinds = [kind for kind, count in order.readers.items() if kind != LISTEN for _ in range(count)]
    readers = [asyncio.create_task(_read(crowd, kind, listeners + n)) for n, kind in enumerate(kinds)]
    await asyncio.sleep(order.warm_s)
    over = threading.Event()
    teller = threading.Thread(target=_tell, args=(crowd, over))
    teller.start()
    began, cpu_s = time.monotonic(), time.process_time()
    crowd.counting = True
    while crowd.goes_on(time.monotonic() - began):
        await asyncio.sleep(0.05)
    crowd.counting = False
    took_s, cpu_s = time.monotonic() - began, time.process_time() - cpu_s
    over.set()
    await asyncio.to_thread(teller.join)
    await _hear_the_last(crowd, listeners)
    crowd.ended = True
    await asyncio.gather(*readers)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return _result(crowd, listeners, took_s) | {"client_cpu_s": cpu_s}


async def _hear_the_last(crowd: Crowd, listeners: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and any(len(crowd.heard.get(job, ())) < listeners for job in crowd.told):
        await asyncio.sleep(0.05)


def _result(crowd: Crowd, listeners: int, took_s: float) -> dict[str, Any]:
    kinds = {}
    for kind, tally in crowd.tallies.items():
        if kind != LISTEN:
            kinds[kind] = _row(tally) | spread(tally.seconds) | {"per_s": len(tally.seconds) / took_s}
            kinds[kind]["mean_bytes"] = tally.bytes / max(len(tally.seconds), 1)
    made: dict[str, Any] = {"seconds": took_s, "kinds": kinds}
    if listeners:
        made[LISTEN] = _fan_out(crowd, listeners)
    return made


def _row(tally: Tally) -> dict[str, Any]:
    return {
        "count": len(tally.seconds),
        "errors": tally.errors.total(),
        "what": [f"{count} x {text}" for text, count in tally.errors.most_common(SHOWN_ERRORS)],
    }


def _fan_out(crowd: Crowd, listeners: int) -> dict[str, Any]:
    """How long events took to a listener, and to the last of all; what did not come is an error."""
    tally = crowd.tallies[LISTEN]
    last = []
    for job, told_at in crowd.told.items():
        heard = crowd.heard.get(job, [])
        tally.seconds += [max(at - told_at, 0.0) for at in heard]
        if len(heard) == listeners:
            last.append(max(max(heard) - told_at, 0.0))
        else:
            tally.errors["events that did not reach a listener once"] += abs(listeners - len(heard))
    return {
        **_row(tally),
        "listeners": listeners,
        "told": len(crowd.told),
        "messages": crowd.messages,
        "to_a_listener": spread(tally.seconds),
        "to_all_listeners": spread(last),
    }


def main() -> int:
    """Read the order, make the load, tell the result."""
    given = json.load(sys.stdin)
    made = asyncio.run(run(Order(**given)))
    json.dump({**made, "readers": asdict(Order(**given))["readers"]}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
