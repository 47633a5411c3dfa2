"""The flow of a job, with real tools and dummy providers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import pytest
from sqlalchemy import text

from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.errors import (
    CancelledError,
    ConflictError,
    IllegalMoveError,
    MachineError,
    MediaError,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.media import AudioFacts, Generation, Loudness, MediaReference
from video_pipeline.domain.money import ZERO_USD
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import ExportRecord, JobRecord, RenderReport
from video_pipeline.domain.storyboard import MusicPrompt
from video_pipeline.domain.timeline import Timeline
from video_pipeline.providers.dummy import DummyMusic
from video_pipeline.providers.offline import LICENCE
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.compose import check_piece
from video_pipeline.steps.export import export, export_all, export_key
from video_pipeline.steps.files import job_files, remove_unrecorded
from video_pipeline.steps.gates import GATES
from video_pipeline.steps.illustrate import illustrate
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.recover import bring_back
from video_pipeline.steps.studio import Studio
from video_pipeline.store import LocalMediaStore, PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import fill, music_prompt, order_album, report
from video_pipeline_tests.timelines import from_otio

Order = Callable[..., JobRecord]
BEFORE = (Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES)


class BrokenMusic(DummyMusic):
    """Raises `error` for the pieces in `broken` until it is mended."""

    def __init__(self, workshop: Workshop, broken: set[int], error: Exception) -> None:
        super().__init__(workshop)
        self.broken, self.error = broken, error
        self.made: list[int] = []

    def compose(self, prompt: MusicPrompt, seed: int, out: Path, _: object = None) -> Generation:
        """Fail, or make the piece and note that it was made."""
        if prompt.order_index in self.broken:
            raise self.error
        self.made.append(prompt.order_index)
        return super().compose(prompt, seed, out)


def go(studio: Studio, job_id: UUID, *stages: Stage) -> JobRecord:
    """Perform the stages one after the other."""
    for stage in stages:
        perform(studio, job_id, stage, "test-run")
    return studio.jobs.get_job(job_id)


def test_a_job_goes_from_order_to_export(studio: Studio, order: Order) -> None:
    job = order(approval=Approval.AUTO)
    done = go(studio, job.id, *Stage)

    assert done.status is JobStatus.COMPLETED
    moves = [event.status_to for event in studio.jobs.events(job.id) if event.kind == "moved"]
    assert moves == [
        JobStatus.GENERATING_MUSIC,
        JobStatus.GENERATING_IMAGE,
        JobStatus.AWAITING_APPROVAL,
        JobStatus.RENDERING,
        JobStatus.READY_FOR_EXPORT,
        JobStatus.COMPLETED,
    ]
    for gate in GATES:
        finding = gate.ask(studio, done)
        assert finding.passed, f"{gate.name}: {finding.text}"
    (delivered,) = studio.jobs.exports(job.id)
    assert delivered.report.frames == 900
    assert studio.media.locate(delivered.report.media).name == "mp4_high.mp4"
    assert all(file.intact for file in job_files(studio, job.id))
    assert done.progress is not None
    assert done.progress["percent"] == 100.0


def test_other_renditions_come_from_the_timeline_and_are_kept(studio: Studio, order: Order) -> None:
    job = order(approval=Approval.AUTO)
    done = go(studio, job.id, *Stage)
    rendition = Rendition.parse("webm", "low")

    first = export(studio, done, rendition, report=lambda *_: None, cancelled=lambda: False)
    again = export(studio, done, rendition, report=lambda *_: None, cancelled=lambda: False)

    assert first.report.media.key == f"exports/{job.id}/webm_low.webm"
    assert again.report.media == first.report.media
    facts = studio.tools.inspect(studio.media.locate(first.report.media))
    assert (facts["width"], facts["height"], facts["video_codec"], facts["audio_codec"]) == (854, 480, "vp9", "opus")
    assert facts["frames"] == 900


def test_two_exports_at_once_make_one_file(
    studio: Studio, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = order(approval=Approval.AUTO)
    done = go(studio, job.id, *Stage)
    # As two processes would: each with a store of its own on the same files.
    studios = [replace(studio, media=LocalMediaStore(tmp_path / "media")) for _ in range(2)]
    rendered: list[Path] = []
    render_all = studio.tools.render_all

    def counted(timeline: Timeline, outs: Mapping[Rendition, Path], **more: Any) -> dict[Rendition, RenderReport]:
        rendered.extend(outs.values())
        return render_all(timeline, outs, **more)

    monkeypatch.setattr(studio.tools, "render_all", counted)

    def make(mine: Studio) -> ExportRecord:
        return export(mine, done, Rendition.parse("mp4", "low"), report=lambda *_: None, cancelled=lambda: False)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(make, studios)
    assert len(rendered) == 1
    assert first.report == second.report
    assert studio.media.holds(first.report.media)


def test_batches_that_overlap_do_not_wait_for_each_other_for_ever(studio: Studio, order: Order, tmp_path: Path) -> None:
    done = go(studio, order(approval=Approval.AUTO).id, *Stage)
    studios = [replace(studio, media=LocalMediaStore(tmp_path / "media")) for _ in range(2)]
    wanted = [["mp4_low", "webm_64x64", "m4a_low"], ["m4a_low", "mp4_low", "mp4_high"]]

    def make(number: int) -> list[ExportRecord]:
        renditions = [Rendition.parse(*name.split("_")) for name in wanted[number]]
        return export_all(studios[number], done, renditions, report=lambda *_: None, cancelled=lambda: False)

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(make, range(2)))
    assert [[record.report.rendition.name for record in records] for records in made] == wanted
    assert made[0][0] == made[1][1]
    assert made[0][2] == made[1][0]
    assert len(studio.jobs.exports(done.id)) == 4
    for gate in GATES:
        finding = gate.ask(studio, done)
        assert finding.passed, f"{gate.name}: {finding.text}"


def test_an_export_that_waits_for_another_one_can_be_cancelled(studio: Studio, order: Order) -> None:
    job, low = order(), Rendition.parse("mp4", "low")
    with studio.media.lock(export_key(job.id, low)), pytest.raises(CancelledError):
        export(studio, job, low, report=lambda *_: None, cancelled=lambda: True)


def test_an_export_that_fails_does_not_take_the_others_away(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = go(studio, order(approval=Approval.AUTO).id, *Stage)
    good, *bad = (Rendition.parse(*name.split("_")) for name in ("mp4_64x64", "webm_66x66", "mov_66x66"))
    adopt = studio.media.adopt

    def full(made: Path, key: str, *, sha256: str = "") -> MediaReference:
        if "66x66" in key:
            raise MachineError(f"the disk is full: {made.suffix}")
        return adopt(made, key, sha256=sha256)

    monkeypatch.setattr(studio.media, "adopt", full)
    with pytest.raises(MachineError, match=r"disk is full: \S+ \(finished all the same: mp4_64x64\)") as caught:
        export_all(studio, done, [good, *bad], report=lambda *_: None, cancelled=lambda: False)
    kept = {record.report.rendition: record for record in studio.jobs.exports(done.id)}
    assert not {*bad} & {*kept}
    said = [str(caught.value), *caught.value.__notes__]
    assert sorted(line.split("full: ")[1].split()[0] for line in said) == [".mov", ".webm"]
    assert studio.media.holds(kept[good].report.media)


def test_nothing_is_rendered_before_approval(studio: Studio, order: Order) -> None:
    job = order()
    waiting = go(studio, job.id, *BEFORE)
    assert waiting.status is JobStatus.AWAITING_APPROVAL

    with pytest.raises(ConflictError, match="awaits approval"):
        perform(studio, job.id, Stage.MASTER, "too-early")
    assert studio.jobs.get_job(job.id).status is JobStatus.AWAITING_APPROVAL

    studio.jobs.approve_storyboard(job.id)
    assert go(studio, job.id, Stage.MASTER).status is JobStatus.READY_FOR_EXPORT


def test_what_was_approved_is_what_is_rendered(studio: Studio, order: Order) -> None:
    job = order()
    go(studio, job.id, *BEFORE)
    studio.jobs.approve_storyboard(job.id)
    # Somebody replaces a picture behind the approval's back.
    lease = studio.jobs.claim(job.id, "intruder")
    image = studio.jobs.images(job.id)[0]
    plan = studio.jobs.get_job(job.id).storyboard
    assert plan is not None
    other = replace(image.media, sha256="0" * 64)
    generation = Generation("dummy", None, LICENCE, ZERO_USD)
    studio.jobs.save_image(lease, plan.scenes[0].visual, generation, other, image.facts)
    studio.jobs.release(lease)

    with pytest.raises(ConflictError, match="changed after it was approved"):
        perform(studio, job.id, Stage.MASTER, "run")


def test_a_finished_stage_returns_what_is_there(studio: Studio, order: Order) -> None:
    job = order()
    go(studio, job.id, *BEFORE)
    before = [(track.media, track.created_at) for track in studio.jobs.tracks(job.id)]
    again = go(studio, job.id, Stage.MUSIC, Stage.STORYBOARD)
    assert again.status is JobStatus.AWAITING_APPROVAL
    assert [(track.media, track.created_at) for track in studio.jobs.tracks(job.id)] == before


def test_a_job_that_nobody_has_to_approve_is_never_left_waiting(studio: Studio, order: Order) -> None:
    job = order(approval=Approval.AUTO)
    go(studio, job.id, Stage.STORYBOARD, Stage.MUSIC)
    # The process that brought it here was killed before it could approve.
    lease = studio.jobs.claim(job.id, "killed")
    plan = studio.jobs.get_job(job.id).storyboard
    assert plan is not None
    studio.jobs.move(job.id, JobStatus.GENERATING_MUSIC, JobStatus.GENERATING_IMAGE)
    illustrate(studio, Attempt(studio.jobs, lease, Stage.IMAGES), brief_from_json(job.brief), plan)
    studio.jobs.move(job.id, JobStatus.GENERATING_IMAGE, JobStatus.AWAITING_APPROVAL, lease=lease)
    studio.jobs.release(lease)
    assert not studio.jobs.get_job(job.id).approved

    assert perform(studio, job.id, Stage.IMAGES, "again").approved


def test_stages_cannot_be_skipped(studio: Studio, order: Order) -> None:
    job = order()
    with pytest.raises(IllegalMoveError, match="begins when it is awaiting_approval"):
        perform(studio, job.id, Stage.MASTER, "run")
    assert studio.jobs.get_job(job.id).status is JobStatus.PLANNED


def test_a_failure_is_told_and_a_retry_makes_only_what_is_missing(
    studio: Studio, order: Order, workshop: Workshop
) -> None:
    broken = BrokenMusic(workshop, {2}, ProviderRefusedError("the vendor refuses piece 2; change its prompt"))
    studio = replace(studio, music={"dummy": broken})
    job = order()
    go(studio, job.id, Stage.STORYBOARD)
    with pytest.raises(ProviderRefusedError):
        perform(studio, job.id, Stage.MUSIC, "run-1")

    failed = studio.jobs.get_job(job.id)
    assert failed.status is JobStatus.FAILED
    assert failed.failed_from is JobStatus.GENERATING_MUSIC
    assert failed.error_message == "music: the vendor refuses piece 2; change its prompt"
    kept = {track.order_index: track for track in studio.jobs.tracks(job.id)}

    broken.broken, broken.made = set(), []
    assert bring_back(studio.jobs, studio.media, job.id) is JobStatus.GENERATING_MUSIC
    go(studio, job.id, Stage.MUSIC)

    assert sorted(broken.made) == [index for index in (1, 2, 3) if index not in kept]
    after = {track.order_index: track for track in studio.jobs.tracks(job.id)}
    assert sorted(after) == [1, 2, 3]
    for index, track in kept.items():
        assert (after[index].created_at, after[index].media) == (track.created_at, track.media)
    assert studio.jobs.get_job(job.id).retry_count == 1


def test_an_error_that_may_pass_leaves_the_job_while_tries_are_left(
    studio: Studio, order: Order, workshop: Workshop
) -> None:
    busy = BrokenMusic(workshop, {1}, ProviderUnavailableError("busy; try again in a minute"))
    studio = replace(studio, music={"dummy": busy})
    job = order()
    go(studio, job.id, Stage.STORYBOARD)
    with pytest.raises(ProviderUnavailableError):
        perform(studio, job.id, Stage.MUSIC, "run", last_try=False)
    assert studio.jobs.get_job(job.id).status is JobStatus.GENERATING_MUSIC
    with pytest.raises(ProviderUnavailableError):
        perform(studio, job.id, Stage.MUSIC, "run", last_try=True)
    assert studio.jobs.get_job(job.id).status is JobStatus.FAILED


def test_a_damaged_piece_is_made_again(studio: Studio, order: Order) -> None:
    job = order(approval=Approval.AUTO)
    go(studio, job.id, Stage.STORYBOARD, Stage.MUSIC)
    first, second, _ = studio.jobs.tracks(job.id)
    studio.media.locate(first.media).write_bytes(b"damaged")
    # The stage has to be open for work again; a failure later in the flow is the usual way.
    studio.jobs.mark_job_failed(job.id, "the disk lost a file")
    bring_back(studio.jobs, studio.media, job.id)
    go(studio, job.id, Stage.MUSIC)

    again, same, _ = studio.jobs.tracks(job.id)
    assert again.created_at > first.created_at
    assert studio.media.holds(again.media)
    assert same.created_at == second.created_at


class ShortMusic(DummyMusic):
    """Makes pieces of nine tenths of the length that was asked for."""

    def compose(self, prompt: MusicPrompt, seed: int, out: Path, _: object = None) -> Generation:
        """Make it too short."""
        return super().compose(replace(prompt, samples=prompt.samples * 9 // 10), seed, out)


@pytest.mark.slow
def test_a_gate_fails_the_job_in_its_own_stage_and_lets_nothing_pass(
    studio: Studio, order: Order, workshop: Workshop
) -> None:
    studio = replace(studio, music={"dummy": ShortMusic(workshop)})
    job = order(approval=Approval.AUTO, scene_count=2, scene_seconds=20)
    go(studio, job.id, *BEFORE)
    with pytest.raises(MediaError, match=r"gate length failed: the programme lasts 0:3\d, ordered were 0:40"):
        perform(studio, job.id, Stage.MASTER, "run")
    failed = studio.jobs.get_job(job.id)
    assert (failed.status, failed.failed_from) == (JobStatus.FAILED, JobStatus.RENDERING)
    assert f"video-pipeline job retry {job.id}" in str(failed.error_message)

    # The remedy works: deleted pieces are made again, here by a provider that has learnt to count.
    for track in studio.jobs.tracks(job.id):
        studio.media.remove(track.media.key)
    assert bring_back(studio.jobs, studio.media, job.id) is JobStatus.GENERATING_MUSIC
    studio = replace(studio, music={"dummy": DummyMusic(workshop)})
    assert go(studio, job.id, *Stage).status is JobStatus.COMPLETED


@pytest.mark.parametrize(("minutes", "passes"), [(60, True), (59.99, False), (61.1, True), (61.3, False)])
def test_an_album_lasts_its_hour_and_about_as_long_as_ordered(
    studio: Studio, store: PostgresJobStore, minutes: float, passes: bool
) -> None:
    lease = store.claim(order_album(store).id, "run")
    fill(store, lease, 20)
    store.save_master(lease, replace(report(), frames=round(minutes * 60 * 30)))
    (gate,) = [gate for gate in GATES if gate.name == "length"]
    finding = gate.ask(studio, store.get_job(lease.job_id))
    assert finding.passed is passes, finding.text


def test_the_last_frame_of_the_hour_may_be_missing(studio: Studio, store: PostgresJobStore) -> None:
    lease = store.claim(order_album(store).id, "run")
    fill(store, lease, 20)
    (gate,) = [gate for gate in GATES if gate.name == "length"]
    for frames, passes in ((107_999, True), (107_998, False)):
        store.save_master(lease, replace(report(), frames=frames))
        assert gate.ask(studio, store.get_job(lease.job_id)).passed is passes


@pytest.mark.parametrize(
    ("seconds", "silence_s", "peak_dbtp", "message"),
    [
        (9.9, 0.0, -1.0, "lasts at least 10 s"),
        (14.9, 0.0, -1.0, "asked for were 20.0 s"),
        (20.0, 8.5, -1.0, "silent for 8.5 s"),
        (20.0, 0.0, 0.3, "clips"),
    ],
)
def test_a_piece_that_no_gate_would_let_pass_is_not_taken(
    seconds: float, silence_s: float, peak_dbtp: float, message: str
) -> None:
    facts = AudioFacts(round(seconds * 48_000), 2, Loudness(-14.0, peak_dbtp, 3.0), silence_s)
    with pytest.raises(MediaError, match=message):
        check_piece(Path("01.flac"), replace(music_prompt(1), samples=20 * 48_000), facts)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("a bug"), MediaError("no sound")])
def test_a_render_that_ends_in_any_way_closes_its_task(
    studio: Studio, order: Order, database: Database, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    job = order(approval=Approval.AUTO, scene_count=1)
    go(studio, job.id, *BEFORE)

    def stop(*_: object, **__: object) -> NoReturn:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(studio.tools, "render", stop)
        with pytest.raises(type(error)):
            perform(studio, job.id, Stage.MASTER, "run")
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT status, error_message FROM render_tasks")).all()
    assert [tuple(row) for row in rows] == [("failed", str(error) or type(error).__name__)]
    # Who presses Ctrl-C, or Dagster's own word for it, is no class of ours.
    said = str(error) or "interrupted; retry the job, and it goes on from there"
    assert studio.jobs.get_job(job.id).error_message == f"{Stage.MASTER}: {said}"


@pytest.mark.parametrize(
    ("stage", "stray"),
    [(Stage.MUSIC, "music/02-a9.flac"), (Stage.IMAGES, "images/01-a9.png"), (Stage.MASTER, "master-a9.mp4")],
)
def test_files_that_nobody_recorded_are_removed_and_no_others(
    studio: Studio, order: Order, stage: Stage, stray: str
) -> None:
    job, other = order(approval=Approval.AUTO), order()
    before = [each for each in Stage if list(Stage).index(each) <= list(Stage).index(stage)]
    go(studio, job.id, *before)
    strays = [f"jobs/{each.id}/{stray}" for each in (job, other)]
    strays += [f"{key}.otio" for key in strays]
    for key in (*strays, f"jobs/{job.id}/sheets/images.jpg"):
        path = studio.media.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"adopted by a process that was killed")

    remove_unrecorded(studio, job.id, stage)

    # How pictures were judged lies beside the thumbnails, and is nobody's file to hand out.
    found = [key for key in studio.media.keys(f"jobs/{job.id}/") if not key.endswith("/appeal.json")]
    assert found == sorted(file.media.key for file in job_files(studio, job.id))
    assert f"jobs/{job.id}/sheets/images.jpg" in found
    assert studio.media.path(strays[1]).exists()


def test_the_timeline_lies_beside_each_programme(studio: Studio, order: Order) -> None:
    job = order(approval=Approval.AUTO)
    go(studio, job.id, *Stage)
    files = {file.kind: file for file in job_files(studio, job.id)}
    assert {"timeline of master", "timeline of export mp4_high"} <= set(files)
    master = studio.jobs.master(job.id)
    assert master
    for kind in ("master", "export mp4_high"):
        beside = files[f"timeline of {kind}"]
        assert beside.media.key == f"{files[kind].media.key}.otio"
        timeline = from_otio(beside.path.read_text())
        assert (timeline.frames, len(timeline.pictures)) == (master.frames, 3)
        first = json.loads(beside.path.read_text())["tracks"]["children"][0]["children"][0]
        url = first["media_references"]["DEFAULT_MEDIA"]["target_url"]
        assert (beside.path.parent / url).resolve() == studio.media.locate(timeline.pictures[0].media).resolve()


def test_a_piece_that_was_replaced_does_not_stay(studio: Studio, order: Order) -> None:
    job = order()
    go(studio, job.id, Stage.STORYBOARD, Stage.MUSIC)
    damaged = studio.jobs.tracks(job.id)[0].media
    studio.media.locate(damaged).write_bytes(b"damaged")
    go(studio, job.id, Stage.MUSIC, Stage.MUSIC)
    assert studio.media.keys(f"jobs/{job.id}/") == [track.media.key for track in studio.jobs.tracks(job.id)]
    assert damaged.key not in studio.media.keys(f"jobs/{job.id}/")


def test_cancelling_stops_the_work(
    studio: Studio, order: Order, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("video_pipeline.steps.attempt.RENEWAL_S", 0.05)
    started, go_on = threading.Event(), threading.Event()

    class Slow(DummyMusic):
        def compose(self, prompt: MusicPrompt, seed: int, out: Path, _: object = None) -> Generation:
            started.set()
            assert go_on.wait(30)
            return super().compose(prompt, seed, out)

    slow = Slow(workshop)
    slow.capabilities = replace(slow.capabilities, concurrency=1)
    studio = replace(studio, music={"dummy": slow})
    job = order()
    go(studio, job.id, Stage.STORYBOARD)
    caught: list[BaseException] = []

    def work() -> None:
        try:
            perform(studio, job.id, Stage.MUSIC, "run")
        except CancelledError as error:
            caught.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    assert started.wait(30)
    studio.jobs.cancel(job.id)
    threading.Event().wait(0.5)  # several heartbeats
    go_on.set()
    worker.join(30)

    assert len(caught) == 1
    assert studio.jobs.get_job(job.id).status is JobStatus.CANCELLED
    assert len(studio.jobs.tracks(job.id)) <= 1
    with pytest.raises(ConflictError, match="cancelled"):
        perform(studio, job.id, Stage.MUSIC, "run")


def test_two_runs_cannot_work_on_one_job(studio: Studio, order: Order) -> None:
    job = order()
    lease = studio.jobs.claim(job.id, "the-first")
    with pytest.raises(ConflictError):
        perform(studio, job.id, Stage.STORYBOARD, "the-second")
    studio.jobs.release(lease)
    assert go(studio, job.id, Stage.STORYBOARD).storyboard is not None
