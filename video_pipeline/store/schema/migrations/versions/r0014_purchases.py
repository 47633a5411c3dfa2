"""What is bought of providers, what it may cost, and how they behave."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TYPES = (
    "CREATE TYPE purchase_state AS ENUM"
    " ('reserved', 'submitting', 'submitted', 'settled', 'released', 'doubtful', 'lost')",
    "CREATE TYPE cap_scope AS ENUM ('job', 'channel', 'day', 'month')",
)

PURCHASES = """
CREATE TABLE purchases (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    video_job_id UUID NOT NULL,
    channel_id UUID,
    what TEXT NOT NULL,
    provider TEXT NOT NULL,
    prompt TEXT NOT NULL,
    seed BIGINT,
    request TEXT NOT NULL CHECK (request ~ '^[0-9a-f]{64}$'),
    state purchase_state DEFAULT 'reserved' NOT NULL,
    price NUMERIC(12,4) NOT NULL CHECK (price >= 0),
    cost NUMERIC(12,4) CHECK (cost >= 0),
    credits NUMERIC(12,4),
    task_id TEXT,
    attempt INTEGER,
    note TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
    submitting_at TIMESTAMP WITH TIME ZONE,
    submitted_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE
)
"""

CAPS = """
CREATE TABLE spending_caps (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    scope cap_scope NOT NULL,
    channel_id UUID REFERENCES channels(id) ON DELETE CASCADE,
    amount NUMERIC(12,4) CHECK (amount >= 0),
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT spending_caps_channel_id_check CHECK (channel_id IS NULL OR scope IN ('job', 'channel'))
)
"""

VENDORS = """
CREATE TABLE vendor_states (
    provider TEXT PRIMARY KEY,
    failures INTEGER DEFAULT 0 NOT NULL CHECK (failures >= 0),
    closed_until TIMESTAMP WITH TIME ZONE,
    paused_until TIMESTAMP WITH TIME ZONE,
    next_call_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT DEFAULT '' NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL
)
"""

INDEXES = (
    "UNIQUE INDEX idx_purchases_unfinished ON purchases(video_job_id, what)"
    " WHERE state IN ('reserved', 'submitting', 'submitted', 'doubtful')",
    "UNIQUE INDEX idx_purchases_task ON purchases(provider, task_id) WHERE task_id IS NOT NULL",
    "INDEX idx_purchases_submitting ON purchases(provider, submitting_at)",
    "INDEX idx_purchases_created_at ON purchases(created_at DESC)",
    "UNIQUE INDEX idx_spending_caps_channel ON spending_caps(scope, channel_id)",
    "UNIQUE INDEX idx_spending_caps_all ON spending_caps(scope) WHERE channel_id IS NULL",
)

NOBODYS_RESERVATIONS = """
INSERT INTO cost_ledger (video_job_id, channel_id, request_key, entry, amount, provider, message)
SELECT video_job_id, channel_id, request_key, 'release', amount, provider, 'nothing was bought by the former version'
FROM cost_ledger AS reserved WHERE entry = 'reserve' AND NOT EXISTS (
    SELECT FROM cost_ledger AS outcome WHERE outcome.request_key = reserved.request_key AND outcome.entry <> 'reserve'
)
"""


def upgrade() -> None:
    """Make the tables; what was set aside and never bought is given back."""
    for each in (*TYPES, PURCHASES, CAPS, VENDORS):
        op.execute(each)
    for each in INDEXES:
        op.execute(f"CREATE {each}")
    op.execute(NOBODYS_RESERVATIONS)


def downgrade() -> None:
    """Forget all purchases; what they cost stays in the ledger."""
    for table in ("vendor_states", "spending_caps", "purchases"):
        op.execute(f"DROP TABLE {table}")
    for name in ("cap_scope", "purchase_state"):
        op.execute(f"DROP TYPE {name}")
