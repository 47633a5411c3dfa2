"""The odd parts of the fake of Gemini."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from video_pipeline_tests.vendors import Fakes
from video_pipeline_tests.vendors.calling import Caller, calling, said

FLASH = "/v1/models/gemini-3.1-flash-image:generateContent"
PRO = "/v1beta/models/gemini-3-pro-image:generateContent"
TEXT = "/v1/models/gemini-3.8-flash:generateContent"
SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 20},
        "scenes": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"$ref": "#/$defs/scene"}},
    },
    "$defs": {"scene": {"type": "object", "properties": {"mood": {"enum": ["calm", "dark"]}}}},
}


@pytest.fixture
def gemini(served: Fakes, key: str) -> Iterator[Caller]:
    with calling(f"{served.url}/gemini", {"x-goog-api-key": key}) as caller:
        yield caller


def _wish(text: str, **config: object) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], "generationConfig": config}


def _picture_wish(text: str, size: str = "2K", ratio: str = "16:9") -> dict[str, Any]:
    return _wish(text, responseModalities=["IMAGE"], imageConfig={"aspectRatio": ratio, "imageSize": size})


def _inline(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """What of the answer is a picture and no draft."""
    parts = answer["candidates"][0]["content"]["parts"]
    return [part["inlineData"] for part in parts if "inlineData" in part and not part.get("thought")]


def _image(answer: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(_inline(answer)[0]["data"])))


def test_a_picture_comes_after_a_draft(served: Fakes, gemini: Caller, key: str) -> None:
    answer = said(gemini.post(FLASH, _picture_wish("a lake")))
    parts = answer["candidates"][0]["content"]["parts"]
    assert parts[1]["thought"] is True
    assert Image.open(io.BytesIO(base64.b64decode(parts[1]["inlineData"]["data"]))).size == (64, 36)
    image = _image(answer)
    assert (image.size, image.format, _inline(answer)[0]["mimeType"]) == ((2752, 1536), "JPEG", "image/jpeg")
    assert np.asarray(image).std() > 30
    assert served.account("gemini", key).bill.total == Decimal("0.10")
    assert served.base("gemini") == f"{gemini.base}/v1"


def test_models_differ_in_format_size_and_price(served: Fakes, gemini: Caller, key: str) -> None:
    answer = said(gemini.post(PRO, _picture_wish("a lake", "1K")))
    assert (_image(answer).size, _image(answer).format) == ((1344, 768), "PNG")
    assert served.account("gemini", key).bill.total == Decimal("0.134")
    lite = "/v1/models/gemini-3.1-flash-lite-image:generateContent"
    assert said(gemini.post(lite, _picture_wish("a lake", "2K")), 400)["error"]["status"] == "INVALID_ARGUMENT"
    assert gemini.post(FLASH, _picture_wish("a lake", "2k")).status == 400
    imagen = "/v1/models/imagen-4.0-generate-001:generateContent"
    assert said(gemini.post(imagen, _picture_wish("a lake")), 404)["error"]["status"] == "NOT_FOUND"


def test_refusals_are_200_in_two_shapes(served: Fakes, gemini: Caller, key: str) -> None:
    first = said(gemini.post(FLASH, _picture_wish("forbidden")))
    second = said(gemini.post(FLASH, _picture_wish("forbidden")))
    assert (first["promptFeedback"]["blockReason"], "candidates" in first) == ("PROHIBITED_CONTENT", False)
    assert second["candidates"] == [{"finishReason": "IMAGE_SAFETY", "index": 0}]
    account = served.account("gemini", key)
    account.next("no_image")
    assert said(gemini.post(FLASH, _picture_wish("a lake")))["candidates"][0]["finishReason"] == "NO_IMAGE"
    assert len(account.bill) == 0


def test_flawed_pictures(served: Fakes, gemini: Caller, key: str) -> None:
    account = served.account("gemini", key)
    for fault in ("black", "wrong_picture", "truncated_media"):
        account.next(fault, "submit")
    wish = _picture_wish("a lake", "512")
    assert not np.asarray(_image(said(gemini.post(FLASH, wish)))).any()
    mislabelled = said(gemini.post(FLASH, wish))
    assert (_inline(mislabelled)[0]["mimeType"], _image(mislabelled).format) == ("image/jpeg", "PNG")
    with pytest.raises((OSError, UnidentifiedImageError)):
        _image(said(gemini.post(FLASH, wish))).load()


def test_errors_as_google_says_them(served: Fakes, gemini: Caller, key: str) -> None:
    account = served.account("gemini", key)
    for fault in ("limit_seconds", "limit_date", "limit_bare", "no_quota", "as_list"):
        account.next(fault, "submit", wait_s=0.5)
    replies = [gemini.post(FLASH, _picture_wish("a lake")) for _ in range(5)]
    delays = [_delay(said(reply, 429)) for reply in replies[:4]]
    assert delays == ["0.5s", None, "0.5s", None]
    assert ["Retry-After" in reply.headers for reply in replies[:3]] == [True, True, False]
    assert "PerDay" in json.dumps(said(replies[3], 429))
    assert said(replies[4], 503)[0]["error"]["status"] == "UNAVAILABLE"
    wrong = said(gemini.post(FLASH, _picture_wish("a lake"), **{"x-goog-api-key": "wrong-key"}), 400)
    assert wrong["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    with calling(gemini.base, {}) as stranger:
        assert stranger.post(f"{FLASH}?key={key}", _picture_wish("a lake")).status == 400
    assert len(account.bill) == 0


def _delay(answer: dict[str, Any]) -> str | None:
    found = [each["retryDelay"] for each in answer["error"]["details"] if "retryDelay" in each]
    return found[0] if found else None


def test_text_fits_the_schema_that_was_asked_for(served: Fakes, gemini: Caller, key: str) -> None:
    wish = _wish("write", responseMimeType="application/json", responseJsonSchema=SCHEMA)
    answer = said(gemini.post(TEXT, wish))
    text = json.loads(answer["candidates"][0]["content"]["parts"][0]["text"])
    assert 0 < len(text["title"]) <= 20
    assert len(text["scenes"]) == 4
    assert {scene["mood"] for scene in text["scenes"]} <= {"calm", "dark"}
    assert 0 < served.account("gemini", key).bill.total < Decimal("0.01")
    upper = {"type": "OBJECT", "properties": {"loud": {"type": "BOOLEAN"}}}
    wish = _wish("write", responseMimeType="application/json", responseSchema=upper)
    text = said(gemini.post(TEXT, wish))["candidates"][0]["content"]["parts"][0]["text"]
    assert isinstance(json.loads(text)["loud"], bool)
    both = {"responseSchema": upper, "responseJsonSchema": SCHEMA}
    assert gemini.post(TEXT, _wish("write", responseMimeType="application/json", **both)).status == 400
    assert gemini.post(TEXT, _wish("write", responseJsonSchema=SCHEMA)).status == 400
    assert gemini.post(TEXT, _wish("write", maxTokens=5)).status == 400


def test_text_that_ends_too_early_is_no_json(served: Fakes, gemini: Caller, key: str) -> None:
    wish = _wish("write", responseMimeType="application/json", responseJsonSchema=SCHEMA, maxOutputTokens=5)
    candidate = said(gemini.post(TEXT, wish))["candidates"][0]
    assert candidate["finishReason"] == "MAX_TOKENS"
    with pytest.raises(json.JSONDecodeError):
        json.loads(candidate["content"]["parts"][0]["text"])
    served.account("gemini", key).next("invalid_json")
    del wish["generationConfig"]["maxOutputTokens"]
    candidate = said(gemini.post(TEXT, wish))["candidates"][0]
    assert candidate["finishReason"] == "STOP"
    with pytest.raises(json.JSONDecodeError):
        json.loads(candidate["content"]["parts"][0]["text"])
