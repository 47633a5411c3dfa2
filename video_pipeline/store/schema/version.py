"""Owns the version of the schema: bring it forward, back, ask for it, teach it names of providers; hides alembic."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from video_pipeline.domain.errors import InvalidInputError, MachineError
from video_pipeline.store.server.engine import transaction

PROVIDER_NAME = r"[a-z][a-z0-9_]{0,30}"

PROVIDER_TYPES = ("music_provider", "visual_provider")

_LOCK = 7_316_904_118_262_217
"""A number of our own among PostgreSQL's advisory locks; whoever migrates holds it."""


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema forward to `revision`, all or nothing; safe when several processes do it at once.

    MachineError when the database was made by a newer version of this package.
    """
    with transaction(engine) as connection:
        _take_turns(connection)
        try:
            command.upgrade(_config(connection), revision)
        except CommandError as error:
            raise MachineError(
                f"the schema of the database is {current_revision(connection)}, which this version does not know; "
                "install the version that made it, or a newer one"
            ) from error


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Bring the schema back to `revision`; what only newer revisions can hold is lost."""
    with transaction(engine) as connection:
        _take_turns(connection)
        command.downgrade(_config(connection), revision)


def admit_providers(engine: Engine, music: Sequence[str], visual: Sequence[str]) -> None:
    """Let the books take works of these providers; those that they know already stay as they are.

    InvalidInputError for a name that is not 1 to 31 characters of a-z, 0-9 and _, with a letter in front.
    """
    wanted = {"music_provider": music, "visual_provider": visual}
    for name in (*music, *visual):
        if not re.fullmatch(PROVIDER_NAME, name):
            raise InvalidInputError(
                f"{name!r} is no name of a provider; write 1 to 31 characters of a-z, 0-9 and _, a letter in front"
            )
    with transaction(engine) as connection:
        _admit(connection, wanted)


def _admit(connection: Connection, wanted: Mapping[str, Sequence[str]]) -> None:
    for kind, names in wanted.items():
        known = known_providers(connection, kind)
        for name in names:
            if name not in known:
                connection.execute(text(f"ALTER TYPE {kind} ADD VALUE IF NOT EXISTS '{name}'"))


def known_providers(connection: Connection, kind: str) -> list[str]:
    """The names that the enum type `kind` has."""
    query = text("SELECT enumlabel FROM pg_enum WHERE enumtypid = CAST(:kind AS regtype) ORDER BY enumsortorder")
    return list(connection.execute(query, {"kind": kind}).scalars())


def schema_version(engine: Engine) -> str | None:
    """The revision of the schema; None when there is none yet."""
    with transaction(engine) as connection:
        return current_revision(connection)


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def rebuild(connection: Connection, revision: str) -> None:
    """Make the schema anew as it was at `revision`, in the caller's transaction; all that is in it is lost.

    Except the names of providers: PostgreSQL lets a transaction use a new name of a type that it has made itself.
    """
    _take_turns(connection)
    known = {kind: known_providers(connection, kind) for kind in PROVIDER_TYPES}
    command.downgrade(_config(connection), "base")
    command.upgrade(_config(connection), revision)
    _admit(connection, known)


def bring_forward(connection: Connection) -> None:
    """Bring the schema to the newest revision, in the caller's transaction."""
    command.upgrade(_config(connection), "head")


def is_known(connection: Connection, revision: str) -> bool:
    """True for a revision that this version of the package has."""
    return revision in {each.revision for each in ScriptDirectory.from_config(_config(connection)).walk_revisions()}


def _take_turns(connection: Connection) -> None:
    # Waiting for another process that migrates may take longer than an ordinary statement.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _config(connection: Connection) -> Config:
    config = Config()
    # Interpolation would take a percent sign in the path of the installation for a parameter.
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
