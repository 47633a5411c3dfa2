"""Uploading on the page: a real browser, the served studio, real files; broken lines, pauses and reloads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from video_pipeline.domain.uploads import FileType
from video_pipeline.steps.receive import append
from video_pipeline_tests.api.conftest import PASSWORD, House
from video_pipeline_tests.e2e.studio_page import Studio, opened

PIECES = 3
"""The page sends 8 MiB at once; the file has so many pieces, the last one small."""


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes of noise as WAV: 16 MiB and something."""
    import soundfile

    path = tmp_path_factory.mktemp("song") / "slow song.wav"
    samples = np.random.default_rng(1).normal(0, 0.05, (92 * 48_000, 2)).astype(np.float32)
    soundfile.write(path, samples, 48_000, subtype="PCM_16")
    assert 2 * 2**23 < path.stat().st_size < 3 * 2**23
    return path


@pytest.fixture
def preparing(house: House, browser: Browser, tmp_path: Path) -> Iterator[tuple[Studio, str]]:
    """The page of a job that waits for files, and its id."""
    job = house.ordered(house.user("anna"), preparing=True)
    with opened(browser, house.address, tmp_path) as studio:
        studio.page.set_default_timeout(60_000)
        studio.page.goto(f"{house.address}/#/jobs/{job}")
        studio.see("login-name").fill("anna")
        studio.see("login-password").fill(PASSWORD)
        studio.see("login-submit").click()
        try:
            studio.see("drop-zone").wait_for()
        finally:
            studio.picture("arrived")
        yield studio, job
        assert studio.complaints == []


def choose(studio: Studio, *files: Any) -> None:
    studio.see("upload-file").set_input_files(list(files))


def kept(house: House, job: str) -> dict[str, tuple[str, str]]:
    """Type and checksum of a job's files, by name."""
    items = house.user("anna").get(f"/jobs/{job}/files").json["items"]
    return {each["filename"]: (each["file_type"], each["sha256"]) for each in items}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def quotes(name: str = "quotes.txt", text: str = "Be still.") -> dict[str, Any]:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


@pytest.mark.slow
def test_several_files_are_chosen_typed_sent_removed_and_the_job_started(
    house: House, preparing: tuple[Studio, str], song: Path
) -> None:
    studio, job = preparing
    studio.check_accessible()
    choose(studio, quotes(), {"name": "heavy rain.mp3", "mimeType": "audio/mpeg", "buffer": b"no sound at all" * 9})
    expect(studio.see("transfer")).to_have_count(2)
    choose(studio, song)
    expect(studio.see("transfer")).to_have_count(3)
    types = [each.input_value() for each in studio.see("transfer-type").all()]
    assert types == ["quotes", "sounds", "sounds"]
    studio.see("transfer-type").nth(2).select_option("music")
    studio.check_accessible()
    studio.picture("chosen")
    expect(studio.see("upload-submit")).to_have_text("Upload 3 files")
    studio.see("upload-submit").click()
    expect(studio.see("file-row")).to_have_count(2)
    refused = studio.see("transfer")
    expect(refused).to_have_count(1)
    expect(refused.get_by_test_id("transfer-state")).to_contain_text("no sound file")
    studio.check_accessible()
    studio.picture("sent")
    assert kept(house, job) == {
        "quotes.txt": ("quotes", hashlib.sha256(b"Be still.").hexdigest()),
        "slow song.wav": ("music", sha256(song)),
    }
    refused.get_by_test_id("transfer-remove").click()
    expect(refused).to_have_count(0)
    studio.see("file-delete").first.click()
    studio.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(studio.see("file-row")).to_have_count(1)
    studio.see("start-button").click()
    studio.wait_for_status("planned")


