"""Owns the fake of Recraft: pictures in one call; hides which size and option each family of models takes."""

from __future__ import annotations

import base64
import binascii
import io
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from PIL import Image

from video_pipeline_tests.vendors.accounts import Account, Task
from video_pipeline_tests.vendors.faults import Call, Fault, Makes
from video_pipeline_tests.vendors.media import Picture, seed_of
from video_pipeline_tests.vendors.shapes import NUMBER
from video_pipeline_tests.vendors.vendor import Ask, Route, Vendor
from video_pipeline_tests.vendors.wire import AnsweredError, Reply, json_reply

UNITS_A_DOLLAR = 1000
UPSCALE_UNITS = 4
LARGEST_UPSCALED = 10 * 2**20
SIZES_V4 = {"16:9": "1344x768", "9:16": "768x1344", "1:1": "1024x1024"}
SIZES_PRO = {"16:9": "2688x1536", "9:16": "1536x2688", "1:1": "2048x2048"}
SIZES_V3 = {"16:9": "1820x1024", "9:16": "1024x1820", "1:1": "1024x1024"}
CODES = {400: "invalid_request_parameters", 401: "unauthorized", 402: "not_enough_credits", 429: "rate_limit_exceeded"}


@dataclass(frozen=True, slots=True)
class _Model:
    units: int  # of one picture
    sizes: Mapping[str, str]
    longest_prompt: int
    older: bool = False  # V2 and V3: styles, negative prompts


MODELS = {
    **dict.fromkeys(
        ("recraftv4_1", "recraftv4_1_utility", "recraftv4_1_flash", "recraftv4"), _Model(40, SIZES_V4, 10_000)
    ),
    **dict.fromkeys(("recraftv4_1_pro", "recraftv4_1_utility_pro", "recraftv4_pro"), _Model(250, SIZES_PRO, 10_000)),
    "recraftv3": _Model(40, SIZES_V3, 1000, older=True),
    "recraftv2": _Model(22, SIZES_V3, 1000, older=True),
}
_COLOUR = {"rgb": [int], "weight": NUMBER}
_SHAPE = {
    **dict.fromkeys(("prompt", "model", "size", "response_format", "image_format"), str),
    **dict.fromkeys(("style", "style_id", "negative_prompt"), str),
    **dict.fromkeys(("n", "random_seed"), int),
    "controls": {"colors": [_COLOUR], "background_color": _COLOUR, "artistic_level": int, "no_text": bool},
    "text_layout": [{"text": str, "bbox": [[NUMBER]]}],
}
_OLDER = ("style", "style_id", "negative_prompt")
_KNOWN = frozenset(
    {
        *("prompt", "model", "n", "size", "response_format", "random_seed", "image_format", "controls"),
        *("text_layout", *_OLDER),
    }
)


