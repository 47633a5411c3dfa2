"""Owns the fake vendors as a process of their own: prints one line of JSON and serves until it is told to end."""

from __future__ import annotations

import argparse
import json
import signal
import threading

from video_pipeline_tests.vendors.faults import Faults
from video_pipeline_tests.vendors.server import Fakes, running


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description="Serve all fake vendors on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--faulty", type=float, default=0.0, help="the share of calls that go wrong")
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    faults = Faults(told.seed, told.faulty) if told.faulty else None
    with running(Fakes(faults=faults), port=told.port) as fakes:
        print(json.dumps({"url": fakes.url, "env": fakes.environment()}), flush=True)
        end.wait()


if __name__ == "__main__":
    main()
