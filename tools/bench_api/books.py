"""Owns the books that are read: many jobs with all that belongs to them; hides the SQL that makes them at once.

Plans come from the studio's own writer: a dozen, of several lengths, shared by all jobs. Everything else of a job is
its own. No file is there: what is read under load are the books.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event, text

from video_pipeline.domain.brief import AlbumBrief, Brief, StoryboardBrief
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.providers import registry
from video_pipeline.steps.plan import plan
from video_pipeline.store import connect

CHANNELS = 20
NICHES = (
    "Royal Court Ambience",
    "Rainy Library",
    "Medieval Tavern",
    "Harbour at Dusk",
    "Forest Shrine",
    "Winter Cabin",
)
MOODS = "calm, warm, nostalgic"
SCENES = (20, 3, 20, 6, 20, 60, 20, 12, 20, 1, 20, 30)
"""Of the plans, in turn; twenty means an album."""

WORDS = ("rain", "court", "tavern night", '"forest shrine"', "harbour -winter", "cabin or library", "dusk ambience")
"""What is searched for."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What is in the books."""

    jobs: int
    scenes: int
    shown: dict[str, list[str]]  # ids of some jobs of each user


def opened(url: str) -> Engine:
    """An engine of the benchmark's own, whose connections are not counted among the server's."""
    engine = connect(url, pool_size=1)
    event.listen(engine, "connect", _name)
    return engine


