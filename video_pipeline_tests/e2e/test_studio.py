"""The studio as a producer uses it: a browser, the page, Dagster behind it, and no terminal."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from video_pipeline_tests.e2e.conftest import Installation
from video_pipeline_tests.e2e.studio_page import Studio, opened

PROMPT = "A quiet reading room with green lamps and snow behind tall windows"
DESCRIPTION = "A reading room in the evening, snow behind its windows"


def look_at(studio: Studio, name: str) -> None:
    studio.picture(name)
    studio.check_accessible()


@pytest.mark.timeout(600)
def test_a_producer_makes_a_video_on_the_page(installation: Installation, chromium: Path, tmp_path: Path) -> None:
    made = installation.json("user", "new", "anna", "--scope", "spend", "--generate")
    installation.start_up()
    with opened(chromium, installation.studio, tmp_path) as studio:
        studio.page.goto(installation.studio)
        studio.see("login-form").wait_for()
        look_at(studio, "login")
        studio.sign_in("anna", made["password"])
        look_at(studio, "board-empty")
        studio.order("Rainy Library", scenes=3, seconds=10, provider="dummy")
        studio.wait_for_status("awaiting_approval")
        look_at(studio, "storyboard")

        change_the_storyboard(studio)
        studio.approve()
        studio.wait_for_status("completed")
        look_at(studio, "completed")

        change_what_is_finished(studio)
        studio.approve()
        studio.wait_for_status("completed")
        check_download(studio, tmp_path)
        look_at(studio, "exports")
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
def test_the_page_fits_a_phone(installation: Installation, chromium: Path, tmp_path: Path) -> None:
    made = installation.json("user", "new", "anna", "--scope", "spend", "--generate")
    installation.start("api")
    installation.wait_until_ready()
    with opened(chromium, installation.studio, tmp_path, width=390, height=844) as studio:
        studio.sign_in("anna", made["password"])
        for route in ("#/", "#/order", "#/statistics"):
            studio.page.goto(f"{installation.studio}/{route}")
            studio.page.wait_for_load_state("networkidle")
            look_at(studio, f"phone{route.replace('/', '-')}")
            # Nothing reaches beyond the right edge, so nobody has to scroll sideways.
            assert studio.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert studio.complaints == []
