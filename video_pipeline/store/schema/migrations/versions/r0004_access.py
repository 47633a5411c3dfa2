"""Who may use the studio: users, API keys, sessions, answers that are given once."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = "id UUID PRIMARY KEY DEFAULT gen_random_uuid()"
CREATED_AT = "created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL"
OF_USER = "user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE"

SCOPE = "CREATE TYPE access_scope AS ENUM ('read', 'edit', 'spend', 'admin')"

USERS = f"""
CREATE TABLE users (
    {ID},
    name TEXT NOT NULL CHECK (name ~ '^[A-Za-z0-9._@-]{{1,64}}$'),
    password_hash TEXT NOT NULL CHECK (password_hash ~ '^scrypt[$]'),
    scope access_scope NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    {CREATED_AT}
)
"""

API_KEYS = f"""
CREATE TABLE api_keys (
    {ID},
    {OF_USER},
    name TEXT NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    key_hash TEXT NOT NULL UNIQUE CHECK (key_hash ~ '^[0-9a-f]{{64}}$'),
    scope access_scope NOT NULL,
    {CREATED_AT},
    expires_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    last_used_at TIMESTAMP WITH TIME ZONE
)
"""

SESSIONS = f"""
CREATE TABLE sessions (
    {ID},
    token_hash TEXT NOT NULL UNIQUE CHECK (token_hash ~ '^[0-9a-f]{{64}}$'),
    {OF_USER},
    ttl_s INTEGER NOT NULL CHECK (ttl_s > 0),
    {CREATED_AT},
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL
)
"""

LOGIN_FAILURES = """
CREATE TABLE login_failures (
    name TEXT PRIMARY KEY CHECK (name = lower(name)),
    failures INTEGER DEFAULT 0 NOT NULL CHECK (failures >= 0),
    last_failed_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL
)
"""

ANSWERS = f"""
CREATE TABLE answers (
    owner TEXT NOT NULL,
    key TEXT NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    request_hash TEXT NOT NULL,
    status INTEGER CHECK (status BETWEEN 100 AND 599),
    headers JSONB,
    body JSONB,
    {CREATED_AT},
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    completed_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (owner, key),
    CONSTRAINT answers_completed_check CHECK (num_nonnulls(status, headers, completed_at) IN (0, 3)),
    CONSTRAINT answers_body_check CHECK (completed_at IS NOT NULL OR body IS NULL)
)
"""

TABLES = {
    "users": USERS,
    "api_keys": API_KEYS,
    "sessions": SESSIONS,
    "login_failures": LOGIN_FAILURES,
    "answers": ANSWERS,
}

INDEXES = (
    "UNIQUE INDEX idx_users_name ON users(lower(name))",
    "INDEX idx_api_keys_user_id ON api_keys(user_id)",
    "INDEX idx_sessions_user_id ON sessions(user_id)",
    "INDEX idx_sessions_expires_at ON sessions(expires_at)",
    "INDEX idx_login_failures_last_failed_at ON login_failures(last_failed_at)",
    "INDEX idx_answers_expires_at ON answers(expires_at)",
)


def upgrade() -> None:
    """Make the type, the tables, their indexes."""
    for statement in (SCOPE, *TABLES.values(), *(f"CREATE {index}" for index in INDEXES)):
        op.execute(statement)


def downgrade() -> None:
    """Forget who may use the studio."""
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
    op.execute("DROP TYPE access_scope")
