"""Logins: who gets in, for how long, and how guessing is slowed down. Time passes by moving rows into the past."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median

import pytest
from sqlalchemy import event, text

from video_pipeline.domain.access import OpenedSession, Principal, Scope, Via
from video_pipeline.domain.credentials import SESSION_PREFIX, csrf_matches, new_secret
from video_pipeline.domain.errors import InvalidInputError, TooManyRequestsError
from video_pipeline.domain.passwords import Cost
from video_pipeline.store import PostgresAccess
from video_pipeline.store.people.users import HASHES_AT_ONCE
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.naughty import NAUGHTY
from video_pipeline_tests.store.plain_sql import Sql

PASSWORD, WRONG = "correct horse battery", "incorrect horse battery"
HOUR = timedelta(hours=1)


@pytest.fixture
def mia(access: PostgresAccess) -> str:
    return access.create_user("Mia", PASSWORD, Scope.SPEND).name


def opened(access: PostgresAccess, name: str = "mia", password: str = PASSWORD, ttl: timedelta = HOUR) -> OpenedSession:
    session = access.open_session(name, password, ttl)
    assert session is not None
    return session


def later(sql: Sql, table: str, span: str) -> None:
    """Let `span` of time pass for the rows of a table."""
    columns = {
        "sessions": ("created_at", "expires_at", "last_seen_at"),
        "login_failures": ("last_failed_at",),
    }[table]
    moved = ", ".join(f"{column} = {column} - INTERVAL '{span}'" for column in columns)
    sql.run(f"UPDATE {table} SET {moved}")


def test_a_session_stands_for_its_user(access: PostgresAccess, mia: str) -> None:
    made = opened(access, "MIA")
    assert (made.session.user_name, made.session.scope) == (mia, Scope.SPEND)
    assert abs(made.session.expires_at - made.session.created_at - HOUR) < timedelta(seconds=1)
    principal = Principal(mia, Scope.SPEND, Via.SESSION, session_id=made.session.id, expires_at=made.session.expires_at)
    assert access.principal_of_session(made.token) == principal
    assert csrf_matches(made.token, made.csrf_token)
    assert made.token not in repr(made)
    assert made.csrf_token not in repr(made)


def test_who_knows_the_id_of_a_session_and_not_its_token_is_nobody(access: PostgresAccess, mia: str) -> None:
    made = opened(access)
    for forged in (new_secret(SESSION_PREFIX, made.session.id), made.token[:-1] + "_", made.token.swapcase()):
        assert access.principal_of_session(forged) is None
        assert not access.close_session(forged)
    assert access.principal_of_session(made.token) is not None


def test_a_session_follows_the_scope_of_its_user(access: PostgresAccess, mia: str) -> None:
    token = opened(access).token
    access.set_scope(mia, Scope.READ)
    principal = access.principal_of_session(token)
    assert principal is not None
    assert principal.scope is Scope.READ


def test_a_wrong_password_and_an_unknown_name_open_nothing(access: PostgresAccess, mia: str, sql: Sql) -> None:
    for name, password in ((mia, WRONG), ("tom", PASSWORD), (mia, ""), (mia, PASSWORD * 100), ("", "")):
        assert access.open_session(name, password) is None
    assert sql.one("SELECT count(*) FROM sessions") == 0


def test_no_text_breaks_a_login(access: PostgresAccess, mia: str, sql: Sql) -> None:
    for each in NAUGHTY:
        assert access.open_session(each, each) is None
        assert access.open_session(mia, each) is None
        sql.run("DELETE FROM login_failures")


def test_an_unknown_name_takes_as_long_as_a_wrong_password(database: Database, sql: Sql) -> None:
    access = PostgresAccess(database.engine, cost=Cost(n=2**13, r=8, p=1))  # far longer than all the rest
    access.create_user("mia", PASSWORD, Scope.READ)
    access.create_user("off", PASSWORD, Scope.READ)
    access.disable_user("off")

    def took_s(name: str, password: str) -> float:
        sql.run("DELETE FROM login_failures")
        began = time.thread_time()  # of this thread, whatever else the machine does
        assert access.open_session(name, password) is None
        return time.thread_time() - began

    cases = (("mia", WRONG), ("nobody", WRONG), ("off", PASSWORD), ("no name", WRONG), ("mia", "short"))
    times_s = {case: median(took_s(*case) for _ in range(3)) for case in cases}
    assert max(times_s.values()) < 1.5 * min(times_s.values()), times_s


def test_using_a_session_moves_its_end_written_at_most_once_a_minute(
    access: PostgresAccess, mia: str, database: Database, sql: Sql
) -> None:
    made = opened(access)
    statements: list[str] = []

    def count(_c: object, _k: object, statement: str, *_: object) -> None:
        statements.append(statement.split(maxsplit=1)[0])

    event.listen(database.engine, "before_cursor_execute", count)
    for _ in range(3):
        access.principal_of_session(made.token)
    assert statements == ["SELECT"] * 3
    later(sql, "sessions", "59 minutes")
    statements.clear()
    moved = access.principal_of_session(made.token)
    assert statements == ["SELECT", "UPDATE"]
    assert moved is not None
    assert abs(moved.expires_at - made.session.expires_at) < timedelta(seconds=30)  # an hour from now, as at first
    assert access.principal_of_session(made.token) == moved


def test_an_unused_session_ends(access: PostgresAccess, mia: str, sql: Sql) -> None:
    token = opened(access).token
    later(sql, "sessions", "61 minutes")
    assert access.principal_of_session(token) is None
    assert sql.one("SELECT count(*) FROM sessions") == 1
    opened(access)
    assert sql.one("SELECT count(*) FROM sessions") == 1  # the next login has cleared away


def test_a_session_that_is_always_used_ends_after_a_month(access: PostgresAccess, mia: str, sql: Sql) -> None:
    made = opened(access, ttl=timedelta(days=20))
    later(sql, "sessions", "15 days")
    principal = access.principal_of_session(made.token)
    assert principal is not None
    left = principal.expires_at - made.session.created_at
    assert abs(left - timedelta(days=15)) < timedelta(minutes=1)  # not 20: the month is over by then
    later(sql, "sessions", "15 days")
    assert access.principal_of_session(made.token) is None


def test_a_check_does_not_wait_for_another_that_writes(
    access: PostgresAccess, mia: str, database: Database, sql: Sql
) -> None:
    token = opened(access).token
    later(sql, "sessions", "2 minutes")
    with database.engine.begin() as connection:
        connection.execute(text("SELECT id FROM sessions FOR UPDATE"))
        assert access.principal_of_session(token) is not None  # or it would wait for this very thread


def test_logging_out_ends_one_session_and_ending_all_ends_all_of_one_user(access: PostgresAccess, mia: str) -> None:
    access.create_user("tom", PASSWORD, Scope.READ)
    first, second, third, other = opened(access), opened(access), opened(access), opened(access, "tom")
    assert access.close_session(first.token)
    assert not access.close_session(first.token)
    assert access.principal_of_session(first.token) is None
    assert access.principal_of_session(second.token) is not None
    assert access.close_sessions_of("MIA") == 2
    assert [access.principal_of_session(each.token) for each in (second, third)] == [None, None]
    assert access.principal_of_session(other.token) is not None


def test_another_password_and_disabling_end_all_sessions_for_good(access: PostgresAccess, mia: str) -> None:
    _, secret = access.create_key(mia, "laptop", Scope.READ)
    before = opened(access)
    access.set_password(mia, WRONG)
    assert access.principal_of_session(before.token) is None
    assert access.open_session(mia, PASSWORD) is None
    again = opened(access, password=WRONG)
    access.disable_user(mia)
    assert access.principal_of_session(again.token) is None
    access.enable_user(mia)
    assert access.principal_of_session(again.token) is None
    assert access.principal_of_key(secret) is not None  # a key does not depend on the password


@pytest.mark.parametrize("change", ["disabled_at = now()", "password_hash = 'scrypt$2$8$1$AAAA$AAAA'"])
def test_a_login_that_is_overtaken_by_a_change_of_the_user_opens_nothing(
    access: PostgresAccess, mia: str, database: Database, sql: Sql, change: str
) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with ThreadPoolExecutor(1) as pool:
        with database.engine.begin() as connection:
            connection.execute(text(f"UPDATE users SET {change}"))
            login = pool.submit(access.open_session, mia, PASSWORD)
            until = time.monotonic() + 20
            while not sql.one(waiting):  # the password was right; now it waits for our transaction
                assert time.monotonic() < until
        assert login.result(20) is None
    assert sql.one("SELECT count(*) FROM sessions") == 0


def test_a_login_hashes_the_password_anew_when_the_cost_has_changed(database: Database, sql: Sql) -> None:
    PostgresAccess(database.engine, cost=Cost(n=2, r=8, p=1)).create_user("mia", PASSWORD, Scope.READ)
    dearer = PostgresAccess(database.engine, cost=Cost(n=4, r=8, p=1))
    assert dearer.open_session("mia", WRONG) is None
    assert str(sql.one("SELECT password_hash FROM users")).startswith("scrypt$2$8$1$")
    first = opened(dearer)
    assert str(sql.one("SELECT password_hash FROM users")).startswith("scrypt$4$8$1$")
    opened(dearer)
    assert dearer.principal_of_session(first.token) is not None


def test_a_session_has_a_length_within_bounds(access: PostgresAccess, mia: str) -> None:
    for ttl in (timedelta(0), -HOUR, timedelta(days=31), timedelta.max):
        with pytest.raises(InvalidInputError, match="a session lives for"):
            access.open_session(mia, PASSWORD, ttl)


def test_after_five_failures_further_logins_wait_longer_each_time(access: PostgresAccess, mia: str, sql: Sql) -> None:
    for _ in range(5):
        assert access.open_session(mia, WRONG) is None
    for wait_s in (5, 10, 20, 40, 60, 60):
        for password in (WRONG, PASSWORD):  # the right one as well, or it would tell
            with pytest.raises(TooManyRequestsError, match=f"failed; try again in {wait_s} seconds") as refused:
                access.open_session("MIA", password)
            assert wait_s - 2 < refused.value.retry_after_s <= wait_s
        later(sql, "login_failures", f"{wait_s} seconds")
        assert access.open_session(mia, WRONG) is None


def test_who_is_shut_out_by_others_gets_in_after_a_minute(access: PostgresAccess, mia: str, sql: Sql) -> None:
    access.open_session(mia, WRONG)
    sql.run("UPDATE login_failures SET failures = 1000000")
    with pytest.raises(TooManyRequestsError) as refused:
        access.open_session(mia, PASSWORD)
    assert refused.value.retry_after_s <= 60
    later(sql, "login_failures", "60 seconds")
    opened(access)
    for _ in range(5):  # which has reset the count
        assert access.open_session(mia, WRONG) is None


def test_open_sessions_and_keys_are_not_shut_out(access: PostgresAccess, mia: str) -> None:
    token, (_, secret) = opened(access).token, access.create_key(mia, "laptop", Scope.READ)
    for _ in range(5):
        access.open_session(mia, WRONG)
    with pytest.raises(TooManyRequestsError):
        access.open_session(mia, PASSWORD)
    assert access.principal_of_session(token) is not None
    assert access.principal_of_key(secret) is not None


def test_failures_are_forgotten_after_a_quarter_of_an_hour_and_by_another_password(
    access: PostgresAccess, mia: str, sql: Sql
) -> None:
    for forget in (
        lambda: later(sql, "login_failures", "15 minutes"),
        lambda: access.set_password(mia, PASSWORD),
    ):
        for _ in range(4):
            assert access.open_session(mia, WRONG) is None
        forget()
        for _ in range(5):
            assert access.open_session(mia, WRONG) is None
        with pytest.raises(TooManyRequestsError):
            access.open_session(mia, WRONG)
        sql.run("DELETE FROM login_failures")


def test_an_unknown_name_is_slowed_down_like_a_known_one(access: PostgresAccess, mia: str, sql: Sql) -> None:
    for name in ("nobody", mia):
        for _ in range(5):
            assert access.open_session(name, WRONG) is None
        with pytest.raises(TooManyRequestsError, match=f"5 logins as {name} failed"):
            access.open_session(name, WRONG)
    later(sql, "login_failures", "15 minutes")
    opened(access)
    assert sql.one("SELECT count(*) FROM login_failures") == 0  # guessed names do not pile up


def test_of_many_guesses_at_once_five_are_looked_at(access: PostgresAccess, mia: str) -> None:
    def guess(number: int) -> bool:
        try:
            return access.open_session(mia, f"{WRONG} {number}") is None
        except TooManyRequestsError:
            return False

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(guess, range(40))) == 5


def test_only_so_many_passwords_are_hashed_at_once(
    access: PostgresAccess, mia: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("video_pipeline.store.people.users.HASH_PATIENCE_S", 0.01)
    for _ in range(HASHES_AT_ONCE):
        access._hashing.acquire()
    with pytest.raises(TooManyRequestsError, match="too many people log in at once"):
        access.open_session(mia, PASSWORD)
    access._hashing.release()
    opened(access)  # and the one that was refused does not count as a failure
