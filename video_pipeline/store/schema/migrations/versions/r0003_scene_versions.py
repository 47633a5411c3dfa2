"""Earlier pictures of a scene, kept for comparing and restoring, and edits that take the lease of a job."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IMAGE_VERSIONS = """
CREATE TABLE image_versions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    video_job_id UUID NOT NULL REFERENCES video_jobs(id) ON DELETE CASCADE,
    order_index INTEGER NOT NULL CHECK (order_index >= 1),
    image_prompt TEXT NOT NULL,
    description TEXT NOT NULL,
    provider visual_provider NOT NULL,
    provider_image_id TEXT,
    local_file_path TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes BIGINT NOT NULL CHECK (bytes > 0),
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    mean_luma DOUBLE PRECISION NOT NULL,
    perceptual_hash TEXT NOT NULL CHECK (perceptual_hash ~ '^[0-9a-f]{16}$'),
    licence TEXT,
    license_document_url TEXT,
    cost NUMERIC(12, 4) DEFAULT 0 NOT NULL CHECK (cost >= 0),
    seed BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    replaced_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL
)
"""


def upgrade() -> None:
    """Make the history of pictures, and room in the lease for an edit beside the run that had it before."""
    op.execute(IMAGE_VERSIONS)
    op.execute("CREATE INDEX idx_image_versions_scene ON image_versions(video_job_id, order_index, replaced_at DESC)")
    op.execute("ALTER TABLE job_leases ADD COLUMN edit TEXT")
    op.execute("ALTER TABLE job_leases ADD COLUMN editor TEXT DEFAULT '' NOT NULL")


def downgrade() -> None:
    """Forget earlier pictures; their files stay until the job goes."""
    op.execute("ALTER TABLE job_leases DROP COLUMN editor")
    op.execute("ALTER TABLE job_leases DROP COLUMN edit")
    op.execute("DROP TABLE image_versions")
