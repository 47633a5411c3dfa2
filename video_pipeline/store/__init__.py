"""Owns what is kept: the books in PostgreSQL and the files; hides SQL, the server and the file system.

Its rooms, from the lowest up; who may import whom is a contract in pyproject.toml.

server     the PostgreSQL server and the way to it
schema     tables, migrations, versions
files      the media store
books      jobs, and all that is made and paid for them
beside     thumbnails, uploaded files
finding    lists, search, sums, the feed
money      purchases, caps, turns of vendors
people     users, keys, sessions
hooks      webhooks
backup     copies of it all
job_store  the one door to the books
"""

from video_pipeline.store.backup.backups import PostgresBackups
from video_pipeline.store.files.media import LocalMediaStore
from video_pipeline.store.hooks.outbox import PostgresOutbox
from video_pipeline.store.job_store import PostgresJobStore
from video_pipeline.store.people.access import PostgresAccess
from video_pipeline.store.schema.facts import server_facts, url_of_schema
from video_pipeline.store.schema.version import admit_providers, downgrade, migrate, schema_version
from video_pipeline.store.server.embedded import EmbeddedPostgres
from video_pipeline.store.server.engine import connect, rewritten_url

__all__ = [
    "EmbeddedPostgres",
    "LocalMediaStore",
    "PostgresAccess",
    "PostgresBackups",
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
