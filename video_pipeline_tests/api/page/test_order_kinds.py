"""Ordering every kind of video on the page, in a real browser: each asks for what it needs and for nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from video_pipeline_tests.api.conftest import PASSWORD, House
from video_pipeline_tests.e2e.studio_page import Studio, opened


@pytest.fixture
def ordering(house: House, browser: Browser, tmp_path: Path) -> Iterator[Studio]:
    """The form of a new order."""
    house.ordered(house.user("anna"))  # so that there is a channel
    with opened(browser, house.address, tmp_path) as studio:
        studio.page.set_default_timeout(60_000)
        studio.page.goto(f"{house.address}/#/order")
        studio.see("login-name").fill("anna")
        studio.see("login-password").fill(PASSWORD)
        studio.see("login-submit").click()
        studio.see("order-form").wait_for()
        yield studio
        assert studio.complaints == []


def choose(studio: Studio, kind: str) -> None:
    studio.see(f"order-kind-{kind}").check(force=True)


def test_a_music_video_is_ordered_and_then_waits_for_its_song(ordering: Studio, house: House) -> None:
    choose(ordering, "music_video")
    expect(ordering.see("order-scene_count")).to_be_hidden()
    ordering.see("order-submit").click()
    expect(ordering.see("error-song_title")).to_be_visible()
    ordering.see("order-song_title").fill("Night Train")
    ordering.see("order-music_file").fill("night.flac")
    ordering.see("order-genre").fill("synthwave")
    ordering.see("order-prompt").fill("a train that crosses a sleeping city")
    assert ordering.see("order-engine").input_value() == "pictures"
    ordering.see("order-engine").select_option("procedural")
    ordering.see("order-aspect_ratio").select_option("9:16")
    ordering.see("order-ambience-rain").check()
    ordering.see("order-quotes").fill("Breathe in.")
    expect(ordering.see("estimate-total")).to_be_visible()
    expect(ordering.see("estimate-length")).to_contain_text("The song is not measured yet and counts as 3:30")
    ordering.picture("music-video")
    ordering.page.set_viewport_size({"width": 390, "height": 844})
    ordering.picture("music-video-phone")
    ordering.see("order-submit").click()
    ordering.see("drop-zone").wait_for()
    job = house.user("anna").get(f"/jobs/{ordering.page.url.rpartition('/')[2]}").json
    assert (job["kind"], job["status"], job["missing_files"]) == ("music_video", "preparing", ["music"])
    brief = job["brief"]
    assert (brief["song_title"], brief["aspect_ratio"], brief["quotes"]) == ("Night Train", "9:16", "Breathe in.")
    assert [each["sound"] for each in brief["ambience"]] == ["rain"]
    assert (brief["bpm"], brief["engine"]) == (None, "procedural")


def test_a_build_is_ordered_and_then_waits_for_its_files(ordering: Studio, house: House) -> None:
    choose(ordering, "build")
    expect(ordering.see("order-prompt")).to_be_hidden()
    expect(ordering.see("order-files-note")).to_be_visible()
    ordering.see("order-arrangement").select_option("loop")
    ordering.picture("build")
    ordering.see("order-submit").click()
    ordering.see("drop-zone").wait_for()
    job = house.user("anna").get(f"/jobs/{ordering.page.url.rpartition('/')[2]}").json
    assert (job["kind"], job["status"], job["brief"]["arrangement"]) == ("build", "preparing", "loop")
