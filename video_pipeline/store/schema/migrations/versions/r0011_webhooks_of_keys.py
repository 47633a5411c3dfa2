"""Which key ordered a job, and webhooks that are told of one key's jobs."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UP = (
    "ALTER TABLE video_jobs ADD COLUMN api_key_id UUID REFERENCES api_keys(id) ON DELETE SET NULL",
    "ALTER TABLE webhooks ADD COLUMN api_key_id UUID REFERENCES api_keys(id) ON DELETE CASCADE,"
    " ADD CONSTRAINT webhooks_api_key_id_check CHECK (api_key_id IS NULL OR user_name IS NOT NULL)",
    "CREATE INDEX idx_webhooks_api_key_id ON webhooks(api_key_id)",
)
DOWN = (
    # Left without its key, such a webhook would be told of everything that its user orders.
    "DELETE FROM webhooks WHERE api_key_id IS NOT NULL",
    "ALTER TABLE webhooks DROP COLUMN api_key_id",
    "ALTER TABLE video_jobs DROP COLUMN api_key_id",
)


def upgrade() -> None:
    """Add the columns; of the jobs that are there nobody knows which key ordered them."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget the keys' webhooks, and by which key jobs were ordered."""
    for statement in DOWN:
        op.execute(statement)
