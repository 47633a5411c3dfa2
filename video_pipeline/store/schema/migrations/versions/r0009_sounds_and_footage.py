"""Sounds beneath the music, and footage instead of pictures."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SOUND_BEDS = """
CREATE TABLE sound_beds (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    video_job_id UUID NOT NULL REFERENCES video_jobs(id) ON DELETE CASCADE,
    order_index INTEGER NOT NULL CHECK (order_index >= 1),
    name TEXT NOT NULL,
    level_db DOUBLE PRECISION NOT NULL,
    ducking_db DOUBLE PRECISION NOT NULL CHECK (ducking_db >= 0),
    provider TEXT NOT NULL,
    provider_sound_id TEXT,
    local_file_path TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes BIGINT NOT NULL CHECK (bytes > 0),
    duration_seconds NUMERIC(12, 2) NOT NULL CHECK (duration_seconds > 0),
    samples BIGINT NOT NULL,
    channels INTEGER NOT NULL,
    integrated_lufs DOUBLE PRECISION NOT NULL,
    true_peak_dbtp DOUBLE PRECISION NOT NULL,
    range_lu DOUBLE PRECISION NOT NULL,
    longest_silence_s DOUBLE PRECISION NOT NULL,
    licence TEXT,
    license_document_url TEXT,
    cost NUMERIC(12, 4) DEFAULT 0 NOT NULL CHECK (cost >= 0),
    created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
    UNIQUE (video_job_id, order_index)
)
"""

CLIP = ("clip_path TEXT", "clip_sha256 TEXT", "clip_bytes BIGINT", "clip_frames INTEGER")
TABLES = ("images", "image_versions")


def upgrade() -> None:
    """Make the table of sounds, and room for footage beside the still of it that stands for the scene."""
    op.execute(SOUND_BEDS)
    for table in TABLES:
        for column in CLIP:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.execute(
        "ALTER TABLE images ADD CONSTRAINT images_clip_check"
        " CHECK (num_nonnulls(clip_path, clip_sha256, clip_bytes, clip_frames) IN (0, 4))"
    )
    op.execute("ALTER TABLE images ADD CONSTRAINT images_clip_frames_check CHECK (clip_frames > 0)")


def downgrade() -> None:
    """Forget sounds and footage; their files stay until the job goes."""
    for table in reversed(TABLES):
        for column in reversed(CLIP):
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column.split()[0]}")
    op.execute("DROP TABLE sound_beds")
