"""Health, readiness and metrics."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prometheus_client.parser import text_string_to_metric_families

from video_pipeline.api.app import create_app
from video_pipeline.api.desk import Desk
from video_pipeline.domain.errors import MachineError, StoreUnavailableError
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.api.client import Client
from video_pipeline_tests.api.conftest import House, Stocked, served


def test_health_is_told_to_everybody(house: House) -> None:
    reply = house.stranger().get("/health")
    assert (reply.status, reply.json) == (200, {"status": "ok"})


def test_a_studio_that_has_all_it_needs_is_ready(house: House) -> None:
    reply = house.stranger().get("/ready")
    assert (reply.status, reply.json["status"]) == (200, "ready")
    assert reply.json["checks"] == {"database": "ok", "storage": "ok", "ffmpeg": "ok"}


def _no_ffmpeg(desk: Desk, patch: pytest.MonkeyPatch) -> Desk:
    def missing() -> Studio:
        raise MachineError("no ffmpeg in /a/secret/place")

    return replace(desk, studio=missing)


def _no_database(desk: Desk, patch: pytest.MonkeyPatch) -> Desk:
    def away() -> int:
        raise StoreUnavailableError("no answer from postgres://user:secret@db")

    patch.setattr(desk.jobs, "latest_event_id", away)
    return desk


def _no_disk(desk: Desk, patch: pytest.MonkeyPatch) -> Desk:
    def full(_: UUID) -> AbstractContextManager[Path]:
        raise OSError(28, "No space left on device")

    patch.setattr(desk.media, "scratch", full)
    return desk


@pytest.mark.parametrize(
    ("missing", "name"), [(_no_ffmpeg, "ffmpeg"), (_no_database, "database"), (_no_disk, "storage")]
)
def test_what_is_missing_is_named_without_details(
    house: House, monkeypatch: pytest.MonkeyPatch, missing: Any, name: str
) -> None:
    with served(create_app(missing(house.desk, monkeypatch))) as address:
        reply = Client(f"{address}/api/v2").get("/ready")
    assert (reply.status, reply.json["status"]) == (503, "not ready")
    checks = {"database": "ok", "storage": "ok", "ffmpeg": "ok", name: "failed"}
    assert reply.json["checks"] == checks
    assert b"secret" not in reply.body


def test_metrics_are_what_prometheus_reads(stocked: Stocked) -> None:
    anna = stocked.anna
    anna.get(f"/jobs/{stocked.waiting}")
    anna.get("/jobs/6d0a54b5-5bdd-4f7a-93a3-5c15a6d0d3b5")
    anna.get("/no/such/route")
    reply = anna.get("/metrics")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/plain; version=")
    families = {each.name: each for each in text_string_to_metric_families(reply.body.decode())}
    requests = {
        (each.labels["method"], each.labels["route"], each.labels["status"]): each.value
        for each in families["video_pipeline_http_requests"].samples
        if each.name.endswith("_total")
    }
    # By route, not by address: an id for each job would make as many series as there are jobs.
    assert requests["GET", "/jobs/{job_id}", "200"] == 1
    assert requests["GET", "/jobs/{job_id}", "404"] == 1
    assert requests["GET", "unknown", "404"] == 1
    assert not any(stocked.waiting in route for _, route, _ in requests)
    seconds = families["video_pipeline_http_request_seconds"]
    assert any(each.labels.get("le") == "+Inf" and each.value >= 1 for each in seconds.samples)
    jobs = {each.labels["status"]: each.value for each in families["video_pipeline_jobs"].samples}
    assert (jobs["completed"], jobs["awaiting_approval"], jobs["failed"]) == (1, 1, 0)
    figures = {name: families[f"video_pipeline_{name}"].samples[0].value for name in ("exports", "live_attempts")}
    assert figures == {"exports": 1, "live_attempts": 0}
    assert families["video_pipeline_export_bytes"].samples[0].value > 0
    assert "video_pipeline_ledger_usd" in families
    assert "video_pipeline_oldest_waiting_seconds" in families


def test_metrics_are_not_for_strangers(house: House) -> None:
    assert house.stranger().get("/metrics").status == 401
