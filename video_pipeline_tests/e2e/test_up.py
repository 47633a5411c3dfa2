"""`up` as people use it: orders that Dagster's sensors pick up, the studio's page in a browser, and its end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Browser

from video_pipeline_tests.e2e.conftest import WAIT_S, Installation, check_that_it_ends, free_port, homes, installed
from video_pipeline_tests.e2e.studio_page import Studio, opened

SHORT = ("--scenes", "3", "--scene-seconds", "10", "--music-provider", "dummy", "--visual-provider", "dummy")
PROMPT = "A quiet reading room with green lamps and snow behind tall windows"
DESCRIPTION = "A reading room in the evening, snow behind its windows"


@dataclass(frozen=True)
class Served:
    """An installation with a channel and a user of the page, and its `up`."""

    installation: Installation
    up: subprocess.Popen[str]
    user: str
    password: str


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One `up` for all tests here: to start Dagster takes longer than most of what they ask of it.

    It lives in the data directory that is used by default.
    """
    with installed() as installation:
        del installation.environment["VIDEO_PIPELINE_DATA_DIR"]
        installation.call("channel", "new", "Evening Rooms", "--niche", "Rainy Library")
        made = installation.json("user", "new", "anna", "--scope", "spend", "--generate")
        yield Served(installation, installation.start_up(), "anna", made["password"])


def test_it_lives_in_the_directory_of_the_other_commands(served: Served) -> None:
    assert homes(served.installation) == [served.installation.root / ".data" / "dagster"]


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_the_sensors_produce_what_was_ordered(served: Served) -> None:
    installation = served.installation
    ordered = installation.json(
        "job", "new", "--channel", "Evening Rooms", "--niche", "Rainy Library", "--mood", "cozy", "--seed", "5", *SHORT
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


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_preview_is_made_although_its_process_is_killed(served: Served) -> None:
    installation = served.installation
    ordered = installation.json(
        *("job", "new", "--channel", "Evening Rooms", "--niche", "Rainy Library", "--mood", "cozy", "--seed", "5"),
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


def look_at(studio: Studio, name: str) -> None:
    studio.picture(name)
    studio.check_accessible()


@pytest.mark.timeout(600)
@pytest.mark.slow
def test_a_producer_makes_a_video_on_the_page(served: Served, browser: Browser, tmp_path: Path) -> None:
    address = served.installation.studio
    with opened(browser, address, tmp_path) as studio:
        studio.page.goto(address)
        studio.see("login-form").wait_for()
        look_at(studio, "login")
        studio.sign_in(served.user, served.password)
        look_at(studio, "board-empty")
        studio.order("Rainy Library", scenes=3, seconds=10, provider="dummy")
        studio.wait_for_status("awaiting_approval")
        look_at(studio, "storyboard")

        change_the_storyboard(studio)
        studio.approve()
        studio.wait_for_status("completed")
        look_at(studio, "completed")
        check_download(studio, tmp_path)
        look_at(studio, "exports")

        change_what_is_finished(studio)
        look_at(studio, "changed")
        assert studio.complaints == []


def change_the_storyboard(studio: Studio) -> None:
    """Reorder by dragging, then refine the second scene; what is seen is what the books have after a reload."""
    before = studio.descriptions()
    studio.drag_scene(3, onto=1)
    moved = [before[2], before[0], before[1]]
    # The page's own rules forbid eval, so nothing is waited for by script.
    studio.scene(1).get_by_test_id("scene-description").get_by_text(moved[0], exact=True).wait_for()
    assert studio.descriptions() == moved

    studio.refine(2, prompt=PROMPT, description=DESCRIPTION)
    studio.see("compare").wait_for()
    look_at(studio, "refined")
    studio.see("refine-keep").click()
    assert "4" in studio.see("refinements-left").first.inner_text()
    assert studio.see("approval-state").get_attribute("data-approved") == "false"
    studio.page.reload()
    studio.see("scene-card").first.wait_for()
    assert studio.descriptions() == [moved[0], DESCRIPTION, moved[2]]


def change_what_is_finished(studio: Studio) -> None:
    """Refining a finished video takes its approval back, and its files away."""
    assert studio.see("approval-state").get_attribute("data-approved") == "true"
    assert studio.see("final-video").count() == 1
    studio.refine(1, description="The first scene, described once more")
    studio.wait_for_status("awaiting_approval")
    assert studio.see("approval-state").get_attribute("data-approved") == "false"
    assert studio.see("export-row").count() == 0


def check_download(studio: Studio, folder: Path) -> None:
    """Have webm/low made, download it, and read it."""
    if studio.see("export-submit").count() == 0 or not studio.see("export-submit").is_visible():
        studio.page.locator("[data-testid=export-more] > summary").click()
    studio.page.locator("[data-testid=export-box][data-format=webm][data-quality=low]").check(force=True)
    studio.see("export-submit").click()
    row = studio.page.locator("[data-testid=export-row][data-format=webm][data-quality=low]")
    row.wait_for()
    with studio.page.expect_download() as download:
        row.get_by_test_id("download-link").click()
    file = folder / "programme.webm"
    download.value.save_as(file)
    with av.open(str(file)) as opened_file:
        picture, sound = opened_file.streams.video[0], opened_file.streams.audio[0]
        assert "vp9" in picture.codec_context.name
        assert (picture.width, picture.height) == (854, 480)
        assert "opus" in sound.codec_context.name
        assert sum(packet.size > 0 for packet in opened_file.demux(picture)) == 900


@pytest.mark.timeout(300)
def test_the_page_fits_a_phone(served: Served, browser: Browser, tmp_path: Path) -> None:
    address = served.installation.studio
    with opened(browser, address, tmp_path, width=390, height=844) as studio:
        studio.sign_in(served.user, served.password)
        for route in ("#/", "#/order", "#/statistics"):
            studio.page.goto(f"{address}/{route}")
            studio.page.wait_for_load_state("networkidle")
            look_at(studio, f"phone{route.replace('/', '-')}")
            # Nothing reaches beyond the right edge, so nobody has to scroll sideways.
            assert studio.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert studio.complaints == []


def test_a_data_directory_has_one_up(served: Served) -> None:
    """Its child once ran in another directory: with a relative data directory it served another installation."""
    installation = served.installation
    home = installation.root / ".data"
    ports = {"VIDEO_PIPELINE_PORT": str(free_port()), "VIDEO_PIPELINE_API_PORT": str(free_port())}
    refused = installation.call("up", code=1, VIDEO_PIPELINE_DATA_DIR=str(home), **ports)
    assert f"running already for {home}" in refused
    busy = installation.call("up", code=1)
    assert f"cannot listen on 127.0.0.1:{installation.port}" in busy
    assert "set VIDEO_PIPELINE_PORT" in busy
    assert served.up.poll() is None
    assert homes(installation) == [home / "dagster"]


def test_ctrl_c_ends_it(served: Served) -> None:
    """Last of all."""
    check_that_it_ends(served.installation, served.up, signal.SIGINT)
