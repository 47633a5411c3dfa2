"""Owns how rows become records and values become JSON; hides the names of columns."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.media import AudioFacts, ImageFacts, Licence, Loudness, MediaReference
from video_pipeline.domain.progress import Progress
from video_pipeline.domain.records import (
    BedRecord,
    ChannelRecord,
    Clip,
    EventRecord,
    ExportRecord,
    ImageRecord,
    ImageVersion,
    JobRecord,
    RenderReport,
    TrackRecord,
)
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.domain.summaries import ChannelSummary
from video_pipeline.domain.timebase import FPS_30


def clean(text: str) -> str:
    """`text` as PostgreSQL can hold it: without NUL, and with a mark for what is no Unicode."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def channel_record(row: Row[Any]) -> ChannelRecord:
    """A channel; its refresh token is never among the columns."""
    return ChannelRecord(
        id=row.id,
        name=row.name,
        brand_niche=row.brand_niche,
        youtube_channel_id=row.youtube_channel_id,
        is_active=row.is_active,
        created_at=row.created_at,
    )


def channel_summary(row: Row[Any]) -> ChannelSummary:
    """A channel with the number of its jobs."""
    return ChannelSummary(**asdict(channel_record(row)), total_jobs=row.total_jobs, completed_jobs=row.completed_jobs)


def job_record(row: Row[Any]) -> JobRecord:
    """A job."""
    return JobRecord(
        id=row.id,
        channel_id=row.channel_id,
        kind=row.kind,
        status=row.status,
        failed_from=row.failed_from,
        brief=row.brief,
        niche_label=row.niche_label,
        mood_keywords=row.mood_keywords,
        target_duration_minutes=row.target_duration_minutes,
        approval=row.approval,
        approved=row.approved,
        approved_at=row.approved_at,
        approved_fingerprint=row.approved_fingerprint,
        storyboard=None if row.storyboard_data is None else Storyboard.from_json(row.storyboard_data),
        progress=row.progress,
        local_video_path=row.local_video_path,
        output_directory=row.output_directory,
        estimated_cost_usd=row.estimated_cost,
        actual_cost_usd=row.actual_cost,
        retry_count=row.retry_count,
        refinement_count=row.refinement_count,
        download_count=row.download_count,
        error_message=row.error_message,
        attempt=row.attempt,
        run_id=row.run_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        completed_at=row.completed_at,
        user_id=row.user_id,
    )


def event_record(row: Row[Any]) -> EventRecord:
    """A line of a job's history."""
    return EventRecord(
        id=row.id,
        job_id=row.video_job_id,
        kind=row.kind,
        status_from=row.status_from,
        status_to=row.status_to,
        message=row.message,
        created_at=row.created_at,
    )


def audio_columns(media: MediaReference, facts: AudioFacts) -> dict[str, Any]:
    """A piece's file and figures as columns."""
    return _media_columns(media) | {
        "samples": facts.samples,
        "channels": facts.channels,
        "duration_seconds": round(facts.duration_s, 2),
        "integrated_lufs": facts.loudness.integrated_lufs,
        "true_peak_dbtp": facts.loudness.true_peak_dbtp,
        "range_lu": facts.loudness.range_lu,
        "longest_silence_s": facts.longest_silence_s,
    }


def image_columns(media: MediaReference, facts: ImageFacts, clip: Clip | None = None) -> dict[str, Any]:
    """A picture's file and figures as columns, with those of the footage that is shown instead."""
    return _media_columns(media) | asdict(facts) | clip_columns(clip)


def clip_columns(clip: Clip | None) -> dict[str, Any]:
    """The footage that is shown instead of a picture as columns."""
    return {
        "clip_path": clip and clip.media.key,
        "clip_sha256": clip and clip.media.sha256,
        "clip_bytes": clip and clip.media.bytes,
        "clip_frames": clip and clip.frames,
    }


def storyboard_columns(storyboard: Storyboard) -> dict[str, Any]:
    """A plan and its texts as columns of its job."""
    return {
        "storyboard_data": storyboard.to_json(),
        "prompts_json": storyboard.prompts(),
        "youtube_title": storyboard.title,
        "youtube_description": storyboard.description,
        "youtube_tags": list(storyboard.tags),
        "duration": round(FPS_30.seconds(storyboard.frames)),
        **_song_columns(storyboard),
    }


def words_of_people(row: Row[Any]) -> dict[str, Any]:
    """The columns of a job's texts that somebody wrote, and no plan."""
    planned = {} if row.storyboard_data is None else storyboard_columns(Storyboard.from_json(row.storyboard_data))
    texts = {name: row._mapping[name] for name in ("youtube_title", "youtube_description", "youtube_tags")}
    return {name: text for name, text in texts.items() if text is not None and text != planned.get(name)}


