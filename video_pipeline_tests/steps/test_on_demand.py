"""Orders that are performed: exports and previews, their progress, their ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import pytest

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.errors import (
    CancelledError,
    ConflictError,
    LeaseLostError,
    MachineError,
    MediaError,
    NotFoundError,
    PreconditionError,
    ProviderUnavailableError,
    StoreUnavailableError,
)
from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.orders import OrderKind, OrderStatus, WorkOrder
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.steps import on_demand
from video_pipeline.steps.export import export
from video_pipeline.steps.files import job_files
from video_pipeline.steps.on_demand import Errand, perform_order
from video_pipeline.steps.preview import preview_of
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.steps.test_pipeline import BEFORE, go
from video_pipeline_tests.steps.test_thumbnails import replace_picture
from video_pipeline_tests.store.plain_sql import Sql

Order = Callable[..., JobRecord]

LOW = Rendition.parse("mp4", "low")


def asked(studio: Studio, job: JobRecord, kind: OrderKind = OrderKind.PREVIEW, *names: str) -> WorkOrder:
    pairs = [dict(zip(("format", "quality"), name.split("_"), strict=True)) for name in names]
    return studio.jobs.place_order(job.id, kind, {"renditions": pairs} if pairs else {}, "ann")


def work(monkeypatch: pytest.MonkeyPatch, function: Callable[[Studio, Errand], dict[str, Any]]) -> None:
    """Let a preview be this work instead."""
    monkeypatch.setitem(on_demand.WORKS, OrderKind.PREVIEW, function)


def shown(studio: Studio, job: JobRecord) -> Path | None:
    """The preview of the storyboard as it is now."""
    version = studio.jobs.storyboard_version(job.id)
    return preview_of(studio.media, job.id, version) if version else None


def test_a_preview_of_a_storyboard_that_awaits_approval_has_all_its_scenes_and_their_sound(
    studio: Studio, order: Order
) -> None:
    waiting = go(studio, order().id, *BEFORE)
    assert shown(studio, waiting) is None
    done = perform_order(studio, asked(studio, waiting).id, "run")
    path = shown(studio, waiting)
    assert path is not None
    facts = studio.tools.inspect(path)
    assert (facts["width"], facts["height"], facts["frames"], facts["audio_channels"]) == (854, 480, 900, 2)
    assert done.status is OrderStatus.COMPLETED
    assert done.progress is not None
    assert done.progress.percent == 100
    assert done.result is not None
    assert studio.media.path(done.result["key"]) == path
    assert done.result["bytes"] == path.stat().st_size
    assert studio.jobs.get_job(waiting.id).status is JobStatus.AWAITING_APPROVAL
    (listed,) = [file for file in job_files(studio, waiting.id) if file.path == path]
    assert (listed.kind, listed.intact) == ("preview", True)

    # Ordered again, it is there; an export of the same size later takes its pictures from the cache.
    inode = path.stat().st_ino
    assert perform_order(studio, asked(studio, waiting).id, "again").result == done.result
    assert path.stat().st_ino == inode
    studio.jobs.approve_storyboard(waiting.id)
    finished = go(studio, waiting.id, Stage.MASTER, Stage.EXPORTS)
    assert shown(studio, finished) == path
    made = export(studio, finished, LOW, report=lambda *_: None, cancelled=lambda: False)
    assert made.report.stretches_encoded == 0
    assert made.report.stretches_reused > 0


def test_a_preview_is_valid_for_the_storyboard_that_it_shows(studio: Studio, order: Order) -> None:
    waiting = go(studio, order(scene_count=2).id, *BEFORE)
    perform_order(studio, asked(studio, waiting).id, "run")
    former = shown(studio, waiting)
    assert former is not None
    replace_picture(studio, waiting.id, 1, studio.jobs.images(waiting.id)[0])
    assert shown(studio, waiting) is None
    assert former.is_file()
    perform_order(studio, asked(studio, waiting).id, "run")
    later = shown(studio, waiting)
    assert later is not None
    assert later != former
    assert [path.name for path in later.parent.iterdir()] == [later.name]


@pytest.mark.slow
def test_a_storyboard_that_changes_while_its_preview_is_made_is_shown_as_it_is_then(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = go(studio, order(scene_count=2).id, *BEFORE)
    render, made = studio.tools.render, []

    def changed(*arguments: Any, **more: Any) -> Any:
        if not made:
            replace_picture(studio, waiting.id, 2, studio.jobs.images(waiting.id)[1])
        made.append(render(*arguments, **more))
        return made[-1]

    monkeypatch.setattr(studio.tools, "render", changed)
    perform_order(studio, asked(studio, waiting).id, "run")
    path = shown(studio, waiting)
    assert path is not None
    assert len(made) == 2
    assert [other.name for other in path.parent.iterdir()] == [path.name]
    assert made[1].stretches_reused > 0


def test_a_preview_needs_music_and_pictures(studio: Studio, order: Order) -> None:
    job = go(studio, order(scene_count=1).id, Stage.STORYBOARD, Stage.MUSIC)
    placed = asked(studio, job)
    with pytest.raises(ConflictError, match="needs music and a picture for each scene"):
        perform_order(studio, placed.id, "run")
    failed = studio.jobs.get_order(placed.id)
    assert (failed.status, failed.attempt) == (OrderStatus.FAILED, 1)
    assert "generating_music" in str(failed.error_message)
    assert shown(studio, order()) is None


def test_exports_are_made_of_a_finished_job_and_of_no_other(studio: Studio, order: Order) -> None:
    job = go(studio, order(approval=Approval.AUTO, scene_count=1).id, *Stage)
    done = perform_order(studio, asked(studio, job, OrderKind.EXPORT, "webm_64x64", "mp4_high").id, "run")
    assert done.result == {"renditions": ["mp4_high", "webm_64x64"]}
    assert {record.report.rendition.name for record in studio.jobs.exports(job.id)} == {"mp4_high", "webm_64x64"}
    assert perform_order(studio, done.id, "another run") == done

    early = asked(studio, order(), OrderKind.EXPORT, "mp4_low")
    with pytest.raises(ConflictError, match="is planned; exports are made when it is rendered"):
        perform_order(studio, early.id, "run")
    assert studio.jobs.get_order(early.id).status is OrderStatus.FAILED


def refinement(studio: Studio, job: JobRecord, **request: Any) -> WorkOrder:
    wanted = {"scene_number": 2, "image_prompt": "a quiet harbour in the rain"} | request
    return studio.jobs.place_order(job.id, OrderKind.REFINE, wanted, "ann")


def test_a_refinement_is_made_once_whatever_becomes_of_its_order(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    waiting = go(studio, order(scene_count=2).id, *BEFORE)
    before = studio.jobs.images(waiting.id)
    thumbnails = {each.key for each in studio.jobs.get_thumbnails(waiting.id)}
    placed = refinement(studio, waiting, expected=studio.jobs.storyboard_version(waiting.id))

    def away(*_: object) -> NoReturn:
        raise StoreUnavailableError("the database is away")

    with monkeypatch.context() as broken:
        broken.setattr(studio.jobs, "finish_order", away)
        with pytest.raises(StoreUnavailableError):
            perform_order(studio, placed.id, "run")
    assert studio.jobs.get_order(placed.id).status is OrderStatus.PENDING
    done = perform_order(studio, placed.id, "another run")
    assert done.result == {"scene_number": 2, "etag": studio.jobs.storyboard_version(waiting.id)}
    after = studio.jobs.get_job(waiting.id)
    assert after.refinement_count == 1
    first, second = studio.jobs.images(waiting.id)
    assert first.media == before[0].media
    assert second.media != before[1].media
    assert second.prompt_text == "a quiet harbour in the rain"
    shown = studio.jobs.get_thumbnails(waiting.id)
    assert len(shown) == len(thumbnails) > 0
    assert {each.key for each in shown} != thumbnails
    (event,) = [event for event in studio.jobs.events(waiting.id) if event.kind == "refined"]
    assert event.message == f"scene 2: picture, by ann, order {placed.id}"


@pytest.mark.slow
def test_a_refinement_of_a_storyboard_that_changed_is_refused_and_says_so(studio: Studio, order: Order) -> None:
    waiting = go(studio, order(scene_count=2).id, *BEFORE)
    stale = refinement(studio, waiting, expected=studio.jobs.storyboard_version(waiting.id))
    perform_order(studio, refinement(studio, waiting, description="Rain over the harbour").id, "run")
    with pytest.raises(PreconditionError, match="changed since it was read"):
        perform_order(studio, stale.id, "run")
    assert "read it again" in str(studio.jobs.get_order(stale.id).error_message)
    assert studio.jobs.get_job(waiting.id).refinement_count == 1


@pytest.mark.slow
def test_an_order_waits_while_somebody_edits_the_storyboard(studio: Studio, order: Order) -> None:
    waiting = go(studio, order(scene_count=2).id, *BEFORE)
    placed = refinement(studio, waiting)
    lease = studio.jobs.claim(waiting.id, "reordering by bob", edit=True)
    with pytest.raises(ConflictError):
        perform_order(studio, placed.id, "run")
    studio.jobs.release(lease)
    assert perform_order(studio, placed.id, "run").attempt == 2


def test_progress_is_in_the_books_at_most_twice_a_second(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[float, str]] = []
    now = [0.0]
    placed = asked(studio, order())
    errand = Errand(studio.jobs, studio.jobs.begin_order(placed.id, "run"), clock=lambda: now[0])
    monkeypatch.setattr(
        studio.jobs, "order_progress", lambda _id, _attempt, percent, text: told.append((percent, text))
    )
    for moment, share in ((0.0, 0.1), (0.4, 0.2), (0.6, 0.3), (0.7, 0.4), (0.8, 1.0)):
        now[0] = moment
        errand.report(share, f"at {moment}")
    assert [round(percent) for percent, _ in told] == [10, 30, 100]
    errand.watch()
    assert told[-1] == (100, "at 0.8")


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (MediaError("no sound"), OrderStatus.FAILED, "no sound"),
        (MachineError("the disk is full"), OrderStatus.FAILED, "the disk is full"),
        (ValueError("a bug"), OrderStatus.FAILED, "a bug"),
        (KeyboardInterrupt(), OrderStatus.FAILED, "KeyboardInterrupt"),
        (ProviderUnavailableError("busy"), OrderStatus.PENDING, "busy"),
        (StoreUnavailableError("the database is away"), OrderStatus.PENDING, "the database is away"),
    ],
)
def test_what_happened_to_an_order_is_in_the_books(
    studio: Studio,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: OrderStatus,
    message: str,
) -> None:
    def fails(*_: object) -> dict[str, Any]:
        raise error

    work(monkeypatch, fails)
    placed = asked(studio, order())
    with pytest.raises(type(error)):
        perform_order(studio, placed.id, "run")
    ended = studio.jobs.get_order(placed.id)
    assert (ended.status, ended.error_message) == (status, message)
    assert ended.finished is (status is OrderStatus.FAILED)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("order-")]


def waits(errand: Errand) -> dict[str, Any]:
    """Work until told to stop."""
    while not errand.stopped():
        errand.report(0.5, "under way")
        threading.Event().wait(0.01)
    raise CancelledError("the tool was told to stop")


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [("UPDATE video_jobs SET status = 'cancelled'", "was cancelled"), ("DELETE FROM video_jobs", "was deleted")],
)
def test_an_order_ends_with_its_job(
    studio: Studio,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
    statement: str,
    complaint: str,
) -> None:
    placed = asked(studio, order())

    def ended(_: Studio, errand: Errand) -> dict[str, Any]:
        Sql(database.engine).run(statement)
        return waits(errand)

    monkeypatch.setattr(on_demand, "HEARTBEAT_S", 0.01)
    work(monkeypatch, ended)
    with pytest.raises(CancelledError, match=complaint):
        perform_order(studio, placed.id, "run")
    if "cancelled" in complaint:
        assert studio.jobs.get_order(placed.id).status is OrderStatus.FAILED


def test_an_order_of_a_job_that_was_cancelled_before_is_not_begun(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = asked(studio, order())
    studio.jobs.cancel(placed.job_id)
    work(monkeypatch, lambda *_: pytest.fail("it was begun"))
    with pytest.raises(CancelledError, match="was cancelled"):
        perform_order(studio, placed.id, "run")
    assert studio.jobs.get_order(placed.id).error_message == f"job {placed.job_id} was cancelled"


def test_an_attempt_that_was_replaced_stops_and_leaves_the_order_alone(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    placed = asked(studio, order())

    def replaced(_: Studio, errand: Errand) -> dict[str, Any]:
        Sql(database.engine).run("UPDATE work_orders SET heartbeat_at = heartbeat_at - interval '61 seconds'")
        studio.jobs.begin_order(placed.id, "the other run")
        return waits(errand)

    work(monkeypatch, replaced)
    with pytest.raises(LeaseLostError, match="attempt 2 owns it"):
        perform_order(studio, placed.id, "run")
    current = studio.jobs.get_order(placed.id)
    assert (current.status, current.run_id) == (OrderStatus.IN_PROGRESS, "the other run")


def test_a_heart_beats_while_the_work_says_nothing(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = asked(studio, order())
    beats, enough = [], threading.Event()
    progress = studio.jobs.order_progress

    def heard(*arguments: Any) -> None:
        progress(*arguments)
        beats.append(arguments)
        if len(beats) > 3:
            enough.set()

    monkeypatch.setattr(on_demand, "HEARTBEAT_S", 0.01)
    monkeypatch.setattr(studio.jobs, "order_progress", heard)
    work(monkeypatch, lambda *_: {"heard": enough.wait(60)})
    assert perform_order(studio, placed.id, "run").result == {"heard": True}


def test_an_order_is_performed_by_one_at_a_time(studio: Studio, order: Order) -> None:
    placed = asked(studio, order())
    studio.jobs.begin_order(placed.id, "somebody")
    with pytest.raises(ConflictError, match="being worked on"):
        perform_order(studio, placed.id, "run")
    with pytest.raises(NotFoundError, match="no order"):
        perform_order(studio, uuid4(), "run")
