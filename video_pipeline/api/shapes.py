"""Owns how records become answers; hides the addresses of things."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate
from typing import Any
from uuid import UUID

from video_pipeline.api import models
from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.effort import overlay_cost
from video_pipeline.domain.money import REFINEMENTS_MAX
from video_pipeline.domain.orders import WorkOrder
from video_pipeline.domain.records import (
    EventRecord,
    ExportRecord,
    ImageRecord,
    ImageVersion,
    JobFileRecord,
    JobRecord,
    RenderReport,
    ThumbnailRecord,
    TrackRecord,
    UploadRecord,
    Works,
)
from video_pipeline.domain.storyboard import Scene, Storyboard
from video_pipeline.domain.summaries import JobSummary
from video_pipeline.domain.thumbnails import Part
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.domain.uploads import UploadState
from video_pipeline.steps.assemble import song_frames

ROOT = "/api/v2"

PREVIEW_WIDTH = 640
"""Pixels of a scene's picture in the grid."""


def url_of_job(job_id: UUID) -> str:
    """Where a job is."""
    return f"{ROOT}/jobs/{job_id}"


def finite(number: float | None) -> float | None:
    """A figure of loudness as JSON can carry it: silence has minus infinity, for which JSON has no number."""
    return round(number, 3) if number is not None and math.isfinite(number) else None


def summary(found: JobSummary) -> models.JobSummary:
    """A job as lists show it."""
    return models.JobSummary.model_validate(found)


def order(found: WorkOrder) -> models.Order:
    """Ordered work."""
    return models.Order(
        id=found.id,
        job_id=found.job_id,
        kind=found.kind,
        status=found.status,
        progress=models.OrderProgress.model_validate(found.progress) if found.progress else None,
        error=found.error_message,
        result=found.result,
        created_at=found.created_at,
        finished_at=found.finished_at,
        url=f"{ROOT}/orders/{found.id}",
    )


def export(job_id: UUID, found: ExportRecord) -> models.Export:
    """A finished export."""
    report = found.report
    pair = report.rendition
    return models.Export(
        format=str(pair.format),
        quality=str(pair.quality),
        width=report.width,
        height=report.height,
        bytes=report.media.bytes,
        duration_s=report.duration_s,
        integrated_lufs=finite(report.loudness.integrated_lufs),
        true_peak_dbtp=finite(report.loudness.true_peak_dbtp),
        sha256=report.media.sha256,
        created_at=found.created_at,
        url=f"{url_of_job(job_id)}/export?format={pair.format}&quality={pair.quality}",
    )


def event(found: EventRecord) -> models.Event:
    """A line of a history."""
    return models.Event.model_validate(found)


def thumbnail(job_id: UUID, found: ThumbnailRecord, parts: Mapping[Part, float]) -> models.Thumbnail:
    """A thumbnail, and the parts of its estimate."""
    return models.Thumbnail(
        id=found.id,
        variant=found.variant,
        click_prediction=found.click_prediction,
        predicted_by=found.predicted_by,
        parts={str(part): round(worth, 3) for part, worth in parts.items()},
        is_selected=found.is_selected,
        url=f"{url_of_job(job_id)}/thumbnails/{found.id}/image",
        created_at=found.created_at,
    )


def file(found: JobFileRecord) -> models.File:
    """An uploaded file."""
    return models.File(
        id=found.id,
        file_type=str(found.file_type),
        filename=found.filename,
        bytes=found.media.bytes,
        sha256=found.media.sha256,
        uploaded_at=found.uploaded_at,
        url=f"{url_of_job(found.job_id)}/files/{found.id}",
    )


def upload(found: UploadRecord, made: JobFileRecord | None = None) -> models.Upload:
    """A file that comes in pieces, and what it became."""
    return models.Upload(
        id=found.id,
        file_type=found.file_type,
        filename=found.filename,
        bytes=found.bytes,
        offset=found.received,
        state=UploadState.KEPT if made else found.state,
        sha256=found.sha256,
        file=file(made) if made else None,
        error=found.error_message,
        created_at=found.created_at,
        expires_at=found.expires_at,
        url=f"{url_of_job(found.job_id)}/uploads/{found.id}",
    )


