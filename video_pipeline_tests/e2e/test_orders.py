"""Work on demand through Dagster's daemon: performed, and performed again when its process is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from video_pipeline_tests.e2e.conftest import WAIT_S, Installation

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
def test_a_preview_is_made_although_its_process_is_killed(installation: Installation) -> None:
    installation.call("channel", "new", "Quiet Rooms", "--niche", "Rainy Library")
    installation.start_up()
    ordered = installation.json(
        *("job", "new", "--channel", "Quiet Rooms", "--niche", "Rainy Library", "--mood", "cozy", "--seed", "5"),
        *("--scenes", "3", "--scene-seconds", "20", "--motion", "slow_zoom"),
        *("--music-provider", "dummy", "--visual-provider", "dummy"),
    )
    job = ordered["job_id"]
    installation.wait_for(job, lambda shown: shown["status"] == "awaiting_approval")
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
