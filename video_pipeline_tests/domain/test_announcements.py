"""Letters of vendors: whose they are, how old they may be, and what they tell of."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from video_pipeline.domain.announcements import task_told_of
from video_pipeline.domain.errors import AccessDeniedError, InvalidInputError, NotFoundError, StudioError
from video_pipeline_tests.vendors.replicate import WEBHOOK_SECRET, sign

NOW = 1_790_000_000
BODY = json.dumps({"id": "abc", "status": "succeeded"}).encode()
BEARER = {"Authorization": "Bearer my-callback-key"}
DONE = json.dumps({"type": "image_generation.complete", "data": {"object": {"id": "gen-1"}}}).encode()


@pytest.mark.parametrize("age_s", [0, 299, -299])
def test_a_signed_letter_names_its_task(age_s: int) -> None:
    headers = sign(BODY, id="msg_1", timestamp=NOW - age_s)
    assert task_told_of("replicate", WEBHOOK_SECRET, headers, BODY, NOW) == "abc"
    older = {**headers, "webhook-signature": "v1,AAAA " + headers["webhook-signature"]}  # while a secret is exchanged
    assert task_told_of("replicate", WEBHOOK_SECRET, older, BODY, NOW) == "abc"


def test_a_letter_that_bears_the_key_names_its_task() -> None:
    assert task_told_of("leonardo", "my-callback-key", BEARER, DONE, NOW) == "gen-1"


@pytest.mark.parametrize(
    ("secret", "changes", "body"),
    [
        (WEBHOOK_SECRET, {}, BODY.replace(b"abc", b"abd")),
        (WEBHOOK_SECRET, {"webhook-id": "msg_2"}, BODY),
        (WEBHOOK_SECRET, {"webhook-timestamp": str(NOW + 1)}, BODY),
        (WEBHOOK_SECRET, {"webhook-signature": ""}, BODY),
        (WEBHOOK_SECRET, {"webhook-signature": "v1,\xff"}, BODY),
        ("whsec_c29tZXRoaW5nIGVsc2U=", {}, BODY),
    ],
)
def test_a_letter_that_was_changed_is_refused(secret: str, changes: Mapping[str, str], body: bytes) -> None:
    headers = {**sign(BODY, id="msg_1", timestamp=NOW), **changes}
    with pytest.raises(AccessDeniedError):
        task_told_of("replicate", secret, headers, body, NOW)


@pytest.mark.parametrize("age_s", [301, -301, 86_400])
def test_an_old_letter_is_refused(age_s: int) -> None:
    with pytest.raises(AccessDeniedError, match="five minutes"):
        task_told_of("replicate", WEBHOOK_SECRET, sign(BODY, id="msg_1", timestamp=NOW - age_s), BODY, NOW)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "my-callback-key"}])
def test_a_letter_without_the_key_is_refused(headers: Mapping[str, str]) -> None:
    with pytest.raises(AccessDeniedError):
        task_told_of("leonardo", "my-callback-key", headers, DONE, NOW)


@pytest.mark.parametrize(
    ("vendor", "body", "error"),
    [
        ("leonardo", b"no JSON", InvalidInputError),
        ("leonardo", b"[" * 100_000, InvalidInputError),
        ("leonardo", b'{"data": {"object": []}}', InvalidInputError),
        ("leonardo", b'{"data": {"object": {"id": 5}}}', InvalidInputError),
        ("leonardo", json.dumps({"data": {"object": {"id": "x" * 201}}}).encode(), InvalidInputError),
        ("mubert", DONE, NotFoundError),  # it signs nothing
    ],
)
def test_a_letter_that_tells_nothing_is_refused(vendor: str, body: bytes, error: type[StudioError]) -> None:
    with pytest.raises(error):
        task_told_of(vendor, "my-callback-key", BEARER, body, NOW)
