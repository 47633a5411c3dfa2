"""Work orders in a real Dagster instance: asked for, performed, and found again when their run died."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from video_pipeline.definitions import defs
from video_pipeline.domain.errors import ProviderUnavailableError
from video_pipeline.domain.job import Approval
from video_pipeline.domain.orders import OrderKind, OrderStatus, WorkOrder
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.orchestration import runs, sensors
from video_pipeline.orchestration.partitions import JOB_TAG, ORDER_TAG
from video_pipeline.ports import JobStore
from video_pipeline.steps import on_demand
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.orchestration.test_sensors import tick
from video_pipeline_tests.steps.test_pipeline import go
from video_pipeline_tests.store.plain_sql import Sql

Order = Callable[..., JobRecord]


@pytest.fixture
def placed(order: Order, store: JobStore) -> WorkOrder:
    """A preview that was ordered of a job that was only ordered itself."""
    return store.place_order(order().id, OrderKind.PREVIEW, {}, "ann")


def perform(instance: dg.DagsterInstance, wired: dict[str, Any], request: dg.RunRequest) -> dg.ExecuteInProcessResult:
    """Do what the sensor asks for."""
    return defs.resolve_job_def("order_job").execute_in_process(
        run_config=request.run_config,
        resources={"studio": wired["studio"]},
        instance=instance,
        tags={**request.tags, runs.RUN_KEY_TAG: str(request.run_key)},
        raise_on_error=False,
    )


def run_of(instance: dg.DagsterInstance, order: WorkOrder, status: dg.DagsterRunStatus) -> str:
    """A run of the order that Dagster believes to be in `status`."""
    run_id = str(uuid.uuid4())
    tags = {ORDER_TAG: str(order.id), runs.RUN_KEY_TAG: f"order:{order.id}:{order.attempt}"}
    instance.add_run(dg.DagsterRun(job_name="order_job", run_id=run_id, status=status, tags=tags))
    return run_id


def rested(database: Database) -> None:
    """Let the last sign of life of all orders be more than a minute ago."""
    Sql(database.engine).run("UPDATE work_orders SET heartbeat_at = heartbeat_at - interval '61 seconds'")


def test_an_order_is_asked_for_once_before_other_runs_and_one_at_a_time_for_its_job(
    instance: dg.DagsterInstance, wired: dict[str, Any], placed: WorkOrder, store: JobStore
) -> None:
    (request,) = tick(sensors.placed_orders, instance, wired).run_requests
    assert request.run_key == f"order:{placed.id}:0"
    assert request.tags == {ORDER_TAG: str(placed.id), JOB_TAG: str(placed.job_id), "dagster/priority": "1"}
    assert [request] == tick(sensors.placed_orders, instance, wired).run_requests
    store.begin_order(placed.id, "run")
    assert isinstance(tick(sensors.placed_orders, instance, wired), dg.SkipReason)


def test_exports_are_performed_and_shown(
    instance: dg.DagsterInstance, wired: dict[str, Any], studio: Studio, order: Order
) -> None:
    job = go(studio, order(approval=Approval.AUTO, scene_count=1).id, *Stage)
    wanted = {"renditions": [{"format": "opus", "quality": "low"}, {"format": "mp4", "quality": "64x64"}]}
    placed = studio.jobs.place_order(job.id, OrderKind.EXPORT, wanted, "ann")
    (request,) = tick(sensors.placed_orders, instance, wired).run_requests
    result = perform(instance, wired, request)
    assert result.success
    finished = studio.jobs.get_order(placed.id)
    assert (finished.status, finished.run_id) == (OrderStatus.COMPLETED, result.run_id)
    assert finished.result == {"renditions": ["mp4_64x64", "opus_low"]}
    (event,) = result.filter_events(lambda event: event.is_successful_output)
    shown = event.step_output_data.metadata
    assert (shown["exports"].value, shown["ordered_by"].value) == (2, "ann")
    assert shown["ordered"].value == "export mp4_64x64, opus_low"
    assert isinstance(tick(sensors.placed_orders, instance, wired), dg.SkipReason)


def test_what_may_pass_is_asked_for_again_by_the_books_and_not_by_dagster(
    instance: dg.DagsterInstance,
    wired: dict[str, Any],
    placed: WorkOrder,
    store: JobStore,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []

    def busy(*_: object) -> dict[str, Any]:
        calls.append("called")
        raise ProviderUnavailableError("the vendor is busy")

    monkeypatch.setitem(on_demand.WORKS, OrderKind.PREVIEW, busy)
    keys = []
    for _ in range(3):
        (request,) = tick(sensors.placed_orders, instance, wired).run_requests
        keys.append(request.run_key)
        assert not perform(instance, wired, request).success
        rested(database)
    assert len(calls) == len(set(keys)) == 3
    assert store.get_order(placed.id).error_message == "given up after 3 tries: the vendor is busy"
    assert isinstance(tick(sensors.placed_orders, instance, wired), dg.SkipReason)


def test_an_order_whose_run_was_killed_gets_another_run_and_its_dead_one_is_ended(
    instance: dg.DagsterInstance, wired: dict[str, Any], placed: WorkOrder, store: JobStore, database: Database
) -> None:
    run_id = run_of(instance, placed, dg.DagsterRunStatus.STARTED)
    assert runs.end_dead_runs(instance, store) == 0
    store.begin_order(placed.id, run_id)
    assert runs.end_dead_runs(instance, store) == 0
    rested(database)
    (request,) = tick(sensors.placed_orders, instance, wired).run_requests
    assert request.run_key == f"order:{placed.id}:1"
    # At once: of a job one run goes on at a time, so the dead one would keep the new one waiting.
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE
    assert store.get_order(placed.id).status is OrderStatus.IN_PROGRESS


def test_an_order_whose_run_never_began_is_not_forgotten(
    instance: dg.DagsterInstance, wired: dict[str, Any], placed: WorkOrder, store: JobStore, database: Database
) -> None:
    """Dagster starts one run a key, so that an order under a used key would wait for ever."""
    run_of(instance, placed, dg.DagsterRunStatus.STARTING)
    tick(sensors.lost_runs, instance, wired)
    assert store.get_order(placed.id).attempt == 0
    for attempt in (1, 2):
        run_of(instance, store.get_order(placed.id), dg.DagsterRunStatus.CANCELED)
        tick(sensors.lost_runs, instance, wired)
        assert store.get_order(placed.id).attempt == attempt
        rested(database)
        (request,) = tick(sensors.placed_orders, instance, wired).run_requests
        assert request.run_key == f"order:{placed.id}:{attempt}"
    run_of(instance, store.get_order(placed.id), dg.DagsterRunStatus.FAILURE)
    tick(sensors.lost_runs, instance, wired)
    given_up = store.get_order(placed.id)
    assert given_up.error_message == "given up after 3 tries: its run ended before it could begin"
