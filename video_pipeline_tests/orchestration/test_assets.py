"""The asset graph in a real Dagster instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest

from video_pipeline import bootstrap
from video_pipeline.definitions import defs
from video_pipeline.domain.errors import ProviderUnavailableError
from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.media import Generation, Loudness
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import Item, PurchaseState
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.thumbnails import MODEL, Design
from video_pipeline.domain.timeline import Overlay
from video_pipeline.orchestration import metadata
from video_pipeline.orchestration.assets import DELIVERY_ASSETS, STORYBOARD_ASSETS
from video_pipeline.orchestration.checks import CHECKS
from video_pipeline.orchestration.failures import RETRIES_MAX, translated
from video_pipeline.orchestration.partitions import VIDEO_JOBS
from video_pipeline.providers.dummy import DummyMusic
from video_pipeline.steps.gates import GATES
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.steps.test_open_purchases import LIMITS, Vendor

Order = Callable[..., JobRecord]


def run(instance: dg.DagsterInstance, wired: dict[str, Any], job: JobRecord, assets: list[Any]) -> Any:
    """Materialize assets with their checks for one job."""
    instance.add_dynamic_partitions(str(VIDEO_JOBS.name), [str(job.id)])
    keys = {asset.key for asset in assets}
    checks = [check for check in CHECKS if {each.asset_key for each in check.check_keys} <= keys]
    return dg.materialize(
        [*assets, *checks],
        instance=instance,
        partition_key=str(job.id),
        resources={"studio": wired["studio"]},
        raise_on_error=False,
    )


def metadata_of(result: Any, asset: str) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in event.metadata.items()}


def test_a_storyboard_says_what_its_overlay_will_cost(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order
) -> None:
    job = order(overlay=Overlay.LINE)
    made = metadata_of(run(instance, wired, job, STORYBOARD_ASSETS), "storyboard")
    assert made["overlay"].startswith("overlay line: every frame differs: expect about ")


def test_the_definitions_load_and_say_what_they_are() -> None:
    dg.Definitions.validate_loadable(defs)
    graph = defs.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {str(stage) for stage in Stage}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description
        assert node.owners
        assert node.kinds
        assert node.group_name in {"storyboard", "delivery"}
        assert node.partitions_def == VIDEO_JOBS
    assert {check.name for check in graph.asset_check_keys} == {gate.name for gate in GATES}


def test_a_job_runs_through_the_graph_with_metadata_and_checks(
    instance: dg.DagsterInstance, wired: dict[str, Any], studio: Studio, order: Order
) -> None:
    job = order(approval=Approval.AUTO)
    first = run(instance, wired, job, STORYBOARD_ASSETS)
    assert first.success
    second = run(instance, wired, job, [*DELIVERY_ASSETS])
    assert second.success
    assert studio.jobs.get_job(job.id).status is JobStatus.COMPLETED

    plan = metadata_of(first, "storyboard")
    assert plan["scenes"] == 3
    assert "overlay" not in plan
    assert plan["plan"].count("\n") == 4
    assert metadata_of(first, "images")["contact_sheet"].startswith("![images](data:image/jpeg;base64,")
    assert metadata_of(first, "music")["waveform"].startswith("![waveform-01](data:image/jpeg;base64,")
    finished = metadata_of(second, "master")
    assert {"poster", "waveform", "preview"} <= set(finished)
    exports = metadata_of(second, "exports")
    assert exports["thumbnails"].count(MODEL) == len(Design)
    shown = [f"thumbnail_{each.variant}" for each in studio.jobs.get_thumbnails(job.id)[:3]]
    assert set(shown) <= set(exports)
    assert finished["frames"] == 900
    assert -14.5 <= finished["integrated_lufs"] <= -13.5
    assert finished["true_peak_dbtp"] <= -1.0
    assert finished["poster"].startswith("![poster](data:image/jpeg;base64,")

    evaluations = first.get_asset_check_evaluations() + second.get_asset_check_evaluations()
    assert {each.check_name for each in evaluations} == {gate.name for gate in GATES}
    assert all(each.passed for each in evaluations)

    wanted = {"job_id": str(job.id), "format": "mp4,opus", "quality": "low,medium"}
    exported = defs.resolve_job_def("export_job").execute_in_process(
        run_config={"ops": {"make_export": {"config": wanted}}},
        resources={"studio": wired["studio"]},
        instance=instance,
    )
    assert exported.success
    (event,) = exported.filter_events(lambda event: event.is_successful_output)
    shown = event.step_output_data.metadata
    assert shown["exports"].value == 4
    assert "| opus_medium | none |" in shown["table"].value
    made = {record.report.rendition.name for record in studio.jobs.exports(job.id)}
    assert made == {"mp4_high", "mp4_low", "mp4_medium", "opus_low", "opus_medium"}


class Band(DummyMusic):
    """A vendor of music with a price."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.capabilities = replace(self.capabilities, price_usd=Decimal("0.05"), limits=LIMITS)

    def compose(self, prompt: Any, seed: int, out: Any, purchase: Any = None) -> Generation:
        purchase.submitting()
        purchase.submitted(f"piece-{prompt.order_index}")
        return replace(super().compose(prompt, seed, out), cost_usd=self.capabilities.price_usd)


