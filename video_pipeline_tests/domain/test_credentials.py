"""Keys and tokens: their form, what is stored of them, what a page sends back."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from video_pipeline.domain.credentials import (
    KEY_PREFIX,
    SESSION_PREFIX,
    Credential,
    csrf_matches,
    csrf_token,
    hash_secret,
    key_hint,
    matches,
    new_secret,
    parse_secret,
)
from video_pipeline_tests.naughty import NAUGHTY

prefixes = st.sampled_from((KEY_PREFIX, SESSION_PREFIX))


@given(prefixes, st.uuids())
@example(KEY_PREFIX, UUID(int=0))
@example(KEY_PREFIX, UUID(int=2**128 - 1))
def test_a_secret_is_read_as_it_was_written(prefix: str, id_: UUID) -> None:
    secret = new_secret(prefix, id_)
    assert parse_secret(secret) == Credential(prefix, id_)
    assert re.fullmatch(r"v[ps]_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}", secret)
    assert matches(secret, hash_secret(secret))


@given(st.text() | st.from_regex(r"\Av[ps]_[0-9A-Za-z]{20,24}_[0-9A-Za-z]{41,45}\Z"))
@example("vp_" + "z" * 22 + "_" + "0" * 43)  # an id above 2**128
@example("vp_" + "0" * 22 + "_" + "0" * 43 + "\n")
@example("vp_" + "٣" * 22 + "_" + "0" * 43)  # digits, but not ours
def test_any_text_is_a_secret_of_ours_or_none(text: str) -> None:
    found = parse_secret(text)
    assert found is None or re.fullmatch(r"v[ps]_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}", text)


@pytest.mark.parametrize("text", [*NAUGHTY, "vp_" + "z" * 22 + "_" + "0" * 43, "Bearer x", "vp_", "vp__"])
def test_garbage_is_no_secret_and_matches_nothing(text: str) -> None:
    secret = new_secret(KEY_PREFIX, uuid4())
    assert parse_secret(text) is None
    assert not matches(text, hash_secret(secret))
    assert not csrf_matches(secret, text)
    assert len(hash_secret(text)) == len(csrf_token(text)) == 64


@given(st.integers(3, 68), st.sampled_from("0aZ_"))
def test_one_wrong_character_matches_nothing(at: int, character: str) -> None:
    secret = new_secret(KEY_PREFIX, UUID(int=7))
    wrong = secret[:at] + character + secret[at + 1 :]
    assert matches(wrong, hash_secret(secret)) == (wrong == secret)


def test_secrets_differ_for_the_same_row_in_every_character() -> None:
    made = [new_secret(KEY_PREFIX, UUID(int=1)).rpartition("_")[2] for _ in range(400)]
    assert len(set(made)) == 400
    # 256 bits: no place but the first, which holds what is left over, sticks to few characters.
    assert min(len({secret[at] for secret in made}) for at in range(1, 43)) > 50


def test_the_hint_is_the_beginning_of_the_key_and_nothing_secret() -> None:
    id_ = uuid4()
    secret = new_secret(KEY_PREFIX, id_)
    assert secret.startswith(key_hint(id_))
    assert len(key_hint(id_)) == 11


def test_a_csrf_token_belongs_to_one_session() -> None:
    mine, other = (new_secret(SESSION_PREFIX, uuid4()) for _ in range(2))
    assert csrf_matches(mine, csrf_token(mine))
    assert not csrf_matches(mine, csrf_token(other))
    assert csrf_token(mine) != hash_secret(mine)  # what the database holds is not what the page sends
