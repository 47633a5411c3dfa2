"""Owns what the terminal shows: tables for people, one JSON object for programs; hides rich."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from video_pipeline.domain.records import ChannelRecord, JobRecord, RenderReport

console = Console()
errors = Console(stderr=True)


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, UUID | Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_json(value: object) -> None:
    """One line with one JSON value on standard output."""
    print(json.dumps(value, default=_plain, ensure_ascii=False), flush=True)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """A table, or the sentence `empty`. Values are shown as they are: no markup is read from them."""
    if not rows:
        console.print(Text(empty))
        return
    cells = [[Text("" if value is None else str(value)) for value in row] for row in rows]
    widths = [max(map(cell_len, (name, *(row[at].plain for row in cells)))) for at, name in enumerate(columns)]
    table = Table(title=title, title_justify="left", header_style="bold")
    names = [not any(" " in row[at].plain for row in cells) for at in range(len(columns))]
    for name, is_whole in zip(columns, _kept_whole(names, widths, console.width), strict=True):
        table.add_column(name, overflow="fold", no_wrap=is_whole)
    for row in cells:
        table.add_row(*row)
    if not console.is_terminal:  # whoever reads it then looks for names, and cuts at columns
        table.width = sum(widths) + _FRAME * len(widths) + 1
    console.print(table, crop=False)


_FRAME = 3
"""Characters that a column takes beside its cells."""

_NARROW = 7
"""Characters that are left to each text."""


def _kept_whole(names: Sequence[bool], widths: Sequence[int], room: int) -> list[bool]:
    """Which columns are not folded: names, because nobody could copy them; none where these have no room."""
    least = sum(width if is_name else min(width, _NARROW) for width, is_name in zip(widths, names, strict=True))
    return [is_name and least + _FRAME * len(widths) + 1 <= room for is_name in names]


def print_facts(title: str, facts: Mapping[str, object]) -> None:
    """Names and values under each other."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(Text(name), Text("" if value is None else str(value)))
    console.print(table)


def job_json(job: JobRecord) -> dict[str, Any]:
    """A job for programs."""
    return {
        "job_id": str(job.id),
        "channel_id": str(job.channel_id),
        "kind": str(job.kind),
        "status": str(job.status),
        "niche": job.niche_label,
        "mood": job.mood_keywords,
        "minutes": job.target_duration_minutes,
        "overlay": job.brief.get("overlay", "none"),
        "approval": str(job.approval),
        "approved": job.approved,
        "approved_at": job.approved_at and job.approved_at.isoformat(),
        "title": job.storyboard.title if job.storyboard else None,
        "progress": job.progress,
        "error": job.error_message,
        "retries": job.retry_count,
        "refinements": job.refinement_count,
        "cost_usd": float(job.actual_cost_usd),
        "created_at": job.created_at.isoformat(),
        "updated_at": job.updated_at.isoformat(),
    }


def report_json(report: RenderReport | None) -> dict[str, Any] | None:
    """What was measured on a finished programme, for programs."""
    if report is None:
        return None
    return {
        "rendition": report.rendition.name,
        "duration_s": report.duration_s,
        "frames": report.frames,
        "integrated_lufs": round(report.loudness.integrated_lufs, 3),
        "true_peak_dbtp": round(report.loudness.true_peak_dbtp, 3),
        "bytes": report.media.bytes,
        "sha256": report.media.sha256,
        "stretches_encoded": report.stretches_encoded,
        "stretches_reused": report.stretches_reused,
        "wall_s": round(report.wall_s, 2),
    }


def channel_json(channel: ChannelRecord) -> dict[str, Any]:
    """A channel for programs."""
    return {
        "channel_id": str(channel.id),
        "name": channel.name,
        "niche": channel.brand_niche,
        "youtube_channel_id": channel.youtube_channel_id,
        "active": channel.is_active,
        "created_at": channel.created_at.isoformat(),
    }


def human_size(size: int) -> str:
    """Bytes for people: megabytes, and kilobytes below a tenth of one."""
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{math.ceil(size / 1e3)} kB"
