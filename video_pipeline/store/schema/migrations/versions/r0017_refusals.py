"""Which requests a vendor's moderation has refused, and the ways to the sums of money."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and the indexes: each reservation sums up a month while all others wait for it."""
    op.execute("ALTER TABLE purchases ADD COLUMN refused BOOLEAN NOT NULL DEFAULT false")
    op.execute("CREATE INDEX idx_purchases_refused ON purchases(video_job_id, request) WHERE refused")
    op.execute(
        "CREATE INDEX idx_cost_ledger_settled ON cost_ledger(created_at) INCLUDE (video_job_id, channel_id, amount) "
        "WHERE entry = 'settle'"
    )
    op.execute(
        "CREATE INDEX idx_purchases_carried ON purchases(closed_at) "
        "WHERE (created_at AT TIME ZONE 'UTC')::date <> (closed_at AT TIME ZONE 'UTC')::date"
    )


def downgrade() -> None:
    """Forget it."""
    for index in ("idx_purchases_carried", "idx_cost_ledger_settled", "idx_purchases_refused"):
        op.execute(f"DROP INDEX {index}")
    op.execute("ALTER TABLE purchases DROP COLUMN refused")
