"""Owns `video-pipeline job publication` and `job analytics`: what is said about a video and measured; hides nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import print_facts, print_json, print_table
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.publication import UploadStrategy

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, or its first characters (at least 6).")]

OPERATOR = "the operator"


@app.command("publication", epilog="Example: video-pipeline job publication 3fa85f64 --title 'Rain on the roof'")
def publication(
    job: Job,
    title: Annotated[str | None, typer.Option(help="Of the video on YouTube.")] = None,
    description: Annotated[str | None, typer.Option(help="Of the video on YouTube.")] = None,
    tags: Annotated[str | None, typer.Option(help="With commas between; empty for none.")] = None,
    url: Annotated[str | None, typer.Option(help="Where people see it; empty for nowhere.")] = None,
    video_id: Annotated[str | None, typer.Option(help="YouTube's id of it; empty for none.")] = None,
    strategy: Annotated[UploadStrategy | None, typer.Option(help="When it is published.")] = None,
    at: Annotated[datetime | None, typer.Option(help="When it is to be published (UTC), for scheduled.")] = None,
    credits_used: Annotated[int | None, typer.Option("--credits", min=0, help="Credits that vendors took.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is said about a video where it is published, and change what is given. Its storyboard stays."""
    given: dict[str, Any] = {
        "youtube_title": title,
        "youtube_description": description,
        "youtube_tags": None if tags is None else [tag.strip() for tag in tags.split(",") if tag.strip()],
        "video_url": url,
        "youtube_video_id": video_id,
        "upload_strategy": strategy,
        "scheduled_time": at and at.replace(tzinfo=UTC),
        "credits_used": credits_used,
    }
    jobs = bootstrap.job_store()
    found = jobs.find_job(job)
    changes = {name: None if value == "" else value for name, value in given.items() if value is not None}
    said = jobs.update_video_task(found.id, by=OPERATOR, **changes) if changes else jobs.get_publication(found.id)
    if as_json:
        print_json(asdict(said))
    else:
        print_facts("Publication", asdict(said) | {"youtube_tags": ", ".join(said.youtube_tags)})


@app.command("analytics", epilog="Example: video-pipeline job analytics 3fa85f64 --date 2026-03-01 --views 1200")
def analytics(
    job: Job,
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day up to which it counts.")] = None,
    views: Annotated[int | None, typer.Option(min=0, help="So far.")] = None,
    hours: Annotated[str | None, typer.Option(help="Watch time so far.")] = None,
    revenue: Annotated[str | None, typer.Option(help="US dollars so far.")] = None,
    video_id: Annotated[str | None, typer.Option(help="By default the video that the job was published as.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what was measured of a video, and record a day with --date and --views; the same day again replaces it."""
    jobs = bootstrap.job_store()
    found = jobs.find_job(job).id
    if (date is None) != (views is None):
        raise InvalidInputError("a day is recorded with both --date and --views")
    if date is not None and views is not None:
        jobs.save_video_analytics(
            found,
            date.date(),
            views=views,
            watch_time_hours=_amount("--hours", hours),
            revenue_usd=_amount("--revenue", revenue),
            youtube_video_id=video_id,
        )
    days = jobs.get_video_analytics(found)
    if as_json:
        print_json([asdict(day) | {"snapshot_date": day.snapshot_date.isoformat()} for day in days])
        return
    rows = [(day.snapshot_date, day.youtube_video_id, day.views, day.watch_time_hours, day.revenue_usd) for day in days]
    print_table("Analytics", ("day", "video", "views", "hours", "USD"), rows, empty="nothing was measured yet")


def _amount(option: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text)
    except ArithmeticError as error:
        raise InvalidInputError(f"{option} is a number such as 310.5, not {text[:40]!r}") from error
