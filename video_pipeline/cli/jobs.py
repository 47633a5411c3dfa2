"""Owns `video-pipeline job`; hides nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from video_pipeline import bootstrap
from video_pipeline.cli import ordering, produce
from video_pipeline.cli.money import money_facts, money_json
from video_pipeline.cli.output import console, human_size, job_json, print_facts, print_json, print_table, report_json
from video_pipeline.cli.watch import Display, follow
from video_pipeline.domain.delivery import renditions_of
from video_pipeline.domain.job import Approval, JobStatus, statuses_for
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.timebase import FPS_30, clock
from video_pipeline.ports import JobStore
from video_pipeline.steps.export import export_all
from video_pipeline.steps.files import job_files
from video_pipeline.steps.recover import bring_back
from video_pipeline.steps.reword import refused

app = typer.Typer(help="Videos that were ordered.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, or its first characters (at least 6).")]
Here = Annotated[
    bool | None,
    typer.Option("--here/--queue", help="Work in this process, or leave it to the daemon; by default as one runs."),
]


@app.command("new", epilog="Example: video-pipeline job new --minutes 75 --niche 'Rainy Library' --mood 'cozy, quiet'")
@ordering.takes_order
def new(
    wanted: ordering.Wanted,
    channel: Annotated[str, typer.Option(help="Name or id of the channel.")],
    approval: Annotated[Approval, typer.Option(help="Who lets the storyboard pass.")] = Approval.REQUIRED,
    preparing: Annotated[
        bool, typer.Option("--preparing", help="Wait for files (job add-file) until it is started (job start).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Order a video; `video-pipeline up` picks it up."""
    store = bootstrap.job_store()
    brief = ordering.make_brief(store.find_channel(channel).id, wanted, approval)
    job = ordering.place_order(bootstrap.studio(), brief, wanted, preparing=preparing)
    ordering.tell_cost(brief, wanted)
    waits = job.status is JobStatus.PREPARING
    first = f"{str(job.id)[:8]} PATH --type music" if waits else str(job.id)[:8]
    verb = "give it its files: video-pipeline job add-file" if waits else "watch it: video-pipeline job watch"
    answer(job, f"job {job.id} ordered; {verb} {first}", as_json)


