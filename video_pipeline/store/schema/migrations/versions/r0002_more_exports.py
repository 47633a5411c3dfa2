"""Exports in more formats, and in sizes of one's own."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FORMATS = "format IN ('mp4', 'mov', 'webm', 'av1', 'm4a', 'opus', 'flac')"
QUALITIES = "quality ~ '^([a-z]{1,16}|[0-9]{2,4}x[0-9]{2,4}(@[0-9]{2,6}k)?)$'"

FORMER_FORMATS = "format IN ('mp4', 'mov', 'webm')"
FORMER_QUALITIES = "quality IN ('low', 'medium', 'high')"
FORGET = """
DELETE FROM exports WHERE format NOT IN ('mp4', 'mov', 'webm') OR quality NOT IN ('low', 'medium', 'high')
"""


def _check(formats: str, qualities: str) -> None:
    for column, rule in (("format", formats), ("quality", qualities)):
        op.execute(f"ALTER TABLE exports DROP CONSTRAINT exports_{column}_check")
        op.execute(f"ALTER TABLE exports ADD CONSTRAINT exports_{column}_check CHECK ({rule})")


def upgrade() -> None:
    """Let the new formats and qualities in."""
    _check(FORMATS, QUALITIES)


def downgrade() -> None:
    """Forget the exports that had no name before; each can be made again from its timeline."""
    op.execute(FORGET)
    _check(FORMER_FORMATS, FORMER_QUALITIES)