def _name(connection: Any, _entry: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET application_name = 'bench_api'")
    connection.commit()


def fill(engine: Engine, jobs: int, users: list[str]) -> Filled:
    """Put `jobs` jobs of these users into the books, with what the server wants to know to plan well."""
    with engine.begin() as connection:
        connection.execute(text(_CHANNELS), {"count": CHANNELS, "niches": list(NICHES)})
        connection.execute(text(_PLANS))
        connection.execute(text("INSERT INTO plans VALUES (:n, :kind, :plan, :prompts, :brief, :seconds)"), _plans())
        values = {"count": jobs, "users": users, "niches": list(NICHES), "moods": MOODS, "plans": len(SCENES)}
        connection.execute(text(_JOBS), values)
        for statement in (_TRACKS, _IMAGES, _EVENTS, _EXPORTS):
            connection.execute(text(statement))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return _filled(engine, users)


def a_channel(engine: Engine) -> UUID:
    """The id of some channel."""
    with engine.connect() as connection:
        found: UUID = connection.execute(text("SELECT id FROM channels ORDER BY name LIMIT 1")).scalar_one()
    return found


def _filled(engine: Engine, users: list[str]) -> Filled:
    shown = "SELECT id::text FROM video_jobs WHERE user_id = :user ORDER BY md5(id::text) LIMIT 300"
    with engine.connect() as connection:
        return Filled(
            connection.execute(text("SELECT count(*) FROM video_jobs")).scalar_one(),
            connection.execute(text("SELECT count(*) FROM audio_tracks")).scalar_one(),
            {user: list(connection.execute(text(shown), {"user": user}).scalars()) for user in users},
        )


def _plans() -> list[dict[str, Any]]:
    writer = registry.prompt_writer()
    made = []
    for number, scenes in enumerate(SCENES):
        brief = _brief(number, scenes)
        storyboard = plan(brief, writer)
        made.append(_plan(number, brief, storyboard))
    return made


def _brief(number: int, scenes: int) -> Brief:
    order: dict[str, Any] = {
        "channel_id": UUID(int=0),  # the rows say which
        "niche_label": NICHES[number % len(NICHES)],
        "mood_keywords": MOODS,
        "seed": number,
    }
    if scenes == 20:
        return AlbumBrief(**order, target_duration_minutes=60 + number)
    return StoryboardBrief(**order, scene_count=scenes, scene_seconds=60)


def _plan(number: int, brief: Brief, storyboard: Storyboard) -> dict[str, Any]:
    return {
        "n": number,
        "kind": str(brief.kind),
        "plan": json.dumps(storyboard.to_json()),
        "prompts": json.dumps(storyboard.prompts()),
        "brief": json.dumps(brief.to_json()),
        "seconds": round(FPS_30.seconds(storyboard.frames)),
    }


_CHANNELS = """
INSERT INTO channels (name, brand_niche)
SELECT 'Channel ' || n, (CAST(:niches AS text[]))[1 + n % cardinality(CAST(:niches AS text[]))]
FROM generate_series(1, :count) AS n
"""

_PLANS = """
CREATE TEMPORARY TABLE plans (number int PRIMARY KEY, kind text, plan jsonb, prompts jsonb, brief jsonb, seconds int)
ON COMMIT DROP
"""

_JOBS = """
INSERT INTO video_jobs (channel_id, status, kind, niche_label, mood_keywords, target_duration_minutes, brief, seed,
    prompts_json, storyboard_data, youtube_title, youtube_description, youtube_tags, duration, output_directory,
    user_id, approval, approved, approved_at, created_at, updated_at, completed_at, actual_cost, progress,
    master_report, local_video_path)
SELECT channels.ids[1 + n % cardinality(channels.ids)],
    (CASE WHEN n % 10 < 7 THEN 'completed' WHEN n % 10 = 7 THEN 'failed' WHEN n % 20 = 8 THEN 'awaiting_approval'
        WHEN n % 10 = 8 THEN 'cancelled' ELSE 'generating_image' END)::video_job_status,
    plans.kind::video_job_kind,
    (CAST(:niches AS text[]))[1 + n % cardinality(CAST(:niches AS text[]))], :moods, 60 + n % 31,
    plans.brief, n, plans.prompts, plans.plan, (plans.plan ->> 'title') || ' No. ' || n, plans.plan ->> 'description',
    plans.plan -> 'tags', plans.seconds, 'jobs/' || n,
    (CAST(:users AS text[]))[1 + n % cardinality(CAST(:users AS text[]))],
    'required', n % 10 < 7, CASE WHEN n % 10 < 7 THEN CURRENT_TIMESTAMP END,
    CURRENT_TIMESTAMP - n * INTERVAL '7 minutes', CURRENT_TIMESTAMP - n * INTERVAL '6 minutes',
    CASE WHEN n % 10 < 7 THEN CURRENT_TIMESTAMP - n * INTERVAL '6 minutes' END, n % 7 * 0.02,
    '{"stage": "exports", "percent": 100.0, "stage_percent": 100.0, "message": "finished", "eta_s": 0.0}',
    CASE WHEN n % 10 < 7 THEN jsonb_build_object(
        'rendition', '{"format": "mp4", "quality": "high"}'::jsonb,
        'media', jsonb_build_object('key', 'jobs/' || n || '/master.mp4', 'bytes', 9e8::bigint,
            'sha256', encode(sha256(n::text::bytea), 'hex')),
        'frames', plans.seconds * 30, 'width', 1920, 'height', 1080, 'duration_s', plans.seconds,
        'loudness', '{"integrated_lufs": -14.02, "true_peak_dbtp": -1.31, "range_lu": 4.5}'::jsonb,
        'video_codec', 'h264', 'audio_codec', 'aac', 'stretches_encoded', 40, 'stretches_reused', 0,
        'command', 'ffmpeg -i ...', 'wall_s', 31.4, 'stages', '{"mix": 2.5, "sound": 9.0}'::jsonb) END,
    CASE WHEN n % 10 < 7 THEN 'jobs/' || n || '/master.mp4' END
FROM generate_series(1, :count) AS n
JOIN plans ON plans.number = n % :plans
CROSS JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM channels) AS channels
"""

_WORKS = """
FROM video_jobs AS jobs
CROSS JOIN jsonb_array_elements(jobs.storyboard_data -> 'scenes') AS scene
CROSS JOIN LATERAL (SELECT (scene ->> 'order_index')::int AS place) AS at
CROSS JOIN LATERAL (SELECT encode(sha256((jobs.id || '/' || at.place)::bytea), 'hex') AS hash) AS media
"""

_TRACKS = f"""
INSERT INTO audio_tracks (video_job_id, kind, provider, order_index, duration_seconds, local_file_path, prompt_text,
    sha256, bytes, samples, channels, integrated_lufs, true_peak_dbtp, range_lu, longest_silence_s)
SELECT jobs.id, jobs.kind, 'procedural', at.place, 183, 'jobs/' || jobs.id || '/music/' || at.place || '.flac',
    scene -> 'music' ->> 'text', media.hash, 17e6::bigint, 8784000, 2, -16.2, -1.5, 4.25, 0.125
{_WORKS}
"""

_IMAGES = f"""
INSERT INTO images (video_job_id, kind, provider, order_index, local_file_path, prompt_text, sha256, bytes, width,
    height, mean_luma, perceptual_hash)
SELECT jobs.id, jobs.kind, 'procedural', at.place, 'jobs/' || jobs.id || '/images/' || at.place || '.png',
    scene -> 'visual' ->> 'text', media.hash, 3e6::bigint, 1920, 1080, 101.5, '00ff00ff00ff00ff'
{_WORKS}
"""

_EVENTS = """
INSERT INTO job_events (video_job_id, kind, status_to, created_at)
SELECT jobs.id, line.kind, line.status::video_job_status, jobs.created_at + line.place * INTERVAL '10 seconds'
FROM video_jobs AS jobs
CROSS JOIN (VALUES (0, 'created', 'planned'), (1, 'claimed', NULL), (2, 'planned', NULL),
    (3, 'moved', 'generating_music'), (4, 'moved', 'generating_image'), (5, 'moved', 'awaiting_approval'),
    (6, 'approved', NULL), (7, 'moved', 'rendering')) AS line (place, kind, status)
"""

_EXPORTS = """
INSERT INTO exports (video_job_id, format, quality, local_file_path, sha256, bytes, width, height, duration_seconds,
    report)
SELECT jobs.id, pair.format, pair.quality, 'exports/' || jobs.id || '/' || pair.format || '_' || pair.quality,
    encode(sha256(jobs.id::text::bytea), 'hex'), 9e8::bigint, 1280, 720, jobs.duration,
    jobs.master_report || jsonb_build_object('rendition', to_jsonb(pair))
FROM video_jobs AS jobs
CROSS JOIN (VALUES ('mp4', 'high'), ('webm', 'medium'), ('mp4', 'low')) AS pair (format, quality)
WHERE jobs.master_report IS NOT NULL
"""
