"""One row of analytics for a video and a day."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Nothing but plain SQL could write there before; of several rows for a day the last one counts.
DOUBLES = """
DELETE FROM video_analytics AS earlier USING video_analytics AS later
WHERE (earlier.video_job_id, earlier.youtube_video_id, earlier.snapshot_date)
    = (later.video_job_id, later.youtube_video_id, later.snapshot_date)
    AND (earlier.created_at, earlier.id) < (later.created_at, later.id)
"""
INDEX = "CREATE UNIQUE INDEX idx_video_analytics_day ON video_analytics(video_job_id, youtube_video_id, snapshot_date)"


def upgrade() -> None:
    """Keep the last row of each day."""
    op.execute(DOUBLES)
    op.execute(INDEX)


def downgrade() -> None:
    """Let a day have several rows again."""
    op.execute("DROP INDEX idx_video_analytics_day")
