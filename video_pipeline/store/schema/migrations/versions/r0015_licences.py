"""A row of evidence for each generated thing, and the pages of terms that it quotes."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KIND = "CREATE TYPE licensed_kind AS ENUM ('track', 'image', 'clip', 'bed')"

LICENCES = """
CREATE TABLE licences (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    video_job_id UUID NOT NULL,
    kind licensed_kind NOT NULL,
    order_index INTEGER NOT NULL CHECK (order_index >= 1),
    provider TEXT NOT NULL,
    plan TEXT,
    licence TEXT NOT NULL,
    licence_url TEXT,
    terms_url TEXT,
    terms_taken_at TIMESTAMP WITH TIME ZONE,
    terms_sha256 TEXT CHECK (terms_sha256 ~ '^[0-9a-f]{64}$'),
    prompt TEXT,
    seed BIGINT,
    provider_task_id TEXT,
    cost NUMERIC(12, 4) DEFAULT 0 NOT NULL CHECK (cost >= 0),
    sha256 TEXT NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    uses JSONB DEFAULT '[]'::jsonb NOT NULL CHECK (jsonb_typeof(uses) = 'array'),
    refused JSONB DEFAULT '[]'::jsonb NOT NULL CHECK (jsonb_typeof(refused) = 'array'),
    created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT licences_terms_check CHECK (num_nonnulls(terms_taken_at, terms_sha256) IN (0, 2))
)
"""

TERMS = """
CREATE TABLE provider_terms (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider TEXT NOT NULL,
    url TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    content BYTEA,
    bytes BIGINT NOT NULL CHECK (bytes > 0),
    fetched_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL
)
"""

INDEXES = (
    "CREATE INDEX idx_licences_video_job_id ON licences(video_job_id, id)",
    "CREATE INDEX idx_provider_terms_provider ON provider_terms(provider, id)",
    "CREATE UNIQUE INDEX idx_provider_terms_sha256 ON provider_terms(sha256) WHERE content IS NOT NULL",
)

# What is known of things that were made before: no terms were read for them, and nobody said what they may be used for.
# What a clip cost is in the cost of its picture, and which provider made it was not written down.
_MADE_BEFORE = """
INSERT INTO licences (video_job_id, kind, order_index, provider, licence, licence_url, terms_url, prompt, seed,
    provider_task_id, cost, sha256, created_at)
SELECT video_job_id, kind::licensed_kind, order_index, provider, coalesce(licence, ''), url, url,
    CASE WHEN provider <> 'upload' THEN prompt END, seed, task, cost, sha256, created_at
FROM (
    SELECT video_job_id, 'track' AS kind, order_index, provider::text, licence, license_document_url AS url,
        prompt_text AS prompt, NULL::bigint AS seed, provider_track_id AS task, cost, sha256, created_at
    FROM audio_tracks WHERE sha256 IS NOT NULL
    UNION ALL SELECT video_job_id, 'image', order_index, provider::text, licence, license_document_url,
        prompt_text, NULL, provider_image_id, cost, sha256, created_at
    FROM images WHERE sha256 IS NOT NULL AND order_index IS NOT NULL
    UNION ALL SELECT video_job_id, 'image', order_index, provider::text, licence, license_document_url,
        image_prompt, CASE WHEN provider <> 'upload' THEN seed END, provider_image_id, cost, sha256, created_at
    FROM image_versions
    UNION ALL SELECT video_job_id, 'bed', order_index, provider, licence, license_document_url,
        name, NULL, provider_sound_id, cost, sha256, created_at
    FROM sound_beds
    UNION ALL SELECT video_job_id, 'clip', order_index, provider::text, licence, license_document_url,
        prompt_text, NULL, provider_image_id, 0, clip_sha256, created_at
    FROM images WHERE clip_sha256 IS NOT NULL AND provider = 'upload' AND order_index IS NOT NULL
) AS made ORDER BY created_at, kind, order_index
"""

_REFUSE = "EXECUTE FUNCTION refuse_rewriting('never')"


def upgrade() -> None:
    """Make the tables, and a row for each thing that there is."""
    op.execute(KIND)
    op.execute(LICENCES)
    op.execute(TERMS)
    for index in INDEXES:
        op.execute(index)
    op.execute(_MADE_BEFORE)
    for table in ("licences", "provider_terms"):
        op.execute(f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {_REFUSE}")
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} {_REFUSE}")


def downgrade() -> None:
    """Forget the evidence."""
    op.execute("DROP TABLE provider_terms")
    op.execute("DROP TABLE licences")
    op.execute("DROP TYPE licensed_kind")
