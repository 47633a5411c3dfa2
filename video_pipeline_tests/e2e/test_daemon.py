"""A job from order to file through Dagster's daemon and its sensors."""

from __future__ import annotations

from pathlib import Path

import pytest

from video_pipeline_tests.e2e.conftest import Installation

SHORT = ("--scenes", "3", "--scene-seconds", "10", "--music-provider", "dummy", "--visual-provider", "dummy")


@pytest.mark.timeout(420)
def test_the_sensors_produce_what_was_ordered(installation: Installation) -> None:
    installation.call("channel", "new", "Quiet Rooms", "--niche", "Rainy Library")
    up = installation.start_up()
    ordered = installation.json(
        "job", "new", "--channel", "Quiet Rooms", "--niche", "Rainy Library", "--mood", "cozy", "--seed", "5", *SHORT
    )
    job = ordered["job_id"]
    assert ordered["status"] == "planned"

    waiting = installation.wait_for(job, lambda shown: shown["status"] == "awaiting_approval")
    assert not waiting["approved"]
    assert len(waiting["scenes"]) == 3
    installation.call("job", "approve", job)
    finished = installation.wait_for(job, lambda shown: shown["status"] == "completed")

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
    assert up.poll() is None
    up.send_signal(2)
    assert up.wait(60) == 0
