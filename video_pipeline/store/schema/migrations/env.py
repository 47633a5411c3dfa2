"""Owns what alembic runs for each command: the migrations, in the caller's own transaction."""

from alembic import context

from video_pipeline.store.schema.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, compare_server_default=True
)
with context.begin_transaction():
    context.run_migrations()
