"""`up`: one for each data directory, in the same place as the other commands, and gone when it is asked to end."""

from __future__ import annotations

import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from video_pipeline_tests.e2e.conftest import Installation, alive, free_port

ORDER = ("--niche", "Rainy Library", "--mood", "cozy", "--seed", "5", "--scenes", "2", "--scene-seconds", "10")
DUMMIES = ("--music-provider", "dummy", "--visual-provider", "dummy")


def check_that_it_ends(installation: Installation, up: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send the signal: `up` ends well, and none of the processes that it started is left."""
    processes = psutil.Process(up.pid).children(recursive=True)
    assert len(processes) >= 4  # dagster dev, webserver, daemon and code server
    assert directories(processes) == {str(installation.root)}
    up.send_signal(number)
    assert up.wait(60) == 0
    psutil.wait_procs(processes, timeout=10)
    assert alive(processes) == []
    with pytest.raises(OSError, match="refused"):
        installation.graphql("{ version }")


def directories(processes: list[psutil.Process]) -> set[str]:
    """The working directories of those that still run."""
    found = set()
    for each in processes:
        with suppress(psutil.NoSuchProcess):  # a zombie as well
            found.add(each.cwd())
    return found


def homes(installation: Installation) -> list[Path]:
    """Every place where Dagster was told to live."""
    return sorted(each.parent for each in installation.root.rglob("dagster.yaml"))


@pytest.mark.timeout(300)
def test_up_serves_what_is_ordered_in_the_same_working_directory(installation: Installation) -> None:
    """Its child once ran in another directory: with a relative data directory it served another installation."""
    installation.environment["VIDEO_PIPELINE_DATA_DIR"] = "studio"
    installation.call("channel", "new", "Quiet Rooms", "--niche", "Rainy Library")
    up = installation.start_up()
    job = installation.json("job", "new", "--channel", "Quiet Rooms", *ORDER, *DUMMIES)["job_id"]
    installation.wait_for(job, lambda shown: shown["status"] == "awaiting_approval")
    assert homes(installation) == [installation.root / "studio" / "dagster"]
    check_that_it_ends(installation, up, signal.SIGHUP)


@pytest.mark.timeout(300)
def test_a_data_directory_has_one_up(installation: Installation) -> None:
    del installation.environment["VIDEO_PIPELINE_DATA_DIR"]
    home = installation.root / ".data"
    up = installation.start_up()
    assert homes(installation) == [home / "dagster"]

    ports = {"VIDEO_PIPELINE_PORT": str(free_port()), "VIDEO_PIPELINE_API_PORT": str(free_port())}
    elsewhere = {**ports, "VIDEO_PIPELINE_DATA_DIR": str(home)}
    refused = installation.call("up", code=1, **elsewhere)
    assert f"running already for {home}" in refused
    busy = installation.call("up", code=1)
    assert f"cannot listen on 127.0.0.1:{installation.port}" in busy
    assert "set VIDEO_PIPELINE_PORT" in busy
    assert up.poll() is None
    check_that_it_ends(installation, up, signal.SIGTERM)
