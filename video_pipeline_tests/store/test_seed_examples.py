"""The worked examples of the seed documents, step by step, under the names that they use.

Where a name is another one here (docs/seed-map.md says which and why), the step says so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import text

from video_pipeline.domain.brief import BuildBrief, MusicVideoBrief
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.publishing import Privacy
from video_pipeline.domain.uploads import FileType
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import await_approval, fill, order_album, reference, report

S = JobStatus


def rendered(store: PostgresJobStore, job_id: UUID) -> None:
    """What the runs of a job do between its order and its end."""
    lease = store.claim(job_id, "run")
    fill(store, lease, 1)
    await_approval(store, lease)
    store.approve_storyboard(job_id)
    store.move(job_id, S.AWAITING_APPROVAL, S.RENDERING, lease=lease)
    store.save_master(lease, report(f"jobs/{job_id}/master.mp4"))
    for current, target in pairwise((S.RENDERING, S.READY_FOR_EXPORT, S.COMPLETED)):
        store.move(job_id, current, target, lease=lease)
    store.release(lease)


def test_the_integration_example_of_seed_000(store: PostgresJobStore) -> None:
    channel = store.create_channel("Songs", "Pop").id
    # 1. save_video_task: an order; `runway_gen3` is no engine here, and pictures are what there is.
    brief = MusicVideoBrief(
        channel_id=channel,
        niche_label="Beach",
        mood_keywords="warm",
        seed=1,
        user_id="user_1",
        project_name="My Music Video",
        song_title="Summer Nights",
        music_file="https://drive.google.com/file/123",
        genre="Pop",
        bpm=120,
        prompt="Beach party at sunset",
    )
    task_id = store.create_job(brief).id
    assert [task.id for task in store.get_video_tasks(status="pending")] == [task_id]
    # 2. update_video_task_status('processing'), 3. ('completed', video_url=..., completed_at=now): the work does it.
    rendered(store, task_id)
    store.update_video_task(task_id, by="user_1", video_url="https://storage.runway.com/video_001.mp4")
    # 4. update_video_task(cost, credits_used): what was paid is the ledger's sum.
    store.update_video_task(task_id, by="user_1", credits_used=300)
    with pytest.raises(InvalidInputError, match="sum of what was paid"):
        store.update_video_task(task_id, by="user_1", cost=15.00)
    # 5. save_thumbnail
    thumbnails_data = [
        ("bold_text", "url1.jpg", 0.85),
        ("emotional_face", "url2.jpg", 0.92),
        ("action_shot", "url3.jpg", 0.78),
    ]
    ids = {
        variant: store.save_thumbnail(task_id, variant, f"jobs/{task_id}/thumbnails/{url}", prediction, None).id
        for variant, url, prediction in thumbnails_data
    }
    # 6. update_thumbnail_selection
    store.update_thumbnail_selection(task_id, ids["emotional_face"])
    # 7. get_video_task, get_thumbnails, get_selected_thumbnail
    task = store.get_job(task_id)
    assert (task.status, task.user_id, task.completed_at is not None) == (S.COMPLETED, "user_1", True)
    said = store.get_publication(task_id)
    assert (said.video_url, said.credits_used) == ("https://storage.runway.com/video_001.mp4", 300)
    assert [each.variant for each in store.get_thumbnails(task_id)] == ["emotional_face", "bold_text", "action_shot"]
    selected = store.get_selected_thumbnail(task_id)
    assert selected is not None
    assert (selected.variant, selected.click_prediction) == ("emotional_face", 0.92)
    # 8. get_storyboard_stats
    stats = store.get_storyboard_stats(user_id="user_1")
    assert (stats.total_tasks, stats.total_credits_used, stats.total_thumbnails) == (1, 300, 3)
    assert store.get_storyboard_stats(user_id="user_2").total_tasks == 0
    # delete_video_task, with its thumbnails
    store.delete_job(task_id)
    assert store.get_storyboard_stats().total_thumbnails == 0


ACTIVE_CHANNELS = """
SELECT
    c.id,
    c.name,
    c.brand_niche,
    COUNT(vj.id) as total_jobs,
    COUNT(CASE WHEN vj.status = 'completed' THEN 1 END) as completed_jobs
FROM channels c
LEFT JOIN video_jobs vj ON c.id = vj.channel_id
WHERE c.is_active = TRUE
GROUP BY c.id, c.name, c.brand_niche
ORDER BY c.created_at DESC;
"""
# Without the two ORDER BY inside: PostgreSQL takes none on another expression beside DISTINCT.
JOB_WITH_ASSETS = """
SELECT
    vj.*,
    json_agg(DISTINCT jsonb_build_object(
        'id', at.id,
        'order_index', at.order_index,
        'duration_seconds', at.duration_seconds,
        'local_file_path', at.local_file_path
    )) as audio_tracks,
    json_agg(DISTINCT jsonb_build_object(
        'id', i.id,
        'order_index', i.order_index,
        'local_file_path', i.local_file_path
    )) as images
