"""Owns `video-pipeline transcode`; hides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, errors, human_size, print_facts, print_json, report_json
from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.errors import InvalidInputError, NotFoundError
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.timebase import clock

EXAMPLE = "Example: video-pipeline transcode holiday.mov --format webm --quality low --out holiday.webm"


def transcode(
    file: Annotated[Path, typer.Argument(help="A video: MP4, MOV, WebM, MKV, MPEG-TS or AVI.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The file to write.", show_default=False)],
    format_: Annotated[str, typer.Option("--format", help="mp4, mov, webm or av1.")] = "mp4",
    quality: Annotated[str, typer.Option(help="low, medium or high.")] = "high",
    crop: Annotated[bool, typer.Option("--crop", help="Cut the edges to fill the frame; else bars.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Make an export of a video that was made elsewhere: its size, loudness and colours become those of all exports."""
    rendition = Rendition.parse(format_, quality)
    if not file.exists():
        raise NotFoundError(f"there is no file {file}")
    if out.exists() and not overwrite:
        raise InvalidInputError(f"{out} is there already; --overwrite replaces it")
    with Progress(console=errors, transient=True) as progress:
        bar = progress.add_task("", total=1.0)
        report = bootstrap.media_tools().transcode(
            file,
            rendition,
            out,
            report=lambda share, message: progress.update(bar, completed=share, description=message),
            cancelled=lambda: False,
            crop=crop,
        )
    _show(report, out, as_json)


def _show(report: RenderReport, out: Path, as_json: bool) -> None:
    if as_json:
        print_json({"path": str(out.absolute()), **(report_json(report) or {}), "command": report.command})
        return
    facts = {
        "duration": f"{clock(report.duration_s)} ({report.frames} frames, {report.width}x{report.height})",
        "loudness": f"{report.loudness.integrated_lufs:.2f} LUFS, true peak {report.loudness.true_peak_dbtp:.2f} dBTP",
        "size": human_size(report.media.bytes),
        "wall time": f"{report.wall_s:.1f} s",
        "made by": report.command,
    }
    print_facts(report.rendition.name, facts)
    console.print(f"\n{out}", markup=False, highlight=False, soft_wrap=True)
