"""What starts and what ends runs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from video_pipeline import bootstrap
from video_pipeline.definitions import defs
from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.uploads import FileType
from video_pipeline.orchestration import sensors
from video_pipeline.orchestration.partitions import VIDEO_JOBS
from video_pipeline.orchestration.schedules import nightly_cleanup
from video_pipeline.orchestration.terminal import QUIET
from video_pipeline.ports import JobStore

Order = Callable[..., JobRecord]


def tick(sensor: dg.SensorDefinition, instance: dg.DagsterInstance, wired: dict[str, Any]) -> Any:
    """Evaluate a sensor once."""
    with dg.build_sensor_context(instance=instance, resources=wired) as context:
        return sensor(context)


def test_new_jobs_are_asked_for_once_each_with_their_partition(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order
) -> None:
    first, second = order(), order()
    result = tick(sensors.new_jobs, instance, wired)
    assert [request.partition_key for request in result.run_requests] == [str(first.id), str(second.id)]
    assert [request.run_config for request in result.run_requests] == [QUIET] * 2
    assert result.dynamic_partitions_requests[0].partition_keys == [str(first.id), str(second.id)]
    assert result.run_requests == tick(sensors.new_jobs, instance, wired).run_requests


def test_a_job_in_somebodys_hands_is_not_asked_for(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore
) -> None:
    job = order()
    lease = store.claim(job.id, "somebody")
    assert isinstance(tick(sensors.new_jobs, instance, wired), dg.SkipReason)
    store.release(lease)
    assert tick(sensors.new_jobs, instance, wired).run_requests


def test_a_retry_gets_a_new_run(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore
) -> None:
    job = order()
    before = sensors.run_key(store, store.get_job(job.id))
    store.mark_job_failed(job.id, "broken")
    assert isinstance(tick(sensors.new_jobs, instance, wired), dg.SkipReason)
    store.retry(job.id)
    (request,) = tick(sensors.new_jobs, instance, wired).run_requests
    assert request.run_key != before


def test_only_approved_storyboards_are_delivered(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore, studio: Any
) -> None:
    from video_pipeline_tests.steps.test_pipeline import BEFORE, go

    job = order(approval=Approval.REQUIRED)
    go(studio, job.id, *BEFORE)
    assert isinstance(tick(sensors.approved_storyboards, instance, wired), dg.SkipReason)
    store.approve_storyboard(job.id)
    (request,) = tick(sensors.approved_storyboards, instance, wired).run_requests
    assert request.partition_key == str(job.id)
    assert request.job_name == "delivery_job"


def failed_run(instance: dg.DagsterInstance, wired: dict[str, Any], job: JobRecord) -> dg.ExecuteInProcessResult:
    """A run of a job that cannot be planned."""
    instance.add_dynamic_partitions(str(VIDEO_JOBS.name), [str(job.id)])
    result = defs.resolve_job_def("storyboard_job").execute_in_process(
        instance=instance,
        partition_key=str(job.id),
        raise_on_error=False,
        tags={"dagster/run_key": sensors.run_key(wired["database"].jobs(), job)},
    )
    assert not result.success
    return result


def test_a_failed_run_fails_its_job_with_the_message(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore
) -> None:
    job = order(music_provider="no such provider")
    result = failed_run(instance, wired, job)
    # The step has marked the job already; the sensor is for runs that could not.
    told = store.get_job(job.id).error_message
    assert told is not None
    assert "no such provider" in told
    store.retry(job.id)
    event = next(each for each in result.all_events if each.event_type == dg.DagsterEventType.PIPELINE_FAILURE)
    context = dg.build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_instance=instance,
        dagster_run=instance.get_run_by_id(result.run_id),
        dagster_event=event,
        resources={"database": wired["database"]},
    ).for_run_failure()
    sensors.failed_runs(context)
    failed = store.get_job(job.id)
    assert failed.status is JobStatus.FAILED
    assert failed.error_message is not None
    assert "no such provider" in failed.error_message


def test_a_run_that_ended_without_a_word_is_found(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore
) -> None:
    killed, waiting = order(), order()
    store.move(killed.id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC)
    store.claim(killed.id, str(uuid.uuid4()), ttl_s=-1)
    tick(sensors.lost_runs, instance, wired)
    assert store.get_job(killed.id).status is JobStatus.FAILED
    assert store.get_job(waiting.id).status is JobStatus.PLANNED


def test_a_job_whose_run_is_over_is_found(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore
) -> None:
    job = order(music_provider="no such provider")
    failed_run(instance, wired, job)
    store.retry(job.id)
    tick(sensors.lost_runs, instance, wired)
    # A new run key: nothing has run under it, so the job just waits.
    assert store.get_job(job.id).status is JobStatus.GENERATING_MUSIC
    failed_run(instance, wired, store.get_job(job.id))
    store.retry(job.id)
    current = store.get_job(job.id)
    run_id = str(uuid.uuid4())
    instance.add_run(
        dg.DagsterRun(
            job_name="storyboard_job",
            run_id=run_id,
            status=dg.DagsterRunStatus.FAILURE,
            tags={"dagster/run_key": sensors.run_key(store, current)},
        )
    )
    tick(sensors.lost_runs, instance, wired)
    assert store.get_job(job.id).status is JobStatus.FAILED


def test_what_is_approved_a_second_time_is_delivered_a_second_time(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore, studio: Any
) -> None:
    from video_pipeline.steps.reorder import reorder
    from video_pipeline_tests.steps.test_pipeline import BEFORE, go

    job = order(approval=Approval.REQUIRED)
    go(studio, job.id, *BEFORE)
    store.approve_storyboard(job.id)
    (first,) = tick(sensors.approved_storyboards, instance, wired).run_requests
    approved = store.get_job(job.id).approved_fingerprint
    instance.add_run(
        dg.DagsterRun(
            job_name="delivery_job",
            run_id=str(uuid.uuid4()),
            status=dg.DagsterRunStatus.SUCCESS,
            tags={"dagster/run_key": first.run_key},
        )
    )
    for there_and_back in ([3, 1, 2], [2, 3, 1]):
        reorder(studio, job.id, there_and_back, by="ada")
        assert isinstance(tick(sensors.approved_storyboards, instance, wired), dg.SkipReason)
    store.approve_storyboard(job.id)
    assert store.get_job(job.id).approved_fingerprint == approved
    (second,) = tick(sensors.approved_storyboards, instance, wired).run_requests
    assert second.run_key != first.run_key
    tick(sensors.lost_runs, instance, wired)
    assert store.get_job(job.id).status is JobStatus.AWAITING_APPROVAL
    store.approve_storyboard(job.id)  # the very same, which is no new approval
    (again,) = tick(sensors.approved_storyboards, instance, wired).run_requests
    assert again.run_key == second.run_key


def test_an_edit_keeps_runs_away_and_is_never_lost(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore, studio: Any
) -> None:
    from video_pipeline_tests.steps.test_pipeline import BEFORE, go

    job = order(approval=Approval.REQUIRED)
    go(studio, job.id, *BEFORE)
    store.approve_storyboard(job.id)
    lease = store.claim(job.id, "an edit by ada", edit=True)
    assert isinstance(tick(sensors.approved_storyboards, instance, wired), dg.SkipReason)
    store.release(lease)
    assert tick(sensors.approved_storyboards, instance, wired).run_requests
    store.claim(job.id, "an edit by bob", edit=True, ttl_s=-1)  # its machine went down
    tick(sensors.lost_runs, instance, wired)
    assert store.get_job(job.id).approved
    assert tick(sensors.approved_storyboards, instance, wired).run_requests


def test_schedule_and_sensors_are_on_by_default() -> None:
    repository = defs.get_repository_def()
    assert all(each.default_status == dg.DefaultSensorStatus.RUNNING for each in repository.sensor_defs)
    assert all(each.default_status == dg.DefaultScheduleStatus.RUNNING for each in repository.schedule_defs)
    assert {sensor.name for sensor in repository.sensor_defs} >= {sensor.name for sensor in sensors.SENSORS}


def test_a_job_that_waits_for_files_gets_no_run_before_it_is_started(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore
) -> None:
    ordered = order()
    store.cancel(ordered.id)
    job = store.create_job(brief_from_json(ordered.brief), preparing=True)
    for sensor in (sensors.new_jobs, sensors.lost_runs, sensors.approved_storyboards):
        assert isinstance(tick(sensor, instance, wired), dg.SkipReason)
    assert store.get_job(job.id).status is JobStatus.PREPARING
    store.move(job.id, JobStatus.PREPARING, JobStatus.PLANNED)
    (request,) = tick(sensors.new_jobs, instance, wired).run_requests
    assert request.partition_key == str(job.id)


def test_uploads_that_nobody_goes_on_with_are_swept_every_hour(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore
) -> None:
    job = order()
    stale = store.open_upload(job.id, FileType.VIDEOS, "rain.mp4", 9, ttl_s=-1.0)
    (schedule,) = [each for each in defs.schedules or () if each.name == "hourly_sweep"]
    assert schedule.job_name == "sweep_uploads_job"
    job_def = defs.get_job_def("sweep_uploads_job")
    assert job_def.execute_in_process(instance=instance, resources=wired).success
    assert stale.id not in {each.id for each in store.get_uploads(job.id)}


def test_old_jobs_go_at_night_only_where_somebody_said_how_long_they_are_kept(
    instance: dg.DagsterInstance,
    wired: dict[str, Any],
    order: Order,
    store: JobStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VIDEO_PIPELINE_RETENTION_DAYS", raising=False)
    bootstrap.settings.cache_clear()
    with dg.build_schedule_context(instance) as context:
        skipped = nightly_cleanup.evaluate_tick(context).skip_message
        assert "VIDEO_PIPELINE_RETENTION_DAYS" in (skipped or "")
        monkeypatch.setenv("VIDEO_PIPELINE_RETENTION_DAYS", "30")
        bootstrap.settings.cache_clear()
        (request,) = nightly_cleanup.evaluate_tick(context).run_requests or ()
    monkeypatch.delenv("VIDEO_PIPELINE_RETENTION_DAYS")  # whoever reads the settings next keeps them for good
    bootstrap.settings.cache_clear()
    recent = order()
    store.cancel(recent.id)
    job_def = defs.get_job_def("cleanup_job")
    assert job_def.execute_in_process(instance=instance, resources=wired, run_config=request.run_config).success
    assert store.get_job(recent.id).status is JobStatus.CANCELLED
