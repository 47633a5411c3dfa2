"""The whole schema as it is first released."""

from alembic import op

from video_pipeline.store.schema.migrations import initial_rules

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ENUMS = {
    "video_job_status": "preparing planned generating_music generating_image awaiting_approval rendering "
    "ready_for_export completed failed cancelled",
    "video_job_kind": "album music_video storyboard build",
    "approval_mode": "auto required",
    "music_provider": "dummy mubert beatoven procedural replicate upload",
    "visual_provider": "dummy leonardo gemini procedural replicate runway recraft openai upload",
    "render_status": "pending in_progress completed failed",
    "job_file_type": "videos music sounds quotes",
    "upload_privacy": "private unlisted public",
    "ledger_entry": "reserve settle release",
}

ID = "id UUID PRIMARY KEY DEFAULT gen_random_uuid()"
CREATED_AT = "created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL"
UPDATED_AT = "updated_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL"
SHA256 = "CHECK (sha256 ~ '^[0-9a-f]{64}$')"
OF_JOB = "UUID NOT NULL REFERENCES video_jobs(id) ON DELETE CASCADE"
KIND_OF_JOB = """kind video_job_kind DEFAULT 'album' NOT NULL,
    FOREIGN KEY (video_job_id, kind) REFERENCES video_jobs(id, kind) ON DELETE CASCADE ON UPDATE CASCADE"""
ORDER_INDEX = "CHECK (order_index BETWEEN 1 AND 20 OR (kind <> 'album' AND order_index >= 1))"

CHANNELS = f"""
CREATE TABLE channels (
    {ID},
    name VARCHAR(255) NOT NULL,
    youtube_channel_id VARCHAR(100) UNIQUE,
    brand_niche VARCHAR(255) NOT NULL,
    is_active BOOLEAN DEFAULT TRUE NOT NULL,
    {CREATED_AT},
    {UPDATED_AT},
    youtube_refresh_token TEXT
)
"""

VIDEO_JOBS = f"""
CREATE TABLE video_jobs (
    {ID},
    channel_id UUID NOT NULL REFERENCES channels(id) ON DELETE CASCADE,
    status video_job_status DEFAULT 'planned' NOT NULL,
    niche_label VARCHAR(255) NOT NULL,
    mood_keywords TEXT NOT NULL,
    target_duration_minutes INTEGER NOT NULL,
    prompts_json JSONB,
    local_video_path TEXT,
    output_directory TEXT NOT NULL,
    error_message TEXT,
    {CREATED_AT},
    {UPDATED_AT},

    kind video_job_kind DEFAULT 'album' NOT NULL,
    brief JSONB DEFAULT '{{}}' NOT NULL,
    approval approval_mode DEFAULT 'required' NOT NULL,
    seed BIGINT,
    progress JSONB,
    storyboard_data JSONB,
    approved BOOLEAN DEFAULT FALSE NOT NULL,
    approved_at TIMESTAMP WITH TIME ZONE,
    approved_by TEXT,
    approved_fingerprint TEXT,
    estimated_cost NUMERIC(12, 4) DEFAULT 0 NOT NULL CHECK (estimated_cost >= 0),
    actual_cost NUMERIC(12, 4) DEFAULT 0 NOT NULL CHECK (actual_cost >= 0),
    retry_count INTEGER DEFAULT 0 NOT NULL CHECK (retry_count >= 0),
    refinement_count INTEGER DEFAULT 0 NOT NULL CHECK (refinement_count BETWEEN 0 AND 5),
    download_count INTEGER DEFAULT 0 NOT NULL CHECK (download_count >= 0),
    failed_from video_job_status,
    attempt INTEGER DEFAULT 0 NOT NULL CHECK (attempt >= 0),
    run_id TEXT,
    run_dir TEXT,
    started_at TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    master_report JSONB,

    user_id TEXT,
    project_name TEXT,
    song_title TEXT,
    music_file TEXT,
    genre TEXT,
    bpm INTEGER CHECK (bpm > 0),
    engine TEXT,
    prompt TEXT,
    youtube_title TEXT,
    youtube_description TEXT,
    youtube_tags JSONB,
    video_url TEXT,
    credits_used INTEGER CHECK (credits_used >= 0),
    duration INTEGER CHECK (duration >= 0),

    upload_strategy VARCHAR(50),
    scheduled_time TIMESTAMP WITH TIME ZONE,
    youtube_video_id VARCHAR(100),

    UNIQUE (id, kind),
    CONSTRAINT video_jobs_target_duration_minutes_check CHECK (
        target_duration_minutes BETWEEN 60 AND 90
        OR (kind <> 'album' AND target_duration_minutes BETWEEN 1 AND 720)
    ),
    CONSTRAINT video_jobs_approved_at_check CHECK (approved_at IS NOT NULL OR NOT approved)
)
"""

