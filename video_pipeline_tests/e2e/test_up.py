"""`up`: one for each data directory, in the same place as the other commands, and gone when it is asked to end."""

from __future__ import annotations

import signal

import psutil
import pytest

from video_pipeline_tests.e2e.conftest import Installation, alive, free_port

ORDER = ("--niche", "Rainy Library", "--mood", "cozy", "--seed", "5", "--scenes", "2", "--scene-seconds", "10")
DUMMIES = ("--music-provider", "dummy", "--visual-provider", "dummy")


@pytest.mark.timeout(420)
@pytest.mark.parametrize(
    ("data_dir", "number"), [(None, signal.SIGTERM), ("studio", signal.SIGHUP)], ids=["default-TERM", "relative-HUP"]
)
def test_up_works_where_it_was_started_alone_and_ends_when_asked(
    installation: Installation, data_dir: str | None, number: signal.Signals
) -> None:
    """Its child once ran in another directory: with a relative data directory it served another installation."""
    del installation.environment["VIDEO_PIPELINE_DATA_DIR"]
    if data_dir is not None:
        installation.environment["VIDEO_PIPELINE_DATA_DIR"] = data_dir
    home = installation.root / (data_dir or ".data")
    installation.call("channel", "new", "Quiet Rooms", "--niche", "Rainy Library")
    up = installation.start_up()

    job = installation.json("job", "new", "--channel", "Quiet Rooms", *ORDER, *DUMMIES)["job_id"]
    installation.wait_for(job, lambda shown: shown["status"] == "awaiting_approval")
    assert sorted(installation.root.rglob("dagster.yaml")) == [home / "dagster" / "dagster.yaml"]

    refused = installation.call("up", code=1, VIDEO_PIPELINE_PORT=str(free_port()), VIDEO_PIPELINE_DATA_DIR=str(home))
    assert "running already" in refused
    assert str(home) in "".join(refused.split("\n"))
    assert up.poll() is None
    busy = installation.call("up", code=1)
    assert f"127.0.0.1:{installation.port}" in busy
    assert "VIDEO_PIPELINE_PORT" in busy

    processes = psutil.Process(up.pid).children(recursive=True)
    assert len(processes) >= 3  # dagster dev, webserver, daemon, and the code server
    up.send_signal(number)
    assert up.wait(60) == 0
    psutil.wait_procs(processes, timeout=10)
    assert alive(processes) == []
    with pytest.raises(OSError, match="refused"):
        installation.graphql("{ version }")
