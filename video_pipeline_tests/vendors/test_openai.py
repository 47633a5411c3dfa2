"""The odd parts of the fake of OpenAI's chat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from video_pipeline_tests.vendors import Fakes
from video_pipeline_tests.vendors.calling import Caller, calling, said

CHAT = "/chat/completions"
SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "notes": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 5},
    },
    "required": ["title", "notes", "tags"],
    "additionalProperties": False,
}


@pytest.fixture
def openai(served: Fakes, key: str) -> Iterator[Caller]:
    with calling(served.base("openai"), {"Authorization": f"Bearer {key}"}) as caller:
        yield caller


def _wish(text: str = "write", schema: dict[str, Any] | None = SCHEMA, **more: object) -> dict[str, Any]:
    wish: dict[str, Any] = {"model": "gpt-of-tests", "messages": [{"role": "user", "content": text}], **more}
    if schema is not None:
        strict = {"name": "script", "strict": True, "schema": schema}
        wish["response_format"] = {"type": "json_schema", "json_schema": strict}
    return wish


def _choice(reply: Any) -> dict[str, Any]:
    return dict(said(reply)["choices"][0])


def test_the_answer_fits_the_schema(served: Fakes, openai: Caller, key: str) -> None:
    reply = openai.post(CHAT, _wish())
    choice = _choice(reply)
    text = json.loads(choice["message"]["content"])
    assert set(text) == {"title", "notes", "tags"}
    assert (len(text["tags"]), choice["finish_reason"], choice["message"]["refusal"]) == (5, "stop", None)
    assert reply.headers["x-ratelimit-reset-tokens"] == "6m0s"
    usage = said(reply)["usage"]
    assert served.account("openai", key).bill.total == (
        (usage["prompt_tokens"] * Decimal("0.25") + usage["completion_tokens"] * Decimal("2.00")) / 1_000_000
    )


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"additionalProperties": True}, "additionalProperties"),
        ({"required": ["title"]}, "notes, tags"),
        ({"anyOf": []}, "root"),
    ],
)
def test_a_schema_that_is_not_strict_is_refused(openai: Caller, change: dict[str, Any], word: str) -> None:
    error = said(openai.post(CHAT, _wish(schema={**SCHEMA, **change})), 400)["error"]
    assert word in error["message"]
    assert (error["type"], error["param"]) == ("invalid_request_error", "response_format")


def test_smaller_servers_know_less(served: Fakes, openai: Caller, key: str) -> None:
    how = served.account("openai", key).behaviour
    how.json_schema = how.max_completion_tokens = how.temperature = False
    assert said(openai.post(CHAT, _wish()), 400)["error"]["param"] == "response_format"
    assert openai.post(CHAT, _wish(schema=None, max_completion_tokens=10)).status == 400
    assert openai.post(CHAT, _wish(schema=None, temperature=0.5)).status == 400
    loose = {"response_format": {"type": "json_object"}}
    assert openai.post(CHAT, _wish("write", None, **loose)).status == 400
    prompt = f"Answer in JSON by this schema: {json.dumps(SCHEMA)}"
    text = _choice(openai.post(CHAT, _wish(prompt, None, **loose)))["message"]["content"]
    assert set(json.loads(text)) == set(SCHEMA["properties"])
    how.json_object = False
    assert openai.post(CHAT, _wish(prompt, None, **loose)).status == 400
    fenced = _choice(openai.post(CHAT, _wish(prompt, None)))["message"]["content"]
    assert "```json\n{" in fenced


def test_refusal_filter_length_and_broken_text(served: Fakes, openai: Caller, key: str) -> None:
    refused = _choice(openai.post(CHAT, _wish("forbidden")))["message"]
    assert refused["content"] is None
    assert refused["refusal"]
    account = served.account("openai", key)
    for fault in ("content_filter", "length", "invalid_json", "wrong_schema"):
        account.next(fault)
    choices = [_choice(openai.post(CHAT, _wish())) for _ in range(4)]
    assert [choice["finish_reason"] for choice in choices] == ["content_filter", "length", "stop", "stop"]
    for choice in choices[:3]:
        with pytest.raises(json.JSONDecodeError):
            json.loads(choice["message"]["content"])
    assert "title" not in json.loads(choices[3]["message"]["content"])
    short = _choice(openai.post(CHAT, _wish(max_completion_tokens=3)))
    assert (short["finish_reason"], len(short["message"]["content"]) <= 12) == ("length", True)
    assert len(account.bill) == 6


def test_laid_down_answers_come_first(served: Fakes, openai: Caller, key: str) -> None:
    served.account("openai", key).behaviour.answers = ('{"title": 1}', "no")
    texts = [_choice(openai.post(CHAT, _wish()))["message"]["content"] for _ in range(3)]
    assert texts[:2] == ['{"title": 1}', "no"]
    assert set(json.loads(texts[2])) == set(SCHEMA["properties"])


def test_limits_that_pass_and_quotas_that_do_not(served: Fakes, openai: Caller, key: str) -> None:
    account = served.account("openai", key)
    account.next("limit_seconds", wait_s=0.2)
    limited = openai.post(CHAT, _wish())
    assert said(limited, 429)["error"]["code"] == "rate_limit_exceeded"
    assert limited.headers["retry-after-ms"] == "200"
    account.next("no_quota")
    assert said(openai.post(CHAT, _wish()), 429)["error"]["code"] == "insufficient_quota"
    account.behaviour.credit = Decimal(0)
    assert said(openai.post(CHAT, _wish()), 429)["error"]["type"] == "insufficient_quota"
    assert len(account.bill) == 0


def test_keys_and_models_that_are_unknown(openai: Caller) -> None:
    wrong = openai.post(CHAT, _wish(), Authorization="Bearer wrong-key")
    assert said(wrong, 401)["error"]["code"] == "invalid_api_key"
    assert said(openai.post(CHAT, {**_wish(), "model": "no-such-model"}), 404)["error"]["code"] == "model_not_found"
    assert openai.post(CHAT, {**_wish(), "messages": []}).status == 400
