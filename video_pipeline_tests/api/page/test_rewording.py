"""Other words on the page, in a real browser: a failed video says whose words were refused, and takes others."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect

from video_pipeline.domain.access import Scope
from video_pipeline.domain.progress import Stage
from video_pipeline.steps.pipeline import perform
from video_pipeline_tests.api.conftest import House
from video_pipeline_tests.api.page.test_money import signed_in
from video_pipeline_tests.api.test_rewording import WORDS, refused_music, refused_picture
from video_pipeline_tests.e2e.studio_page import opened

PROMPT = "A quiet lighthouse above a grey sea, in fog"


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_refused_music_gets_other_words_and_is_retried(
    house: House, browser: Browser, tmp_path: Path, scheme: str
) -> None:
    job = refused_music(house, house.user("anna"))
    with opened(browser, house.address, tmp_path) as studio:
        studio.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of the two
        signed_in(studio, house.address, "anna", f"#/jobs/{job}")
        expect(studio.see("next-step-text")).to_contain_text("A vendor refused words")
        expect(studio.see("scene-refused")).to_have_count(1)
        expect(studio.scene(2).get_by_test_id("scene-refused")).to_have_text("The words of its music were refused.")
        expect(studio.scene(1)).to_contain_text("No music yet")
        expect(studio.see("refine-button")).to_have_count(0)
        expect(studio.see("drag-handle")).to_have_count(0)
        studio.check_accessible()
        studio.picture(f"refused-{scheme}")
        studio.see("scenes-overview").click()
        expect(studio.see("scene-refused")).to_be_visible()
        studio.picture(f"refused-{scheme}-overview")
        studio.see("scenes-details").click()
        studio.scene(2).get_by_test_id("reword-music").click()
        expect(studio.see("reword-dialog")).to_contain_text("The moderation of a vendor refused these words.")
        prompt = studio.see("reword-prompt")
        assert "BPM" in prompt.input_value()
        prompt.fill("short")
        studio.see("reword-submit").click()
        expect(studio.see("error-prompt")).to_contain_text("10 to 2,000 characters, please; this has 5.")
        prompt.fill(WORDS)
        studio.check_accessible()
        studio.picture(f"rewording-{scheme}")
        studio.see("reword-submit").click()
        expect(studio.see("reword-dialog")).to_have_count(0)
        expect(studio.see("scene-refused")).to_have_count(0)
        expect(studio.see("next-step-text")).to_contain_text("It has other words now. A retry goes on")
        told = studio.page.locator("[data-testid=history-event][data-kind=reworded]")
        expect(told).to_contain_text("piece 2: other words, by anna")
        studio.page.set_viewport_size({"width": 390, "height": 844})
        assert studio.page.evaluate("document.documentElement.scrollWidth") <= 390
        studio.picture(f"reworded-{scheme}-phone")
        studio.see("retry-button").click()
        studio.wait_for_status("generating_music")
        perform(house.studio, UUID(job), Stage.MUSIC, "the next run")
        assert studio.complaints == []
    plan = house.desk.jobs.get_job(UUID(job)).storyboard
    assert plan is not None
    assert plan.pieces[1].text == WORDS


def test_a_refused_picture_gets_other_words_too(house: House, browser: Browser, tmp_path: Path) -> None:
    job = refused_picture(house, house.user("anna"))
    with opened(browser, house.address, tmp_path) as studio:
        signed_in(studio, house.address, "anna", f"#/jobs/{job}")
        expect(studio.scene(3).get_by_test_id("scene-refused")).to_have_text("The words of its picture were refused.")
        studio.picture("refused-picture")
        studio.scene(3).get_by_test_id("reword-picture").click()
        expect(studio.see("reword-dialog")).to_contain_text("Other words for the picture of scene 3")
        # What somebody else does meanwhile is told, and what was typed stays.
        anna = house.key("anna", Scope.SPEND)
        query = {"scene_number": 3, "new_image_prompt": f"{PROMPT}, at night"}
        assert anna.post(f"/jobs/{job}/refine", query=query).status == 200
        studio.see("reword-prompt").fill(PROMPT)
        expect(studio.see("history")).to_contain_text("scene 3: other words, by anna")
        studio.see("reword-submit").click()
        expect(studio.see("reword-dialog")).to_have_count(0)
        expect(studio.see("scene-refused")).to_have_count(0)
        assert studio.complaints == []
    plan = house.desk.jobs.get_job(UUID(job)).storyboard
    assert plan is not None
    assert plan.scenes[2].visual.text == PROMPT


def test_who_may_look_only_sees_what_was_refused_and_changes_nothing(
    house: House, browser: Browser, tmp_path: Path
) -> None:
    house.user("eve", Scope.READ)
    job = refused_music(house, house.user("anna"))
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE video_jobs SET user_id = 'eve'")
    with opened(browser, house.address, tmp_path) as studio:
        signed_in(studio, house.address, "eve", f"#/jobs/{job}")
        expect(studio.see("scene-refused")).to_have_count(1)
        expect(studio.see("reword-music")).to_have_count(0)
        assert studio.complaints == []
