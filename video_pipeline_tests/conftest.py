"""Owns what the tests of several rooms stand on: one PostgreSQL server, and a fresh database and media store a test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, make_url, text

from video_pipeline.domain.passwords import Cost
from video_pipeline.store import (
    EmbeddedPostgres,
    LocalMediaStore,
    PostgresAccess,
    PostgresJobStore,
    connect,
    migrate,
    rewritten_url,
)
from video_pipeline_tests.ffmpeg.browser import PROGRAMS, SWITCHES, find_chromium
from video_pipeline_tests.places import open_directory

TOLD = "told"
"""A property of a test that is printed at the end of the run, whether it passed or not."""

TEMPLATE = "migrated_template"
FORGETFUL = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
"""Settings that a server does without whose databases live for one test and need not survive a power cut."""
CHEAP = Cost(n=2, r=8, p=1)
"""What hashing a password costs in tests that are not about that."""

# A machine that does other work as well is no fault of what is tested.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have to tell, also those that another process ran."""
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, value in getattr(report, "user_properties", ()):
            if name == TOLD:
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {value}")


@dataclass(frozen=True)
class Database:
    """A database of its own for one test."""

    url: str
    engine: Engine


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser of this machine; it is no Python package, so where there is none, no page can be tried."""
    found = find_chromium()
    if found is None:
        pytest.skip(f"no Chromium on this machine: set CHROMIUM_BINARY or install one of {', '.join(PROGRAMS)}")
    return found


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """One browser for the pages of a module; its loop would be in the way of tests that have one of their own."""
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=list(SWITCHES))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def short_dir() -> Iterator[Path]:
    """A directory with a short name that every user may enter, so that root's server can live and listen in it."""
    with open_directory() as path:
        yield path


class ServerElsewhere:
    """A server that runs already, named by an environment variable; its user may make databases."""

    def __init__(self, url: str) -> None:
        self._url = make_url(rewritten_url(url))

    def url(self, database: str = "video_pipeline") -> str:
        """The URL of one of its databases."""
        return self._url.set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres(short_dir: Path) -> Iterator[EmbeddedPostgres | ServerElsewhere]:
    """The server of the whole test session, its databases on a disk that may forget."""
    elsewhere = os.environ.get("VIDEO_PIPELINE_TEST_DATABASE_URL")
    if elsewhere:
        yield ServerElsewhere(elsewhere)
        return
    with EmbeddedPostgres(short_dir / "data", state_dir=short_dir / "state") as server:
        admin = connect(server.url("postgres")).execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for setting in FORGETFUL:
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        admin.dispose()
        yield server


@pytest.fixture(scope="session")
def new_database(postgres: EmbeddedPostgres | ServerElsewhere) -> Callable[..., object]:
    """Makes databases: a context manager of a Database, migrated (by copying a template) or empty."""
    numbers = itertools.count(1)
    admin = connect(postgres.url("postgres")).execution_options(isolation_level="AUTOCOMMIT")

    def execute(statement: str) -> None:
        with admin.connect() as connection:
            connection.execute(text(statement))
        admin.dispose()

    execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
    execute(f"CREATE DATABASE {TEMPLATE}")
    engine = connect(postgres.url(TEMPLATE))
    migrate(engine)
    engine.dispose()
    # The first connection after a change of the schema writes down what the later ones need to know of the catalog;
    # copies of the template have that as well.
    with engine.connect() as connection:
        connection.execute(text("SELECT FROM video_jobs"))
    engine.dispose()

    @contextmanager
    def make(*, migrated: bool = True) -> Iterator[Database]:
        name = f"test_{os.getpid()}_{next(numbers)}"
        # Copying files takes half the time of writing each of their pages to the log as well, the default.
        execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE if migrated else 'template0'} STRATEGY file_copy")
        url = make_url(postgres.url()).set(database=name).render_as_string(hide_password=False)
        engine = connect(url)
        try:
            yield Database(url, engine)
        finally:
            engine.dispose()
            execute(f"DROP DATABASE {name} WITH (FORCE)")

    return make


@pytest.fixture
def database(new_database: Callable[..., object]) -> Iterator[Database]:
    """A migrated database of the test's own."""
    with new_database() as fresh:  # type: ignore[attr-defined] # a context manager, see above
        yield fresh


@pytest.fixture
def empty_database(new_database: Callable[..., object]) -> Iterator[Database]:
    """A database without a schema."""
    with new_database(migrated=False) as fresh:  # type: ignore[attr-defined] # a context manager, see above
        yield fresh


@pytest.fixture
def store(database: Database) -> PostgresJobStore:
    """The job store on a fresh database."""
    return PostgresJobStore(database.engine)


@pytest.fixture
def media(tmp_path: Path) -> LocalMediaStore:
    """An empty media store."""
    return LocalMediaStore(tmp_path / "media")


@pytest.fixture
def access(database: Database) -> PostgresAccess:
    """Users and keys on a fresh database; hashing a password costs next to nothing."""
    return PostgresAccess(database.engine, cost=CHEAP)
