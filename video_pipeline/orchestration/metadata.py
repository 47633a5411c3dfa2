"""Owns what an operator sees on an asset in the Dagster UI; hides how previews are made small enough for an event.

All of it is decoration: the step is finished and in the books before, so what cannot be drawn is logged and left out.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg

from video_pipeline import bootstrap
from video_pipeline.domain.backups import BackupFacts
from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.effort import overlay_cost
from video_pipeline.domain.inventory import ADVICE, Check
from video_pipeline.domain.orders import OrderKind, WorkOrder, wanted_renditions
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import ExportRecord, JobRecord, ThumbnailRecord
from video_pipeline.domain.stage_costs import paid_by_stage
from video_pipeline.domain.timebase import FPS_30, clock
from video_pipeline.steps import sheets
from video_pipeline.steps.studio import Studio

log = logging.getLogger(__name__)

Metadata = dict[str, Any]

FINDINGS_MAX = 200
"""Of a check, in one event; the command line tells all."""

PREVIEW_WIDTH = 1000
"""Pixels. The UI shows pictures as they are in a window of about 1,040, and an event is a database row."""


def preview(studio: Studio, picture: Path) -> dg.MetadataValue[Any]:
    """The picture itself, small enough for the UI's window."""
    with TemporaryDirectory(prefix="video-pipeline-") as folder:
        small = Path(folder) / "small.jpg"
        studio.tools.preview(picture, PREVIEW_WIDTH, small)
        content = base64.b64encode(small.read_bytes()).decode()
    return dg.MetadataValue.md(f"![{picture.stem}](data:image/jpeg;base64,{content})")


def _drawn(name: str, draw: Callable[[], Any]) -> Metadata:
    """The entry `name`, or none when it cannot be drawn."""
    try:
        return {name: draw()}
    except Exception as error:  # noqa: BLE001 - whatever it is, the step was done before
        log.warning("%s is left out: %s", name, str(error) or type(error).__name__)
        return {}


def _costs(studio: Studio, job: JobRecord, stage: Stage) -> Metadata:
    """What the asset's own things cost: charts add assets up. What the whole job has cost so far has another name."""
    page = f"{bootstrap.settings().studio_url}/#/jobs/{job.id}"
    paid = paid_by_stage(studio.jobs.cost_entries(job.id), studio.jobs.purchases(job.id, limit=None))
    return {
        "cost_usd": float(paid[stage]),
        "job_cost_usd": float(job.actual_cost_usd),
        "status": str(job.status),
        "studio": dg.MetadataValue.url(page),
    }


def of_backup(facts: BackupFacts) -> Metadata:
    """What a backup holds."""
    rows = sum(table.rows for table in facts.database.tables)
    lacking = "\n".join(f"* {each.key}: {each.why}" for each in facts.lacking[:FINDINGS_MAX])
    return {
        "rows": rows,
        "files": facts.files,
        "bytes": facts.bytes,
        "has_media": facts.has_media,
        "lacking": dg.MetadataValue.md(lacking or "nothing"),
    }


def of_check(check: Check) -> Metadata:
    """What a look at books and store found."""
    rows = [f"| {each.fault} | {each.what} | {each.key} | {each.detail} |" for each in check.findings[:FINDINGS_MAX]]
    faults = {each.fault for each in check.findings}
    advice = [f"* {fault}: {what}" for fault, what in ADVICE.items() if fault in faults]
    table = "\n".join(["| what | kind | file | why |", "|---|---|---|---|", *rows])
    return {
        "findings": len(check.findings),
        "recorded": sum(count.recorded for count in check.counts),
        "beside": check.beside,
        "too_new": check.young,
        "files": dg.MetadataValue.md(table),
        "what_to_do": dg.MetadataValue.md("\n".join(advice) or "nothing"),
    }


