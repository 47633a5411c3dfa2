"""Which submissions try whether a vendor is back, so that no other failure keeps it away for longer."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE vendor_states ADD COLUMN trials JSONB NOT NULL DEFAULT '[]'::jsonb")


def downgrade() -> None:
    """Forget it."""
    op.execute("ALTER TABLE vendor_states DROP COLUMN trials")
