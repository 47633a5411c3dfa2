"""Owns the words of OpenAI's chat completions, and of servers that speak like it; hides what some do not know.

A server that does not know a part of the request says so with 400. It is asked again without, and never again with it:
a strict schema loses its bounds, becomes plain JSON, and that becomes nothing but the words of the prompt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from video_pipeline.domain.addresses import Target, is_private_host
from video_pipeline.domain.errors import PromptRefusedError, ProviderRefusedError, StudioError
from video_pipeline.ports import Checkup
from video_pipeline.providers.http import Account, Reply
from video_pipeline.providers.writers.model import Answer, Ending, Role, Turn, UnsupportedError, counted
from video_pipeline.providers.writers.schema import without_bounds

ANSWER_LIMIT_S = 300.0
"""A script of sixty scenes has some 15,000 tokens, which come at fifty a second or more."""

FORMATS = ("bounded", "json_schema", "json_object", "words")
LIMITS = ("max_completion_tokens", "max_tokens", "none")
"""Servers that are not OpenAI's often know the older name alone."""

_FORMAT_WORDS = ("response_format", "json_schema", "json_object", "structured output", "schema")
_LIMIT_WORDS = ("max_completion_tokens", "max_tokens")
_NO_PARAMETER = frozenset({400, 404, 422})


class OpenAiModel:
    """`writers.Model` at any address that answers chat completions."""

    vendor = "openai"

    def __init__(self, account: Account, model: str) -> None:
        """InvalidInputError when there is no key; a server in one's own network may do without."""
        self.name = model
        keyless = not account.keys and is_private_host(Target.parse(account.base_url).host)
        headers = {} if keyless else {"Authorization": f"Bearer {account.key()}"}
        self._http = account.http(headers, explain=explain)
        self._format = 0
        self._limit = 0

    def ask(self, system: str, turns: Sequence[Turn], schema: Mapping[str, Any], most_tokens: int) -> Answer:
        """See writers.Model."""
        while True:
            tried = self._format, self._limit
            try:
                answer = self._http.post(
                    "/chat/completions",
                    self._body(system, turns, schema, most_tokens),
                    limit_s=ANSWER_LIMIT_S,
                    patient=True,
                )
            except UnsupportedError as error:
                self._leave_out(error, *tried)
            else:
                return read_answer(answer)

    def check(self) -> Checkup:
        """See ports.Checkable: whether the server lists the model."""
        answer = self._http.once().get("/models")
        listed = answer.get("data") if isinstance(answer, dict) else None
        names = {each.get("id") for each in listed if isinstance(each, dict)} if isinstance(listed, list) else set()
        known = "there" if self.name in names else "not in the server's list"
        return Checkup({"key": "accepted", f"model {self.name}": known})

    def _body(self, system: str, turns: Sequence[Turn], schema: Mapping[str, Any], most_tokens: int) -> dict[str, Any]:
        form, limit = FORMATS[self._format], LIMITS[self._limit]
        strict = form in ("bounded", "json_schema")
        told = system if strict else f"{system}\nThe form, as a JSON schema:\n{json.dumps(schema)}"
        body: dict[str, Any] = {"model": self.name, "messages": [{"role": "system", "content": told}]}
        body["messages"] += [
            {"role": "assistant" if turn.role is Role.MODEL else "user", "content": turn.text} for turn in turns
        ]
        if strict:
            known = schema if form == "bounded" else without_bounds(schema)
            named = {"name": "script", "strict": True, "schema": known}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        elif form == "json_object":
            body["response_format"] = {"type": form}
        if limit != "none":
            body[limit] = most_tokens
        return body

    def _leave_out(self, error: UnsupportedError, form: int, limit: int) -> None:
        """Another thread may have found out in the meantime; the error again when nothing is left to leave out."""
        if error.part == "format" and form + 1 < len(FORMATS):
            self._format = max(self._format, form + 1)
        elif error.part == "limit" and limit + 1 < len(LIMITS):
            self._limit = max(self._limit, limit + 1)
        else:
            raise error


def explain(reply: Reply) -> StudioError | None:
    """The errors that the status alone does not tell."""
    if reply.done:
        return None
    error = reply.body.get("error") if isinstance(reply.body, dict) else None
    fields = error if isinstance(error, dict) else {}
    code, kind = str(fields.get("code")), str(fields.get("type"))
    if "insufficient_quota" in (code, kind):
        return ProviderRefusedError(f"openai: the account has no credit left ({reply.said}); top it up")
    if code in ("content_filter", "content_policy_violation"):
        return PromptRefusedError(f"openai: refused by moderation ({reply.said}); change niche, moods or prompt")
    if reply.status in _NO_PARAMETER:
        return _parameter(reply, f"{fields.get('param')} {reply.said}".lower())
    return None


def _parameter(reply: Reply, about: str) -> StudioError | None:
    """What a server does not know: a part of the request that can be left out, or the model."""
    for part, words in (("limit", _LIMIT_WORDS), ("format", _FORMAT_WORDS)):
        if any(word in about for word in words):
            return UnsupportedError(f"openai: the server does not take a part of the request ({reply.said})", part)
    if reply.status == 404:
        return ProviderRefusedError(
            f"openai: answered 404, {reply.said}; check VIDEO_PIPELINE_WRITER_MODEL and VIDEO_PIPELINE_OPENAI_BASE_URL"
        )
    return None


def read_answer(body: Any) -> Answer:
    """What the model said; ProviderRefusedError when this is no chat completion."""
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    if not isinstance(message, dict):
        raise ProviderRefusedError(
            "openai: the answer is no chat completion; check VIDEO_PIPELINE_OPENAI_BASE_URL, which ends with /v1 mostly"
        )
    usage = body.get("usage")
    tokens = usage if isinstance(usage, dict) else {}
    read, written = counted(tokens.get("prompt_tokens")), counted(tokens.get("completion_tokens"))
    refusal = message.get("refusal")
    if refusal:
        return Answer("", read, written, Ending.REFUSED, str(refusal))
    match choice.get("finish_reason"):
        case "content_filter":
            return Answer("", read, written, Ending.REFUSED, "content filter")
        case "length":
            return Answer(_text(message), read, written, Ending.CUT_SHORT)
        case _:
            return Answer(_text(message), read, written)


def _text(message: Mapping[str, Any]) -> str:
    """Some servers send a list of parts."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))