def _song_columns(storyboard: Storyboard) -> dict[str, Any]:
    """What is known only now of a job whose length and tempo are those of its songs."""
    if not storyboard.songs:
        return {}
    minutes = {"target_duration_minutes": math.ceil(FPS_30.seconds(storyboard.frames) / 60)}
    tempo = storyboard.songs[0].tempo_bpm
    return minutes | {"bpm": round(tempo)} if tempo else minutes


def track_record(row: Row[Any]) -> TrackRecord:
    """A measured piece of music."""
    return TrackRecord(
        id=row.id,
        order_index=row.order_index,
        provider=row.provider,
        provider_track_id=row.provider_track_id,
        prompt_text=row.prompt_text,
        media=_media(row),
        facts=_audio_facts(row),
        licence_url=row.license_document_url,
        created_at=row.created_at,
    )


def image_record(row: Row[Any]) -> ImageRecord:
    """A measured picture."""
    return ImageRecord(
        id=row.id,
        order_index=row.order_index,
        provider=row.provider,
        provider_image_id=row.provider_image_id,
        prompt_text=row.prompt_text,
        media=_media(row),
        facts=_image_facts(row),
        created_at=row.created_at,
        cost_usd=row.cost,
        clip=_clip(row),
    )


def bed_record(row: Row[Any]) -> BedRecord:
    """A measured sound beneath the music."""
    return BedRecord(
        id=row.id,
        order_index=row.order_index,
        name=row.name,
        provider=row.provider,
        media=_media(row),
        facts=_audio_facts(row),
        licence=Licence(row.licence or "", row.license_document_url),
        level_db=row.level_db,
        ducking_db=row.ducking_db,
        created_at=row.created_at,
    )


def version_record(row: Row[Any]) -> ImageVersion:
    """A picture that was replaced."""
    return ImageVersion(
        id=row.id,
        order_index=row.order_index,
        image_prompt=row.image_prompt,
        description=row.description,
        provider=row.provider,
        provider_image_id=row.provider_image_id,
        media=_media(row),
        facts=_image_facts(row),
        licence=Licence(row.licence or "", row.license_document_url),
        cost_usd=row.cost,
        seed=row.seed,
        created_at=row.created_at,
        replaced_at=row.replaced_at,
        clip=_clip(row),
    )


def export_record(row: Row[Any]) -> ExportRecord:
    """A finished export."""
    return ExportRecord(id=row.id, report=report_from_json(row.report), created_at=row.created_at)


def report_to_json(report: RenderReport) -> dict[str, Any]:
    """A JSON-ready form that `report_from_json` reads back without loss."""
    value = asdict(report)
    # The loudness of silence is minus infinity, for which JSON has no number.
    value["loudness"] = {
        name: figure if math.isfinite(figure) else str(figure) for name, figure in value["loudness"].items()
    }
    return value


def report_from_json(value: dict[str, Any]) -> RenderReport:
    """The reverse of `report_to_json`."""
    return RenderReport(
        **value
        | {
            "rendition": Rendition.parse(value["rendition"]["format"], value["rendition"]["quality"]),
            "media": MediaReference(**value["media"]),
            "loudness": Loudness(**{name: float(figure) for name, figure in value["loudness"].items()}),
        }
    )


def progress_json(progress: Progress | dict[str, Any]) -> dict[str, Any]:
    """What `video_jobs.progress` holds; a report of ours also names its `current_step`."""
    if isinstance(progress, Progress):
        return progress.to_json() | {"message": clean(progress.message), "current_step": str(progress.stage)}
    return progress


def _media_columns(media: MediaReference) -> dict[str, Any]:
    return {"local_file_path": media.key, "sha256": media.sha256, "bytes": media.bytes}


def _image_facts(row: Row[Any]) -> ImageFacts:
    return ImageFacts(row.width, row.height, row.mean_luma, row.perceptual_hash)


def _audio_facts(row: Row[Any]) -> AudioFacts:
    loudness = Loudness(row.integrated_lufs, row.true_peak_dbtp, row.range_lu)
    return AudioFacts(row.samples, row.channels, loudness, row.longest_silence_s)


def _clip(row: Row[Any]) -> Clip | None:
    if row.clip_path is None:
        return None
    return Clip(MediaReference(row.clip_path, row.clip_sha256, row.clip_bytes), row.clip_frames)


def _media(row: Row[Any]) -> MediaReference:
    return MediaReference(row.local_file_path, row.sha256, row.bytes)
