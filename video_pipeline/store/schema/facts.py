"""Owns what can be said about a database server, and a place in it for another program's tables; hides SQL."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlalchemy.schema import CreateSchema

from video_pipeline.domain.errors import MachineError
from video_pipeline.store.schema.version import schema_version
from video_pipeline.store.server.engine import transaction


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A database as an operator wants to know it; no password."""

    version: str
    where: str  # host and database, or directory of the socket and database
    schema_version: str


def server_facts(engine: Engine) -> ServerFacts:
    """Ask the server behind `engine`."""
    with transaction(engine) as connection:
        version = str(connection.execute(text("SHOW server_version")).scalar_one())
    query_host = engine.url.query.get("host")
    host = engine.url.host or (query_host if isinstance(query_host, str) else "local")
    return ServerFacts(version, f"{host}/{engine.url.database}", schema_version(engine) or "empty")


def url_of_schema(engine: Engine, name: str) -> str:
    """A URL to the same database whose tables live in the schema `name`, which is made when missing.

    Dagster's tables need their own: both keep an `alembic_version`. Options that the URL has stay. MachineError when
    the user may not make a schema.
    """
    try:
        with transaction(engine) as connection:
            connection.execute(CreateSchema(name, if_not_exists=True))
    except MachineError as error:
        raise MachineError(
            f"{error}; or name a database for Dagster's tables in VIDEO_PIPELINE_DAGSTER_DATABASE_URL"
        ) from error
    # Of several settings of the same name the server takes the last one.
    options = [*engine.url.normalized_query.get("options", ()), f"-csearch_path={name}"]
    return engine.url.update_query_dict({"options": " ".join(options)}).render_as_string(hide_password=False)
