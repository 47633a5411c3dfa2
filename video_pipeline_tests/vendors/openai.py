"""Owns the fake of an endpoint that is compatible with OpenAI's chat; hides schemas and how many tokens a text has.

What older and smaller servers do not know is switched off by `Behaviour`: json_schema, json_object,
max_completion_tokens, temperature. Without a schema in `response_format` the first one that stands in the messages is
followed, and without any format the answer comes in a fence of Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from video_pipeline_tests.vendors.accounts import Behaviour
from video_pipeline_tests.vendors.faults import Call, Fault, Makes, Struck
from video_pipeline_tests.vendors.media import seed_of
from video_pipeline_tests.vendors.shapes import NUMBER, misfit
from video_pipeline_tests.vendors.vendor import Ask, Route, Vendor
from video_pipeline_tests.vendors.wire import AnsweredError, Reply, json_reply
from video_pipeline_tests.vendors.writing import WORDS_OF_REFUSAL, SchemaError, find_schema, said, tokens

INPUT_PRICE, OUTPUT_PRICE = Decimal("0.25"), Decimal("2.00")  # of a million tokens
ROLES = ("system", "developer", "user", "assistant")
_SHAPE = {
    "model": str,
    "messages": [{"role": str, "content": str}],
    **dict.fromkeys(("max_completion_tokens", "max_tokens", "seed"), int),
    "temperature": NUMBER,
    "response_format": {"type": str, "json_schema": {"name": str, "strict": bool, "schema": {}}},
}
UNKNOWN_MODEL = "no-such-model"
MOST_TOKENS = 16_384
_LIMITS = {"x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "499"}
_RESETS = {"x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "6m0s"}


class OpenAI(Vendor):
    """Any model but `no-such-model` is known."""

    name = "openai"
    base = "/v1"
    makes = Makes.TEXT

    def routes(self) -> Iterable[Route]:
        yield Route("POST", "/v1/chat/completions", Call.SUBMIT, self._complete)
        yield Route("GET", "/v1/models", Call.ME, self._models)

    def _complete(self, ask: Ask) -> Reply:
        came = self.fields(ask, {})
        asked = {name: value for name, value in came.items() if value is not None}  # null is as good as absent
        if place := misfit(asked, _SHAPE):
            raise _wrong(place, f"Invalid type for '{place}'.")
        prompt = _checked(asked, ask.account.behaviour)
        if asked["model"] == UNKNOWN_MODEL:
            words = f"The model `{UNKNOWN_MODEL}` does not exist or you do not have access to it."
            raise AnsweredError(_says(404, words, code="model_not_found"))
        if ask.account.refuses(prompt, ask.struck):
            return self._completion(ask, asked, "", "stop", refusal=WORDS_OF_REFUSAL)
        if ask.fault is Fault.CONTENT_FILTER:
            return self._completion(ask, asked, "", "content_filter")
        text = _text(ask, asked, prompt)
        most = asked.get("max_completion_tokens", asked.get("max_tokens", MOST_TOKENS))
        if ask.fault is Fault.LENGTH or tokens(text) > most:
            return self._completion(ask, asked, text[: min(len(text) // 2, most * 4)], "length")
        return self._completion(ask, asked, text, "stop")

    def _completion(
        self, ask: Ask, asked: Mapping[str, Any], text: str, ended: str, *, refusal: str | None = None
    ) -> Reply:
        account, prompt = ask.account, _words(asked)
        into, out = tokens(prompt), tokens(text or refusal or "")
        price = (INPUT_PRICE * into + OUTPUT_PRICE * out) / 1_000_000
        with account.lock:
            if not account.affords(price):
                raise AnsweredError(self.no_quota())
            task = account.open("completion", prompt, {})
            account.finish(task)
            account.charge(task.id, price, prompt)
        message = {"role": "assistant", "content": None if refusal else text, "refusal": refusal}
        answer = {
            "id": f"chatcmpl-{task.id}",
            "object": "chat.completion",
            "created": int(task.created_at),
            "model": asked["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": ended}],
            "usage": {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out},
        }
        return _with(json_reply(answer), {**_LIMITS, **_RESETS})

    def _models(self, ask: Ask) -> Reply:
        return json_reply({"object": "list", "data": [{"id": "gpt-of-tests", "object": "model", "owned_by": "tests"}]})

    def error(self, status: int, message: str) -> Reply:
        kind = "server_error" if status >= 500 else "invalid_request_error"
        return _says(status, message, type=kind)

    def unauthorised(self) -> Reply:
        return _says(401, "Incorrect API key provided.", code="invalid_api_key")

    def limited(self, struck: Struck) -> Reply:
        reply = _says(429, "Rate limit reached for requests.", type="requests", code="rate_limit_exceeded")
        bare = struck.fault is Fault.LIMIT_BARE
        return _with(reply, _RESETS if bare else {**_RESETS, "retry-after-ms": f"{struck.wait_s * 1000:.0f}"})

    def no_quota(self) -> Reply:
        words = "You exceeded your current quota, please check your plan and billing details."
        return _says(429, words, type="insufficient_quota", code="insufficient_quota")


def _with(reply: Reply, headers: Mapping[str, str]) -> Reply:
    return Reply(reply.status, reply.body, reply.content_type, {**reply.headers, **headers})


def _says(
    status: int, message: str, *, type: str = "invalid_request_error", param: str | None = None, code: str | None = None
) -> Reply:
    return json_reply({"error": {"message": message, "type": type, "param": param, "code": code}}, status)


def _wrong(param: str, message: str, code: str | None = None) -> AnsweredError:
    return AnsweredError(_says(400, message, param=param, code=code))


def _checked(asked: Mapping[str, Any], how: Behaviour) -> str:
    """The words of the conversation, if everything in the request is right."""
    if not asked.get("model"):
        raise _wrong("model", "you must provide a model parameter")
    messages = asked.get("messages")
    if not messages:
        raise _wrong("messages", "Missing required parameter: 'messages'.")
    for each in messages:
        if each.get("role") not in ROLES or "content" not in each:
            raise _wrong("messages", "Each message has a role and a content.")
    if "max_completion_tokens" in asked and not how.max_completion_tokens:
        raise _wrong("max_completion_tokens", "Unrecognized request argument supplied: max_completion_tokens")
    if "temperature" in asked and not how.temperature:
        raise _wrong("temperature", "Unsupported value: 'temperature' does not support it.", "unsupported_value")
    if not 0 <= asked.get("temperature", 1) <= 2:
        raise _wrong("temperature", "Invalid 'temperature': must be between 0 and 2.")
    prompt = _words(asked)
    _check_format(asked.get("response_format", {"type": "text"}), how, prompt)
    return prompt


def _words(asked: Mapping[str, Any]) -> str:
    return "\n".join(each["content"] for each in asked["messages"])


def _check_format(wanted: Mapping[str, Any], how: Behaviour, prompt: str) -> None:
    kind = wanted.get("type")
    known = {"text": True, "json_object": how.json_object, "json_schema": how.json_schema}
    if not known.get(str(kind)):
        raise _wrong("response_format", f"Invalid parameter: 'response_format' of type '{kind}' is not supported.")
    if kind == "json_object" and "json" not in prompt.lower():
        raise _wrong("messages", "'messages' must contain the word 'json' to use 'response_format' 'json_object'.")
    if kind != "json_schema":
        return
    schema = wanted.get("json_schema", {})
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(schema.get("name", ""))):
        raise _wrong("response_format", "Invalid 'response_format.json_schema.name'.")
    if "schema" not in schema:
        raise _wrong("response_format", "Missing required parameter: 'response_format.json_schema.schema'.")
    if schema.get("strict"):
        if "anyOf" in schema["schema"]:
            raise _wrong("response_format", "Invalid schema: the root may not be an anyOf.")
        _check_strict(schema["schema"], ())


def _check_strict(schema: object, place: tuple[str, ...]) -> None:
    """Each object names all of its keys as required and allows no others."""
    if isinstance(schema, list):
        for number, each in enumerate(schema):
            _check_strict(each, (*place, str(number)))
    if not isinstance(schema, dict):
        return
    if "properties" in schema and isinstance(schema["properties"], dict):
        required = schema.get("required", [])
        if misfit(required, [str]):
            raise _wrong("response_format", "Invalid schema: 'required' is a list of strings.")
        missing = schema["properties"].keys() ^ set(required)
        where = f"In context=({', '.join(place)})"
        if schema.get("additionalProperties") is not False:
            raise _wrong("response_format", f"{where}, 'additionalProperties' is required to be false.")
        if missing:
            words = f"{where}, 'required' must name every key: {', '.join(sorted(missing))}."
            raise _wrong("response_format", words)
    for name, each in schema.items():
        if name not in ("enum", "const", "required"):
            _check_strict(each, (*place, name))


def _text(ask: Ask, asked: Mapping[str, Any], prompt: str) -> str:
    wanted = asked.get("response_format", {"type": "text"})
    schema = wanted["json_schema"]["schema"] if wanted["type"] == "json_schema" else find_schema(prompt)
    try:
        text = said(ask, schema, seed_of(prompt, asked.get("seed")))
    except SchemaError as error:
        raise _wrong("response_format", str(error)) from None
    if wanted["type"] == "text" and text.startswith("{"):
        return f"Here you are:\n```json\n{text}\n```"
    return text
