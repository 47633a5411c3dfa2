"""Owns health, readiness and metrics; hides what is asked for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from video_pipeline.api.caller import Reader
from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.api.problems import answers
from video_pipeline.domain.errors import StudioError
from video_pipeline.domain.statistics import ProviderSum
from video_pipeline.ports import JobStore

router = APIRouter(tags=["operations"])

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0)


class Meter:
    """What is counted about the requests of one application."""

    def __init__(self, jobs: JobStore) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "video_pipeline_http_requests", "Answers.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "video_pipeline_http_request_seconds",
            "Time to the first byte of the answer.",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.registry.register(_Books(jobs))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        method = method if method in METHODS else "other"  # a client may invent any number of them
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


class _Books(Collector):
    """Figures that are in the books, read when they are asked for."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs

    def describe(self) -> Iterable[Any]:
        return ()  # else the registry would read the books once at the start

    def collect(self) -> Iterable[GaugeMetricFamily]:
        found = self._jobs.gauges()
        yield _family("video_pipeline_jobs", "Jobs by status.", "status", found.jobs)
        yield _family(
            "video_pipeline_oldest_waiting_seconds",
            "Time since the last change of the job that waits longest.",
            "status",
            found.oldest_waiting_s,
        )
        yield _ledger(found.ledger)
        yield GaugeMetricFamily(
            "video_pipeline_live_attempts", "Attempts that work on a job now.", value=found.live_leases
        )
        yield GaugeMetricFamily("video_pipeline_exports", "Finished exports.", value=found.exports)
        yield GaugeMetricFamily("video_pipeline_export_bytes", "Their size.", value=found.export_bytes)


def _family(name: str, text: str, label: str, values: Any) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], float(value))
    return family


def _ledger(sums: Iterable[ProviderSum]) -> GaugeMetricFamily:
    family = GaugeMetricFamily("video_pipeline_ledger_usd", "Sums of the ledger.", labels=["provider", "entry"])
    for each in sums:
        family.add_metric([each.provider, str(each.entry)], float(each.amount_usd))
    return family


@router.get("/health", summary="Is the process alive?")
async def health() -> dict[str, str]:
    """Answers as long as the process does; asks nobody else, and needs no thread of those that do the work."""
    return {"status": "ok"}


@router.get("/ready", summary="Can it work?", responses=answers(503))
def ready(desk: AtDesk, response: Response) -> dict[str, Any]:
    """Whether database, storage and ffmpeg are there; 503 when one is not. Tells no details to strangers."""
    checks = {name: _is_good(look) for name, look in _checks(desk).items()}
    good = all(checks.values())
    response.status_code = 200 if good else 503
    return {
        "status": "ready" if good else "not ready",
        "checks": {name: "ok" if fine else "failed" for name, fine in checks.items()},
    }


def _checks(desk: Desk) -> dict[str, Any]:
    return {
        "database": desk.jobs.latest_event_id,
        "storage": lambda: _storage(desk),
        "ffmpeg": lambda: _ffmpeg(desk),
    }


def _storage(desk: Desk) -> None:
    with desk.media.scratch(UUID(int=0)):  # fails where nothing can be written
        pass


def _ffmpeg(desk: Desk) -> str:
    return desk.studio().tools.describe()


def _is_good(look: Any) -> bool:
    try:
        look()
    except (StudioError, OSError):
        return False
    return True


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses=answers(401) | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request, caller: Reader) -> Response:
    """Requests, jobs, costs in the text format of Prometheus."""
    meter: Meter = request.app.state.meter
    return Response(generate_latest(meter.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
