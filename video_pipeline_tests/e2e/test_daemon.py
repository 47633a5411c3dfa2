"""Jobs and work on demand through Dagster's daemon and its sensors, in the data directory that is used by default."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from video_pipeline_tests.e2e.conftest import WAIT_S, Installation, check_that_it_ends, homes, installed

SHORT = ("--scenes", "3", "--scene-seconds", "10", "--music-provider", "dummy", "--visual-provider", "dummy")


@dataclass(frozen=True)
class Served:
    """An installation with a channel, and its `up`."""

    installation: Installation
    up: subprocess.Popen[str]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One for all tests here: to start Dagster takes longer than most of what they ask of it."""
    with installed() as installation:
        del installation.environment["VIDEO_PIPELINE_DATA_DIR"]
        installation.call("channel", "new", "Quiet Rooms", "--niche", "Rainy Library")
        yield Served(installation, installation.start_up())


def test_it_lives_in_the_directory_of_the_other_commands(served: Served) -> None:
    assert homes(served.installation) == [served.installation.root / ".data" / "dagster"]


@pytest.mark.timeout(420)
def test_the_sensors_produce_what_was_ordered(served: Served) -> None:
    installation = served.installation
    ordered = installation.json(
        "job", "new", "--channel", "Quiet Rooms", "--niche", "Rainy Library", "--mood", "cozy", "--seed", "5", *SHORT
    )
    job = ordered["job_id"]
    assert ordered["status"] == "planned"

    waiting = installation.wait_for(job, "awaiting_approval")
    assert not waiting["approved"]
    assert len(waiting["scenes"]) == 3
    installation.call("job", "approve", job)
    finished = installation.wait_for(job, "completed")

    kinds = [event["kind"] for event in finished["history"]]
    assert kinds[0] == "created"
    assert "approved" in kinds
    files = {each["kind"]: each for each in installation.json("job", "files", job)}
    assert all(each["intact"] for each in files.values())
    assert Path(files["export mp4_high"]["path"]).stat().st_size == files["export mp4_high"]["bytes"]

    partitions = installation.graphql(
        "{ assetNodes { assetKey { path } assetMaterializations(limit: 5) { partition } } }"
    )
    seen = {node["assetKey"]["path"][0]: node["assetMaterializations"] for node in partitions["assetNodes"]}
    assert set(seen) == {"storyboard", "music", "images", "master", "exports"}
    assert all(job in [each["partition"] for each in made] for made in seen.values())

    exported = installation.json("job", "export", job, "--format", "webm", "--quality", "low")
    assert exported["path"].endswith(f"exports/{job}/webm_low.webm")


# In a process of its own, with the installation's settings: the web server places orders in the same way.
ORDER = """
import json, os, signal, sys, time, uuid
from sqlalchemy import text
from video_pipeline import bootstrap
from video_pipeline.domain.orders import OrderKind, OrderStatus

store = bootstrap.job_store()
placed = store.place_order(uuid.UUID(sys.argv[1]), OrderKind.PREVIEW, {}, "ann")
runs, deadline = {}, time.monotonic() + float(sys.argv[2])
while not (order := store.get_order(placed.id)).finished:
    assert time.monotonic() < deadline, order
    if order.status is OrderStatus.IN_PROGRESS and order.progress is not None and order.run_id not in runs:
        with bootstrap.engine().connect() as connection:
            holder = connection.execute(text("SELECT holder FROM work_orders")).scalar_one()
        runs[order.run_id] = holder
        if len(runs) == 1:
            os.kill(int(holder.split("/")[2]), signal.SIGKILL)
    time.sleep(0.1)
print(json.dumps({
    "status": order.status, "error": order.error_message, "attempt": order.attempt, "runs": [*runs],
    "path": str(bootstrap.media_store().path(order.result["key"])) if order.result else None,
}))
"""


@pytest.mark.timeout(600)
def test_a_preview_is_made_although_its_process_is_killed(served: Served) -> None:
    installation = served.installation
    ordered = installation.json(
        *("job", "new", "--channel", "Quiet Rooms", "--niche", "Rainy Library", "--mood", "cozy", "--seed", "5"),
        *("--scenes", "3", "--scene-seconds", "20", "--motion", "slow_zoom"),
        *("--music-provider", "dummy", "--visual-provider", "dummy"),
    )
    job = ordered["job_id"]
    installation.wait_for(job, "awaiting_approval")
    done = subprocess.run(
        [sys.executable, "-c", ORDER, job, str(WAIT_S)],
        env=installation.environment,
        cwd=installation.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert (made["status"], made["error"], made["attempt"]) == ("completed", None, 2)
    files = {each["path"]: each for each in installation.json("job", "files", job)}
    assert files[made["path"]]["kind"] == "preview"
    assert installation.json("job", "show", job)["status"] == "awaiting_approval"

    first, second = made["runs"]
    asked = "{ runsOrError { ... on Runs { results { runId jobName status } } } }"
    runs = {run["runId"]: run for run in installation.graphql(asked)["runsOrError"]["results"]}
    assert (runs[first]["jobName"], runs[second]["jobName"]) == ("order_job", "order_job")
    assert runs[first]["status"] == "FAILURE"
    assert runs[second]["status"] in {"STARTED", "SUCCESS"}


def test_ctrl_c_ends_it(served: Served) -> None:
    """Last of all."""
    check_that_it_ends(served.installation, served.up, signal.SIGINT)
