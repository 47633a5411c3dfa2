"""Owns the words of Gemini's generateContent for text; hides its refusals, which come with 200, and its quotas."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from video_pipeline.domain.errors import ProviderRefusedError, ProviderUnavailableError, StudioError
from video_pipeline.providers.http import Account, Reply
from video_pipeline.providers.writers.model import Answer, Ending, Role, Turn, UnsupportedError, counted

ANSWER_LIMIT_S = 300.0

_REFUSALS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "PROHIBITED_CONTENT",
        "BLOCKLIST",
        "SPII",
        "LANGUAGE",
    }
)
_SCHEMA_WORDS = ("responsejsonschema", "response_json_schema", "schema")
_DELAY = re.compile(r"(\d+(?:\.\d+)?)s")


class GeminiModel:
    """`writers.Model` at Google."""

    vendor = "gemini"

    def __init__(self, account: Account, model: str) -> None:
        """InvalidInputError when there is no key."""
        self.name = model
        # Never as ?key=, which ends up in logs.
        self._http = account.http({"x-goog-api-key": account.key()}, explain=_explainer(account.setting()))
        self._knows_schemas = True

    def ask(self, system: str, turns: Sequence[Turn], schema: Mapping[str, Any], most_tokens: int) -> Answer:
        """See writers.Model."""
        path = f"/models/{self.name.removeprefix('models/')}:generateContent"
        with_schema = self._knows_schemas
        try:
            body = _body(system, turns, schema if with_schema else None, most_tokens, schema)
            answer = self._http.post(path, body, limit_s=ANSWER_LIMIT_S, patient=True)
        except UnsupportedError:
            if not with_schema:
                raise
            self._knows_schemas = False
            body = _body(system, turns, None, most_tokens, schema)
            answer = self._http.post(path, body, limit_s=ANSWER_LIMIT_S, patient=True)
        return read_answer(answer)


def _body(
    system: str,
    turns: Sequence[Turn],
    strict: Mapping[str, Any] | None,
    most_tokens: int,
    schema: Mapping[str, Any],
) -> dict[str, Any]:
    told = system if strict else f"{system}\nThe form, as a JSON schema:\n{json.dumps(schema)}"
    config: dict[str, Any] = {"responseMimeType": "application/json", "maxOutputTokens": most_tokens}
    if strict:
        config["responseJsonSchema"] = strict
    return {
        "systemInstruction": {"parts": [{"text": told}]},
        "contents": [
            {"role": "model" if turn.role is Role.MODEL else "user", "parts": [{"text": turn.text}]} for turn in turns
        ],
        "generationConfig": config,
    }


def _explainer(key_setting: str) -> Any:
    def explain(reply: Reply) -> StudioError | None:
        """The errors that the status alone does not tell."""
        if reply.done:
            return None
        error = _error(reply.body)
        details = [each for each in _list(error.get("details")) if isinstance(each, dict)]
        if any(each.get("reason") == "API_KEY_INVALID" for each in details):
            return ProviderRefusedError(f"gemini: the key is not valid ({reply.said}); check it in {key_setting}")
        if reply.status == 429:
            return _quota(reply, details)
        if reply.status == 400 and any(word in reply.said.lower() for word in _SCHEMA_WORDS):
            return UnsupportedError(f"gemini: the schema is not taken ({reply.said})", "schema")
        if reply.status == 404:
            return ProviderRefusedError(
                f"gemini: answered 404, {reply.said}; models are retired: check VIDEO_PIPELINE_WRITER_MODEL"
            )
        return None

    return explain


def _quota(reply: Reply, details: Sequence[Mapping[str, Any]]) -> StudioError | None:
    """A quota of the day is not worth waiting for; others say how long to wait, in the body."""
    violations = [violation for each in details for violation in _list(each.get("violations"))]
    if any("PerDay" in str(violation) for violation in violations):
        return ProviderRefusedError(f"gemini: the quota of the day is used up ({reply.said}); order it tomorrow")
    for each in details:
        delay = _DELAY.fullmatch(str(each.get("retryDelay")))
        if delay:
            return ProviderUnavailableError(
                f"gemini: too many requests ({reply.said}); try again later", retry_after_s=float(delay[1])
            )
    return None


def read_answer(body: Any) -> Answer:
    """What the model said; ProviderRefusedError when this is no answer of generateContent."""
    if not isinstance(body, dict):
        raise ProviderRefusedError(
            "gemini: the answer is none of generateContent; check VIDEO_PIPELINE_GEMINI_BASE_URL"
        )
    read, written = _tokens(body.get("usageMetadata"))
    feedback = body.get("promptFeedback")
    blocked = feedback.get("blockReason") if isinstance(feedback, dict) else None
    if blocked:
        return Answer("", read, written, Ending.REFUSED, str(blocked))
    candidate = next((each for each in _list(body.get("candidates")) if isinstance(each, dict)), None)
    if candidate is None:
        raise ProviderRefusedError("gemini: the answer has no candidates; check VIDEO_PIPELINE_GEMINI_BASE_URL")
    ending = str(candidate.get("finishReason"))
    if ending in _REFUSALS:
        return Answer("", read, written, Ending.REFUSED, ending)
    content = candidate.get("content")
    parts = _list(content.get("parts")) if isinstance(content, dict) else []
    told = [part.get("text") for part in parts if isinstance(part, dict) and not part.get("thought")]
    text = "".join(each for each in told if isinstance(each, str))
    return Answer(text, read, written, Ending.CUT_SHORT if ending == "MAX_TOKENS" else Ending.DONE)


def _tokens(usage: Any) -> tuple[int | None, int | None]:
    """Read and written; thinking is paid as writing."""
    if not isinstance(usage, dict):
        return None, None
    written = [counted(usage.get(name)) for name in ("candidatesTokenCount", "thoughtsTokenCount")]
    known = [each for each in written if each is not None]
    return counted(usage.get("promptTokenCount")), sum(known) if known else None


def _error(body: Any) -> Mapping[str, Any]:
    """The error, which comes in a list at times."""
    outer = body[0] if isinstance(body, list) and body else body
    error = outer.get("error") if isinstance(outer, dict) else None
    return error if isinstance(error, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