def of_storyboard(studio: Studio, job: JobRecord) -> Metadata:
    """Title, texts and the table of scenes."""
    plan = job.storyboard
    if plan is None:
        return _costs(studio, job, Stage.STORYBOARD)
    rows = ["| # | length | piece | tempo | key | comes on by | moves | picture |", "|--:|--:|---|--:|---|---|---|---|"]
    for scene in plan.scenes:
        length, piece = clock(FPS_30.seconds(scene.frames)), scene.music
        music = f"{piece.title} | {piece.tempo_bpm} | {piece.tonic} {piece.mode}" if piece else " | | "
        moves = "footage" if scene.footage else scene.motion or "as the brief says"
        rows.append(
            f"| {scene.order_index} | {length} | {music} | {scene.transition} | {moves} | {scene.visual.description} |"
        )
    return {
        "title": plan.title,
        "scenes": len(plan.scenes),
        "duration": clock(FPS_30.seconds(plan.frames)),
        "plan": dg.MetadataValue.md("\n".join(rows)),
        **_overlay(job, plan.frames),
        "description": dg.MetadataValue.md(f"```\n{plan.description}\n```"),
        "tags": ", ".join(plan.tags),
        **_costs(studio, job, Stage.STORYBOARD),
    }


def _overlay(job: JobRecord, frames: int) -> Metadata:
    """What an overlay will cost, told where the storyboard is looked at before it is approved."""
    cost = overlay_cost(brief_from_json(job.brief), bootstrap.cores().workers, frames)
    return {"overlay": cost} if cost else {}


def of_music(studio: Studio, job: JobRecord) -> Metadata:
    """The table of tracks with loudness, and the first waveform."""
    tracks = studio.jobs.tracks(job.id)
    rows = ["| # | length | LUFS | dBTP | LRA | MB | provider |", "|--:|--:|--:|--:|--:|--:|---|"]
    for track in tracks:
        sound = track.facts.loudness
        rows.append(
            f"| {track.order_index} | {clock(track.facts.duration_s)} | {sound.integrated_lufs:.1f} "
            f"| {sound.true_peak_dbtp:.1f} | {sound.range_lu:.1f} | {track.media.bytes / 1e6:.1f} | {track.provider} |"
        )
    return {
        "tracks": len(tracks),
        "total": clock(sum(track.facts.duration_s for track in tracks)),
        "size_mb": round(sum(track.media.bytes for track in tracks) / 1e6, 1),
        "table": dg.MetadataValue.md("\n".join(rows)),
        **_drawn("waveform", lambda: preview(studio, sheets.waveform(studio, job.id, tracks[0].order_index))),
        **_costs(studio, job, Stage.MUSIC),
    }


def of_images(studio: Studio, job: JobRecord) -> Metadata:
    """The contact sheet and the table of pictures."""
    images = studio.jobs.images(job.id)
    rows = ["| # | prompt | MB | provider |", "|--:|---|--:|---|"]
    rows += [f"| {it.order_index} | {it.prompt_text} | {it.media.bytes / 1e6:.1f} | {it.provider} |" for it in images]
    return {
        "images": len(images),
        "size_mb": round(sum(image.media.bytes for image in images) / 1e6, 1),
        **_drawn("contact_sheet", lambda: preview(studio, sheets.contact_sheet(studio, job.id))),
        "table": dg.MetadataValue.md("\n".join(rows)),
        "approved": job.approved,
        **_costs(studio, job, Stage.IMAGES),
    }


