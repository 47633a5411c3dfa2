"""Who may do what, without a database."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain import access
from video_pipeline.domain.access import Principal, Scope, Via
from video_pipeline.domain.errors import ForbiddenError, InvalidInputError
from video_pipeline_tests.naughty import NAUGHTY

scopes = st.sampled_from(Scope)


def test_each_scope_includes_itself_and_those_before_it() -> None:
    included = {(a, b) for a, b in product(Scope, Scope) if a.includes(b)}
    read, edit, spend, admin = Scope.READ, Scope.EDIT, Scope.SPEND, Scope.ADMIN
    assert included == {
        (read, read),
        *((edit, each) for each in (read, edit)),
        *((spend, each) for each in (read, edit, spend)),
        *((admin, each) for each in (read, edit, spend, admin)),
    }


@given(scopes, scopes, scopes)
def test_the_lesser_scope_allows_what_both_allow(first: Scope, second: Scope, asked: Scope) -> None:
    assert first.lesser(second).includes(asked) == (first.includes(asked) and second.includes(asked))


def test_users_see_their_own_jobs_and_admins_all() -> None:
    user = Principal("mia", Scope.SPEND, Via.KEY)
    assert [user.sees(owner) for owner in ("mia", "Mia", "tom", "", None)] == [True, False, False, False, False]
    admin = Principal("tom", Scope.ADMIN, Via.SESSION)
    assert all(admin.sees(owner) for owner in ("mia", "tom", None))
    assert (user.is_admin, admin.is_admin) == (False, True)


def test_a_scope_that_is_missing_is_named() -> None:
    user = Principal("mia", Scope.EDIT, Via.KEY)
    user.require(Scope.READ)
    user.require(Scope.EDIT)
    with pytest.raises(ForbiddenError, match="needs the scope spend, and the key of mia has edit"):
        user.require(Scope.SPEND)


FINE = ("undefined", "NULL", "NaN", "-1", "0x0", "_")
"""Names that have broken programs, and need not."""


@pytest.mark.parametrize("name", ["a", "Mia", "mia.w_x-2@example.org", "0", "-", "x" * 64])
def test_a_usable_user_name_stays_as_it_is(name: str) -> None:
    assert access.checked_user_name(name) == name


@pytest.mark.parametrize("name", [*(each for each in NAUGHTY if each not in FINE), "x" * 65, "a\n"])
def test_an_unusable_user_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="is no user name"):
        access.checked_user_name(name)


@given(st.text(max_size=300))
def test_any_text_is_a_key_name_of_one_printable_line_or_refused(text: str) -> None:
    try:
        label = access.checked_label(text)
    except InvalidInputError:
        return
    assert label.isprintable()
    assert 1 <= len(label) <= 100
    assert access.checked_label(label) == label


def test_lives_are_bounded() -> None:
    day = timedelta(days=1)
    assert access.checked_key_life(None) is None
    assert access.checked_key_life(3650 * day) == 3650 * day
    for wrong in (timedelta(0), -day, 3651 * day, timedelta.max):
        with pytest.raises(InvalidInputError, match="3650 days"):
            access.checked_key_life(wrong)
    assert access.checked_session_ttl(30 * day) == 30 * day
    for wrong in (timedelta(seconds=59), 31 * day, timedelta.max):
        with pytest.raises(InvalidInputError, match="30 days"):
            access.checked_session_ttl(wrong)


@pytest.mark.parametrize("key", ["a", "8e03978e-40d5-43e8-bc93-6894a57f9324", "x" * 255, "ключ 1"])
def test_a_usable_idempotency_key_stays_as_it_is(key: str) -> None:
    assert access.checked_idempotency_key(key) == key


@pytest.mark.parametrize("key", ["", "a\x00", "a\n", "\ud800", "\u202ea", "x" * 256])
def test_an_unusable_idempotency_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidInputError, match="1 to 255 printable"):
        access.checked_idempotency_key(key)


def test_the_fifth_failure_and_each_after_it_costs_more_time_up_to_a_minute() -> None:
    assert [access.login_wait_s(failures, 0) for failures in range(12)] == [0] * 5 + [5, 10, 20, 40] + [60] * 3
    assert access.login_wait_s(6, 7.5) == 2.5
    assert access.login_wait_s(6, 10) == 0


@given(st.integers(0, 10**9), st.floats(0, 1e9))
def test_nobody_waits_longer_than_a_minute_for_a_login(failures: int, since_s: float) -> None:
    assert 0 <= access.login_wait_s(failures, since_s) <= 60


def test_a_quarter_of_an_hour_without_a_failure_forgets_them() -> None:
    assert access.failures_after(4, 899) == 5
    assert access.failures_after(4, 900) == 1
