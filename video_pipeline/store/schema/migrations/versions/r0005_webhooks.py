"""Addresses that are told what happens, and what each was told."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATUS = "CREATE TYPE webhook_delivery_status AS ENUM ('pending', 'delivered', 'dead')"

WEBHOOKS = """
CREATE TABLE webhooks (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_name TEXT,
    channel_id UUID REFERENCES channels(id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    kinds JSONB CHECK (jsonb_typeof(kinds) = 'array'),
    description TEXT DEFAULT '' NOT NULL,
    is_active BOOLEAN DEFAULT TRUE NOT NULL,
    disabled_reason TEXT,
    failures_in_a_row INTEGER DEFAULT 0 NOT NULL CHECK (failures_in_a_row >= 0),
    failing_since TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL
)
"""

DELIVERIES = """
CREATE TABLE webhook_deliveries (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    webhook_id UUID NOT NULL REFERENCES webhooks(id) ON DELETE CASCADE,
    event_id BIGINT,
    payload JSONB NOT NULL,
    status webhook_delivery_status DEFAULT 'pending' NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL CHECK (attempts >= 0),
    next_attempt_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
    claimed_until TIMESTAMP WITH TIME ZONE,
    last_status_code INTEGER,
    last_error TEXT,
    last_attempt_at TIMESTAMP WITH TIME ZONE,
    delivered_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    UNIQUE (webhook_id, event_id),
    CONSTRAINT webhook_deliveries_delivered_at_check CHECK ((status = 'delivered') = (delivered_at IS NOT NULL))
)
"""

INDEXES = (
    "INDEX idx_webhooks_user_name ON webhooks(user_name)",
    "INDEX idx_webhooks_channel_id ON webhooks(channel_id)",
    "INDEX idx_webhook_deliveries_due ON webhook_deliveries(webhook_id, next_attempt_at) WHERE status = 'pending'",
    "INDEX idx_webhook_deliveries_newest ON webhook_deliveries(webhook_id, created_at DESC, id DESC)",
)


def upgrade() -> None:
    """Make both tables."""
    for statement in (STATUS, WEBHOOKS, DELIVERIES, *(f"CREATE {index}" for index in INDEXES)):
        op.execute(statement)


def downgrade() -> None:
    """Forget every webhook, and what it was not told yet."""
    op.execute("DROP TABLE webhook_deliveries")
    op.execute("DROP TABLE webhooks")
    op.execute("DROP TYPE webhook_delivery_status")
