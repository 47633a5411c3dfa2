"""Owns what is kept: the books in PostgreSQL and the files; hides SQL, the server and the file system.

Modules in dependency order: premises, postmaster, embedded, engine, tables, migrations, schema, facts, keys, codec,
announce, books, channels, presence, orders, entries, fences, ledger, jobs, moves, works, edits, shelf, search, pages,
statistics, feed, job_store, media, people, api_keys, sessions, answers, access, webhooks, outbox.
"""

from video_pipeline.store.access import PostgresAccess
from video_pipeline.store.embedded import EmbeddedPostgres
from video_pipeline.store.engine import connect, rewritten_url
from video_pipeline.store.facts import server_facts, url_of_schema
from video_pipeline.store.job_store import PostgresJobStore
from video_pipeline.store.media import LocalMediaStore
from video_pipeline.store.outbox import PostgresOutbox
from video_pipeline.store.schema import admit_providers, downgrade, migrate, schema_version

__all__ = [
    "EmbeddedPostgres",
    "LocalMediaStore",
    "PostgresAccess",
    "PostgresJobStore",
    "PostgresOutbox",
    "admit_providers",
    "connect",
    "downgrade",
    "migrate",
    "rewritten_url",
    "schema_version",
    "server_facts",
    "url_of_schema",
]