def storyboard(
    job_id: UUID,
    plan: Storyboard,
    etag: str,
    works: Works,
    *,
    versions: Mapping[int, int],
) -> models.Storyboard:
    """The plan with what was made for it."""
    by_track = {each.order_index: each for each in works.tracks}
    by_image = {each.order_index: each for each in works.images}
    starts = accumulate((scene.frames for scene in plan.scenes), initial=0)
    return models.Storyboard(
        etag=etag,
        duration_s=float(FPS_30.seconds(plan.frames)),
        scenes=[
            _scene(
                job_id,
                scene,
                float(FPS_30.seconds(start)),
                track=None if plan.songs else by_track.get(scene.order_index),
                image=by_image.get(scene.order_index),
                versions=versions.get(scene.order_index, 0),
            )
            for scene, start in zip(plan.scenes, starts, strict=False)
        ],
        songs=_songs(job_id, plan, by_track),
        beds=_beds(plan, works),
        captions=[
            models.Caption(
                text=each.text,
                start_s=float(FPS_30.seconds(each.start)),
                duration_s=float(FPS_30.seconds(each.frames)),
            )
            for each in plan.captions
        ],
    )


def _songs(job_id: UUID, plan: Storyboard, tracks: Mapping[int, TrackRecord]) -> list[models.Song]:
    frames = song_frames(plan)
    starts = accumulate(frames, initial=0)
    return [
        models.Song(
            number=song.order_index,
            title=song.title,
            filename=song.source.name,
            start_s=float(FPS_30.seconds(start)),
            duration_s=float(FPS_30.seconds(length)),
            track=_track(job_id, tracks[song.order_index]) if song.order_index in tracks else None,
        )
        for song, start, length in zip(plan.songs, starts, frames, strict=False)
    ]


def _beds(plan: Storyboard, works: Works) -> list[models.Bed]:
    made = {each.order_index: each for each in works.beds}
    return [
        models.Bed(
            name=bed.name,
            level_db=bed.level_db,
            ducking_db=bed.ducking_db,
            duration_s=made[at].facts.duration_s if at in made else None,
            provider=made[at].provider if at in made else None,
        )
        for at, bed in enumerate(plan.beds, 1)
    ]


def _scene(
    job_id: UUID, scene: Scene, start_s: float, *, track: TrackRecord | None, image: ImageRecord | None, versions: int
) -> models.Scene:
    music = scene.music
    return models.Scene(
        scene_number=scene.order_index,
        title=scene.title,
        description=scene.visual.description,
        image_prompt=scene.visual.text,
        music_prompt=music.text if music else None,
        tempo_bpm=music.tempo_bpm if music else None,
        key=f"{music.tonic} {music.mode}" if music else None,
        instruments=[str(each) for each in music.instruments] if music else [],
        start_s=start_s,
        duration_s=float(FPS_30.seconds(scene.frames)),
        motion=scene.motion,
        transition=scene.transition,
        status="completed" if image and (track or not music) else "pending",
        footage=scene.footage.name if scene.footage else None,
        moves=bool(image and image.clip),
        image=picture(job_id, image, versions) if image else None,
        track=_track(job_id, track) if track else None,
    )


def picture(job_id: UUID, image: ImageRecord, versions: int) -> models.ScenePicture:
    """The picture of a scene; its address changes with its content, so that it may be kept for long."""
    address = f"{url_of_job(job_id)}/scenes/{image.order_index}/image"
    mark = f"v={image.media.sha256[:12]}"
    return models.ScenePicture(
        url=f"{address}?{mark}",
        preview_url=f"{address}?width={PREVIEW_WIDTH}&{mark}",
        width=image.facts.width,
        height=image.facts.height,
        sha256=image.media.sha256,
        provider=image.provider,
        versions=versions,
    )


def _track(job_id: UUID, track: TrackRecord) -> models.SceneTrack:
    address = f"{url_of_job(job_id)}/scenes/{track.order_index}"
    mark = f"v={track.media.sha256[:12]}"
    return models.SceneTrack(
        url=f"{address}/track?{mark}",
        waveform_url=f"{address}/waveform?{mark}",
        duration_s=track.facts.duration_s,
        integrated_lufs=finite(track.facts.loudness.integrated_lufs),
        true_peak_dbtp=finite(track.facts.loudness.true_peak_dbtp),
        provider=track.provider,
        licence_url=track.licence_url,
    )


