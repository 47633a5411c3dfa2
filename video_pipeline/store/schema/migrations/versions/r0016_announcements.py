"""When a vendor last said by itself that something became of a task."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE purchases ADD COLUMN announced_at TIMESTAMP WITH TIME ZONE")


def downgrade() -> None:
    """Forget it."""
    op.execute("ALTER TABLE purchases DROP COLUMN announced_at")
