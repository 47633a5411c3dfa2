"""Scripts by language models over HTTP: what is asked, what is paid, and that a plan comes out whatever happens."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from video_pipeline import bootstrap
from video_pipeline.domain.errors import (
    AnswerLostError,
    InvalidInputError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudioError,
)
from video_pipeline.ports import Script
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.providers.http import Account
from video_pipeline.providers.registry import MODELS, Assignment, prompt_writer
from video_pipeline.providers.writers import GeminiModel, LanguageModelWriter, OpenAiModel, Tariff, WriterWithFallback
from video_pipeline.steps.plan import plan
from video_pipeline.steps.script import check_script
from video_pipeline_tests.providers.writers.scripts import (
    BRIEF,
    KEY,
    SAMPLES,
    SONG,
    SONG_BRIEF,
    SONG_TASK,
    account,
    answer,
    picture,
    piece,
    told_json,
)
from video_pipeline_tests.receivers import Answer, Receiver, hang_up, receiver, status

TARIFF = Tariff(Decimal("1.5"), Decimal("6"))
COST = Decimal("0.004500")  # 1000 tokens read, 500 written
PARTIAL = answer(music=[piece(1)])


def chat(content: Any, finish: str = "stop", refusal: str | None = None, usage: Any = ...) -> Answer:
    """A chat completion."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    counts = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500} if usage is ... else usage
    message = {"role": "assistant", "content": text, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return told_json(200, {"id": "c1", "model": "m-1", "choices": [choice], "usage": counts})


def gemini(content: Any, finish: str = "STOP", **more: Any) -> Answer:
    """What generateContent answers."""
    text = content if isinstance(content, str) else json.dumps(content)
    parts = [{"text": "let me think", "thought": True}, {"text": text[:9]}, {"text": text[9:]}]
    usage = {"promptTokenCount": 1000, "candidatesTokenCount": 400, "thoughtsTokenCount": 100}
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": finish}
    return told_json(200, {"candidates": [candidate], "usageMetadata": usage} | more)


def no(answered: int, kind: str, message: str, /, **more: Any) -> Answer:
    """An error of OpenAI's form."""
    return told_json(answered, {"error": {"message": message, "type": kind, "param": None, "code": None} | more})


def openai_writer(told: Receiver) -> LanguageModelWriter:
    return LanguageModelWriter(OpenAiModel(account(told), "m-1"), TARIFF)


def gemini_writer(told: Receiver) -> LanguageModelWriter:
    return LanguageModelWriter(GeminiModel(account(told, "gemini"), "gemini-3.8-flash"), TARIFF)


WRITERS: list[Any] = [
    pytest.param(openai_writer, chat, id="openai"),
    pytest.param(gemini_writer, gemini, id="gemini"),
]
Writer = Callable[[Receiver], LanguageModelWriter]


def bodies(told: Receiver) -> list[dict[str, Any]]:
    return [json.loads(message.body) for message in told.messages]


@pytest.mark.parametrize(("writer", "said"), WRITERS)
def test_a_model_writes_a_script_and_its_price_is_told(writer: Writer, said: Callable[..., Answer]) -> None:
    with receiver(said(answer())) as told:
        script = writer(told).write(BRIEF, SAMPLES)
    check_script(script, SAMPLES, 3)
    assert script.title == "Mountain Lake Ambience | Serene Music"
    assert script.cost_usd == COST
    assert script.written_by == writer(told).name
    assert len(told.messages) == 1


def test_openai_is_asked_with_a_strict_schema_and_the_key_in_a_header() -> None:
    with receiver(chat(answer())) as told:
        openai_writer(told).write(BRIEF, SAMPLES)
    (message,) = told.messages
    (body,) = bodies(told)
    assert (message.path, message.headers["authorization"]) == ("/v1/chat/completions", f"Bearer {KEY}")
    form = body["response_format"]
    assert (form["type"], form["json_schema"]["strict"], form["json_schema"]["name"]) == ("json_schema", True, "script")
    assert [each["role"] for each in body["messages"]] == ["system", "user"]
    assert body["model"] == "m-1"
    assert body["max_completion_tokens"] >= 6000
    assert KEY not in message.body.decode()


def test_gemini_is_asked_with_a_schema_and_the_key_in_a_header() -> None:
    with receiver(gemini(answer())) as told:
        gemini_writer(told).write(BRIEF, SAMPLES)
    (message,) = told.messages
    (body,) = bodies(told)
    assert message.path == "/v1/models/gemini-3.8-flash:generateContent"
    assert message.headers["x-goog-api-key"] == KEY
    config = body["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert config["responseJsonSchema"]["additionalProperties"] is False
    assert body["systemInstruction"]["parts"][0]["text"].startswith("You write")
    assert KEY not in message.body.decode()


@pytest.mark.parametrize(("writer", "said"), WRITERS)
def test_a_model_gets_one_chance_to_mend_and_both_answers_are_paid(writer: Writer, said: Callable[..., Answer]) -> None:
    with receiver(said(PARTIAL), said(answer())) as told:
        script = writer(told).write(BRIEF, SAMPLES)
    assert script.cost_usd == 2 * COST
    assert len(told.messages) == 2
    assert "music: exactly 3 entries are needed, not 1" in told.messages[1].body.decode()
    turns = bodies(told)[1].get("contents") or bodies(told)[1]["messages"][1:]
    assert [turn["role"] for turn in turns] in (["user", "model", "user"], ["user", "assistant", "user"])


@pytest.mark.parametrize(("writer", "said"), WRITERS)
@pytest.mark.parametrize("nonsense", [PARTIAL, "I'd rather not.", "", "[]", "null"])
def test_a_model_gets_no_third_chance(writer: Writer, said: Callable[..., Answer], nonsense: Any) -> None:
    with receiver(said(nonsense)) as told:
        with pytest.raises(ProviderRefusedError, match="wrote no usable script"):
            writer(told).write(BRIEF, SAMPLES)
        assert len(told.messages) == 2


@pytest.mark.parametrize(
    ("writer", "cut", "whole"),
    [
        (openai_writer, chat('{"title": "Mou', "length"), chat(answer())),
        (gemini_writer, gemini('{"title": "Mou', "MAX_TOKENS"), gemini(answer())),
    ],
)
def test_an_answer_that_was_cut_short_is_asked_for_once_more_with_twice_the_room(
    writer: Writer, cut: Answer, whole: Answer
) -> None:
    def room(body: dict[str, Any]) -> int:
        return int(body.get("max_completion_tokens") or body["generationConfig"]["maxOutputTokens"])

    with receiver(cut, whole) as told:
        assert writer(told).write(BRIEF, SAMPLES).cost_usd == 2 * COST
    first, second = bodies(told)
    assert room(second) == 2 * room(first)
    with receiver(cut) as told:
        with pytest.raises(ProviderRefusedError, match="did not finish"):
            writer(told).write(BRIEF, SAMPLES)
        assert len(told.messages) == 2


@pytest.mark.parametrize(
    ("writer", "refusal"),
    [
        (openai_writer, chat(None, refusal="I can't\nhelp with that")),
        (openai_writer, chat("{", "content_filter")),
        (openai_writer, no(400, "invalid_request_error", "flagged", code="content_policy_violation")),
        (gemini_writer, told_json(200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})),
        (gemini_writer, gemini("", "SAFETY")),
        (gemini_writer, gemini("", "RECITATION")),
    ],
)
def test_a_refusal_is_final(writer: Writer, refusal: Answer) -> None:
    with receiver(refusal) as told:
        with pytest.raises(PromptRefusedError, match="change niche, moods or prompt") as caught:
            writer(told).write(BRIEF, SAMPLES)
        assert len(told.messages) == 1
    assert "\n" not in str(caught.value)


def test_a_server_that_knows_less_is_asked_for_less_and_never_again_for_more() -> None:
    strict = no(400, "invalid_request_error", "Invalid parameter: 'response_format' of type 'json_schema'")
    plain = no(400, "invalid_request_error", "json_object is not available", param="response_format")
    newer = no(400, "invalid_request_error", "Unrecognized request argument supplied: max_completion_tokens")
    bounds = no(400, "invalid_request_error", "Invalid schema: 'minItems' is not permitted", param="response_format")
    with receiver(bounds, strict, newer, plain, chat(answer()), chat(answer())) as told:
        writer = openai_writer(told)
        assert writer.write(BRIEF, SAMPLES).cost_usd == COST
        writer.write(BRIEF, SAMPLES)
    sent = bodies(told)
    assert [body.get("response_format", {}).get("type") for body in sent] == [
        "json_schema",
        "json_schema",
        "json_object",
        "json_object",
        None,
        None,
    ]
    assert ["minItems" in json.dumps(body.get("response_format")) for body in sent[:2]] == [True, False]
    assert ["max_tokens" in body for body in sent] == [False, False, False, True, True, True]
    # What the form no longer says, the words do; a server in JSON mode insists on that.
    assert "JSON schema" in sent[2]["messages"][0]["content"]
    assert len(sent) == 6


def test_a_server_that_takes_nothing_is_left_alone() -> None:
    with receiver(no(400, "invalid_request_error", "response_format", param="response_format")) as told:
        with pytest.raises(ProviderRefusedError, match="does not take a part"):
            openai_writer(told).write(BRIEF, SAMPLES)
        assert len(told.messages) == 4


def test_gemini_without_schemas_is_told_the_form_in_words() -> None:
    unknown = told_json(
        400, {"error": {"code": 400, "message": 'Unknown name "responseJsonSchema"', "status": "INVALID_ARGUMENT"}}
    )
    with receiver(unknown, unknown, gemini(answer()), gemini(answer())) as told:
        writer = gemini_writer(told)
        writer.write(BRIEF, SAMPLES)
        writer.write(BRIEF, SAMPLES)
    sent = bodies(told)
    assert ["minItems" in json.dumps(body["generationConfig"]) for body in sent] == [True, False, False, False]
    assert ["responseJsonSchema" in body["generationConfig"] for body in sent] == [True, True, False, False]
    assert "JSON schema" in sent[3]["systemInstruction"]["parts"][0]["text"]


@pytest.mark.parametrize(
    ("writer", "trouble", "kind", "message"),
    [
        (openai_writer, no(429, "insufficient_quota", "You exceeded", code="insufficient_quota"), None, "no credit"),
        (openai_writer, no(401, "invalid_request_error", f"bad key {KEY}"), None, "VIDEO_PIPELINE_OPENAI_API_KEY"),
        (openai_writer, no(404, "x", "no such model"), None, "VIDEO_PIPELINE_WRITER_MODEL"),
        (openai_writer, told_json(200, {"hello": 1}), None, "no chat completion"),
        (openai_writer, status(200, b"<html>"), AnswerLostError, "may have been accepted"),
        (openai_writer, hang_up, AnswerLostError, "may have been accepted"),
        (gemini_writer, told_json(200, {}), None, "no candidates"),
        (gemini_writer, told_json(200, []), None, "none of generateContent"),
        (gemini_writer, told_json(404, {"error": {"message": "retired"}}), None, "VIDEO_PIPELINE_WRITER_MODEL"),
        (
            gemini_writer,
            told_json(
                400,
                [
                    {
                        "error": {
                            "message": f"API key {KEY} not valid",
                            "details": [{"@type": "x/ErrorInfo", "reason": "API_KEY_INVALID"}],
                        }
                    }
                ],
            ),
            None,
            "VIDEO_PIPELINE_GEMINI_API_KEY",
        ),
        (
            gemini_writer,
            told_json(400, {"error": {"message": "Billing is not enabled", "status": "FAILED_PRECONDITION"}}),
            None,
            "check the account's billing",
        ),
        (
            gemini_writer,
            told_json(
                429,
                {"error": {"message": "Quota", "details": [{"violations": [{"quotaId": "RequestsPerDayPerProject"}]}]}},
            ),
            None,
            "tomorrow",
        ),
        (
            gemini_writer,
            told_json(429, {"error": {"message": "Quota", "details": [{"retryDelay": "360.5s"}]}}),
            ProviderUnavailableError,
            "too many requests",
        ),
    ],
)
def test_trouble_says_what_to_do_and_is_not_asked_for_again(
    writer: Writer, trouble: Answer, kind: type[StudioError] | None, message: str
) -> None:
    with receiver(trouble) as told:
        with pytest.raises(kind or ProviderRefusedError, match=message) as caught:
            writer(told).write(BRIEF, SAMPLES)
        assert len(told.messages) == 1
    assert KEY not in str(caught.value)
    assert getattr(caught.value, "retry_after_s", None) in (None, 360.5)


@pytest.mark.parametrize(("writer", "said"), WRITERS)
def test_a_busy_model_is_asked_again(writer: Writer, said: Callable[..., Answer]) -> None:
    with receiver(status(429, b"{}", **{"Retry-After": "0"}), said(answer())) as told:
        assert writer(told).write(BRIEF, SAMPLES).cost_usd == COST


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -5, "completion_tokens": True}, [1]])
def test_tokens_that_nobody_counts_are_guessed(usage: Any) -> None:
    with receiver(chat(answer(), usage=usage)) as told:
        cost = openai_writer(told).write(BRIEF, SAMPLES).cost_usd
    assert Decimal("0.003") < cost < Decimal("0.03")


