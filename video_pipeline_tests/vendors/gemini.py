"""Owns the fake of Gemini: pictures and text by one call; hides that a refusal is a 200 and a draft comes first.

A refused prompt is answered in turn by `promptFeedback` without candidates and by a candidate without a picture.
A 429 with LIMIT_SECONDS says its wait in the body and the header, with LIMIT_DATE in the header, with LIMIT_BARE in
the body alone.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from video_pipeline.providers import gemini
from video_pipeline_tests.vendors.accounts import Account
from video_pipeline_tests.vendors.faults import Call, Fault, Makes, Struck
from video_pipeline_tests.vendors.media import Picture, content_type, seed_of
from video_pipeline_tests.vendors.shapes import NUMBER
from video_pipeline_tests.vendors.shelf import flawed
from video_pipeline_tests.vendors.vendor import Ask, Route, Vendor
from video_pipeline_tests.vendors.wire import AnsweredError, Reply, Request, json_reply
from video_pipeline_tests.vendors.writing import SchemaError, said, tokens

IMAGE_PRICES = {
    gemini.MODEL: {
        "512": Decimal("0.045"),
        "1K": Decimal("0.067"),
        "2K": gemini.PRICES_USD[gemini.MODEL],
        "4K": Decimal("0.15"),
    },
    "gemini-3-pro-image": {"1K": gemini.DEAREST_USD, "2K": gemini.DEAREST_USD, "4K": Decimal("0.24")},
    gemini.LITE_MODEL: {"1K": gemini.PRICES_USD[gemini.LITE_MODEL]},
}
"""US dollars of a picture by model and size; the lite model's is assumed."""
INPUT_PRICE, OUTPUT_PRICE = Decimal("0.75"), Decimal("4.50")  # of a million tokens; the second is assumed
TEXT_MODELS = frozenset(
    {
        "gemini-3.5-flash",
        "gemini-3.6-flash",
        "gemini-3.7-flash",
        "gemini-3.8-flash",
        "gemini-3.5-flash-lite",
        "gemini-3.1-flash-lite",
    }
)
RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
FLASH_RATIOS = (*RATIOS, "1:4", "4:1", "1:8", "8:1")
WIDE = {"512": (672, 384), "1K": (1344, 768), "2K": (2752, 1536), "4K": (5504, 3072)}
_TOP = frozenset({"contents", "systemInstruction", "generationConfig", "safetySettings", "tools", "toolConfig"})
_CONFIG = frozenset(
    {
        *("responseModalities", "imageConfig", "responseMimeType", "responseSchema", "responseJsonSchema"),
        *("temperature", "topP", "topK", "maxOutputTokens", "candidateCount", "seed", "stopSequences"),
        "thinkingConfig",
    }
)
_PARTS = {"parts": [{"text": str}]}
_SHAPE = {
    "contents": [{"role": str, **_PARTS}],
    "systemInstruction": _PARTS,
    "generationConfig": {
        "responseModalities": [str],
        "imageConfig": {"aspectRatio": str, "imageSize": str},
        "responseMimeType": str,
        "responseSchema": {},
        "responseJsonSchema": {},
        **dict.fromkeys(("maxOutputTokens", "candidateCount", "seed", "topK"), int),
        **dict.fromkeys(("temperature", "topP"), NUMBER),
    },
}
_GOOGLE = "type.googleapis.com/google.rpc"


