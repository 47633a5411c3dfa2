"""Users in the books: made once, found in any case of letters, changed at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.exc import IntegrityError

from video_pipeline import ports
from video_pipeline.domain.access import Scope, UserRecord
from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.steps.admit import first_user
from video_pipeline.store import PostgresAccess, connect
from video_pipeline_tests.conftest import CHEAP, Database
from video_pipeline_tests.naughty import NAUGHTY
from video_pipeline_tests.store.plain_sql import CHECK, UNIQUE, Sql, state

PASSWORD = "correct horse battery"


def test_the_store_is_what_the_port_asks_for(access: PostgresAccess) -> None:
    books: ports.AccessStore = access
    verbs = {name for base in ports.AccessStore.__mro__ for name in vars(base) if not name.startswith("_")}
    assert len(verbs) >= 20
    assert {name for name in verbs if callable(getattr(books, name, None))} == verbs


def test_a_user_is_found_in_any_case_of_letters_and_keeps_the_spelling(access: PostgresAccess) -> None:
    mia = access.create_user("Mia.W", PASSWORD, Scope.SPEND)
    assert (mia.name, mia.scope, mia.disabled_at) == ("Mia.W", Scope.SPEND, None)
    assert access.find_user("mia.w") == access.find_user("MIA.W") == mia
    for taken in ("Mia.W", "mia.w", "MIA.W"):
        with pytest.raises(ConflictError, match="there is a user"):
            access.create_user(taken, PASSWORD, Scope.READ)
    adam = access.create_user("adam", PASSWORD, Scope.READ)
    assert access.list_users() == [adam, mia]
    assert access.count_users() == 2


def test_an_unusable_name_makes_no_user_and_finds_none(access: PostgresAccess) -> None:
    for name in set(NAUGHTY) - {"undefined", "NULL", "NaN", "-1", "0x0", "_"}:
        with pytest.raises(InvalidInputError, match="is no user name"):
            access.create_user(name, PASSWORD, Scope.READ)
        for verb in (access.find_user, access.disable_user, access.enable_user, access.list_keys):
            with pytest.raises(NotFoundError, match="there is no user"):
                verb(name)
        assert access.open_session(name, PASSWORD) is None
    assert access.count_users() == 0


def test_an_unusable_password_changes_nothing(access: PostgresAccess) -> None:
    unusable = ("", "x" * 11, "x" * 201, "\ud800" * 20)
    for password in unusable:
        with pytest.raises(InvalidInputError, match="password"):
            access.create_first_user("tom", password, Scope.READ)
    access.create_user("mia", PASSWORD, Scope.READ)
    for password in unusable:
        with pytest.raises(InvalidInputError, match="password"):
            access.create_user("tom", password, Scope.READ)
        with pytest.raises(InvalidInputError, match="password"):
            access.set_password("mia", password)
    assert access.count_users() == 1
    assert access.open_session("mia", PASSWORD) is not None


def test_a_password_may_be_any_text(access: PostgresAccess) -> None:
    access.create_user("mia", PASSWORD, Scope.READ)
    for password in ("  " * 6, "\x00" * 12, "'; DROP TABLE users; --", "👩🏽‍🚀🏳️‍🌈" * 2, "x" * 200):
        access.set_password("mia", password)
        assert access.open_session("mia", password) is not None
        assert access.open_session("mia", password + ".") is None


def test_a_user_is_disabled_and_enabled_and_nothing_is_lost(access: PostgresAccess) -> None:
    access.create_user("mia", PASSWORD, Scope.EDIT)
    disabled = access.disable_user("MIA")
    assert disabled.disabled_at is not None
    assert access.disable_user("mia") == disabled  # the first moment stays
    assert access.find_user("mia") == disabled
    assert access.open_session("mia", PASSWORD) is None
    assert access.enable_user("mia").disabled_at is None
    assert access.open_session("mia", PASSWORD) is not None


def test_a_change_of_nobody_is_not_found(access: PostgresAccess) -> None:
    for verb in (lambda: access.set_scope("nobody", Scope.READ), lambda: access.set_password("nobody", PASSWORD)):
        with pytest.raises(NotFoundError, match="there is no user 'nobody'"):
            verb()


def test_the_first_user_is_made_once(access: PostgresAccess) -> None:
    made = first_user(access)
    assert made is not None
    name, password = made
    assert access.open_session(name, password) is not None
    assert access.find_user(name).scope is Scope.ADMIN
    assert first_user(access) is None
    access.disable_user(name)
    assert first_user(access) is None  # a disabled user is one as well
    assert access.count_users() == 1


def test_of_many_that_make_the_first_user_one_succeeds(database: Database) -> None:
    start = Barrier(8)

    def make(_: int) -> tuple[str, str] | None:
        engine = connect(database.url)  # as another process has it
        store = PostgresAccess(engine, cost=CHEAP)
        store.count_users()  # connected
        start.wait()
        try:
            return first_user(store)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(8) as pool:
        made = [each for each in pool.map(make, range(8)) if each is not None]
    assert len(made) == 1
    assert PostgresAccess(database.engine, cost=CHEAP).open_session(*made[0]) is not None


def test_of_many_that_take_a_name_one_gets_it(access: PostgresAccess) -> None:
    def take(number: int) -> UserRecord | None:
        try:
            return access.create_user("Mia" if number % 2 else "mia", PASSWORD, Scope.READ)
        except ConflictError:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [each for each in pool.map(take, range(16)) if each is not None]
    assert access.list_users() == made
    assert len(made) == 1


def test_the_database_refuses_what_no_verb_writes(sql: Sql) -> None:
    good = {"name": "mia", "password_hash": "scrypt$2$8$1$c2FsdA==$aGFzaA==", "scope": "read"}
    sql.insert("users", **good)
    for wrong, expected in (
        ({"name": "MIA"}, UNIQUE),
        ({"name": "a b"}, CHECK),
        ({"name": "a\n"}, CHECK),
        ({"name": ""}, CHECK),
        ({"name": "tom", "password_hash": PASSWORD}, CHECK),
    ):
        with pytest.raises(IntegrityError) as error:
            sql.insert("users", **(good | wrong))
        assert state(error) == expected, wrong