FROM video_jobs vj
LEFT JOIN audio_tracks at ON vj.id = at.video_job_id
LEFT JOIN images i ON vj.id = i.video_job_id
WHERE vj.id = :job_id
GROUP BY vj.id;
"""
NEXT_JOB = "SELECT * FROM video_jobs WHERE status = 'planned' ORDER BY created_at ASC LIMIT 1;"


def test_the_sample_queries_of_seed_003(store: PostgresJobStore, database: Database) -> None:
    job, waiting = order_album(store), order_album(store)
    lease = store.claim(job.id, "run")
    fill(store, lease, 20)
    asleep = store.create_channel("Asleep", "N").id
    store.set_channel_active(asleep, is_active=False)
    with database.engine.connect() as connection:
        rows = connection.execute(text(ACTIVE_CHANNELS)).all()
        assert [(row.id, row.total_jobs, row.completed_jobs) for row in rows] == [
            (waiting.channel_id, 1, 0),
            (job.channel_id, 1, 0),
        ]
        assert asleep not in {row.id for row in rows}
        assets = connection.execute(text(JOB_WITH_ASSETS), {"job_id": job.id}).one()
        tracks, images = store.tracks(job.id), store.images(job.id)
        assert {(each["id"], each["order_index"], each["local_file_path"]) for each in assets.audio_tracks} == {
            (str(track.id), track.order_index, track.media.key) for track in tracks
        }
        assert {(each["id"], each["order_index"], each["local_file_path"]) for each in assets.images} == {
            (str(image.id), image.order_index, image.media.key) for image in images
        }
        assert (assets.id, len(tracks), len(images)) == (job.id, 20, 20)
        by_index = text("SELECT id FROM video_jobs WHERE prompts_json @> CAST(:wanted AS JSONB)")
        wanted = '{"music_prompts": [{"order_index": 20}]}'
        assert connection.execute(by_index, {"wanted": wanted}).scalars().all() == [job.id]
        # "Ready" is what the status says; who works on it already is in the leases, which `idle` asks as well.
        assert connection.execute(text(NEXT_JOB)).one().id == job.id
        (idle,) = store.list_jobs(statuses=[S.PLANNED], idle=True, oldest_first=True, limit=1)
        assert idle.id == waiting.id


def test_the_history_example_of_seed_002(store: PostgresJobStore, order_build: Callable[[], UUID]) -> None:
    """`get_all_jobs`, `add_file`, `get_file_counts`, `add_youtube_upload`, `cleanup_old_jobs` in one history."""
    job_id, other = order_build(), order_build()
    for file_type, name in (("videos", "video.mp4"), ("videos", "b.mp4"), ("music", "a.mp3"), ("quotes", "q.txt")):
        store.add_file(job_id, FileType(file_type), name, reference(f"jobs/{job_id}/files/{name}"))
    assert store.get_file_counts(job_id) == {"videos": 2, "music": 1, "sounds": 0, "quotes": 1}
    rendered(store, job_id)
    store.add_youtube_upload(
        job_id=job_id,
        video_id="dQw4w9WgXcQ",
        video_url="https://youtube.com/watch?v=dQw4w9WgXcQ",
        title="My Video",
        description="Description",
        privacy=Privacy.PRIVATE,
        tags=["tag1", "tag2"],
        category="22",
    )
    cutoff = datetime.now(UTC) - timedelta(days=7)
    jobs = store.list_jobs(limit=100)
    assert [job.id for job in jobs] == [other, job_id]
    (recent,) = [job for job in jobs if job.status == "completed" and job.created_at > cutoff]
    assert (recent.run_id, recent.local_video_path) == ("run", f"jobs/{job_id}/master.mp4")
    (upload,) = store.get_youtube_uploads(recent.id)
    assert upload.video_url == "https://youtube.com/watch?v=dQw4w9WgXcQ"
    # Deleting old ones: the published one stays, and so does what has not ended.
    assert store.jobs_finished_before(datetime.now(UTC) + timedelta(days=31)) == []


UPLOAD_STATS = """
SELECT COUNT(*) as uploads, privacy, COUNT(DISTINCT job_id) as unique_jobs
FROM youtube_uploads
GROUP BY privacy;
"""


def test_the_sample_queries_of_seed_002(
    store: PostgresJobStore, database: Database, order_build: Callable[[], UUID]
) -> None:
    job_id = order_build()
    store.add_file(job_id, FileType.MUSIC, "a.mp3", reference("a.mp3"))
    for video in ("a", "b"):
        store.add_youtube_upload(job_id, video, f"https://youtu.be/{video}", "A")
    with database.engine.connect() as connection:

        def found(query: str) -> list[tuple[object, ...]]:
            return [tuple(row) for row in connection.execute(text(query))]

        ((newest, status, _),) = found(
            "SELECT id, status, created_at FROM video_jobs ORDER BY created_at DESC LIMIT 10;"
        )
        assert (newest, status) == (job_id, "planned")
        assert found("SELECT COUNT(*) FROM video_jobs WHERE status = 'completed';") == [(0,)]
        assert found("SELECT file_type, COUNT(*) FROM job_files GROUP BY file_type;") == [("music", 1)]
        assert found(UPLOAD_STATS) == [(2, "private", 1)]


@pytest.fixture
def order_build(store: PostgresJobStore) -> Callable[[], UUID]:
    """Order videos that are built from uploads."""
    channel = store.create_channel("Builds", "Calm").id
    brief = BuildBrief(channel_id=channel, niche_label="Calm", mood_keywords="calm", seed=1)
    return lambda: store.create_job(brief, preparing=False).id
