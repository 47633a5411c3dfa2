"""What may not be read in logs, events and messages."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from video_pipeline.domain.masking import mask

KEY = 'c4nary/+"k:=y'


@pytest.mark.parametrize(
    "text", [KEY, quote(KEY), quote(KEY, safe=""), json.dumps({"a": KEY}), f"x{KEY}y{KEY}z", f"https://a.test/{KEY}"]
)
def test_a_known_key_is_masked_however_it_is_spelt(text: str) -> None:
    masked = mask(text, [KEY])
    assert "***" in masked
    assert "c4nary" not in masked


def test_a_key_that_holds_another_leaves_no_rest() -> None:
    assert mask("abcdef-tail and abcdef", ["abcdef", "abcdef-tail"]) == "*** and ***"


def test_what_is_too_short_for_a_key_leaves_the_text_readable() -> None:
    assert mask("an apple a day", ["a", ""]) == "an apple a day"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer c4nary-12345",
        "{'Authorization': 'Bearer c4nary-12345'}",
        "authorization: c4nary-12345",
        "Proxy-Authorization: Basic c4nary12345",
        "sent bearer c4nary-12345",
        "x-goog-api-key: c4nary-12345",
        "GET /v1/models?key=c4nary-12345&alt=json",
        "https://s3.test/a.png?X-Amz-Signature=c4nary12345&X-Amz-Date=1",
        "https://cdn.test/a.png?Policy=c4nary12345&Signature=c4nary12345&Key-Pair-Id=c4nary12345",
        '{"access_token": "c4nary-12345", "id": 1}',
        "access-token=c4nary-12345",
        "license-token: c4nary-12345",
        "OPENAI_API_KEY=c4nary-12345",
        "postgresql://studio:c4nary-12345@db.test/studio",
        "wrong key sk-c4nary1234567890",
        "r8_c4nary1234567890",
        "whsec_c4nary1234567890",
    ],
)
def test_what_has_the_form_of_a_key_is_masked(text: str) -> None:
    masked = mask(text)
    assert "c4nary" not in masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "a piece in the key: C minor, tempo 60",
        "monkey=3 and turkey: none",
        "the token bucket is empty",
        "https://cdn.test/a.png?width=3&format=png",
        "POST /v2/generations: answered 401, check the key in VIDEO_PIPELINE_LEONARDO_API_KEY and what it may do",
        "bearer of news",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert mask(text) == text