AUDIO_TRACKS = f"""
CREATE TABLE audio_tracks (
    {ID},
    video_job_id {OF_JOB},
    provider music_provider NOT NULL,
    provider_track_id VARCHAR(255),
    order_index INTEGER NOT NULL,
    duration_seconds NUMERIC(6, 2) NOT NULL CHECK (duration_seconds > 0),
    local_file_path TEXT NOT NULL,
    license_document_url TEXT,
    prompt_text TEXT NOT NULL,
    {CREATED_AT},

    {KIND_OF_JOB},
    licence TEXT,
    cost NUMERIC(12, 4) DEFAULT 0 NOT NULL CHECK (cost >= 0),
    sha256 TEXT {SHA256},
    bytes BIGINT,
    samples BIGINT,
    channels INTEGER,
    integrated_lufs DOUBLE PRECISION,
    true_peak_dbtp DOUBLE PRECISION,
    range_lu DOUBLE PRECISION,
    longest_silence_s DOUBLE PRECISION,

    UNIQUE (video_job_id, order_index),
    CONSTRAINT audio_tracks_order_index_check {ORDER_INDEX},
    CONSTRAINT audio_tracks_measured_check CHECK (num_nonnulls(
        sha256, bytes, samples, channels, integrated_lufs, true_peak_dbtp, range_lu, longest_silence_s) IN (0, 8))
)
"""

IMAGES = f"""
CREATE TABLE images (
    {ID},
    video_job_id UUID REFERENCES video_jobs(id) ON DELETE CASCADE,
    provider visual_provider NOT NULL,
    provider_image_id VARCHAR(255),
    order_index INTEGER,
    local_file_path TEXT NOT NULL,
    prompt_text TEXT NOT NULL,
    {CREATED_AT},

    {KIND_OF_JOB},
    license_document_url TEXT,
    licence TEXT,
    cost NUMERIC(12, 4) DEFAULT 0 NOT NULL CHECK (cost >= 0),
    sha256 TEXT {SHA256},
    bytes BIGINT,
    width INTEGER,
    height INTEGER,
    mean_luma DOUBLE PRECISION,
    perceptual_hash TEXT CHECK (perceptual_hash ~ '^[0-9a-f]{{16}}$'),

    UNIQUE (video_job_id, order_index),
    CONSTRAINT images_order_index_check {ORDER_INDEX},
    CONSTRAINT images_measured_check CHECK (
        num_nonnulls(sha256, bytes, width, height, mean_luma, perceptual_hash) IN (0, 6))
)
"""

RENDER_TASKS = f"""
CREATE TABLE render_tasks (
    {ID},
    video_job_id {OF_JOB},
    ffmpeg_command TEXT NOT NULL,
    local_video_path TEXT,
    resolution VARCHAR(20) DEFAULT '1920x1080' NOT NULL,
    duration_seconds NUMERIC(10, 2),
    status render_status DEFAULT 'pending' NOT NULL,
    error_message TEXT,
    {CREATED_AT},
    completed_at TIMESTAMP WITH TIME ZONE,
    attempt INTEGER,
    report JSONB
)
"""

THUMBNAILS = f"""
CREATE TABLE thumbnails (
    {ID},
    video_job_id {OF_JOB},
    variant TEXT NOT NULL,
    image_url TEXT NOT NULL,
    click_prediction DOUBLE PRECISION CHECK (click_prediction BETWEEN 0 AND 1),
    predicted_by TEXT,
    is_selected BOOLEAN DEFAULT FALSE NOT NULL,
    {CREATED_AT}
)
"""

EXPORTS = f"""
CREATE TABLE exports (
    {ID},
    video_job_id {OF_JOB},
    format TEXT NOT NULL CHECK (format IN ('mp4', 'mov', 'webm')),
    quality TEXT NOT NULL CHECK (quality IN ('low', 'medium', 'high')),
    local_file_path TEXT NOT NULL,
    sha256 TEXT NOT NULL {SHA256},
    bytes BIGINT NOT NULL CHECK (bytes > 0),
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    duration_seconds NUMERIC(10, 2) NOT NULL CHECK (duration_seconds > 0),
    report JSONB NOT NULL,
    {CREATED_AT},
    UNIQUE (video_job_id, format, quality)
)
"""

JOB_FILES = f"""
CREATE TABLE job_files (
    {ID},
    job_id {OF_JOB},
    file_type job_file_type NOT NULL,
    filename TEXT NOT NULL,
    file_path TEXT NOT NULL,
    uploaded_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
    sha256 TEXT {SHA256},
    bytes BIGINT,
    UNIQUE (job_id, file_type, filename)
)
"""

YOUTUBE_UPLOADS = f"""
CREATE TABLE youtube_uploads (
    {ID},
    job_id {OF_JOB},
    video_id TEXT NOT NULL,
    video_url TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    privacy upload_privacy DEFAULT 'private' NOT NULL,
    tags JSONB,
    category TEXT,
    uploaded_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL
)
"""

VIDEO_ANALYTICS = f"""
CREATE TABLE video_analytics (
    {ID},
    video_job_id {OF_JOB},
    youtube_video_id VARCHAR(100) NOT NULL,
    views INTEGER DEFAULT 0,
    watch_time_hours NUMERIC(10, 2),
    revenue_usd NUMERIC(10, 2),
    snapshot_date DATE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP
)
"""

