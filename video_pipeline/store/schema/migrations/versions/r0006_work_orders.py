"""Work that was ordered on demand, thumbnails and files."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = "CREATE TYPE work_order_kind AS ENUM ('export', 'preview', 'refine')"
STATUSES = "CREATE TYPE work_order_status AS ENUM ('pending', 'in_progress', 'completed', 'failed')"

WORK_ORDERS = """
CREATE TABLE work_orders (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    video_job_id UUID NOT NULL REFERENCES video_jobs(id) ON DELETE CASCADE,
    kind work_order_kind NOT NULL,
    request JSONB NOT NULL,
    request_sha256 TEXT NOT NULL CHECK (request_sha256 ~ '^[0-9a-f]{64}$'),
    ordered_by TEXT NOT NULL,
    status work_order_status DEFAULT 'pending' NOT NULL,
    progress JSONB,
    result JSONB,
    error_message TEXT,
    attempt INTEGER DEFAULT 0 NOT NULL CHECK (attempt >= 0),
    run_id TEXT,
    holder TEXT DEFAULT '' NOT NULL,
    heartbeat_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT work_orders_finished_at_check
        CHECK ((status IN ('completed', 'failed')) = (finished_at IS NOT NULL)),
    CONSTRAINT work_orders_result_check CHECK ((status = 'completed') = (result IS NOT NULL)),
    CONSTRAINT work_orders_error_message_check CHECK (status <> 'failed' OR error_message IS NOT NULL),
    CONSTRAINT work_orders_in_progress_check CHECK (
        status <> 'in_progress' OR (attempt > 0 AND num_nonnulls(run_id, heartbeat_at, started_at) = 3)
    )
)
"""

UNFINISHED = "WHERE status IN ('pending', 'in_progress')"
INDEXES = (
    f"UNIQUE INDEX idx_work_orders_unfinished ON work_orders(video_job_id, kind, request_sha256) {UNFINISHED}",
    "INDEX idx_work_orders_video_job_id ON work_orders(video_job_id, created_at DESC)",
    f"INDEX idx_work_orders_waiting ON work_orders(created_at) {UNFINISHED}",
)


def upgrade() -> None:
    """Make the table of orders; those of thumbnails and files are there since the first revision."""
    for statement in (KINDS, STATUSES, WORK_ORDERS, *(f"CREATE {index}" for index in INDEXES)):
        op.execute(statement)


def downgrade() -> None:
    """Forget what was ordered; what was made of it stays."""
    op.execute("DROP TABLE work_orders")
    op.execute("DROP TYPE work_order_status")
    op.execute("DROP TYPE work_order_kind")
