"""`job publication` and `job analytics`: what is said about a video and measured of it."""

from __future__ import annotations

from video_pipeline.steps.studio import Studio
from video_pipeline_tests.cli.conftest import Call, in_json
from video_pipeline_tests.steps.test_retention import Order


def test_what_is_said_is_shown_and_changed(call: Call, order: Order, studio: Studio) -> None:
    job = str(order().id)
    assert in_json(call, "job", "publication", job)["youtube_title"] is None
    words = ("--title", "Rain", "--tags", "rain, calm", "--at", "2026-03-01T18:00:00", "--credits", "7")
    said = in_json(call, "job", "publication", job[:8], *words)
    assert (said["youtube_title"], said["youtube_tags"], said["credits_used"]) == ("Rain", ["rain", "calm"], 7)
    assert (said["upload_strategy"], said["scheduled_time"]) == ("scheduled", "2026-03-01T18:00:00+00:00")
    said = in_json(call, "job", "publication", job, "--tags", "", "--strategy", "manual", "--url", "https://youtu.be/a")
    assert (said["youtube_tags"], said["scheduled_time"], said["video_url"]) == ([], None, "https://youtu.be/a")
    assert in_json(call, "job", "publication", job, "--url", "")["video_url"] is None
    assert "Rain" in call("job", "publication", job)[1]
    for wrong in (("--title", "x" * 101), ("--url", "nowhere"), ("--strategy", "whenever")):
        assert call("job", "publication", job, *wrong)[0] == 2, wrong
    assert call("job", "publication", "abcdef")[0] == 4


def test_days_are_recorded_and_listed(call: Call, order: Order, studio: Studio) -> None:
    job = order().id
    assert "nothing was measured" in call("job", "analytics", str(job))[1]
    studio.jobs.add_youtube_upload(job, "dQw4w9WgXcQ", "https://youtu.be/dQw4w9WgXcQ", "A")
    day = ("--date", "2026-03-01", "--views", "1200", "--hours", "310.5")
    (found,) = in_json(call, "job", "analytics", str(job), *day)
    assert (found["snapshot_date"], found["views"], found["watch_time_hours"]) == ("2026-03-01", 1200, 310.5)
    out = call("job", "analytics", str(job))[1]
    assert "1200" in out
    for wrong in (("--views", "1"), ("--date", "2026-03-01"), (*day, "--revenue", "much")):
        assert call("job", "analytics", str(job), *wrong)[0] == 2, wrong