def test_an_asset_says_what_its_own_things_cost_beside_the_whole_job(
    instance: dg.DagsterInstance,
    wired: dict[str, Any],
    studio: Studio,
    order: Order,
    workshop: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each asset of a job said once what the job had cost so far; a chart of them counted it five times."""
    monkeypatch.setattr(bootstrap, "music_providers", lambda: {"dummy": Band(workshop)})
    monkeypatch.setattr(bootstrap, "image_providers", lambda: {"dummy": Vendor(workshop)})
    job = order()
    made = run(instance, wired, job, STORYBOARD_ASSETS)
    assert made.success
    job = studio.jobs.get_job(job.id)
    told = {each: metadata_of(made, each) for each in ("storyboard", "music", "images")}
    told |= {"master": metadata.of_master(studio, job), "exports": metadata.of_exports(studio, job)}
    assert {name: each["cost_usd"] for name, each in told.items()} == {
        "storyboard": 0,
        "music": 0.15,
        "images": 0.3,
        "master": 0,
        "exports": 0,
    }
    assert [each["job_cost_usd"] for each in told.values()] == [0, 0.15, 0.45, 0.45, 0.45]
    assert job.actual_cost_usd == Decimal("0.45")


def test_the_cost_of_an_asset_counts_all_that_was_bought(studio: Studio, order: Order) -> None:
    job, jobs = order(), studio.jobs
    lease = jobs.claim(job.id, "a test")
    words = jobs.reserve(lease, "openai", Item("words/00", "a library", 7), Decimal("0.05"))
    jobs.close_purchase(words.id, PurchaseState.LOST, Decimal("0.05"))
    for number in range(1, 201):
        jobs.reserve(lease, "leonardo", Item(f"images/{number:02}", "a harbour", 7), Decimal(0))
    assert metadata.of_storyboard(studio, jobs.get_job(job.id))["cost_usd"] == 0.05


def test_what_cannot_be_drawn_is_left_out_and_fails_nothing(
    instance: dg.DagsterInstance,
    wired: dict[str, Any],
    studio: Studio,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no ink")

    for name in ("poster", "waveform", "programme_waveform", "preview_clip", "thumbnail", "preview"):
        monkeypatch.setattr(type(studio.tools), name, refused)
    job = order(approval=Approval.AUTO)
    assert run(instance, wired, job, STORYBOARD_ASSETS).success
    made = run(instance, wired, job, [*DELIVERY_ASSETS])
    assert made.success
    assert studio.jobs.get_job(job.id).status is JobStatus.COMPLETED
    assert metadata_of(made, "master")["frames"] == 900
    assert not {"poster", "waveform", "preview"} & set(metadata_of(made, "master"))
    assert metadata_of(made, "exports")["exports"] == 1
    assert f"the thumbnails of job {job.id} are left out: no ink" in caplog.text


def test_a_failing_check_stops_what_follows(
    instance: dg.DagsterInstance, wired: dict[str, Any], studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The books say of every piece that it clips; the step, which would stop at that itself, does not look."""
    real = type(studio.jobs).tracks

    def clipped(self: Any, job_id: Any) -> Any:
        tracks = real(self, job_id)
        return [replace(each, facts=replace(each.facts, loudness=Loudness(-9.0, 1.5, 3.0))) for each in tracks]

    monkeypatch.setattr(type(studio.jobs), "tracks", clipped)
    monkeypatch.setattr("video_pipeline.steps.pipeline.check_gates", lambda *_: None)
    result = run(instance, wired, order(approval=Approval.AUTO), STORYBOARD_ASSETS)
    assert not result.success
    (bad,) = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert bad.check_name == "sound"
    assert "1.5 dBTP" in bad.description
    assert not result.asset_materializations_for_node("images")


def test_a_failing_gate_fails_the_job_in_its_stage(
    instance: dg.DagsterInstance, wired: dict[str, Any], studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(studio.tools).audio_facts

    def clipped(self: Any, path: Any) -> Any:
        return replace(real(self, path), loudness=Loudness(-9.0, 1.5, 3.0))

    monkeypatch.setattr(type(studio.tools), "audio_facts", clipped)
    job = order(approval=Approval.AUTO)
    assert not run(instance, wired, job, STORYBOARD_ASSETS).success
    failed = studio.jobs.get_job(job.id)
    assert failed.failed_from is JobStatus.GENERATING_MUSIC
    assert "1.5 dBTP" in (failed.error_message or "")


def test_rendering_without_approval_fails_the_run_but_not_the_job(
    instance: dg.DagsterInstance, wired: dict[str, Any], studio: Studio, order: Order
) -> None:
    job = order(approval=Approval.REQUIRED)
    assert run(instance, wired, job, STORYBOARD_ASSETS).success
    stray = run(instance, wired, job, DELIVERY_ASSETS)
    assert not stray.success
    # Neither the step nor the sensor for failed runs takes it out on the job.
    assert not studio.jobs.mark_job_failed(job.id, "a stray run failed", run_id=stray.run_id)
    assert studio.jobs.get_job(job.id).status is JobStatus.AWAITING_APPROVAL


def test_errors_are_translated_once() -> None:
    with pytest.raises(dg.RetryRequested), translated(0):
        raise ProviderUnavailableError("busy")
    with pytest.raises(dg.Failure) as caught, translated(RETRIES_MAX):
        raise ProviderUnavailableError("busy")
    assert caught.value.allow_retries is False
    assert caught.value.description == "busy"


def test_a_job_rests_in_its_step_where_a_signal_ends_it() -> None:
    """Dagster's own wait before a retry notices no signal until it is over."""
    rests: list[tuple[str, float]] = []
    with pytest.raises(dg.RetryRequested) as caught, translated(1, lambda why, seconds: rests.append((why, seconds))):
        raise ProviderUnavailableError("busy", retry_after_s=60)
    assert (rests, caught.value.seconds_to_wait) == ([("busy", 60)], None)


@pytest.mark.parametrize(("asked_s", "waited_s"), [(None, 10), (3, 10), (60, 60), (86_400, 900)])
def test_a_step_is_repeated_when_the_vendor_says_within_reason(asked_s: float | None, waited_s: float) -> None:
    with pytest.raises(dg.RetryRequested) as caught, translated(1):
        raise ProviderUnavailableError("busy", retry_after_s=asked_s)
    assert caught.value.seconds_to_wait == waited_s
