"""Licences of pictures that are made for thumbnails alone, and what each thumbnail is drawn from."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

UP = (
    "ALTER TYPE licensed_kind ADD VALUE 'thumbnail'",
    "ALTER TABLE thumbnails ADD COLUMN pictures JSONB DEFAULT '[]'::jsonb NOT NULL,"
    " ADD CONSTRAINT thumbnails_pictures_check CHECK (jsonb_typeof(pictures) = 'array')",
)
DOWN = (
    "ALTER TABLE thumbnails DROP COLUMN pictures",
    # The former schema has no word for them, and a type loses none of its values: it is made anew.
    "ALTER TABLE licences DISABLE TRIGGER licences_append_only",
    "DELETE FROM licences WHERE kind = 'thumbnail'",
    "ALTER TABLE licences ENABLE TRIGGER licences_append_only",
    "ALTER TYPE licensed_kind RENAME TO newer_licensed_kind",
    "CREATE TYPE licensed_kind AS ENUM ('track', 'image', 'clip', 'bed')",
    "ALTER TABLE licences ALTER COLUMN kind TYPE licensed_kind USING kind::text::licensed_kind",
    "DROP TYPE newer_licensed_kind",
)


def upgrade() -> None:
    """Let the kind in; of thumbnails that are there nobody wrote down what they are drawn from."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget the rows of that kind, and what thumbnails are drawn from."""
    for statement in DOWN:
        op.execute(statement)
