"""What `video-pipeline up` tells before it serves, and that it ends when it is asked to."""

from __future__ import annotations

import signal
import subprocess
import sys

import psutil
import pytest

from video_pipeline.cli.serve import exposures
from video_pipeline.settings import Settings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_on_this_machine_alone_nothing_is_exposed(host: str) -> None:
    assert exposures(Settings(host=host, api_host=host)) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "studio.example.org"])
def test_a_dagster_that_others_reach_is_told(host: str) -> None:
    (risk,) = exposures(Settings(host=host))
    assert "no login of its own" in risk
    assert host in risk


def test_a_studio_without_https_is_told_and_one_behind_a_proxy_is_not() -> None:
    (risk,) = exposures(Settings(api_host="0.0.0.0"))
    assert "in the clear" in risk
    assert exposures(Settings(api_host="0.0.0.0", api_url="https://studio.example.org")) == []


SERVES = """
import sys
from video_pipeline.cli.serve import _run
waits = [sys.executable, "-SE", "-c", "import time; print('waits', flush=True); time.sleep(60)"]
sys.exit(_run({"one": (waits, ()), "another": (waits, ())}))
"""


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, *(pytest.param(each, marks=pytest.mark.slow) for each in (signal.SIGINT, signal.SIGHUP))]
)
def test_whatever_asks_it_to_end_ends_what_it_started(number: signal.Signals) -> None:
    serving = subprocess.Popen([sys.executable, "-c", SERVES], stdout=subprocess.PIPE, text=True)
    assert serving.stdout is not None
    with serving.stdout as lines:
        assert [next(lines), next(lines)] == ["waits\n"] * 2
        started = psutil.Process(serving.pid).children()
        assert len(started) == 2
        serving.send_signal(number)
        assert serving.wait(30) == 0
    assert psutil.wait_procs(started, timeout=10)[1] == []
