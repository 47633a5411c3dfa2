"""Uploads that come in pieces."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

JOB_UPLOADS = """
CREATE TABLE job_uploads (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    job_id UUID NOT NULL REFERENCES video_jobs(id) ON DELETE CASCADE,
    file_type job_file_type NOT NULL,
    filename TEXT NOT NULL,
    bytes BIGINT NOT NULL CHECK (bytes > 0),
    received BIGINT DEFAULT 0 NOT NULL,
    sha256 TEXT CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    file_id UUID REFERENCES job_files(id) ON DELETE CASCADE,
    error_message TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT job_uploads_received_check CHECK (received BETWEEN 0 AND bytes),
    CONSTRAINT job_uploads_outcome_check CHECK (num_nonnulls(file_id, error_message) <= 1),
    CONSTRAINT job_uploads_file_id_check CHECK (file_id IS NULL OR received = bytes)
)
"""

RECEIVING = "WHERE num_nonnulls(file_id, error_message) = 0"
INDEXES = (
    f"UNIQUE INDEX idx_job_uploads_receiving ON job_uploads(job_id, file_type, filename) {RECEIVING}",
    "INDEX idx_job_uploads_expires_at ON job_uploads(expires_at)",
    "INDEX idx_job_uploads_file_id ON job_uploads(file_id)",
)


def upgrade() -> None:
    """Make the table."""
    for statement in (JOB_UPLOADS, *(f"CREATE {index}" for index in INDEXES)):
        op.execute(statement)


def downgrade() -> None:
    """Forget what is on its way; what has arrived stays."""
    op.execute("DROP TABLE job_uploads")
