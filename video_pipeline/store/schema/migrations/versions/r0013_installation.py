"""When the books were last put back from a backup."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTALLATION = """
CREATE TABLE installation (
    id SMALLINT DEFAULT 1 PRIMARY KEY CONSTRAINT installation_id_check CHECK (id = 1),
    restored_at TIMESTAMP WITH TIME ZONE NOT NULL
)
"""


def upgrade() -> None:
    """Make the table; it has no row before the first restore."""
    op.execute(INSTALLATION)


def downgrade() -> None:
    """Forget it."""
    op.execute("DROP TABLE installation")