JOB_LEASES = """
CREATE TABLE job_leases (
    video_job_id UUID PRIMARY KEY REFERENCES video_jobs(id) ON DELETE CASCADE,
    token UUID DEFAULT gen_random_uuid() NOT NULL UNIQUE,
    attempt INTEGER NOT NULL CHECK (attempt > 0),
    run_id TEXT NOT NULL,
    holder TEXT DEFAULT '' NOT NULL,
    claimed_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    released_at TIMESTAMP WITH TIME ZONE
)
"""

JOB_EVENTS = f"""
CREATE TABLE job_events (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    video_job_id {OF_JOB},
    kind TEXT NOT NULL,
    status_from video_job_status,
    status_to video_job_status,
    message TEXT DEFAULT '' NOT NULL,
    attempt INTEGER,
    {CREATED_AT}
)
"""

COST_LEDGER = f"""
CREATE TABLE cost_ledger (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    video_job_id UUID NOT NULL,
    channel_id UUID,
    request_key TEXT NOT NULL,
    entry ledger_entry NOT NULL,
    amount NUMERIC(12, 4) NOT NULL CHECK (amount >= 0),
    provider TEXT NOT NULL,
    provider_task_id TEXT,
    message TEXT DEFAULT '' NOT NULL,
    {CREATED_AT}
)
"""

TABLES = {
    "channels": CHANNELS,
    "video_jobs": VIDEO_JOBS,
    "audio_tracks": AUDIO_TRACKS,
    "images": IMAGES,
    "render_tasks": RENDER_TASKS,
    "thumbnails": THUMBNAILS,
    "exports": EXPORTS,
    "job_files": JOB_FILES,
    "youtube_uploads": YOUTUBE_UPLOADS,
    "video_analytics": VIDEO_ANALYTICS,
    "job_leases": JOB_LEASES,
    "job_events": JOB_EVENTS,
    "cost_ledger": COST_LEDGER,
}

INDEXES = (
    "INDEX idx_channels_is_active ON channels(is_active)",
    "INDEX idx_channels_created_at ON channels(created_at DESC)",
    "INDEX idx_video_jobs_channel_id ON video_jobs(channel_id)",
    "INDEX idx_video_jobs_status ON video_jobs(status)",
    "INDEX idx_video_jobs_created_at ON video_jobs(created_at DESC)",
    "INDEX idx_video_jobs_updated_at ON video_jobs(updated_at DESC)",
    "INDEX idx_video_jobs_user_id ON video_jobs(user_id)",
    "INDEX idx_video_jobs_prompts ON video_jobs USING GIN (prompts_json)",
    "INDEX idx_audio_tracks_video_job_id ON audio_tracks(video_job_id)",
    "INDEX idx_audio_tracks_order ON audio_tracks(video_job_id, order_index)",
    "INDEX idx_images_video_job_id ON images(video_job_id)",
    "INDEX idx_images_order ON images(video_job_id, order_index)",
    "INDEX idx_render_tasks_video_job_id ON render_tasks(video_job_id)",
    "INDEX idx_render_tasks_status ON render_tasks(status)",
    "INDEX idx_render_tasks_created_at ON render_tasks(created_at DESC)",
    "INDEX idx_thumbnails_video_job_id ON thumbnails(video_job_id)",
    "UNIQUE INDEX idx_thumbnails_selected ON thumbnails(video_job_id) WHERE is_selected",
    "INDEX idx_job_files_job ON job_files(job_id)",
    "INDEX idx_youtube_job ON youtube_uploads(job_id)",
    "INDEX idx_video_analytics_job ON video_analytics(video_job_id, snapshot_date DESC)",
    "INDEX idx_job_leases_expires_at ON job_leases(expires_at) WHERE released_at IS NULL",
    "INDEX idx_job_events_video_job_id ON job_events(video_job_id, id)",
    "UNIQUE INDEX idx_cost_ledger_reserve ON cost_ledger(request_key) WHERE entry = 'reserve'",
    "UNIQUE INDEX idx_cost_ledger_outcome ON cost_ledger(request_key) WHERE entry <> 'reserve'",
    "INDEX idx_cost_ledger_video_job_id ON cost_ledger(video_job_id)",
    "INDEX idx_cost_ledger_created_at ON cost_ledger(created_at DESC)",
)


def upgrade() -> None:
    """Make types, tables, indexes, functions and triggers, in this order."""
    for name, values in ENUMS.items():
        listed = ", ".join(f"'{value}'" for value in values.split())
        op.execute(f"CREATE TYPE {name} AS ENUM ({listed})")
    for statement in (*TABLES.values(), *(f"CREATE {index}" for index in INDEXES), *initial_rules.CREATE):
        op.execute(statement)


def downgrade() -> None:
    """Remove everything again, newest first."""
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
    for statement in initial_rules.DROP:
        op.execute(statement)
    for name in reversed(ENUMS):
        op.execute(f"DROP TYPE {name}")
