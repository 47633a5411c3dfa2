"""Whatever a client sends, each fake answers in its vendor's words and does not break."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from video_pipeline_tests.vendors import Fakes
from video_pipeline_tests.vendors.wire import Reply, Request

HEADERS = {
    "authorization": "Bearer k",
    "x-goog-api-key": "k",
    "customer-id": "c",
    "access-token": "k",
    "x-runway-version": "2024-11-06",
    "content-type": "application/json",
}
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": {"type": "string"}, "minItems": 1}, "b": {"anyOf": [{"enum": [1]}]}},
    "required": ["a", "b"],
    "additionalProperties": False,
}
BODIES: dict[str, Any] = {
    "/mubert/api/v3/public/tracks": {"duration": 8, "playlist_index": "2.0.0", "bpm": 60, "bitrate": 128},
    "/beatoven/api/v1/tracks/compose": {"prompt": {"text": "calm"}, "format": "wav", "looping": True},
    "/leonardo/api/rest/v2/generations": {
        "model": "lucid-origin",
        "parameters": {"prompt": "a", "width": 64, "height": 64, "quantity": 1, "seed": 1, "style_ids": ["x"]},
    },
    "/leonardo/api/rest/v1/generations": {"prompt": "a", "width": 64, "height": 64, "num_images": 1},
    "/gemini/v1/models/gemini-3.1-flash-image:generateContent": {
        "contents": [{"role": "user", "parts": [{"text": "a"}]}],
        "generationConfig": {"responseModalities": ["IMAGE"], "imageConfig": {"imageSize": "512"}},
    },
    "/gemini/v1/models/gemini-3.8-flash:generateContent": {
        "contents": [{"role": "user", "parts": [{"text": "a"}]}],
        "generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA, "temperature": 1},
    },
    "/replicate/v1/models/black-forest-labs/flux-2-pro/predictions": {
        "input": {"prompt": "a", "aspect_ratio": "custom", "width": 256, "height": 256, "safety_tolerance": 2},
        "webhook_events_filter": ["completed"],
    },
    "/runway/v1/image_to_video": {
        "model": "veo3.1",
        "promptImage": [{"uri": "https://example.org/a.png", "position": "first"}],
        "promptText": "drift",
        "ratio": "1280:720",
        "duration": 4,
        "seed": 1,
    },
    "/runway/v1/text_to_image": {"model": "gen4_image", "promptText": "a", "ratio": "1280:720"},
    "/runway/v1/uploads": {"filename": "a.png", "type": "ephemeral"},
    "/recraft/v1/images/generations": {
        "prompt": "a",
        "model": "recraftv3",
        "n": 1,
        "size": "16:9",
        "controls": {"colors": [{"rgb": [1, 2, 3], "weight": 1}], "background_color": {"rgb": [1, 2, 3]}},
    },
    "/openai/v1/chat/completions": {
        "model": "m",
        "messages": [{"role": "user", "content": "a"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}},
        "max_completion_tokens": 900,
        "temperature": 1,
    },
}
STRANGE = (None, "", -1, 10**12, 1.5, True, [], {}, [None], {"a": 1})


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        yield from _places(inner, (*place, name))


def _with(body: Any, place: tuple[Any, ...], strange: object) -> Any:
    if not place:
        return strange
    changed = copy.deepcopy(body)
    inner = changed
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = strange
    return changed


def _post(fakes: Fakes, path: str, body: object, headers: Mapping[str, str] = HEADERS) -> Reply:
    return fakes.answer(Request("POST", path, {}, headers, lambda: json.dumps(body).encode()))


@pytest.mark.parametrize("path", BODIES)
def test_values_of_wrong_types_are_refused(path: str) -> None:
    fakes = Fakes()
    fakes.account(path.split("/")[1], "k").behaviour.concurrent = 10_000
    assert _post(fakes, path, BODIES[path]).status in (200, 201)
    refused = 0
    for place in _places(BODIES[path]):
        for strange in STRANGE:
            reply = _post(fakes, path, _with(BODIES[path], place, strange))
            assert reply.status in (200, 201) or 400 <= reply.status < 500, (place, strange, reply.body)
            assert isinstance(json.loads(reply.body), dict)
            refused += reply.status >= 400
    assert refused > 5


@pytest.mark.parametrize("path", BODIES)
def test_a_body_that_is_no_json_is_refused(path: str) -> None:
    fakes = Fakes()
    for body, headers in ((b"{", HEADERS), (b"{}", {**HEADERS, "content-type": "text/plain"})):
        reply = fakes.answer(Request("POST", path, {}, headers, lambda body=body: body))  # type: ignore[misc]
        assert reply.status == 400
        assert json.loads(reply.body)
