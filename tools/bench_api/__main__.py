"""Owns the command line of the benchmark of the API; hides the order of its phases."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from tools.bench import machine
from tools.bench.measure import ROOT, say
from tools.bench.report import write_json
from tools.bench_api import renders, report
from tools.bench_api.books import WORDS, a_channel
from tools.bench_api.installation import USERS, Installation, installed, scratch, served
from tools.bench_api.load import CONNECT_S, LISTEN, PATIENCE_S, PAUSE_MAX_S, WARM_S, Order
from tools.bench_api.report import IDLE, RENDER
from tools.bench_api.watch import Watch

INTERRUPTED = 130
SHARES = {"list": 0.3, "search": 0.1, "show": 0.3, LISTEN: 0.3}
"""How many of a hundred readers do what."""

RENDER_BEGINS_S = 300.0
_END_S = 20.0
_POLL_S = 0.2


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0 when no request failed."""
    given = _parser().parse_args(words)
    if given.readers < 10 or given.jobs < 1 or given.seconds <= 0 or not 0 <= given.pause <= PAUSE_MAX_S:
        _parser().error(f"at least 10 readers, 1 job, some time and a pause of 0 to {PAUSE_MAX_S:g} s are needed")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        results = _run(given)
    except KeyboardInterrupt:
        say("interrupted; what was running has been ended")
        return INTERRUPTED
    _tell(results, given)
    wrong = report.faults(results)
    for fault in wrong:
        say(f"WRONG: {fault}")
    print(json.dumps(report.summary(results)), flush=True)
    return 1 if wrong else 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-api", description="Measure the REST API under load.")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each phase is measured (default 30)")
    parser.add_argument("--readers", type=int, default=200, help="how many there are at once (default 200)")
    parser.add_argument("--jobs", type=int, default=10_000, help="jobs in the database (default 10000)")
    parser.add_argument(
        "--pause", type=float, default=0.0, help="seconds that a reader looks at an answer before it asks again"
    )
    parser.add_argument("--only", choices=(IDLE, RENDER), help="one phase alone")
    parser.add_argument("--json", action="store_true", help="nothing on stdout but one JSON object")
    parser.add_argument("--out", type=Path, help="where api.json goes, for example docs/benchmarks")
    return parser


def _run(given: argparse.Namespace) -> report.Results:
    results: report.Results = {
        "machine": machine.describe(),
        "command": shlex.join(["make", "bench-api", *([f"ARGS={shlex.join(sys.argv[1:])}"] if sys.argv[1:] else [])]),
        "phases": {},
    }
    readers = shares(given.readers)
    listeners = readers[LISTEN]
    with (
        scratch("api") as folder,
        installed(folder, given.jobs, listeners=listeners, readers=given.readers - listeners) as studio,
    ):
        results["material"] = f"{studio.filled.jobs} jobs with {studio.filled.scenes} scenes"
        results["readers"] = readers
        with served(folder) as server:
            order = _order(given, studio, server.port, readers)
            for phase in (IDLE, RENDER) if given.only is None else (given.only,):
                with ExitStack() as beside:
                    if phase == RENDER:
                        beside.enter_context(rendering())
                    say(f"{phase}: {given.readers} readers for {given.seconds:g} s ...")
                    results["phases"][phase] = _measured(studio, server.pid, order)
    results["ratios"] = report.compared(results["phases"])
    return results


def shares(readers: int) -> dict[str, int]:
    """How many readers of each kind there are; the rest turn pages."""
    made = {kind: max(int(share * readers), 1) for kind, share in SHARES.items()}
    made["list"] += readers - sum(made.values())
    return made


def _order(given: argparse.Namespace, studio: Installation, port: int, readers: dict[str, int]) -> Order:
    return Order(
        port=port,
        seconds=given.seconds,
        readers=readers,
        keys=studio.keys,
        shown=studio.filled.shown,
        words=list(WORDS),
        database_url=studio.url,
        channel=str(a_channel(studio.engine)),
        told_user=USERS[0],
        pause_s=given.pause,
    )


def _measured(studio: Installation, pid: int, order: Order) -> dict[str, Any]:
    began = time.monotonic()
    with Watch(pid, studio.engine) as watch:
        made = _loaded(order)
    return made | {"server": watch.taken.to_json(), "watched_s": time.monotonic() - began}


def _loaded(order: Order) -> dict[str, Any]:
    """Have the load made by its own process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.bench_api.load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        limit_s = order.seconds + WARM_S + CONNECT_S + 2 * PATIENCE_S + 60
        answer, _ = process.communicate(json.dumps(asdict(order)).encode(), timeout=limit_s)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode:
        raise RuntimeError(f"the load ended with {process.returncode}")
    made: dict[str, Any] = json.loads(answer)
    return made


@contextmanager
def rendering() -> Iterator[None]:
    """Videos are made in another installation until the end of the block; it begins when the first one is ordered."""
    with scratch("render") as folder:
        facts = folder / "measured.json"
        command = [sys.executable, "-m", "tools.bench_api.renders", str(folder)]
        warden = [sys.executable, "-m", "tools.bench.warden", str(facts), "3600", "--", *command]
        process = subprocess.Popen(warden, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            _await_render(process, facts.with_suffix(".log"))
            yield
            if process.poll() is not None:
                raise RuntimeError(f"the render ended: {_said(facts.with_suffix('.log'))[-2000:]}")
        finally:
            _end(process)


def _await_render(process: subprocess.Popen[bytes], log: Path) -> None:
    say("a video is ordered in another installation ...")
    deadline = time.monotonic() + RENDER_BEGINS_S
    while not any(line.startswith(renders.BEGUN) for line in _said(log).splitlines()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no render begins: {_said(log)[-2000:]}")
        time.sleep(_POLL_S)


def _said(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the warden, which ends all that it has started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)


def _tell(results: report.Results, given: argparse.Namespace) -> None:
    out = sys.stderr if given.json else sys.stdout
    facts = {**results["machine"], "material": results["material"], "command": results["command"]}
    print("\n".join(f"{name:>20}  {value}" for name, value in facts.items()), file=out)
    print(f"\n{report.markdown(results)}\n", file=out, flush=True)
    if given.out:
        write_json(results, given.out / "api.json")
        say(f"results: {given.out / 'api.json'}")


if __name__ == "__main__":
    sys.exit(main())
