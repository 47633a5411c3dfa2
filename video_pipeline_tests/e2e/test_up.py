"""`up`: one for each data directory, in the same place as the other commands, and gone when it is asked to end."""

from __future__ import annotations

import signal

import pytest

from video_pipeline_tests.e2e.conftest import Installation, check_that_it_ends, free_port, homes

ORDER = ("--niche", "Rainy Library", "--mood", "cozy", "--seed", "5", "--scenes", "2", "--scene-seconds", "10")
DUMMIES = ("--music-provider", "dummy", "--visual-provider", "dummy")


@pytest.mark.timeout(300)
def test_a_data_directory_has_one_up_which_serves_what_is_ordered_beside_it(installation: Installation) -> None:
    """Its child once ran in another directory: with a relative data directory it served another installation."""
    installation.environment["VIDEO_PIPELINE_DATA_DIR"] = "studio"
    home = installation.root / "studio"
    installation.call("channel", "new", "Quiet Rooms", "--niche", "Rainy Library")
    up = installation.start_up()
    job = installation.json("job", "new", "--channel", "Quiet Rooms", *ORDER, *DUMMIES)["job_id"]
    assert homes(installation) == [home / "dagster"]

    ports = {"VIDEO_PIPELINE_PORT": str(free_port()), "VIDEO_PIPELINE_API_PORT": str(free_port())}
    elsewhere = {**ports, "VIDEO_PIPELINE_DATA_DIR": str(home)}
    refused = installation.call("up", code=1, **elsewhere)
    assert f"running already for {home}" in refused
    busy = installation.call("up", code=1)
    assert f"cannot listen on 127.0.0.1:{installation.port}" in busy
    assert "set VIDEO_PIPELINE_PORT" in busy
    assert up.poll() is None

    installation.wait_for(job, "awaiting_approval")
    assert homes(installation) == [home / "dagster"]
    check_that_it_ends(installation, up, signal.SIGHUP)