@pytest.mark.parametrize(
    "trouble", [hang_up, status(401, b"{}"), chat(PARTIAL), chat(None, refusal="no"), chat("{", "length")]
)
def test_the_grammar_writes_where_a_model_cannot(trouble: Answer, caplog: pytest.LogCaptureFixture) -> None:
    with receiver(trouble) as told, caplog.at_level(logging.WARNING):
        script = WriterWithFallback(openai_writer(told), GrammarWriter()).write(BRIEF, SAMPLES)
        tries = len(told.messages)
    expected = GrammarWriter().write(BRIEF, SAMPLES)
    assert (script.title, script.music, script.visuals) == (expected.title, expected.music, expected.visuals)
    assert script.written_by == "grammar"
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert record.getMessage().startswith("grammar writes in the place of openai/m-1: openai")
    if trouble is hang_up:
        assert script.cost_usd > 0  # it may have been written, and paid
    else:
        assert script.cost_usd in (0, tries * COST)


def test_a_model_writes_around_music_that_is_there() -> None:
    with receiver(chat(answer(SONG_TASK))) as told:
        script = openai_writer(told).write(SONG_BRIEF, (), songs=(SONG,), pictures=2)
    check_script(script, (), 2)
    assert "Northern Light" in told.messages[0].body.decode()


