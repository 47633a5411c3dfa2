"""Owns `video-pipeline job estimate`: what an order would take, told without ordering it; hides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import typer

from video_pipeline import bootstrap
from video_pipeline.cli import ordering
from video_pipeline.cli.money import spending_json
from video_pipeline.cli.output import console, print_json, print_table
from video_pipeline.domain.brief import Brief
from video_pipeline.domain.effort import computing_cost
from video_pipeline.domain.estimates import Estimate, Share, cap_note
from video_pipeline.domain.job import Approval
from video_pipeline.domain.money import usd
from video_pipeline.domain.purchases import Spending
from video_pipeline.domain.timebase import FPS_30, clock
from video_pipeline.steps.estimate import Sellers, estimate

app = typer.Typer()

NO_CHANNEL = UUID(int=0)
"""Stands for a channel that has no caps of its own."""


@app.command("estimate", epilog="Example: video-pipeline job estimate --minutes 60 --music-provider mubert")
@ordering.takes_order
def estimate_(
    wanted: ordering.Wanted,
    channel: Annotated[str | None, typer.Option(help="Name or id of the channel, for its caps.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Tell what an order with these options would cost and what the caps leave; nothing is ordered.

    It takes no keys: the prices of providers are known without.
    """
    jobs = bootstrap.job_store()
    channel_id = NO_CHANNEL if channel is None else jobs.find_channel(channel).id
    brief = ordering.brief_from(channel_id, wanted, Approval.AUTO)
    told = estimate(_sellers(), brief, ordering.song_frames(bootstrap.media_tools, brief, wanted))
    standing = jobs.spending(channel_id=channel_id)
    computing = computing_cost(brief, bootstrap.cores().workers, told.frames)
    if as_json:
        print_json(_json(told, standing) | {"computing": computing})
        return
    _tell(brief, told, standing)
    console.print(computing, markup=False, highlight=False, soft_wrap=True)


def _sellers() -> Sellers:
    """Without the rest of the studio, which takes an ffmpeg; so does measuring a song, and nothing else here."""
    return Sellers(
        bootstrap.music_providers(),
        bootstrap.image_providers(),
        bootstrap.video_engines(),
        bootstrap.thumbnail_provider(),
        words_usd=bootstrap.prompt_writer().price_usd,
    )


def _shares(told: Estimate) -> dict[str, Share]:
    return {"music": told.music, "pictures": told.images, "clips": told.clips, "picture for thumbnails": told.thumbnail}


def _tell(brief: Brief, told: Estimate, standing: Sequence[Spending]) -> None:
    rows: list[Sequence[object]] = [
        (name, share.pieces, usd(share.price_usd), usd(share.total_usd))
        for name, share in _shares(told).items()
        if share.pieces
    ]
    if told.words_usd:
        rows.append(("words", 1, usd(told.words_usd), usd(told.words_usd)))
    rows.append(("all", "", "", usd(told.total_usd)))
    title = f"{brief.niche_label}: {clock(FPS_30.seconds(told.frames))}, {told.scenes} scenes"
    print_table(title, ("what", "pieces", "price", "US$ about"), rows, empty="")
    if told.length_note:
        console.print(told.length_note, style="yellow", markup=False, highlight=False, soft_wrap=True)
    left = [(each.scope, usd(each.cap_usd, "no limit"), usd(each.left_usd, "no limit")) for each in standing]
    print_table("Caps", ("cap of", "cap", "left"), left, empty="")
    note = cap_note(told.total_usd, standing) if told.total_usd else None
    if note:
        console.print(note, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _json(told: Estimate, standing: Sequence[Spending]) -> dict[str, Any]:
    shares = {
        name.replace(" ", "_"): {"pieces": share.pieces, "price_usd": share.price_usd, "total_usd": share.total_usd}
        for name, share in _shares(told).items()
    }
    return {
        "duration_s": float(FPS_30.seconds(told.frames)),
        "length_note": told.length_note,
        "scenes": told.scenes,
        **shares,
        "words_usd": told.words_usd,
        "estimated_cost_usd": told.total_usd,
        "caps": [spending_json(each) for each in standing],
        "cap_note": cap_note(told.total_usd, standing) if told.total_usd else None,
    }
