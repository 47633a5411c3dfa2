"""Owns the words of Gemini's generateContent for text; hides its refusals, which come with 200, and its quotas."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from video_pipeline.domain.errors import ProviderRefusedError, ProviderUnavailableError, StudioError
from video_pipeline.ports import Checkup
from video_pipeline.providers.http import Account, Explain, Reply
from video_pipeline.providers.writers.model import Answer, Ending, Role, Turn, UnsupportedError, counted
from video_pipeline.providers.writers.schema import without_bounds

ANSWER_LIMIT_S = 300.0
LISTED = 1000  # models on one page of its list

FORMS = ("bounded", "schema", "words")
"""A schema with many bounds may have more states than a model's decoder takes."""

_REFUSALS = frozenset({"SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "LANGUAGE"})
_DELAY = re.compile(r"(\d+(?:\.\d+)?)s")


class GeminiModel:
    """`writers.Model` at Google."""

    vendor = "gemini"

    def __init__(self, account: Account, model: str) -> None:
        """InvalidInputError when there is no key."""
        self.name = model
        # Never as ?key=, which ends up in logs.
        self._http = account.versioned("v1").http(
            {"x-goog-api-key": account.key()}, explain=_explainer(account.setting())
        )
        self._form = 0

    def ask(self, system: str, turns: Sequence[Turn], schema: Mapping[str, Any], most_tokens: int) -> Answer:
        """See writers.Model."""
        path = f"/models/{self.name.removeprefix('models/')}:generateContent"
        while True:
            form = self._form
            body = _body(system, turns, schema, most_tokens, FORMS[form])
            try:
                return read_answer(self._http.post(path, body, limit_s=ANSWER_LIMIT_S, patient=True))
            except UnsupportedError:
                if form + 1 == len(FORMS):
                    raise
                self._form = max(self._form, form + 1)  # another thread may have found out in the meantime

    def check(self) -> Checkup:
        """See ports.Checkable: whether the account may use the model."""
        answer = self._http.once().get("/models", {"pageSize": LISTED})
        listed = _list(answer.get("models")) if isinstance(answer, dict) else []
        names = {str(each.get("name")).removeprefix("models/") for each in listed if isinstance(each, dict)}
        known = "there" if self.name.removeprefix("models/") in names else "not in the account's list"
        return Checkup({"key": "accepted", f"model {self.name}": known})


def _body(system: str, turns: Sequence[Turn], schema: Mapping[str, Any], most_tokens: int, form: str) -> dict[str, Any]:
    config: dict[str, Any] = {"responseMimeType": "application/json", "maxOutputTokens": most_tokens}
    if form == "words":
        system = f"{system}\nThe form, as a JSON schema:\n{json.dumps(schema)}"
    else:
        config["responseJsonSchema"] = schema if form == "bounded" else without_bounds(schema)
    return {
        "systemInstruction": {"parts": [{"text": system}]},
        "contents": [
            {"role": "model" if turn.role is Role.MODEL else "user", "parts": [{"text": turn.text}]} for turn in turns
        ],
        "generationConfig": config,
    }


def _explainer(key_setting: str) -> Explain:
    """Reads the errors that the status alone does not tell."""

    def explain(reply: Reply) -> StudioError | None:
        if reply.done:
            return None
        error = _error(reply.body)
        details = [each for each in _list(error.get("details")) if isinstance(each, dict)]
        if any(each.get("reason") == "API_KEY_INVALID" for each in details):
            return ProviderRefusedError(f"gemini: the key is not valid ({reply.said}); check it in {key_setting}")
        if reply.status == 429:
            return _quota(reply, details)
        return _unusable(reply, error.get("status"))

    return explain


def _unusable(reply: Reply, kind: Any) -> StudioError | None:
    came = f"gemini: answered {reply.status}, {reply.said}"
    if reply.status == 400 and "schema" in reply.said.lower():
        return UnsupportedError(came, "schema")
    if kind == "FAILED_PRECONDITION":
        return ProviderRefusedError(f"{came}; check the account's billing and the region it is in")
    if reply.status == 404:
        return ProviderRefusedError(f"{came}; models are retired: check VIDEO_PIPELINE_WRITER_MODEL")
    return None


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
