"""Owns `video-pipeline statistics`: what was ordered, made and paid, in all and over time; hides nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import print_facts, print_json, print_table
from video_pipeline.domain.statistics import Period, StoryboardStats

EXAMPLE = "Example: video-pipeline statistics --user anna --per week --days 90"


def statistics(
    user: Annotated[str | None, typer.Option(help="Whose jobs; everybody's when it is not given.")] = None,
    per: Annotated[Period, typer.Option(help="What a row of the table over time stands for.")] = Period.DAY,
    days: Annotated[int, typer.Option(min=1, max=10_000, help="How far the table over time goes back.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Count jobs, minutes, thumbnails, exports and money; then cost and output per day, week or month (UTC)."""
    studio = bootstrap.studio()
    sums = studio.jobs.get_storyboard_stats(user)
    now = datetime.now(UTC)
    rows = studio.jobs.cost_over_time(per, now - timedelta(days=days), now, user_id=user)
    if as_json:
        print_json({"totals": sums, "over_time": rows})
        return
    print_facts("Totals" if user is None else f"Totals of {user}", _facts(sums))
    shown = [
        (f"{row.period:%Y-%m-%d}", row.jobs, row.completed, f"{row.minutes:.1f}", f"{row.cost_usd:.2f}")
        for row in rows
        if not row.idle
    ]
    columns = (str(per), "ordered", "finished", "minutes", "US$")
    print_table(f"Cost and output per {per}", columns, shown, empty=f"nothing was ordered or paid in {days} days")


def _facts(sums: StoryboardStats) -> dict[str, object]:
    words = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in sums.by_word.items() if count)
    return {
        "jobs": f"{sums.total_tasks}" + (f": {words}" if words else ""),
        "finished minutes": f"{sums.total_minutes:.1f}",
        "paid": f"${sums.total_cost:.2f}",
        "credits": sums.total_credits_used,
        "thumbnails": sums.total_thumbnails,
        "exports": sums.exports,
        "refinements": sums.refinements,
        "downloads": sums.downloads,
    }