def test_a_plan_is_made_of_what_a_model_wrote() -> None:
    scenes = {
        "music": [piece(index) for index in (1, 2, 3)],
        "visuals": [picture(index) for index in (1, 2, 3)],
    }
    with receiver(chat(answer(**scenes))) as told:
        storyboard = plan(BRIEF, prompt_writer(Assignment(account(told), "m-1", TARIFF)))
    assert [scene.title for scene in storyboard.scenes] == [f"Mist over Water {index}" for index in (1, 2, 3)]
    assert "0:00 Mist over Water 1" in storyboard.description


def test_a_part_that_hangs_up_in_the_middle_costs_what_was_answered_before() -> None:
    with receiver(chat(PARTIAL), status(401, b"{}")) as told:
        draft = openai_writer(told).draft(BRIEF, SAMPLES)
    assert isinstance(draft.result, ProviderRefusedError)
    assert draft.cost_usd == COST


def test_a_server_of_ones_own_needs_no_key_and_one_in_the_world_does() -> None:
    def answered(handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers.get("Authorization") is None
        chat(answer())(handler)

    with receiver(answered) as told:
        own = OpenAiModel(Account("openai", f"http://127.0.0.1:{told.port}/v1"), "m-1")
        assert isinstance(LanguageModelWriter(own, TARIFF).write(BRIEF, SAMPLES), Script)
    for vendor, make in MODELS.items():
        with pytest.raises(InvalidInputError, match=f"VIDEO_PIPELINE_{vendor.upper()}_API_KEY"):
            make(Account(vendor, "https://api.acme.test/v1"), "m-1")


def test_the_settings_choose_who_writes(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cached = (bootstrap.vendor_settings, bootstrap.vendor_accounts, bootstrap.prompt_writer)
    factory = logging.getLogRecordFactory()
    with receiver(gemini(answer())) as told:
        for name, value in {
            "WRITER": "gemini",
            "WRITER_INPUT_USD": "1.5",
            "WRITER_OUTPUT_USD": "6",
            "GEMINI_API_KEY": KEY,
            "GEMINI_BASE_URL": f"http://127.0.0.1:{told.port}/v1",
        }.items():
            monkeypatch.setenv(f"VIDEO_PIPELINE_{name}", value)
        for function in cached:
            function.cache_clear()
        try:
            script = bootstrap.prompt_writer().write(BRIEF, SAMPLES)
        finally:
            for function in cached:
                function.cache_clear()
            logging.setLogRecordFactory(factory)
    assert (script.written_by, script.cost_usd) == ("gemini/gemini-3.8-flash", COST)