def present_version(job_id: UUID, image: ImageRecord, scene: Scene) -> models.Version:
    """The present picture of a scene as the first of its versions."""
    shown = picture(job_id, image, 0)
    return models.Version(
        id=None,
        image_prompt=image.prompt_text,
        description=scene.visual.description,
        url=shown.url,
        preview_url=shown.preview_url,
        sha256=image.media.sha256,
        provider=image.provider,
        cost_usd=float(image.cost_usd),
        created_at=image.created_at,
        current=True,
    )


def version(job_id: UUID, found: ImageVersion) -> models.Version:
    """An earlier picture of a scene."""
    address = f"{url_of_job(job_id)}/scenes/{found.order_index}/image?version={found.id}"
    return models.Version(
        id=found.id,
        image_prompt=found.image_prompt,
        description=found.description,
        url=address,
        preview_url=f"{address}&width={PREVIEW_WIDTH}",
        sha256=found.media.sha256,
        provider=found.provider,
        cost_usd=float(found.cost_usd),
        created_at=found.created_at,
        current=False,
    )


def video(job_id: UUID, master: RenderReport | None) -> models.Video:
    """The finished programme, or that there is none."""
    if master is None:
        return models.Video(available=False, url=None)
    return models.Video(
        available=True,
        url=f"{url_of_job(job_id)}/video",
        bytes=master.media.bytes,
        duration_s=master.duration_s,
        integrated_lufs=finite(master.loudness.integrated_lufs),
        true_peak_dbtp=finite(master.loudness.true_peak_dbtp),
    )


def refinements(job: JobRecord, price_usd: float) -> models.Refinements:
    """How many refinements are left."""
    left = max(REFINEMENTS_MAX - job.refinement_count, 0)
    return models.Refinements(used=job.refinement_count, limit=REFINEMENTS_MAX, left=left, price_usd=price_usd)


def computing(job: JobRecord, workers: int) -> str | None:
    """What an overlay costs in computing, in words; None without one."""
    frames = job.storyboard.frames if job.storyboard else None
    return overlay_cost(brief_from_json(job.brief), workers, frames) or None


def links(job: JobRecord, run_url: str | None) -> models.Links:
    """Where more is to be had."""
    address = url_of_job(job.id)
    return models.Links(
        self=address,
        events=f"{ROOT}/events?job_id={job.id}",
        metadata=f"{address}/metadata",
        licences=f"{address}/licences.zip" if job.local_video_path else None,
        dagster_run=run_url,
    )


def metadata(job: JobRecord, scenes: models.Storyboard | None, master: RenderReport | None) -> dict[str, Any]:
    """The public description of a job, in the form of the first API."""
    details = [
        {
            "scene_number": each.scene_number,
            "duration": each.duration_s,
            "status": each.status if job.status != "failed" or each.status == "completed" else "failed",
            "has_image": each.image is not None,
        }
        for each in (scenes.scenes if scenes else [])
    ]
    counts = {word: sum(each["status"] == word for each in details) for word in ("completed", "failed")}
    return {
        "job_id": str(job.id),
        "status": str(job.status),
        "created_at": job.created_at.isoformat(),
        "updated_at": job.updated_at.isoformat(),
        "approved": job.approved,
        "approved_at": job.approved_at and job.approved_at.isoformat(),
        "scenes": {"total": len(details), **counts, "details": details},
        "costs": {
            "estimated": float(job.estimated_cost_usd),
            "actual": float(job.actual_cost_usd),
            "currency": "USD",
        },
        "metrics": {"refinement_count": job.refinement_count, "download_count": job.download_count},
        "video": {
            "available": master is not None,
            "url": f"{url_of_job(job.id)}/video" if master else None,
            "parameters": {
                "duration": master.duration_s if master else (scenes.duration_s if scenes else None),
                "aspect_ratio": "16:9",
                "style": job.mood_keywords,
                "niche": job.niche_label,
            },
        },
        "error": job.error_message,
    }
