"""Passwords: rules, hashing, the time it takes."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.passwords import (
    OWASP,
    Cost,
    checked_password,
    cost_of,
    hash_password,
    invented_password,
    verify_password,
)
from video_pipeline_tests.conftest import CHEAP
from video_pipeline_tests.naughty import NAUGHTY

PASSWORD = "correct horse battery"


def test_a_password_is_known_again_and_no_other() -> None:
    encoded = hash_password(PASSWORD, CHEAP)
    assert verify_password(PASSWORD, encoded)
    for wrong in (PASSWORD + " ", PASSWORD.upper(), PASSWORD[:-1], "", "x" * 201):
        assert not verify_password(wrong, encoded)
    assert PASSWORD not in encoded


def test_the_same_password_is_never_stored_alike() -> None:
    assert hash_password(PASSWORD, CHEAP) != hash_password(PASSWORD, CHEAP)


def test_a_password_of_an_older_cost_remains_valid() -> None:
    encoded = hash_password(PASSWORD, Cost(n=4, r=1, p=2))
    assert cost_of(encoded) == Cost(n=4, r=1, p=2)
    assert verify_password(PASSWORD, encoded, CHEAP)


@settings(max_examples=50)
@given(st.text(min_size=12, max_size=200))
def test_any_usable_text_is_known_again(password: str) -> None:
    assert verify_password(password, hash_password(password, CHEAP))


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_text_that_cannot_be_a_password_is_wrong_and_nothing_breaks(text: str) -> None:
    assert not verify_password(text, hash_password(PASSWORD, CHEAP))
    assert not verify_password(text, None, CHEAP)


def test_nobody_has_a_password_without_a_user() -> None:
    assert not verify_password(PASSWORD, None, CHEAP)


def test_a_letter_typed_as_one_character_or_as_two_is_the_same() -> None:
    one = "grüße aus köln"
    two = unicodedata.normalize("NFD", one)
    assert one != two
    assert verify_password(two, hash_password(one, CHEAP))


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 201, "\ud800" * 12])
def test_an_unusable_password_is_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        hash_password(password, CHEAP)
    assert not password or password not in str(error.value)


def test_twelve_to_two_hundred_characters_are_let_through() -> None:
    assert [len(checked_password(each)) for each in ("x" * 12, "雨" * 200)] == [12, 200]


def test_one_guess_costs_what_owasp_asks_for_and_less_than_a_second() -> None:
    assert (OWASP.n, OWASP.r, OWASP.p) == (131_072, 8, 1)
    began = time.thread_time()
    encoded = hash_password(PASSWORD)
    took_s = time.thread_time() - began
    assert encoded.startswith("scrypt$131072$8$1$")
    assert 0.05 < took_s < 1.0


def test_an_invented_password_keeps_the_rules_and_never_comes_twice() -> None:
    made = {invented_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"([a-km-z2-9]{5}-){4}[a-km-z2-9]{5}", checked_password(each)) for each in made)
