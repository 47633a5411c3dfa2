"""What a webhook says, how it is signed, and when it is tried again."""

from __future__ import annotations

import base64
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.webhooks import (
    BACKOFF_S,
    CLAIM_S,
    SECRET_BYTES,
    SEND_TIMEOUT_S,
    TOLERANCE_S,
    DeliveryStatus,
    Reply,
    checked_kinds,
    result_of,
    retry_in_s,
    secret_of,
    signature,
    signed_headers,
    verify,
)

SECRET = secret_of(bytes(range(SECRET_BYTES)))
NOW = 1_767_225_600

keys = st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES)
bodies = st.binary(max_size=300)
ids = st.uuids().map(str)
stamps = st.integers(0, 4_000_000_000)


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of https://www.standardwebhooks.com, with its secret, id, time and body."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(keys, ids, stamps, bodies, st.integers(-TOLERANCE_S, TOLERANCE_S))
def test_what_was_signed_is_verified(key: bytes, message_id: str, stamp: int, body: bytes, off: int) -> None:
    headers = signed_headers(secret_of(key), message_id, stamp, body)
    assert verify(secret_of(key), headers, body, now=stamp + off)
    shouted = {name.upper(): value for name, value in headers.items()}
    assert verify(secret_of(key), shouted, body, now=stamp + off)


@given(bodies, bodies, ids, ids, stamps, keys)
def test_nothing_else_is_verified(body: bytes, other: bytes, id_: str, other_id: str, stamp: int, key: bytes) -> None:
    headers = signed_headers(SECRET, id_, stamp, body)
    assert verify(SECRET, headers, other, now=stamp) is (body == other)
    assert verify(SECRET, headers | {"webhook-id": other_id}, body, now=stamp) is (id_ == other_id)
    assert not verify(SECRET, headers | {"webhook-timestamp": str(stamp + 1)}, body, now=stamp)
    assert verify(secret_of(key), headers, body, now=stamp) is (secret_of(key) == SECRET)


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()))
def test_any_headers_are_an_answer_and_no_error(headers: dict[str, str]) -> None:
    assert not verify(SECRET, headers, b"{}", now=NOW)


@pytest.mark.parametrize("off", [-TOLERANCE_S - 1, TOLERANCE_S + 1])
def test_an_old_message_is_refused_and_one_from_the_future(off: int) -> None:
    assert not verify(SECRET, signed_headers(SECRET, "a", NOW, b"{}"), b"{}", now=NOW + off)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_no_signature(missing: str) -> None:
    headers = signed_headers(SECRET, "a", NOW, b"{}")
    del headers[missing]
    assert not verify(SECRET, headers, b"{}", now=NOW)


def test_one_right_signature_of_several_is_enough() -> None:
    headers = signed_headers(SECRET, "a", NOW, b"{}")
    both = {**headers, "webhook-signature": f"v1,AAAA v2,xyz {headers['webhook-signature']}"}
    assert verify(SECRET, both, b"{}", now=NOW)
    joined = {**headers, "webhook-signature": f"v1,AAAA{headers['webhook-signature']}"}
    assert not verify(SECRET, joined, b"{}", now=NOW)


def test_a_secret_names_itself_and_holds_its_key() -> None:
    assert SECRET.startswith("whsec_")
    assert base64.b64decode(SECRET.removeprefix("whsec_")) == bytes(range(SECRET_BYTES))
    with pytest.raises(InvalidInputError, match="base64"):
        signature("whsec_not base64!", "a", NOW, b"")


def test_attempts_come_ever_later_for_more_than_a_day() -> None:
    assert all(later > sooner for sooner, later in pairwise(BACKOFF_S))
    assert 24 * 3600 < sum(BACKOFF_S) < 30 * 3600
    assert [retry_in_s(attempts, 0.5) for attempts in range(1, len(BACKOFF_S) + 1)] == pytest.approx(list(BACKOFF_S))
    assert retry_in_s(len(BACKOFF_S) + 1, 0.5) is None
    assert retry_in_s(1, 0) == pytest.approx(4)
    assert retry_in_s(1, 1) == pytest.approx(6)
    assert CLAIM_S > 2 * SEND_TIMEOUT_S


@pytest.mark.parametrize("code", [200, 201, 204, 299])
def test_every_2xx_is_delivered(code: int) -> None:
    result = result_of(Reply(code, "thanks"), 1, 0.5)
    assert (result.status, result.status_code, result.error) == (DeliveryStatus.DELIVERED, code, None)
    assert result.retry_in_s is None


@pytest.mark.parametrize("code", [100, 199, 300, 301, 304, 400, 401, 404, 409, 429, 500, 503, 599])
def test_everything_else_is_tried_again(code: int) -> None:
    result = result_of(Reply(code, "no"), 1, 0.5)
    assert (result.status, result.retry_in_s) == (DeliveryStatus.PENDING, 5)
    assert str(code) in (result.error or "")
    assert not result.is_gone


def test_gone_is_gone() -> None:
    result = result_of(Reply(410), 1, 0.5)
    assert (result.status, result.is_gone, result.retry_in_s) == (DeliveryStatus.DEAD, True, None)


def test_no_answer_is_tried_again_and_given_up_after_the_last_attempt() -> None:
    for attempts in range(1, len(BACKOFF_S) + 1):
        assert result_of("no connection", attempts, 0.5).status is DeliveryStatus.PENDING
    last = result_of("no connection" * 1000, len(BACKOFF_S) + 1, 0.5)
    assert (last.status, last.status_code, last.retry_in_s) == (DeliveryStatus.DEAD, None, None)
    assert len(last.error or "") == 500


def test_a_redirect_is_a_failure_that_names_where_it_points() -> None:
    result = result_of(Reply(302, "", "elsewhere.example"), 1, 0.5)
    assert result.status is DeliveryStatus.PENDING
    assert "elsewhere.example" in (result.error or "")


def test_kinds_are_those_that_are_told() -> None:
    assert checked_kinds(["moved", "created", "moved"]) == ("created", "moved")
    assert checked_kinds([]) == ()
    with pytest.raises(InvalidInputError, match=r"'claimed'.*created, moved"):
        checked_kinds(["moved", "claimed"])
