"""API keys in the books: told once, checked in one query, ended in four ways."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from video_pipeline.domain.access import Principal, Scope, Via
from video_pipeline.domain.credentials import KEY_PREFIX, new_secret
from video_pipeline.domain.errors import ConflictError, InvalidInputError, LapsedAccessError, NotFoundError
from video_pipeline.store import PostgresAccess
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.naughty import NAUGHTY
from video_pipeline_tests.store.plain_sql import Sql

PASSWORD = "correct horse battery"
DAY = timedelta(days=1)


@pytest.fixture
def mia(access: PostgresAccess) -> str:
    return access.create_user("Mia", PASSWORD, Scope.SPEND).name


def test_a_key_stands_for_its_user(access: PostgresAccess, mia: str) -> None:
    key, secret = access.create_key("mia", "  my   laptop ", Scope.EDIT, 90 * DAY)
    assert (key.user_name, key.name, key.scope, key.revoked_at, key.last_used_at) == (
        mia,
        "my laptop",
        Scope.EDIT,
        None,
        None,
    )
    assert key.expires_at is not None
    assert abs(key.expires_at - key.created_at - 90 * DAY) < timedelta(seconds=1)
    assert secret.startswith(key.hint)
    expected = Principal(mia, Scope.EDIT, Via.KEY, key_id=key.id, expires_at=key.expires_at)
    assert access.principal_of_key(secret) == expected


def test_keys_are_listed_newest_first_and_by_user(access: PostgresAccess, mia: str) -> None:
    access.create_user("tom", PASSWORD, Scope.READ)
    first, _ = access.create_key(mia, "first", Scope.READ)
    second, _ = access.create_key("tom", "second", Scope.READ)
    assert first.expires_at is None
    assert access.list_keys() == [second, first]
    assert access.list_keys("MIA") == [first]
    with pytest.raises(NotFoundError, match="there is no user"):
        access.list_keys("nobody")


def test_a_key_may_not_do_more_than_its_user(access: PostgresAccess, mia: str) -> None:
    with pytest.raises(InvalidInputError, match="Mia has the scope spend, so a key cannot have admin"):
        access.create_key(mia, "too much", Scope.ADMIN)
    assert access.list_keys() == []


def test_lowering_a_user_lowers_the_keys_and_raising_raises_none(access: PostgresAccess, mia: str) -> None:
    _, reader = access.create_key(mia, "reader", Scope.READ)
    _, spender = access.create_key(mia, "spender", Scope.SPEND)

    def now() -> list[Scope]:
        found = (access.principal_of_key(secret) for secret in (reader, spender))
        return [each.scope for each in found if each is not None]

    assert now() == [Scope.READ, Scope.SPEND]
    access.set_scope(mia, Scope.EDIT)
    assert now() == [Scope.READ, Scope.EDIT]
    access.set_scope(mia, Scope.ADMIN)
    assert now() == [Scope.READ, Scope.SPEND]


def test_a_key_that_ended_says_why_to_who_has_it(access: PostgresAccess, mia: str, sql: Sql) -> None:
    key, secret = access.create_key(mia, "laptop", Scope.READ, DAY)
    access.disable_user(mia)
    with pytest.raises(LapsedAccessError, match="user Mia is disabled"):
        access.principal_of_key(secret)
    access.enable_user(mia)
    assert access.principal_of_key(secret) is not None
    sql.run("UPDATE api_keys SET expires_at = clock_timestamp()")
    with pytest.raises(LapsedAccessError, match=r"the key 'laptop' expired at 20.*key new") as error:
        access.principal_of_key(secret)
    assert secret not in str(error.value)
    sql.run("UPDATE api_keys SET expires_at = NULL")
    revoked = access.revoke_key(key.id)
    assert access.revoke_key(key.id) == revoked
    with pytest.raises(LapsedAccessError, match="the key 'laptop' was revoked at 20"):
        access.principal_of_key(secret)
    # Who knows the id and not the secret learns nothing.
    assert access.principal_of_key(new_secret(KEY_PREFIX, key.id)) is None


def test_a_key_of_nobody_is_none(access: PostgresAccess, mia: str, sql: Sql) -> None:
    _, secret = access.create_key(mia, "laptop", Scope.READ)
    session = access.open_session(mia, PASSWORD)
    assert session is not None
    for wrong in (
        *NAUGHTY,
        secret[:-1],
        secret + "0",
        secret.swapcase(),
        f" {secret}",
        new_secret(KEY_PREFIX, uuid4()),
        session.token,  # a session is no key
        secret.replace("vp_", "vs_"),
        str(sql.one("SELECT key_hash FROM api_keys")),
    ):
        assert access.principal_of_key(wrong) is None, wrong
        assert access.principal_of_session(wrong) is None or wrong == session.token
    assert access.principal_of_session(secret) is None  # and a key is no session


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.from_regex(r"\Avp_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}\Z"))
def test_no_text_breaks_the_check(access: PostgresAccess, presented: str) -> None:
    assert access.principal_of_key(presented) is None
    assert access.principal_of_session(presented) is None
    assert access.close_session(presented) is False


def test_the_check_is_one_query_and_a_write_at_most_once_a_minute(
    access: PostgresAccess, mia: str, database: Database, sql: Sql
) -> None:
    _, secret = access.create_key(mia, "laptop", Scope.READ)
    statements: list[str] = []

    def count(_c: object, _k: object, statement: str, *_: object) -> None:
        statements.append(statement.split(maxsplit=1)[0])

    event.listen(database.engine, "before_cursor_execute", count)
    access.principal_of_key(secret)
    assert statements == ["SELECT", "UPDATE"]
    used_at = access.list_keys()[0].last_used_at
    statements.clear()
    for _ in range(5):
        access.principal_of_key(secret)
    assert statements == ["SELECT"] * 5
    assert access.list_keys()[0].last_used_at == used_at
    sql.run("UPDATE api_keys SET last_used_at = last_used_at - INTERVAL '1 minute'")
    statements.clear()
    access.principal_of_key(secret)
    assert statements == ["SELECT", "UPDATE"]
    assert access.list_keys()[0].last_used_at > used_at


def test_a_check_does_not_wait_for_another_that_writes(access: PostgresAccess, mia: str, database: Database) -> None:
    _, secret = access.create_key(mia, "laptop", Scope.READ)
    with database.engine.begin() as connection:
        connection.execute(text("SELECT id FROM api_keys FOR UPDATE"))
        assert access.principal_of_key(secret) is not None  # or it would wait for this very thread
    assert access.list_keys()[0].last_used_at is None
    access.principal_of_key(secret)
    assert access.list_keys()[0].last_used_at is not None


def test_nobody_makes_a_key_for_a_user_who_is_disabled_or_unknown(access: PostgresAccess, mia: str) -> None:
    access.disable_user(mia)
    with pytest.raises(ConflictError, match="user enable Mia"):
        access.create_key(mia, "laptop", Scope.READ)
    with pytest.raises(NotFoundError, match="there is no user 'nobody'"):
        access.create_key("nobody", "laptop", Scope.READ)
    with pytest.raises(NotFoundError, match="there is no key"):
        access.revoke_key(uuid4())


def test_a_key_has_a_name_as_it_was_given_or_is_refused(access: PostgresAccess, mia: str) -> None:
    usable = {each for each in NAUGHTY if each.strip() and each.isprintable() and len(each) <= 100}
    for name in usable:
        assert access.create_key(mia, name, Scope.READ)[0].name == name
    for name in set(NAUGHTY) - usable:
        with pytest.raises(InvalidInputError, match="name of a key"):
            access.create_key(mia, name, Scope.READ)
    assert len(usable) > 15
    assert {key.name for key in access.list_keys()} == usable


def test_a_key_lives_for_some_time_and_at_most_ten_years(access: PostgresAccess, mia: str) -> None:
    for life in (timedelta(0), -DAY, 3651 * DAY, timedelta.max):
        with pytest.raises(InvalidInputError, match="3650 days"):
            access.create_key(mia, "laptop", Scope.READ, life)
    access.create_key(mia, "laptop", Scope.READ, 3650 * DAY)
    assert len(access.list_keys()) == 1