class Gemini(Vendor):
    """The base URL names v1; v1beta lies beside it."""

    name = "gemini"
    base = "/v1"
    makes = Makes.PICTURE
    tells_cost = False
    inline = True

    def routes(self) -> Iterable[Route]:
        for version in ("v1", "v1beta"):
            yield Route("POST", f"/{version}/models/{{model}}:generateContent", Call.SUBMIT, self._generate)
            yield Route("GET", f"/{version}/models", Call.ME, self._models)

    def key(self, request: Request) -> str | None:
        return request.headers.get("x-goog-api-key")

    def unauthorised(self) -> Reply:
        reason = {"@type": f"{_GOOGLE}.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
        return _says(400, "API key not valid. Please pass a valid API key.", reason)

    def _generate(self, ask: Ask) -> Reply:
        asked = self.fields(ask, _SHAPE)
        model, config = ask.path["model"], asked.get("generationConfig", {})
        prompt = _prompt(asked)
        if model not in IMAGE_PRICES and model not in TEXT_MODELS:
            raise AnsweredError(_says(404, f"models/{model} is not found for API version v1."))
        if strange := (asked.keys() - _TOP) | (config.keys() - _CONFIG):
            raise _wrong(f'Invalid JSON payload received. Unknown name "{sorted(strange)[0]}": Cannot find field.')
        if not prompt:
            raise _wrong("contents is not specified")
        if ask.fault is Fault.AS_LIST:
            raise AnsweredError(json_reply([_error(503, "The model is overloaded.")], 503))
        if ask.account.refuses(prompt, ask.struck):
            return self._refusal(ask.account, model)
        return self._picture(ask, model, config, prompt) if model in IMAGE_PRICES else self._text(ask, asked, prompt)

    def _refusal(self, account: Account, model: str) -> Reply:
        if len(account.refused) % 2 or model in TEXT_MODELS:
            return self._candidates(model, [], promptFeedback={"blockReason": "PROHIBITED_CONTENT"})
        return self._candidates(model, [{"finishReason": "IMAGE_SAFETY", "index": 0}])

    # Pictures.

    def _picture(self, ask: Ask, model: str, config: Mapping[str, Any], prompt: str) -> Reply:
        if "IMAGE" not in config.get("responseModalities", ["TEXT", "IMAGE"]):
            raise _wrong("The model only supports responseModalities with IMAGE.")
        size, (width, height) = _sides(model, config.get("imageConfig", {}))
        if ask.fault is Fault.NO_IMAGE:
            return self._candidates(model, [{"finishReason": "NO_IMAGE", "index": 0}])
        format = "png" if model == "gemini-3-pro-image" else "jpg"
        seed = seed_of(prompt, config.get("seed"))
        picture = Picture(seed, width, height, format, black=ask.fault is Fault.BLACK)
        draft = Picture(seed + 1, 64, 36, format)
        parts = [
            {"text": "A first draft, to see the composition.", "thought": True},
            {"inlineData": _inline(draft, None), "thought": True},
            {"text": "Here is your picture."},
            {"inlineData": _inline(picture, ask.fault)},
        ]
        self._pay(ask.account, IMAGE_PRICES[model][size], prompt)
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        return self._candidates(model, [candidate], usageMetadata=_usage(prompt, 1290))

    # Text.

    def _text(self, ask: Ask, asked: Mapping[str, Any], prompt: str) -> Reply:
        config = asked.get("generationConfig", {})
        text = self._said(ask, config, prompt)
        most = config.get("maxOutputTokens", 8192)
        ended = "MAX_TOKENS" if ask.fault is Fault.LENGTH or tokens(text) > most else "STOP"
        if ended == "MAX_TOKENS":
            text = text[: min(len(text) // 2, most * 4)]
        spent = _usage(prompt, tokens(text))
        price = (INPUT_PRICE * tokens(prompt) + OUTPUT_PRICE * tokens(text)) / 1_000_000
        self._pay(ask.account, price, prompt)
        candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": ended, "index": 0}
        return self._candidates(ask.path["model"], [candidate], usageMetadata=spent)

    def _said(self, ask: Ask, config: Mapping[str, Any], prompt: str) -> str:
        schemas = [config[name] for name in ("responseSchema", "responseJsonSchema") if name in config]
        if len(schemas) > 1:
            raise _wrong("Only one of responseSchema and responseJsonSchema may be set.")
        if schemas and config.get("responseMimeType") != "application/json":
            raise _wrong("A response schema needs responseMimeType application/json.")
        try:
            return said(ask, schemas[0] if schemas else None, (prompt, config.get("seed")))
        except SchemaError as error:
            raise _wrong(str(error)) from None

    # Alike.

    def _pay(self, account: Account, price: Decimal, prompt: str) -> None:
        with account.lock:
            if not account.affords(price):
                raise AnsweredError(_says(400, "Billing is not enabled.", status="FAILED_PRECONDITION"))
            task = account.open("content", prompt, {})
            account.finish(task)
            account.charge(task.id, price, prompt)

    def _candidates(self, model: str, candidates: list[dict[str, Any]], **more: object) -> Reply:
        answer: dict[str, Any] = {"candidates": candidates} if candidates else {}
        return json_reply({**answer, **more, "modelVersion": model, "responseId": f"r{self.house.clock.now():.6f}"})

    def _models(self, ask: Ask) -> Reply:
        names = sorted({*IMAGE_PRICES, *TEXT_MODELS})
        methods = {"supportedGenerationMethods": ["generateContent"]}
        return json_reply({"models": [{"name": f"models/{name}", **methods} for name in names]})

    def error(self, status: int, message: str) -> Reply:
        return _says(status, message)

    def limited(self, struck: Struck) -> Reply:
        violation = {"quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}
        details: list[dict[str, Any]] = [{"@type": f"{_GOOGLE}.QuotaFailure", "violations": [violation]}]
        if struck.fault is not Fault.LIMIT_DATE:
            details.append({"@type": f"{_GOOGLE}.RetryInfo", "retryDelay": f"{struck.wait_s:g}s"})
        return _says(429, "You exceeded your current quota.", *details)

    def no_quota(self) -> Reply:
        violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}
        details = {"@type": f"{_GOOGLE}.QuotaFailure", "violations": [violation]}
        return _says(429, "You exceeded your current quota.", details)


_STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def _error(code: int, message: str, *details: Mapping[str, Any], status: str = "") -> dict[str, Any]:
    error = {"code": code, "message": message, "status": status or _STATUSES[code]}
    return {"error": {**error, "details": list(details)} if details else error}


def _says(code: int, message: str, *details: Mapping[str, Any], status: str = "") -> Reply:
    return json_reply(_error(code, message, *details, status=status), code)


def _wrong(message: str) -> AnsweredError:
    return AnsweredError(_says(400, message))


def _prompt(asked: Mapping[str, Any]) -> str:
    parts = [part for content in asked.get("contents", ()) for part in content.get("parts", ())]
    return "\n".join(part["text"] for part in parts if "text" in part)


def _sides(model: str, config: Mapping[str, Any]) -> tuple[str, tuple[int, int]]:
    if strange := config.keys() - {"aspectRatio", "imageSize"}:
        raise _wrong(f'Unknown name "{sorted(strange)[0]}" at generation_config.image_config.')
    size, ratio = config.get("imageSize", "1K"), config.get("aspectRatio", "1:1")
    if size not in IMAGE_PRICES[model]:
        raise _wrong(f"image_size {size!r} is not one of {', '.join(IMAGE_PRICES[model])}")
    if ratio not in (FLASH_RATIOS if "flash" in model else RATIOS):
        raise _wrong(f"aspect_ratio {ratio!r} is not supported")
    width, height = WIDE[size]
    if ratio == "16:9":
        return size, (width, height)
    wide, high = (int(part) for part in ratio.split(":"))
    side = (width * height / (wide * high)) ** 0.5
    return size, (round(wide * side / 32) * 32, round(high * side / 32) * 32)


def _inline(picture: Picture, fault: Fault | None) -> dict[str, str]:
    return {"mimeType": content_type(picture), "data": base64.b64encode(flawed(picture, fault)).decode()}


def _usage(prompt: str, out: int) -> dict[str, int]:
    into = tokens(prompt)
    return {"promptTokenCount": into, "candidatesTokenCount": out, "totalTokenCount": into + out}