@pytest.mark.slow
def test_a_broken_line_is_waited_out_and_a_pause_lasts(house: House, preparing: tuple[Studio, str], song: Path) -> None:
    studio, job = preparing
    offsets: list[str] = []

    def line(route: Route) -> None:
        offsets.append(route.request.headers["upload-offset"])
        if len(offsets) == 2:
            route.abort("connectionreset")
        elif len(offsets) == 3:  # the pause is pressed while this is under way
            studio.see("transfer-pause").dispatch_event("click")
            route.abort("aborted")
        else:
            route.continue_()

    studio.page.route(
        re.compile("/uploads/"), lambda route: line(route) if route.request.method == "PATCH" else route.continue_()
    )
    choose(studio, song)
    studio.see("upload-submit").click()
    studio.page.locator("[data-testid=transfer][data-state=paused]").wait_for()
    assert offsets == ["0", str(2**23), str(2**23)]
    expect(studio.see("transfer-state")).to_contain_text("Paused at ")
    studio.see("transfer-resume").click()
    expect(studio.see("file-row")).to_have_count(1)
    assert kept(house, job) == {"slow song.wav": ("sounds", sha256(song))}


def interrupted(studio: Studio, song: Path) -> None:
    """One piece arrives, then the page is left."""
    page: Page = studio.page
    page.route(
        re.compile("/uploads/"),
        lambda route: (
            route.abort("connectionreset")
            if route.request.method == "PATCH" and route.request.headers["upload-offset"] != "0"
            else route.continue_()
        ),
    )
    choose(studio, song)
    with page.expect_response(lambda answer: answer.request.method == "PATCH" and answer.ok):
        studio.see("upload-submit").click()
    page.reload()
    page.unroute_all(behavior="ignoreErrors")
    studio.see("unfinished").wait_for()


@pytest.mark.slow
def test_after_a_reload_the_same_file_goes_on_where_it_stood(
    house: House, preparing: tuple[Studio, str], song: Path
) -> None:
    studio, job = preparing
    interrupted(studio, song)
    expect(studio.see("unfinished")).to_contain_text("47% of 17.7 MB arrived. Choose the same file again")
    studio.check_accessible()
    studio.picture("unfinished")
    sent: list[str] = []
    studio.page.on(
        "request", lambda asked: sent.append(asked.headers["upload-offset"]) if asked.method == "PATCH" else None
    )
    choose(studio, song)
    expect(studio.see("file-row")).to_have_count(1)
    assert sent == [str(2**23), str(2**24)]
    assert kept(house, job) == {"slow song.wav": ("sounds", sha256(song))}


@pytest.mark.slow
def test_an_unfinished_upload_can_be_given_up(house: House, preparing: tuple[Studio, str], song: Path) -> None:
    studio, job = preparing
    interrupted(studio, song)
    studio.see("unfinished-remove").click()
    expect(studio.see("unfinished")).to_have_count(0)
    assert house.user("anna").get(f"/jobs/{job}/uploads").json["items"] == []
    assert studio.page.evaluate("document.activeElement.dataset.testid") == "upload-choose"


def test_files_are_dropped(house: House, preparing: tuple[Studio, str]) -> None:
    studio, job = preparing
    dropped = studio.page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["Be still."], "dropped.txt", { type: "text/plain" }));
            data.items.add(new File([], "folder"));
            return data;
        }"""
    )
    for kind in ("dragover", "drop"):
        studio.see("drop-zone").dispatch_event(kind, {"dataTransfer": dropped})
    expect(studio.see("transfer")).to_have_count(1)
    studio.see("upload-submit").click()
    expect(studio.see("file-row")).to_have_count(1)
    assert list(kept(house, job)) == ["dropped.txt"]


def test_what_had_arrived_when_the_page_was_left_is_kept_without_the_file(
    house: House, preparing: tuple[Studio, str]
) -> None:
    """The last answer was lost: nobody has to choose a file of which nothing is missing."""
    studio, job = preparing
    content = b"Be still."
    begun = house.desk.jobs.open_upload(UUID(job), FileType.QUOTES, "last.txt", len(content), ttl_s=60.0)
    append(house.desk.jobs, house.desk.media, begun, content)
    studio.page.reload()
    expect(studio.see("file-row")).to_have_count(1)
    expect(studio.see("unfinished")).to_have_count(0)
    assert list(kept(house, job)) == ["last.txt"]
