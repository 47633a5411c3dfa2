"""The command line: what it prints, what it refuses, with which exit code."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from video_pipeline import bootstrap, settings
from video_pipeline.cli.app import EXIT_CODES, app, exit_code
from video_pipeline.domain import errors as errors_module
from video_pipeline.domain.errors import NotFoundError, StudioError
from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord, ThumbnailDraft
from video_pipeline.domain.thumbnails import Design
from video_pipeline.domain.timeline import Overlay
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.cli.conftest import Call, in_json
from video_pipeline_tests.steps.test_pipeline import BEFORE, go


def test_every_command_has_help_with_an_example(call: Call) -> None:
    commands = [
        ["run"],
        ["up"],
        ["transcode"],
        ["doctor"],
        ["statistics"],
        ["channel", "new"],
        ["channel", "list"],
        ["db", "migrate"],
        ["db", "info"],
    ]
    commands += [
        ["job", name]
        for name in ("new", "estimate", "list", "show", "watch", "approve", "retry", "cancel", "export", "files")
    ]
    commands += [["job", name] for name in ("refine", "reorder", "versions", "restore", "delete", "thumbnails")]
    commands += [["job", "publication"], ["job", "analytics"]]
    commands += [["provider", name] for name in ("list", "check", "try")]
    commands += [["money", name] for name in ("spending", "caps", "cap", "purchases", "resolve")]
    commands += [["maintenance", name] for name in ("cleanup", "backup", "restore", "check")]
    commands += [["webhook", name] for name in ("new", "list", "deliveries", "replay", "test", "remove")]
    commands += [["user", name] for name in ("new", "list", "password", "scope", "disable", "enable")]
    commands += [["key", name] for name in ("new", "list", "revoke")]
    for command in commands:
        code, out, _ = call(*command, "--help")
        assert code == 0
        assert "Example:" in out, command


def test_the_version_is_that_of_the_package(call: Call) -> None:
    assert call("--version") == (0, f"video-pipeline {version('video-pipeline')}\n", "")


def test_a_channel_is_made_and_listed(call: Call) -> None:
    made = in_json(call, "channel", "new", "Castle Nights", "--niche", "Medieval Fantasy")
    assert made["name"] == "Castle Nights"
    assert in_json(call, "channel", "list", "--active") == [made]
    code, out, _ = call("channel", "list")
    assert code == 0
    assert "Castle Nights" in out


def test_an_overlay_is_ordered_with_its_cost_said_beforehand(call: Call, studio: Studio) -> None:
    call("channel", "new", "C", "--niche", "N")
    base = ("job", "new", "--channel", "C", "--niche", "Rainy Library", "--mood", "cozy")
    code, out, err = call(*base, "--overlay", "bars")
    assert code == 0
    assert "overlay bars: every frame differs: expect about" in err
    (job,) = studio.jobs.list_jobs()
    assert job.brief["overlay"] == "bars"
    _, out, _ = call("job", "show", str(job.id))
    assert "every frame differs" in " ".join(out.split())
    assert in_json(call, "job", "show", str(job.id))["overlay_cost"] in err.replace("\n", "")
    made = in_json(call, *base)
    assert (made["overlay"], in_json(call, "job", "show", made["job_id"])["overlay_cost"]) == ("none", None)
    assert call(*base, "--overlay", "lasers")[0] == 2


def test_an_order_is_checked_before_anything_is_written(call: Call, studio: Studio) -> None:
    call("channel", "new", "C", "--niche", "N")
    base = ("job", "new", "--channel", "C", "--niche", "Rainy Library", "--mood", "cozy")
    for extra, words in (
        (("--minutes", "59"), "60 to 90 minutes, not 59"),
        (("--minutes", "91"), "60 to 90 minutes, not 91"),
        (("--music-provider", "nobody"), "unknown provider 'nobody'; one of: beatoven, dummy, folder, "),
        (("--music-provider", "mubert"), "mubert needs a key: set VIDEO_PIPELINE_MUBERT_CUSTOMER_ID and"),
        (("--visual-provider", "leonardo"), "leonardo needs a key: set VIDEO_PIPELINE_LEONARDO_API_KEY"),
        (("--engine", "runway_gen3"), "runway needs a key: set VIDEO_PIPELINE_RUNWAY_API_KEY"),
        (("--engine", "runway_gen2"), "engine 'runway_gen2' is not there; one of: pictures, dummy, procedural,"),
        (("--seed", "-1"), "seed must be from 0"),
        (("--scenes", "0"), "1 to 60 scenes, not 0"),
        (("--scenes", "3", "--scene-seconds", "5"), "10 to 600 seconds, not 5"),
        (("--mood", "  "), "mood is empty"),
    ):
        code, _, err = call(*base, *extra)
        assert code == 2, extra
        assert words in " ".join(err.split()), extra
    assert studio.jobs.list_jobs() == []
    code, _, err = call("job", "new", "--channel", "no such", "--niche", "x", "--mood", "y")
    assert code == 4
    assert "no such" in err


@pytest.mark.parametrize(
    "text", ["[bold]not markup[/bold]", "'; DROP TABLE video_jobs; --", "日本語の雨", "🌧️ rain", "%s %n {0}", "x" * 255]
)
def test_texts_are_kept_and_shown_as_they_are(call: Call, text: str) -> None:
    call("channel", "new", "C", "--niche", "N")
    made = in_json(call, "job", "new", "--channel", "C", "--niche", text, "--mood", text)
    assert made["niche"] == text
    assert [job["niche"] for job in in_json(call, "job", "list")] == [text]
    code, out, _ = call("job", "list")
    assert code == 0
    if text.startswith("["):
        assert "[bold]" in out


def test_jobs_are_found_by_prefix_and_filtered_by_coarse_words(call: Call, order: Callable[..., JobRecord]) -> None:
    job = order()
    assert in_json(call, "job", "show", str(job.id)[:8])["job_id"] == str(job.id)
    assert [each["job_id"] for each in in_json(call, "job", "list", "--status", "pending")] == [str(job.id)]
    assert in_json(call, "job", "list", "--status", "running") == []
    code, _, err = call("job", "list", "--status", "sleeping")
    assert code == 2
    assert "planned" in err
    assert call("job", "show", "ffffffff")[0] == 4


def test_a_job_is_approved_exported_and_its_files_listed(
    call: Call, studio: Studio, order: Callable[..., JobRecord]
) -> None:
    job = order(approval=Approval.REQUIRED)
    code, _, err = call("job", "approve", str(job.id))
    assert code == 1
    assert "is planned" in err
    go(studio, job.id, *BEFORE)
    assert in_json(call, "job", "approve", str(job.id))["approved"] is True
    code, _, err = call("job", "export", str(job.id))
    assert code == 1
    assert "no master yet" in err
    for wrong in (("--format", "avi"), ("--quality", "1921x1080"), ("--format", "m4a", "--quality", "uhd")):
        code, _, err = call("job", "export", str(job.id), *wrong)
        assert code == 2, wrong
        assert wrong[1] in err
    files = in_json(call, "job", "files", str(job.id))
    assert [file["kind"] for file in files][:2] == ["music 01", "music 02"]
    assert sum(file["kind"].startswith(("music ", "image ")) for file in files) == 6
    assert sum(file["kind"].startswith("thumbnail") for file in files) == len(Design)
    assert all(file["intact"] for file in files)
    code, out, _ = call("job", "show", str(job.id))
    assert code == 0
    assert "ready" in out


def test_thumbnails_are_listed_with_the_parts_of_their_estimates_and_one_is_chosen(
    call: Call, studio: Studio, order: Callable[..., JobRecord]
) -> None:
    job = order(scene_count=1)
    assert "no thumbnails yet" in call("job", "thumbnails", str(job.id))[1]
    go(studio, job.id, *BEFORE)
    code, out, _ = call("job", "thumbnails", str(job.id)[:8])
    assert code == 0
    assert "legibility 25%" in out
    assert "No clicks were measured" in out
    listed = in_json(call, "job", "thumbnails", str(job.id), "--select", "dark")
    assert [each["variant"] for each in listed if each["is_selected"]] == ["dark"]
    assert all(Path(each["path"]).is_file() for each in listed)
    assert {"contrast", "colour", "calm"} <= set(listed[0]["parts"])
    code, _, err = call("job", "thumbnails", str(job.id), "--select", "titled_1")
    assert code == exit_code(NotFoundError(""))
    assert "it has" in err
    assert in_json(call, "job", "thumbnails", str(job.id)) == listed
    drafts = [ThumbnailDraft(each["variant"], f"{each['variant']}.jpg", 0.5) for each in listed[:2]]
    studio.jobs.replace_thumbnails(job.id, drafts, "appeal-1 (an estimate)")
    out = call("job", "thumbnails", str(job.id))[1]
    assert f"By appeal-1 (an estimate): {', '.join(sorted(each.variant for each in drafts))}" in out
    assert "legibility 25%" not in out


def test_statistics_are_those_of_the_store(call: Call, order: Callable[..., JobRecord]) -> None:
    assert "nothing was ordered" in call("statistics")[1]
    order(user_id="anna")
    order(user_id="ben")
    code, out, _ = call("statistics", "--per", "month")
    assert code == 0
    assert "Cost and output per month" in out
    told = in_json(call, "statistics", "--user", "anna", "--days", "3")
    assert told["totals"]["total_tasks"] == 1
    assert len(told["over_time"]) == 4  # of the first day only its end
    assert told["over_time"][-1]["jobs"] == 1


@pytest.mark.slow
def test_several_exports_are_made_at_once_and_listed(
    call: Call, studio: Studio, order: Callable[..., JobRecord]
) -> None:
    job = order(approval=Approval.AUTO)
    go(studio, job.id, *Stage)
    made = in_json(call, "job", "export", str(job.id), "--format", "mp4,webm", "--quality", "64x64@100k")
    assert [each["rendition"] for each in made] == ["mp4_64x64@100k", "webm_64x64@100k"]
    for each in made:
        assert Path(each["path"]).stat().st_size == each["bytes"]
    one = in_json(call, "job", "export", str(job.id), "--format", "webm", "--quality", "64x64@100k")
    assert one == made[1]
    code, out, _ = call("job", "export", str(job.id), "--format", "m4a,webm", "--quality", "low")
    assert code == 0
    assert [line.split("/")[-1].split(" ")[0] for line in out.splitlines()] == ["m4a_low.m4a", "webm_low.webm"]


def test_exports_with_an_overlay_say_their_cost_before_they_begin(
    call: Call, studio: Studio, order: Callable[..., JobRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = order(approval=Approval.AUTO, overlay=Overlay.BARS)
    go(studio, job.id, Stage.STORYBOARD)
    monkeypatch.setattr("video_pipeline.cli.jobs.export_all", lambda *_, **__: [])
    _, _, err = call("job", "export", str(job.id), "--format", "mp4,webm,opus", "--quality", "low")
    assert "overlay bars: every frame differs: expect about" in err
    assert "for the pictures of mp4_low, webm_low" in err
    _, _, err = call("job", "export", str(job.id), "--format", "mp4", "--quality", "high")  # that is the master
    assert "overlay" not in err


def test_a_cancelled_job_is_not_retried(call: Call, studio: Studio, order: Callable[..., JobRecord]) -> None:
    job = order()
    assert in_json(call, "job", "cancel", str(job.id))["status"] == "cancelled"
    code, _, err = call("job", "retry", str(job.id))
    assert code == 1
    assert "nothing to retry" in err
    assert studio.jobs.get_job(job.id).status is JobStatus.CANCELLED


def test_a_setting_that_is_not_usable_is_named(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_PIPELINE_PORT", "many")
    monkeypatch.setattr(bootstrap, "job_store", lambda url=None: settings.load())
    code, _, err = call("job", "list")
    assert code == 2
    assert "VIDEO_PIPELINE_PORT: " in err


def test_what_else_went_wrong_is_told(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        error = errors_module.MachineError("cannot make a.mp4")
        error.add_note("and: cannot make a.webm")
        raise error

    monkeypatch.setattr(bootstrap, "job_store", lambda url=None: fail())
    code, _, err = call("job", "list")
    assert code == 1
    assert err.splitlines() == ["error: cannot make a.mp4", "and: cannot make a.webm"]


def test_every_error_has_an_exit_code() -> None:
    kinds = [each for each in vars(errors_module).values() if isinstance(each, type) and issubclass(each, StudioError)]
    told = [kind("x", offset=0) if kind is errors_module.OffsetError else kind("x") for kind in kinds]
    assert {exit_code(each) for each in told} == {code for _, code in EXIT_CODES}
    assert exit_code(errors_module.ProviderUnavailableError("x")) == 3
    assert app.info.name == "video-pipeline"
