"""Which requests a vendor's moderation has refused."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and the way to what was refused of a job."""
    op.execute("ALTER TABLE purchases ADD COLUMN refused BOOLEAN NOT NULL DEFAULT false")
    op.execute("CREATE INDEX idx_purchases_refused ON purchases(video_job_id, request) WHERE refused")


def downgrade() -> None:
    """Forget it."""
    op.execute("DROP INDEX idx_purchases_refused")
    op.execute("ALTER TABLE purchases DROP COLUMN refused")
