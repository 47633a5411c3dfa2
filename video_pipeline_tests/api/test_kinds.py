"""Orders of every kind over REST: what each needs, what it waits for, what it is expected to take."""

from __future__ import annotations

from typing import Any

import pytest

from video_pipeline_tests.api.conftest import Stocked

SONG = {"song_title": "Night Train", "music_file": "night.flac", "genre": "synthwave", "prompt": "a train at night"}


def order(stocked: Stocked, kind: str, **fields: Any) -> dict[str, Any]:
    channel = stocked.anna.get(f"/jobs/{stocked.finished}").json["channel_id"]
    common = {"channel_id": channel, "niche_label": "Rainy Nights", "mood_keywords": "calm", "seed": 3}
    return {"kind": kind, **common, **fields}


def test_a_music_video_waits_for_its_song_and_keeps_what_was_said(shared: Stocked) -> None:
    body = order(shared, "music_video", **SONG, bpm=92, aspect_ratio="9:16", ambience=[{"sound": "rain"}])
    made = shared.anna.post("/jobs", body)
    assert (made.status, made.json["status"], made.json["kind"]) == (201, "preparing", "music_video")
    brief = made.json["brief"]
    assert {name: brief[name] for name in SONG} == SONG
    assert (brief["bpm"], brief["aspect_ratio"], brief["engine"]) == (92, "9:16", "pictures")
    assert brief["ambience"] == [{"sound": "rain", "level_db": -18.0, "ducking_db": 6.0}]
    refused = shared.anna.post(f"/jobs/{made.json['id']}/start")
    assert refused.status == 409
    assert "a piece of music" in refused.json["detail"]


def test_a_music_video_of_clips_is_ordered_by_the_engines_that_there_are(shared: Stocked) -> None:
    there = shared.anna.get("/options").json["music_video"]["engines"]
    assert there == ["pictures", "procedural", "runway_standard", "runway_gen3", "dummy"]
    body = order(shared, "music_video", **SONG, engine="procedural")
    estimate = shared.anna.post("/jobs/estimate", body).json["computing"]
    assert "engine procedural: about 26 clips" in estimate
    assert shared.anna.post("/jobs", body).json["brief"]["engine"] == "procedural"
    refused = shared.anna.post("/jobs", body | {"engine": "runway_gen2"})
    assert "'runway_gen2' is not there; one of: pictures, dummy, procedural," in refused.json["errors"][0]["message"]


def test_a_music_video_with_an_address_begins_at_once(shared: Stocked) -> None:
    body = order(shared, "music_video", **SONG | {"music_file": "https://songs.example.org/night.flac"})
    assert shared.anna.post("/jobs", body).json["status"] == "planned"


def test_a_build_waits_for_its_files(shared: Stocked) -> None:
    made = shared.anna.post("/jobs", order(shared, "build", arrangement="loop", quotes="Breathe in."))
    assert (made.status, made.json["status"]) == (201, "preparing")
    assert (made.json["brief"]["arrangement"], made.json["brief"]["quotes"]) == ("loop", "Breathe in.")


def test_a_storyboard_takes_a_prompt_a_style_and_a_shape(shared: Stocked) -> None:
    body = order(
        shared, "storyboard", scene_count=3, scene_seconds=10, prompt="a lighthouse in a storm", style="woodcut"
    )
    made = shared.anna.post("/jobs", body | {"aspect_ratio": "1:1"})
    assert (made.status, made.json["status"]) == (201, "planned")
    assert made.json["brief"]["style"] == "woodcut"


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("music_video", {}, "song_title"),
        ("music_video", SONG | {"scene_count": 3}, "scene_count"),
        ("music_video", SONG | {"engine": "runway_gen2"}, "engine"),
        ("music_video", SONG | {"engine": ""}, "engine"),
        ("music_video", SONG | {"bpm": 7}, "bpm"),
        ("build", {"prompt": "a lighthouse in a storm"}, "prompt"),
        ("build", {"ambience": [{"sound": "surf"}]}, "ambience"),
        ("build", {"ambience": [{"sound": "rain", "level_db": 3}]}, "ambience.0.level_db"),
        ("storyboard", {"scene_count": 3, "scene_seconds": 5}, "scene_seconds"),
        ("album", {"target_duration_minutes": 60, "arrangement": "loop"}, "arrangement"),
        ("storyboard", {"scene_count": 3, "scene_seconds": 10, "aspect_ratio": "4:3"}, "aspect_ratio"),
    ],
)
def test_what_a_kind_lacks_or_does_not_have_is_named(
    shared: Stocked, kind: str, fields: dict[str, Any], field: str
) -> None:
    refused = shared.anna.post("/jobs", order(shared, kind, **fields))
    assert refused.status in (400, 422)
    assert field in [each["field"].removeprefix("body.") for each in refused.json["errors"]]


def test_estimates_of_music_that_is_there_buy_none(shared: Stocked) -> None:
    song = shared.anna.post("/jobs/estimate", order(shared, "music_video", **SONG)).json
    assert (song["music"]["pieces"], song["images"]["pieces"]) == (0, song["scenes"])
    assert (song["duration_s"], song["length_note"][:43]) == (210, "the song is not measured yet and counts as ")
    build = shared.anna.post("/jobs/estimate", order(shared, "build")).json
    assert (build["music"]["pieces"], build["images"]["pieces"], build["estimated_cost_usd"]) == (0, 0, 0)
    assert (song["clips"]["pieces"], song["thumbnail"]["pieces"], song["cap_note"]) == (0, 0, None)


def test_an_estimate_counts_clips_and_tells_of_the_cap_that_would_stop_them(shared: Stocked) -> None:
    body = order(shared, "music_video", **SONG, engine="runway_gen3")
    told = shared.anna.post("/jobs/estimate", body).json
    # Eight seconds of scene and five of margin are more than its longest clip.
    assert told["clips"] == {"pieces": told["scenes"], "price_usd": 0.8}
    assert told["estimated_cost_usd"] == pytest.approx(told["scenes"] * 0.8)
    assert told["words_usd"] == 0
    assert told["cap_note"].startswith("the cap of $20.00 for this job leaves $20.00 of about $20.80;")
