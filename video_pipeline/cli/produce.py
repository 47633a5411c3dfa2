"""Owns `video-pipeline run` and running a job in this process; hides whether a daemon does the work instead."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from video_pipeline import bootstrap
from video_pipeline.cli import ordering
from video_pipeline.cli.meter import PeakMemory
from video_pipeline.cli.output import console, errors, human_size, print_facts, print_json
from video_pipeline.cli.watch import follow, shown
from video_pipeline.domain.delivery import MASTER
from video_pipeline.domain.errors import PermanentError, StudioError
from video_pipeline.domain.job import ENDED, Approval, JobStatus
from video_pipeline.domain.records import ChannelRecord, JobRecord, RenderReport
from video_pipeline.domain.timebase import clock
from video_pipeline.ports import JobStore

if TYPE_CHECKING:
    from dagster import DagsterInstance

DAEMON_LOOK_S = 10.0

AsJson = Annotated[bool, typer.Option("--json", help="The report as one JSON object on the last line.")]


@ordering.takes_order
def run(
    wanted: ordering.Wanted,
    channel: Annotated[
        str | None,
        typer.Option(help="Name or id of a channel; by default the newest active one, made when there is none."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Order one video and make it, from the plan to the finished file.

    Example: video-pipeline run --minutes 75 --niche 'Royal Court Ambience' --mood 'elegant, classical, serene' --seed 7
    """
    with PeakMemory() as memory:
        started = time.monotonic()
        store = bootstrap.job_store()
        found = _channel(store, channel, wanted.niche or ordering.DEFAULT_NICHE)
        brief = ordering.make_brief(found.id, wanted, Approval.AUTO)
        job = ordering.place_order(bootstrap.studio(), brief, wanted)
        errors.print(
            f"job {job.id}: {brief.niche_label}, {brief.mood_keywords}, seed {brief.seed}", markup=False, soft_wrap=True
        )
        ordering.tell_cost(brief, wanted)
        job = produce(store, job.id)
        wall_s = time.monotonic() - started
    _report(finished(job), wall_s, memory.peak_bytes, as_json)


def _channel(store: JobStore, wanted: str | None, niche: str) -> ChannelRecord:
    if wanted is not None:
        return store.find_channel(wanted)
    channels = store.list_channels(active_only=True)
    return channels[0] if channels else store.create_channel("My Channel", niche)


def produce(store: JobStore, job_id: UUID, *, here: bool = False) -> JobRecord:
    """Bring the job as far as it goes without a person: by the daemon while one is alive, else in this process.

    `here` does not look for a daemon. Shows progress meanwhile.
    """
    # Dagster takes a second to import; only the commands that run something pay for it.
    from video_pipeline.orchestration import instance as dagster  # noqa: PLC0415

    with dagster.instance() as opened:
        looked_at = time.monotonic()

        def over(job: JobRecord) -> bool:
            nonlocal looked_at
            if waits_for_a_person(job):
                return True
            if time.monotonic() - looked_at < DAEMON_LOOK_S:
                return False
            looked_at = time.monotonic()
            return not dagster.daemon_is_alive(opened)

        if not here and dagster.daemon_is_alive(opened):
            errors.print("a Dagster daemon is running and makes the video", markup=False)
            job = follow(store, job_id, until=over)
            if job.status in ENDED or waits_for_a_person(job):
                return job
            errors.print("the daemon has gone; this process goes on", markup=False)
        return _produce_here(store, job_id, opened)


def _produce_here(store: JobStore, job_id: UUID, opened: DagsterInstance) -> JobRecord:
    from video_pipeline.definitions import defs  # noqa: PLC0415
    from video_pipeline.orchestration import instance as dagster  # noqa: PLC0415
    from video_pipeline.orchestration.jobs import delivery_job, storyboard_job  # noqa: PLC0415
    from video_pipeline.orchestration.runs import BEFORE_APPROVAL  # noqa: PLC0415

    try:
        with shown(store, job_id):
            if store.get_job(job_id).status in BEFORE_APPROVAL:
                dagster.execute(opened, defs, storyboard_job.name, job_id)
            job = store.get_job(job_id)
            if job.status not in ENDED and not waits_for_a_person(job):
                dagster.execute(opened, defs, delivery_job.name, job_id)
    except StudioError:
        if not store.is_held(job_id):
            raise
        errors.print("another process works on this job; watching it", markup=False)
        return follow(store, job_id, until=lambda job: waits_for_a_person(job) or not store.is_held(job_id))
    return store.get_job(job_id)


def waits_for_a_person(job: JobRecord) -> bool:
    """True when only an approval, or a start with the files that are there, brings the job further."""
    return job.status is JobStatus.PREPARING or (job.status is JobStatus.AWAITING_APPROVAL and not job.approved)


def finished(job: JobRecord) -> JobRecord:
    """The job when it is completed; PermanentError says why it is not."""
    if job.status is JobStatus.COMPLETED:
        return job
    if job.status is JobStatus.FAILED:
        raise PermanentError(f"job {job.id} failed: {job.error_message}; video-pipeline job retry {job.id}")
    raise PermanentError(f"job {job.id} is {job.status}")


def _report(job: JobRecord, wall_s: float, peak_rss_bytes: int, as_json: bool) -> None:
    exports = bootstrap.job_store().exports(job.id)
    report = next(each.report for each in exports if each.report.rendition == MASTER)
    facts = run_facts(job, report, wall_s, peak_rss_bytes)
    if as_json:
        print_json(facts)
        return
    print_facts(
        job.storyboard.title if job.storyboard else str(job.id),
        {
            "duration": f"{clock(facts['duration_s'])} ({report.frames} frames, {report.width}x{report.height})",
            "loudness": f"{facts['integrated_lufs']:.2f} LUFS, true peak {facts['true_peak_dbtp']:.2f} dBTP",
            "size": human_size(facts["bytes"]),
            "wall time": f"{wall_s:.0f} s, {facts['realtime_factor']:.1f} times faster than real time",
            "peak memory": f"{human_size(peak_rss_bytes)} in this process and its children",
            "cost": f"${facts['cost_usd']:.2f}",
        },
    )
    console.print(f"\n{facts['path']}", markup=False, highlight=False, soft_wrap=True)
    console.print("\nThe web UI with all of it: make up", markup=False, highlight=False)


def run_facts(job: JobRecord, report: RenderReport, wall_s: float, peak_rss_bytes: int) -> dict[str, Any]:
    """The report of a run for programs."""
    return {
        "job_id": str(job.id),
        "path": str(bootstrap.media_store().locate(report.media)),
        "duration_s": report.duration_s,
        "integrated_lufs": round(report.loudness.integrated_lufs, 3),
        "true_peak_dbtp": round(report.loudness.true_peak_dbtp, 3),
        "bytes": report.media.bytes,
        "wall_s": round(wall_s, 2),
        "realtime_factor": round(report.duration_s / wall_s, 2),
        "peak_rss_bytes": peak_rss_bytes,
        "cost_usd": float(job.actual_cost_usd),
    }
