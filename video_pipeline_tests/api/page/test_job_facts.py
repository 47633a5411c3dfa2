"""What was ordered, beside the video on its page, in a real browser."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect

from video_pipeline.domain.brief import BuildBrief, MusicVideoBrief
from video_pipeline_tests.api.conftest import House
from video_pipeline_tests.api.page.test_money import signed_in
from video_pipeline_tests.e2e.studio_page import Studio, opened

ADDRESS = "https://anna:secret@songs.example.org/albums/night.flac?token=73fa85f64"


def facts(studio: Studio) -> dict[str, str]:
    """The rows of what was ordered, by their names."""
    rows = studio.see("brief").locator("dl")
    return dict(zip(rows.locator("dt").all_inner_texts(), rows.locator("dd").all_inner_texts(), strict=True))


def song(house: House, *, engine: str, music_file: str) -> MusicVideoBrief:
    return MusicVideoBrief(
        channel_id=UUID(house.channel()),
        niche_label="Night Rides",
        mood_keywords="calm",
        seed=3,
        user_id="anna",
        song_title="Night Train",
        genre="synthwave",
        prompt="a train that crosses a sleeping city",
        engine=engine,
        music_file=music_file,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_music_video_names_its_song_and_who_makes_its_clips(
    house: House, browser: Browser, tmp_path: Path, scheme: str
) -> None:
    """It said "Music: Procedural" of a song that somebody had uploaded, and nothing of what cost most."""
    house.user("anna")
    job = house.desk.jobs.create_job(song(house, engine="runway_standard", music_file="night-train.flac"))
    with opened(browser, house.address, tmp_path) as studio:
        studio.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of the two
        signed_in(studio, house.address, "anna", f"#/jobs/{job.id}")
        expect(studio.see("brief")).to_contain_text("Night Train")
        told = facts(studio)
        assert (told["Song"], told["Genre"], told["File"]) == ("Night Train", "synthwave", "night-train.flac")
        assert told["Scenes shown as"] == "Clips by Runway standard"
        assert "Music" not in told
        assert told["Pictures"] == "Procedural"
        studio.check_accessible()
        studio.picture(f"facts-{scheme}")
        studio.page.set_viewport_size({"width": 390, "height": 844})
        assert studio.page.evaluate("document.documentElement.scrollWidth") <= 390
        studio.picture(f"facts-{scheme}-phone")
        assert studio.complaints == []


def test_a_song_from_elsewhere_names_the_place_and_no_secret(house: House, browser: Browser, tmp_path: Path) -> None:
    house.user("anna")
    job = house.desk.jobs.create_job(song(house, engine="pictures", music_file=ADDRESS))
    with opened(browser, house.address, tmp_path) as studio:
        signed_in(studio, house.address, "anna", f"#/jobs/{job.id}")
        expect(studio.see("brief")).to_contain_text("Night Train")
        told = facts(studio)
        assert (told["File"], told["Scenes shown as"]) == ("from songs.example.org", "Pictures")
        assert "secret" not in studio.see("brief").inner_html()
        assert studio.complaints == []


def test_a_build_says_that_its_music_is_uploaded(house: House, browser: Browser, tmp_path: Path) -> None:
    house.user("anna")
    brief = BuildBrief(
        channel_id=UUID(house.channel()), niche_label="Night Rides", mood_keywords="calm", seed=3, user_id="anna"
    )
    job = house.desk.jobs.create_job(brief)
    with opened(browser, house.address, tmp_path) as studio:
        signed_in(studio, house.address, "anna", f"#/jobs/{job.id}")
        expect(studio.see("brief")).to_contain_text("Night Rides")
        assert facts(studio)["Music"] == "Uploaded"
        assert studio.complaints == []
