"""What people look at beside a job: the right pictures of it, kept where they are listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.job import Approval
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.steps import sheets
from video_pipeline.steps.files import job_files
from video_pipeline.steps.gates import GATES
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.studio import Studio

Order = Callable[..., JobRecord]


def done(studio: Studio, order: Order, *stages: Stage) -> UUID:
    job = order(approval=Approval.AUTO)
    for number, stage in enumerate(stages):
        perform(studio, job.id, stage, f"run-{number}", last_try=True)
    return job.id


def test_everything_beside_a_job_is_made_and_listed_and_its_gates_hold(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = done(studio, order, *Stage)
    made = [
        sheets.contact_sheet(studio, finished),
        sheets.poster(studio, finished),
        sheets.programme_waveform(studio, finished),
        sheets.preview(studio, finished, cancelled=lambda: False),
        *(studio.media.path(each.key) for each in studio.jobs.get_thumbnails(finished)),
    ]
    names = [path.name for path in made]
    assert names[3] == "preview.mp4"
    assert studio.tools.inspect(made[3])["frames"] == 600
    listed = {file.path: file for file in job_files(studio, finished)}
    assert set(made) <= set(listed)
    assert listed[made[3]].kind == "sheet preview"
    assert all(file.intact and file.media.bytes == file.path.stat().st_size for file in listed.values())
    check_gates_of_files(studio, finished, monkeypatch)


def check_gates_of_files(studio: Studio, finished: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gates pass for the files as they are, and would not for others."""
    asked = {gate.name: gate for gate in GATES if "players" in gate.name or "chapters" in gate.name}
    assert list(asked) == ["players", "chapters", "delivered_players", "delivered_chapters"]
    job = studio.jobs.get_job(finished)
    assert all(gate.ask(studio, job).passed for gate in asked.values())
    inspect = studio.tools.inspect
    for key, value, name in (
        ("edit_lists", 2, "players"),
        ("sample_aspect", "16:15", "players"),
        ("first_pts_s", 0.021, "delivered_players"),
        ("color_transfer", "unknown", "players"),
        ("chapters", 2, "chapters"),
    ):
        monkeypatch.setattr(studio.tools, "inspect", lambda file, k=key, v=value: {**inspect(file), k: v})
        finding = asked[name].ask(studio, job)
        assert not finding.passed
        assert str(value) in finding.text


def test_a_sheet_is_whole_where_it_lies_or_not_there(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever lists or copies files meanwhile, as a backup does, must not get the beginning of one."""
    job = done(studio, order, Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES)
    folder, draw = studio.media.path(f"jobs/{job}/sheets"), studio.tools.contact_sheet
    seen: list[Path] = []

    def slowly(pictures: Sequence[Path], out: Path) -> None:
        out.write_bytes(b"the beginning")
        seen.extend(folder.rglob("*"))
        draw(pictures, out)

    monkeypatch.setattr(studio.tools, "contact_sheet", slowly)
    made = sheets.contact_sheet(studio, job)
    assert seen == []
    assert list(folder.iterdir()) == [made]


def test_a_job_without_a_master_has_no_preview(studio: Studio, order: Order) -> None:
    with pytest.raises(ConflictError, match="no master yet"):
        sheets.preview(studio, order().id, cancelled=lambda: False)
