"""Owns `video-pipeline channel`; hides nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import channel_json, console, print_json, print_table

app = typer.Typer(help="YouTube channels: whom the videos are made for.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]


@app.command("new", epilog='Example: video-pipeline channel new "Castle Nights" --niche "Medieval Fantasy Ambience"')
def new(
    name: Annotated[str, typer.Argument(help="Display name.")],
    niche: Annotated[str, typer.Option(help='What the channel is about, for example "Lo-Fi Study Beats".')],
    youtube_id: Annotated[str | None, typer.Option(help="The channel's id at YouTube, if it has one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a channel."""
    channel = bootstrap.job_store().create_channel(name, niche, youtube_id)
    if as_json:
        print_json(channel_json(channel))
    else:
        console.print(f"channel {channel.id} {channel.name}", markup=False)


@app.command("list", epilog="Example: video-pipeline channel list --json")
def list_(
    active: Annotated[bool, typer.Option("--active", help="Only active channels.")] = False, as_json: AsJson = False
) -> None:
    """List channels."""
    channels = bootstrap.job_store().list_channels(active_only=active)
    if as_json:
        print_json([channel_json(channel) for channel in channels])
        return
    rows = [(c.id, c.name, c.brand_niche, c.youtube_channel_id, "yes" if c.is_active else "no") for c in channels]
    empty = 'no channels yet: video-pipeline channel new NAME --niche "..."'
    print_table("Channels", ("id", "name", "niche", "YouTube", "active"), rows, empty=empty)
