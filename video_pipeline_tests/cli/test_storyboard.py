"""The commands that change a storyboard: what they say beforehand, what they do, what they refuse."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import Item
from video_pipeline.domain.records import JobRecord
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.cli.conftest import Call, in_json
from video_pipeline_tests.steps.test_pipeline import BEFORE, go

WORDS = "A lighthouse above a grey sea"


@pytest.fixture
def job(studio: Studio, order: Callable[..., JobRecord]) -> JobRecord:
    """A job that awaits approval."""
    return go(studio, order().id, *BEFORE)


def test_a_refinement_says_its_price_beforehand_and_what_is_left(call: Call, studio: Studio, job: JobRecord) -> None:
    studio.jobs.approve_storyboard(job.id)
    code, out, err = call("job", "refine", str(job.id), "2", "--prompt", WORDS)
    assert code == 0
    assert err.strip() == "a picture by dummy costs about $0.02; refinement 1 of 5"
    assert f"scene 2 of job {job.id} is refined; 4 refinements are left" in out
    assert f"video-pipeline job approve {str(job.id)[:8]}" in out
    made = in_json(call, "job", "refine", str(job.id), "1", "--description", "A quiet quay at night")
    assert (made["refinements"], made["approved"], made["estimated_cost_usd"]) == (2, False, 0.02)
    for wrong, words in (
        (("4", "--prompt", WORDS), "scenes 1 to 3"),
        (("1", "--prompt", "short"), "10 to 2000"),
        (("1",), "an image prompt, a description or both"),
        (("0", "--prompt", WORDS), "SCENE"),
    ):
        code, _, err = call("job", "refine", str(job.id), *wrong)
        assert code == 2, wrong
        assert words in err
    for _ in range(3):
        call("job", "refine", str(job.id), "1", "--description", "A quiet quay at night")
    code, _, err = call("job", "refine", str(job.id), "1", "--prompt", WORDS)
    assert code == 1
    assert err.strip() == f"error: job {job.id} was refined 5 times; 5 are allowed"


def test_scenes_are_reordered(call: Call, studio: Studio, job: JobRecord) -> None:
    before = [track.id for track in studio.jobs.tracks(job.id)]
    code, out, _ = call("job", "reorder", str(job.id), "3,1,2")
    assert code == 0
    assert "in the order 3,1,2" in out
    assert [track.id for track in studio.jobs.tracks(job.id)] == [before[2], before[0], before[1]]
    for wrong, words in (("1,2", "missing: 3"), ("1,2,x", "is no order"), ("", "is no order")):
        code, _, err = call("job", "reorder", str(job.id), wrong)
        assert code == 2
        assert words in err


def test_an_earlier_picture_is_listed_and_restored(call: Call, job: JobRecord) -> None:
    _, out, _ = call("job", "versions", str(job.id), "2")
    assert "has shown no other picture" in out
    call("job", "refine", str(job.id), "2", "--prompt", WORDS)
    (version,) = in_json(call, "job", "versions", str(job.id), "2")
    assert job.storyboard is not None
    assert version["prompt"] == job.storyboard.scenes[1].visual.text
    assert Path(version["path"]).is_file()
    code, out, _ = call("job", "versions", str(job.id), "2")
    assert code == 0
    assert "Earlier pictures" in out
    code, out, _ = call("job", "restore", str(job.id), "2", version["version_id"])
    assert code == 0
    assert "shows its earlier picture" in out
    (other,) = in_json(call, "job", "versions", str(job.id), "2")
    assert other["prompt"] == WORDS
    assert call("job", "restore", str(job.id), "2", version["version_id"])[0] == 4
    assert call("job", "restore", str(job.id), "2", "the last one")[0] == 2


def test_what_was_refused_gets_other_words(call: Call, studio: Studio, order: Callable[..., JobRecord]) -> None:
    heard, seen = order(), order()
    go(studio, heard.id, Stage.STORYBOARD)
    lease = studio.jobs.claim(heard.id, "a run")
    studio.jobs.move(heard.id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, lease=lease)
    go(studio, seen.id, Stage.STORYBOARD, Stage.MUSIC)
    lease = studio.jobs.claim(seen.id, "a run")
    studio.jobs.move(seen.id, JobStatus.GENERATING_MUSIC, JobStatus.GENERATING_IMAGE, lease=lease)
    planned = studio.jobs.get_job(seen.id).storyboard
    assert planned is not None
    words = planned.scenes[1].visual.text
    bought = studio.jobs.reserve(lease, "leonardo", Item("images/02", words, 7), Decimal("0.04"))
    studio.jobs.note_refusal(bought.id)
    for job in (heard, seen):
        studio.jobs.mark_job_failed(job.id, "the vendor refused the words")
    assert f"images/02: {words}" in " ".join(call("job", "show", str(seen.id))[1].split())
    for verb, job, what in (("reword", heard, "piece"), ("refine", seen, "scene")):
        code, out, err = call("job", verb, str(job.id), "2", "--prompt", WORDS)
        assert (code, err) == (0, "")  # nothing is bought, so no price is told
        go_on = f"go on: video-pipeline job retry {str(job.id)[:8]}"
        assert out.splitlines() == [f"{what} 2 of job {job.id} has other words", go_on]
    assert "images/02" not in call("job", "show", str(seen.id))[1]
    told = in_json(call, "job", "reword", str(heard.id), "3", "--prompt", WORDS)
    assert (told["job_id"], told["status"], told["refinements"]) == (str(heard.id), "failed", 0)
    plan = studio.jobs.get_job(heard.id).storyboard
    assert plan is not None
    assert [piece.text == WORDS for piece in plan.pieces] == [False, True, True]
    for wrong, code, words in (
        (("reword", str(heard.id), "4", "--prompt", WORDS), 2, "pieces 1 to 3"),
        (("reword", str(heard.id), "0", "--prompt", WORDS), 2, "TRACK"),
        (("reword", str(heard.id), "2", "--prompt", WORDS), 2, "the words that piece 2 has"),
        (("reword", str(heard.id), "2"), 2, "--prompt"),
        (("reword", str(seen.id), "2", "--prompt", WORDS), 1, "is failed in generating_image"),
    ):
        found, _, err = call("job", *wrong)
        assert (found, words in err) == (code, True), err


def test_a_job_is_deleted_when_it_is_over(
    call: Call, studio: Studio, job: JobRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = call("job", "delete", str(job.id), "--yes")
    assert code == 1
    assert "cancel it before it is deleted" in err
    studio.jobs.cancel(job.id)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code, _, err = call("job", "delete", str(job.id))
    assert code == 1
    assert "delete job" in err
    assert studio.jobs.get_job(job.id).id == job.id
    files = len(studio.media.keys(f"jobs/{job.id}/"))
    assert files >= 6
    assert in_json(call, "job", "delete", str(job.id), "--yes") == {"job_id": str(job.id), "files_removed": files}
    assert call("job", "show", str(job.id))[0] == 4