def of_master(studio: Studio, job: JobRecord) -> Metadata:
    """A poster frame and what was measured on the finished file."""
    report = studio.jobs.master(job.id)
    if report is None:
        return _costs(studio, job, Stage.MASTER)

    def clip() -> dg.MetadataValue[Any]:
        made = sheets.preview(studio, job.id, cancelled=lambda: studio.jobs.is_cancelled(job.id))
        return dg.MetadataValue.path(str(made))

    return {
        **_drawn("poster", lambda: preview(studio, sheets.poster(studio, job.id))),
        **_drawn("waveform", lambda: preview(studio, sheets.programme_waveform(studio, job.id))),
        **_drawn("preview", clip),
        "duration": clock(report.duration_s),
        "frames": report.frames,
        "picture": f"{report.width}x{report.height} {report.video_codec}",
        "integrated_lufs": round(report.loudness.integrated_lufs, 2),
        "true_peak_dbtp": round(report.loudness.true_peak_dbtp, 2),
        "loudness_range_lu": round(report.loudness.range_lu, 2),
        "size_mb": round(report.media.bytes / 1e6, 1),
        "video_kbps": round(report.media.bytes * 8 / 1000 / max(report.duration_s, 1)),
        "wall_s": round(report.wall_s, 1),
        "realtime_factor": round(report.duration_s / max(report.wall_s, 0.001), 1),
        "stretches_encoded": report.stretches_encoded,
        "stretches_reused": report.stretches_reused,
        "file": dg.MetadataValue.path(str(studio.media.path(report.media.key))),
        "made_with": dg.MetadataValue.md(f"```\n{report.command}\n```"),
        **_costs(studio, job, Stage.MASTER),
    }


_THUMBNAILS_SHOWN = 3
"""The picture of each is a part of an event in the database of Dagster."""


def of_exports(studio: Studio, job: JobRecord) -> Metadata:
    """The table of finished exports, and the most promising thumbnails."""
    drawn = studio.jobs.get_thumbnails(job.id)
    entries = of_files(studio, studio.jobs.exports(job.id)) | {"thumbnails": of_thumbnails(studio, drawn)}
    for thumbnail in drawn[:_THUMBNAILS_SHOWN]:
        path = studio.media.path(thumbnail.key)
        entries |= _drawn(f"thumbnail_{thumbnail.variant}", partial(preview, studio, path))
    return entries | _costs(studio, job, Stage.EXPORTS)


def of_thumbnails(studio: Studio, records: Sequence[ThumbnailRecord]) -> dg.MetadataValue[Any]:
    """The table of these thumbnails."""
    rows = ["| thumbnail | prediction | predicted by | selected | file |", "|---|--:|---|---|---|"]
    for each in records:
        prediction = "" if each.click_prediction is None else f"{each.click_prediction:.2f}"
        chosen, path = "yes" if each.is_selected else "", studio.media.path(each.key)
        rows.append(f"| {each.variant} | {prediction} | {each.predicted_by or ''} | {chosen} | {path} |")
    return dg.MetadataValue.md("\n".join(rows))


def of_order(studio: Studio, order: WorkOrder) -> Metadata:
    """What became of a work order."""
    told: Metadata = {
        "job": str(order.job_id),
        "ordered": order.title,
        "ordered_by": order.ordered_by,
        "status": str(order.status),
        "attempt": order.attempt,
    }
    if order.result is not None:
        told["result"] = dg.MetadataValue.json(order.result)
    if order.kind is OrderKind.EXPORT:
        wanted = set(wanted_renditions(order.request))
        made = [record for record in studio.jobs.exports(order.job_id) if record.report.rendition in wanted]
        told |= of_files(studio, made)
    return told


def of_files(studio: Studio, records: Sequence[ExportRecord]) -> Metadata:
    """The table of these exports."""
    rows = ["| export | picture | length | LUFS | MB | file |", "|---|---|--:|--:|--:|---|"]
    for record in records:
        report = record.report
        picture = f"{report.width}x{report.height}" if report.video_codec else "none"
        rows.append(
            f"| {report.rendition.name} | {picture} | {clock(report.duration_s)} "
            f"| {report.loudness.integrated_lufs:.1f} | {report.media.bytes / 1e6:.1f} "
            f"| {studio.media.path(report.media.key)} |"
        )
    return {
        "exports": len(records),
        "bytes": sum(record.report.media.bytes for record in records),
        "table": dg.MetadataValue.md("\n".join(rows)),
    }
