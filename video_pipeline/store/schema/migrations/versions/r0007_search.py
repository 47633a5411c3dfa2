"""Finding jobs by words, and pages of jobs that begin anywhere in the list."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The parser would take a.b for a host, a/b for a path and <b> for a tag; and by the locale of the server, everything
# beyond ASCII for letters. With spaces instead, words end at the same places everywhere.
SEPARATORS = "-./<&@_+~¡«·»¿–—‘’“”„•…、。「」『』・！，：？\u00a0\u200b\u202f\u2009\u3000"


def _words(weight: str, *columns: str) -> str:
    joined = " || ' '::text || ".join(columns)
    # A text of a million different words would be refused; nobody looks for the ones behind the first pages.
    plain = f"translate(left({joined}, 10000), '{SEPARATORS}'::text, '{' ' * len(SEPARATORS)}'::text)"
    return f"setweight(to_tsvector('simple'::regconfig, lower({plain})), '{weight}'::\"char\")"


def _there(column: str) -> str:
    return f"COALESCE({column}, ''::text)"


SEARCH = " || ".join(
    (
        _words("A", _there("youtube_title"), "niche_label::text"),
        _words("B", "mood_keywords", _there("project_name"), _there("song_title")),
        _words("C", _there("prompt")),
        _words("D", _there("youtube_description")),
    )
)

INDEXES = {
    "idx_video_jobs_search": "USING GIN (search)",
    "idx_video_jobs_page": "(created_at DESC, id DESC)",
    "idx_video_jobs_user_page": "(user_id, created_at DESC, id DESC)",
}


def upgrade() -> None:
    """Add the words of each job, kept by the database itself, and the indexes."""
    op.execute(f"ALTER TABLE video_jobs ADD COLUMN search tsvector GENERATED ALWAYS AS ({SEARCH}) STORED")
    for name, rest in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON video_jobs {rest}")


def downgrade() -> None:
    """Remove them."""
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
    op.execute("ALTER TABLE video_jobs DROP COLUMN search")
