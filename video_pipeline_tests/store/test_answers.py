"""Answers that are given once: one request does the work, the others find its answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from video_pipeline.domain.access import StoredAnswer
from video_pipeline.domain.errors import ConflictError, InvalidInputError, ReusedKeyError
from video_pipeline.store import PostgresAccess
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.plain_sql import Sql

CREATED = StoredAnswer(201, {"location": "/api/v2/jobs/1"}, {"id": "1", "scenes": [1, 2.5, None, True]})


def later(sql: Sql, span: str) -> None:
    """Let `span` of time pass."""
    moved = ", ".join(f"{name} = {name} - INTERVAL '{span}'" for name in ("created_at", "expires_at", "completed_at"))
    sql.run(f"UPDATE answers SET {moved}")


def test_the_first_answer_comes_again(access: PostgresAccess) -> None:
    assert access.begin_answer("mia", "k1", "hash") is None
    access.keep_answer("mia", "k1", CREATED)
    for _ in range(2):
        assert access.begin_answer("mia", "k1", "hash") == CREATED


def test_a_key_belongs_to_one_owner(access: PostgresAccess) -> None:
    for owner in ("mia", "Mia", "tom", ""):
        assert access.begin_answer(owner, "k1", "hash of another request") is None


def test_another_request_with_the_key_is_refused(access: PostgresAccess) -> None:
    access.begin_answer("mia", "k1", "hash")
    with pytest.raises(ReusedKeyError, match="'k1' belongs to another request"):
        access.begin_answer("mia", "k1", "other")
    access.keep_answer("mia", "k1", CREATED)
    with pytest.raises(ReusedKeyError):
        access.begin_answer("mia", "k1", "other")
    assert access.begin_answer("mia", "k1", "hash") == CREATED


def test_while_a_request_runs_others_are_told(access: PostgresAccess) -> None:
    access.begin_answer("mia", "k1", "hash")
    with pytest.raises(ConflictError, match="still being done"):
        access.begin_answer("mia", "k1", "hash")


def test_a_request_that_died_is_done_again(access: PostgresAccess, sql: Sql) -> None:
    access.begin_answer("mia", "k1", "hash")
    later(sql, "599 seconds")
    with pytest.raises(ConflictError):
        access.begin_answer("mia", "k1", "hash")
    later(sql, "1 second")
    with pytest.raises(ReusedKeyError):
        access.begin_answer("mia", "k1", "other")
    assert access.begin_answer("mia", "k1", "hash") is None
    with pytest.raises(ConflictError):  # taken over once
        access.begin_answer("mia", "k1", "hash")


def test_a_request_that_came_to_nothing_may_be_tried_again(access: PostgresAccess) -> None:
    access.begin_answer("mia", "k1", "hash")
    access.forget_answer("mia", "k1")
    assert access.begin_answer("mia", "k1", "other") is None


def test_a_kept_answer_is_neither_replaced_nor_forgotten(access: PostgresAccess) -> None:
    access.keep_answer("mia", "k1", CREATED)  # nobody has claimed it
    assert access.begin_answer("mia", "k1", "hash") is None
    access.keep_answer("mia", "k1", CREATED)
    access.keep_answer("mia", "k1", StoredAnswer(500, {}, None))
    access.forget_answer("mia", "k1")
    assert access.begin_answer("mia", "k1", "hash") == CREATED


def test_an_answer_is_kept_for_its_time(access: PostgresAccess, sql: Sql) -> None:
    access.begin_answer("mia", "k1", "hash", timedelta(hours=2))
    access.keep_answer("mia", "k1", CREATED)
    later(sql, "119 minutes")
    assert access.begin_answer("mia", "k1", "hash") == CREATED
    later(sql, "1 minute")
    assert access.begin_answer("mia", "k1", "other") is None
    access.keep_answer("mia", "k1", StoredAnswer(204, {}, None))
    assert access.begin_answer("mia", "k1", "other") == StoredAnswer(204, {}, None)


def test_old_answers_are_cleared_away(access: PostgresAccess, sql: Sql) -> None:
    for number in range(3):
        access.begin_answer("mia", f"old {number}", "hash")
    later(sql, "24 hours")
    access.begin_answer("mia", "new", "hash")
    access.keep_answer("mia", "new", CREATED)
    assert sql.one("SELECT string_agg(key, ' ') FROM answers") == "new"


def test_of_many_that_begin_at_once_one_does_the_work(access: PostgresAccess, sql: Sql) -> None:
    def begin(_: int) -> str:
        try:
            return "goes on" if access.begin_answer("mia", "k1", "hash") is None else "answered"
        except ConflictError:
            return "told to wait"

    for round_ in range(3):
        with ThreadPoolExecutor(12) as pool:
            outcomes = sorted(pool.map(begin, range(24)))
        assert outcomes == ["goes on"] + ["told to wait"] * 23, round_
        later(sql, "10 minutes")  # dead, and so taken over by one again


def test_whoever_begins_while_another_gives_up_goes_on_or_is_told(access: PostgresAccess) -> None:
    def turn(_: int) -> bool:
        try:
            access.begin_answer("mia", "k1", "hash")
        except ConflictError:
            return False
        access.forget_answer("mia", "k1")
        return True

    with ThreadPoolExecutor(8) as pool:
        assert any(pool.map(turn, range(200)))  # and nothing was raised
    assert access.begin_answer("mia", "k1", "hash") is None


def test_an_unusable_key_is_refused(access: PostgresAccess, sql: Sql) -> None:
    for key in ("", "a\x00", "a\n", "\x7f", "\ud800", "\u202ea", "x" * 256):
        with pytest.raises(InvalidInputError, match="1 to 255 printable"):
            access.begin_answer("mia", key, "hash")
        access.keep_answer("mia", key, CREATED)
        access.forget_answer("mia", key)
    assert sql.one("SELECT count(*) FROM answers") == 0


leaves = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text()
bodies = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def storable(value: Any) -> Any:
    """What is left of a value in PostgreSQL, which knows no NUL."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, dict):
        return {storable(name): storable(each) for name, each in value.items()}
    return value


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(min_size=1), owner=st.text(), body=bodies)
def test_any_answer_is_kept(access: PostgresAccess, sql: Sql, key: str, owner: str, body: Any) -> None:
    sql.run("DELETE FROM answers")
    if not key.isprintable():
        with pytest.raises(InvalidInputError):
            access.begin_answer(owner, key, "hash")
        return
    assert access.begin_answer(owner, key, "hash") is None
    access.keep_answer(owner, key, StoredAnswer(200, {"x-title": owner}, body))
    assert access.begin_answer(owner, key, "hash") == StoredAnswer(200, storable({"x-title": owner}), storable(body))


def test_what_is_no_unicode_is_marked(access: PostgresAccess) -> None:
    access.begin_answer("mia", "k1", "hash")
    access.keep_answer("mia", "k1", StoredAnswer(200, {}, ["a\ud800"]))
    assert access.begin_answer("mia", "k1", "hash") == StoredAnswer(200, {}, ["a?"])


def test_a_claim_and_an_answer_are_few_statements(access: PostgresAccess, database: Database) -> None:
    statements: list[str] = []

    def count(_c: object, _k: object, statement: str, *_: object) -> None:
        statements.append(statement.split(maxsplit=1)[0])

    event.listen(database.engine, "before_cursor_execute", count)
    access.begin_answer("mia", "k1", "hash")
    access.keep_answer("mia", "k1", CREATED)
    access.begin_answer("mia", "k1", "hash")
    assert statements == ["INSERT", "UPDATE", "DELETE", "INSERT", "SELECT"]
