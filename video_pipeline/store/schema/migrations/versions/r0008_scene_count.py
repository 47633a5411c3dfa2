"""The number of scenes of a plan beside it, so that a list of jobs reads no plans."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COUNT = """
CASE
    WHEN jsonb_typeof(storyboard_data -> 'scenes') = 'array' THEN jsonb_array_length(storyboard_data -> 'scenes')
    ELSE NULL
END
"""


def upgrade() -> None:
    """Add the count, kept by the database itself."""
    op.execute(f"ALTER TABLE video_jobs ADD COLUMN scene_count INTEGER GENERATED ALWAYS AS ({COUNT}) STORED")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE video_jobs DROP COLUMN scene_count")