class Recraft(Vendor):
    """The answer has the picture's link, or the picture when `b64_json` is asked for."""

    name = "recraft"
    base = "/v1"
    makes = Makes.PICTURE

    def routes(self) -> Iterable[Route]:
        yield Route("POST", "/v1/images/generations", Call.SUBMIT, self._generate)
        yield Route("POST", "/v1/images/crispUpscale", Call.SUBMIT, self._upscale)
        yield Route("GET", "/v1/users/me", Call.ME, self._me)

    def _generate(self, ask: Ask) -> Reply:
        asked = self.fields(ask, _SHAPE)
        model = self._checked(asked)
        prompt, count = asked["prompt"], asked.get("n", 1)
        account = ask.account
        if account.refuses(prompt, ask.struck):
            raise AnsweredError(_says(400, "content_policy_violation", "The prompt was rejected by moderation."))
        price = Decimal(model.units * count) / UNITS_A_DOLLAR
        with account.lock:
            if not account.affords(price):
                raise self.no(402, "Not enough credits.")
            task = account.open("images", prompt, asked, flaw=self.flaw(ask))
            account.finish(task)
            account.charge(task.id, price, prompt)
        made = [self._made(account, task, model, number) for number in range(count)]
        created = {"created": int(task.created_at)} if task.number % 2 else {}
        return json_reply({**created, "credits": model.units * count, "data": made})

    def _upscale(self, ask: Ask) -> Reply:
        """Twice as large; how large the real one's are, no document says."""
        asked, account = self.fields(ask, {"image_url": str, "response_format": str}), ask.account
        kind, _, data = asked.get("image_url", "").partition(";base64,")
        try:
            content = base64.b64decode(data, validate=True)
            with Image.open(io.BytesIO(content)) as image:
                sides, form = image.size, Image.MIME[image.format or ""]
                larger = image.resize((2 * sides[0], 2 * sides[1]))
        except (binascii.Error, OSError):
            raise self.no(400, "image_url must be the address or the data of an image") from None
        if kind != f"data:{form}" or len(content) >= LARGEST_UPSCALED or not all(32 <= side <= 4096 for side in sides):
            raise self.no(400, "PNG, JPG or WEBP, less than 10 MB, sides of 32 to 4096 pixels")
        price = Decimal(UPSCALE_UNITS) / UNITS_A_DOLLAR
        with account.lock:
            if not account.affords(price):
                raise self.no(402, "Not enough credits.")
            task = account.open("upscale", "", {}, flaw=self.flaw(ask))
            account.finish(task)
            account.charge(task.id, price, "crispUpscale")
        out = io.BytesIO()
        larger.save(out, "PNG")
        made = {"image_id": str(uuid.uuid4()), "b64_json": base64.b64encode(out.getvalue()).decode()}
        return json_reply({"image": made, "credits": UPSCALE_UNITS})

    def _checked(self, asked: Mapping[str, Any]) -> _Model:
        if strange := asked.keys() - _KNOWN:
            raise self.no(400, f"unknown parameter {sorted(strange)[0]}")
        model = MODELS.get(asked.get("model", "recraftv4_1"))
        if model is None:
            raise self.no(400, f"unknown model {asked.get('model')!r}")
        if not 1 <= len(asked.get("prompt", "")) <= model.longest_prompt:
            raise self.no(400, f"prompt is required, up to {model.longest_prompt} characters")
        if not 1 <= asked.get("n", 1) <= 6:
            raise self.no(400, "n must be between 1 and 6")
        if asked.get("size", "1:1") not in {*model.sizes, *model.sizes.values()}:
            raise self.no(400, f"size must be one of {', '.join([*model.sizes, *model.sizes.values()])}")
        if asked.get("response_format", "url") not in ("url", "b64_json"):
            raise self.no(400, "response_format must be url or b64_json")
        if asked.get("image_format", "png") not in ("png", "webp"):
            raise self.no(400, "image_format must be png or webp")
        self._check_options(asked, model)
        return model

    def _check_options(self, asked: Mapping[str, Any], model: _Model) -> None:
        if not model.older and (found := [name for name in _OLDER if name in asked]):
            raise self.no(400, f"{found[0]} is not supported by this model")
        if "style" in asked and "style_id" in asked:
            raise self.no(400, "style and style_id exclude each other")
        controls = asked.get("controls", {})
        version_3 = asked.get("model") == "recraftv3"
        if not version_3 and ({"artistic_level", "no_text"} & controls.keys() or "text_layout" in asked):
            raise self.no(400, "artistic_level, no_text and text_layout are for recraftv3")
        colours = [*controls.get("colors", ()), *filter(None, [controls.get("background_color")])]
        for colour in colours:
            rgb = colour.get("rgb", ())
            if len(rgb) != 3 or not all(0 <= part <= 255 for part in rgb):
                raise self.no(400, "controls: a colour is {rgb: [r, g, b]}")

    def _made(self, account: Account, task: Task, model: _Model, number: int) -> dict[str, str]:
        asked = task.asked
        size = asked.get("size", "1:1")
        width, height = (int(side) for side in model.sizes.get(size, size).split("x"))
        picture = Picture(
            seed_of(task.prompt, asked.get("random_seed"), number),
            width,
            height,
            asked.get("image_format", "png"),
            black=task.flaw is Fault.BLACK,
        )
        made = {"image_id": str(uuid.uuid4())}
        if asked.get("response_format") == "b64_json":
            return {**made, "b64_json": base64.b64encode(picture.render()).decode()}
        name = self.house.shelf.put(account, f"recraft/{task.id}/{number}", picture)
        until = self.house.clock.now() + account.behaviour.link_life_s
        return {**made, "url": self.house.shelf.link(name, until)}

    def _me(self, ask: Ask) -> Reply:
        credit = ask.account.behaviour.credit
        units = 100_000 if credit is None else int(credit * UNITS_A_DOLLAR)
        me = {"id": f"{seed_of(ask.account.key):08x}", "email": "studio@example.org", "name": "Studio"}
        return json_reply({**me, "credits": units})

    def error(self, status: int, message: str) -> Reply:
        return _says(status, CODES.get(status, "internal_error"), message)


def _says(status: int, code: str, message: str) -> Reply:
    return json_reply({"code": code, "message": message}, status)