@app.command("list", epilog="Example: video-pipeline job list --status processing")
def list_(
    status: Annotated[str | None, typer.Option(help="A status, or pending, queued, processing, running.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    statuses = statuses_for(status) if status else ()
    jobs = bootstrap.job_store().list_jobs(statuses=statuses, limit=limit)
    if as_json:
        print_json([job_json(job) for job in jobs])
        return
    rows = [
        (str(job.id)[:8], job.status, f"{_percent(job):.0f} %", job.niche_label, f"{job.created_at:%Y-%m-%d %H:%M}")
        for job in jobs
    ]
    print_table("Jobs", ("id", "status", "done", "niche", "ordered (UTC)"), rows, empty="no jobs")


def _percent(job: JobRecord) -> float:
    return 100.0 if job.status is JobStatus.COMPLETED else float((job.progress or {}).get("percent", 0.0))


@app.command("show", epilog="Example: video-pipeline job show 3fa85f64 --json")
def show(job: Job, as_json: AsJson = False) -> None:
    """Show a job: its plan, what was made, its history."""
    store = bootstrap.job_store()
    found = store.find_job(job)
    events = store.events(found.id)
    if as_json:
        history = [{"at": e.created_at.isoformat(), "kind": e.kind, "message": e.message} for e in events]
        scenes = found.storyboard.to_json()["scenes"] if found.storyboard else []
        print_json(
            job_json(found)
            | {"overlay_cost": ordering.cost_of(found) or None, "money": money_json(store, found)}
            | {"scenes": scenes, "master": report_json(store.master(found.id)), "history": history}
        )
        return
    print_facts(
        found.storyboard.title if found.storyboard else found.niche_label,
        {
            "id": found.id,
            "status": found.status,
            "mood": found.mood_keywords,
            "minutes": found.target_duration_minutes,
            "overlay": ordering.cost_of(found) or "none",
            "approval": "approved" if found.approved else str(found.approval),
            **money_facts(store, found),
            "retries": found.retry_count,
            "error": found.error_message,
            **_refused_facts(store, found),
        },
    )
    if found.storyboard:
        works = store.works(found.id)
        heard = {track.order_index for track in works.tracks}
        images = {image.order_index for image in works.images}
        rows = [
            (
                scene.order_index,
                clock(FPS_30.seconds(scene.frames)),
                scene.title,
                "" if scene.music is None else "ready" if scene.order_index in heard else "-",
                "ready" if scene.order_index in images else "-",
                scene.visual.description,
            )
            for scene in found.storyboard.scenes
        ]
        print_table("Scenes", ("#", "length", "piece", "music", "image", "picture"), rows, empty="")
    history_rows = [(f"{e.created_at:%H:%M:%S}", e.kind, e.status_to, e.message) for e in events]
    print_table("History", ("UTC", "what", "status", "message"), history_rows, empty="no events")


def _refused_facts(store: JobStore, job: JobRecord) -> dict[str, str]:
    """The words of a failed job that a vendor refused and that it still has."""
    if job.status is not JobStatus.FAILED or job.storyboard is None:
        return {}
    words = refused(job.storyboard, store.refused_words(job.id))
    return {"refused": "\n".join(f"{what}: {text}" for what, text in words.items())} if words else {}


@app.command("watch", epilog="Example: video-pipeline job watch 3fa85f64")
def watch(job: Job, as_json: AsJson = False) -> None:
    """Show a job's progress until it is finished or waits for approval."""
    store = bootstrap.job_store()
    found = follow(store, store.find_job(job).id, until=produce.waits_for_a_person)
    answer(found, f"job {found.id} is {found.status}", as_json)
    if not produce.waits_for_a_person(found):
        produce.finished(found)


@app.command("approve", epilog="Example: video-pipeline job approve 3fa85f64 --here")
def approve(job: Job, here: Here = False, as_json: AsJson = False) -> None:
    """Let a storyboard pass: it is rendered next, by the daemon or (--here) in this process."""
    store = bootstrap.job_store()
    found = store.find_job(job)
    store.approve_storyboard(found.id)
    if here:
        produce.finished(produce.produce(store, found.id, here=True))
    found = store.get_job(found.id)
    answer(found, f"job {found.id} is approved; it is {found.status}", as_json)


@app.command("retry", epilog="Example: video-pipeline job retry 3fa85f64")
def retry(job: Job, here: Here = None, as_json: AsJson = False) -> None:
    """Go on with a failed job, or with one whose process was killed; what is finished is not made again."""
    store = bootstrap.job_store()
    found = store.find_job(job)
    bring_back(store, bootstrap.media_store(), found.id)
    if here is False:
        found = store.get_job(found.id)
    else:
        found = produce.produce(store, found.id, here=here is True)
        if not produce.waits_for_a_person(found):
            produce.finished(found)
    answer(found, f"job {found.id} is {found.status}", as_json)


@app.command("cancel", epilog="Example: video-pipeline job cancel 3fa85f64")
def cancel(job: Job, as_json: AsJson = False) -> None:
    """Stop a job for good; work under way ends within seconds."""
    store = bootstrap.job_store()
    found = store.find_job(job)
    store.cancel(found.id)
    answer(store.get_job(found.id), f"job {found.id} is cancelled", as_json)


@app.command("export", epilog="Example: video-pipeline job export 3fa85f64 --format mp4,webm --quality low,1600x900")
def export(
    job: Job,
    formats: Annotated[
        str, typer.Option("--format", help="mp4, mov, webm, av1, m4a, opus or flac; several with commas; all.")
    ] = "mp4",
    qualities: Annotated[
        str,
        typer.Option(
            "--quality",
            help="low, medium, high, qhd, uhd, square, vertical, or WIDTHxHEIGHT, WIDTHxHEIGHT@4000k; several; all.",
        ),
    ] = "medium",
    as_json: AsJson = False,
) -> None:
    """Make exports of a finished job, all in one go; those that are there already are not made again."""
    renditions = renditions_of(formats, qualities)
    studio = bootstrap.studio()
    found = studio.jobs.find_job(job)
    ordering.tell_export_cost(studio.jobs, found, renditions)
    title = renditions[0].name if len(renditions) == 1 else f"{len(renditions)} exports"
    with Display() as display:
        records = export_all(
            studio,
            found,
            renditions,
            report=lambda share, text: display.show(
                JobStatus.RENDERING, {"stage": title, "percent": 100 * share, "message": text}
            ),
            cancelled=lambda: False,
        )
    made = [
        {
            "job_id": str(found.id),
            "rendition": record.report.rendition.name,
            "path": str(studio.media.locate(record.report.media)),
            "bytes": record.report.media.bytes,
        }
        for record in records
    ]
    if as_json:
        print_json(made if len(made) > 1 else made[0])
        return
    for each, record in zip(made, records, strict=True):
        console.print(f"{each['path']} ({human_size(record.report.media.bytes)})", markup=False, soft_wrap=True)


@app.command("files", epilog="Example: video-pipeline job files 3fa85f64 --json")
def files(job: Job, as_json: AsJson = False) -> None:
    """List every file of a job and whether it is there unchanged."""
    studio = bootstrap.studio()
    found = job_files(studio, studio.jobs.find_job(job).id)
    if as_json:
        print_json(
            [
                {
                    "kind": f.kind,
                    "path": str(f.path),
                    "bytes": f.media.bytes,
                    "sha256": f.media.sha256,
                    "intact": f.intact,
                }
                for f in found
            ]
        )
        return
    rows = [(f.kind, human_size(f.media.bytes), "yes" if f.intact else "NO", f.path) for f in found]
    print_table("Files", ("kind", "size", "intact", "path"), rows, empty="no files yet")


def answer(job: JobRecord, sentence: str, as_json: bool) -> None:
    """What a command says about a job: a sentence, or the job for programs."""
    if as_json:
        print_json(job_json(job))
    else:
        console.print(sentence, markup=False, highlight=False)
