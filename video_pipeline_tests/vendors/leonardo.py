"""Owns the fake of Leonardo: v2 and v1 create, v1 reads; hides that failures may be a 200 with a list."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from video_pipeline_tests.vendors.accounts import Account, Task
from video_pipeline_tests.vendors.faults import Call, Fault, Makes
from video_pipeline_tests.vendors.media import Picture, seed_of
from video_pipeline_tests.vendors.shapes import NUMBER
from video_pipeline_tests.vendors.stamps import iso
from video_pipeline_tests.vendors.vendor import Ask, Route, Vendor
from video_pipeline_tests.vendors.wire import AnsweredError, Reply, json_reply

PRICE = Decimal("0.035")  # of an image
UPSCALE_PRICE = Decimal("0.02")
SIZES = {  # model: width from, to, height from, to, longest prompt
    "lucid-origin": (16, 3840, 16, 3616, 2000),
    "phoenix-v1.0": (32, 2048, 32, 2048, 2000),
    "lucid-realism": (32, 2496, 32, 2496, 9999),
    "flux-pro-2.0": (256, 1440, 256, 1440, 2000),
}
MODES = {"phoenix-v1.0": ("FAST", "QUALITY", "ULTRA")}
_V1_MODELS = {
    "b24e16ff-06e3-43eb-8d33-4416c2d75876",
    "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3",
    "7b592283-e8a7-4c5a-9ba6-d18c31f258b9",
    "b2614463-296c-462a-9586-aafdb8f00e36",
}


_IMAGE_IDS = ("generatedImageId", "initImageId", "variationId")
_PARAMETERS = {
    **dict.fromkeys(("width", "height", "quantity", "seed", "num_images"), int),
    **dict.fromkeys(("prompt", "negative_prompt", "mode", "prompt_enhance", "modelId", "presetStyle"), str),
    "style_ids": [str],
}


class Leonardo(Vendor):
    """Four images, and their price, when nobody says how many."""

    name = "leonardo"
    base = "/api/rest"
    makes = Makes.PICTURE

    def routes(self) -> Iterable[Route]:
        yield Route("POST", "/api/rest/v2/generations", Call.SUBMIT, self._create)
        yield Route("POST", "/api/rest/v1/generations", Call.SUBMIT, self._create_old)
        yield Route("GET", "/api/rest/v1/generations/user/{user}", Call.LIST, self._list)
        yield Route("GET", "/api/rest/v1/generations/{id}", Call.POLL, self._show)
        yield Route("DELETE", "/api/rest/v1/generations/{id}", Call.ME, self._delete)
        yield Route("POST", "/api/rest/v1/variations/universal-upscaler", Call.SUBMIT, self._upscale)
        yield Route("GET", "/api/rest/v1/variations/{id}", Call.POLL, self._show_variation)
        yield Route("GET", "/api/rest/v1/me", Call.ME, self._me)

    # Making.

    def _create(self, ask: Ask) -> Reply:
        asked = self.fields(ask, {"model": str, "public": bool, "parameters": _PARAMETERS})
        model, parameters = asked.get("model", ""), asked.get("parameters", {})
        if model not in SIZES:
            raise _wrong(f"model: unknown model {model!r}")
        _check_parameters(model, parameters)
        task, quantity = self._open(ask, parameters, parameters.get("quantity", 4))
        cost = {"amount": str(PRICE * quantity), "unit": "DOLLARS"}
        generate = {"generationId": task.id, "apiCreditCost": None, "cost": cost}
        return json_reply({"generate": generate})

    def _create_old(self, ask: Ask) -> Reply:
        asked = self.fields(ask, _PARAMETERS)
        if asked.get("modelId", next(iter(_V1_MODELS))) not in _V1_MODELS:
            raise _wrong("modelId: unknown")
        asked = {**asked, "width": asked.get("width", 1024), "height": asked.get("height", 768)}
        _check_size(asked, (32, 1536, 32, 1536, 1500))
        quantity = asked.get("num_images", 4)
        if not 1 <= quantity <= (4 if max(asked["width"], asked["height"]) > 768 else 8):
            raise AnsweredError(_says(400, "bad-request", "too many images for this size"))
        task, quantity = self._open(ask, asked, quantity)
        cost = {"amount": str(PRICE * quantity), "unit": "DOLLARS"}
        return json_reply({"sdGenerationJob": {"generationId": task.id, "apiCreditCost": None, "cost": cost}})

    def _open(self, ask: Ask, asked: dict[str, Any], quantity: int) -> tuple[Task, int]:
        account, prompt = ask.account, asked["prompt"]
        if ask.fault is Fault.AS_LIST:
            details = {"message": "We could not start this generation, please try again."}
            raise AnsweredError(json_reply([{"extensions": {"code": "unexpected", "details": details}}]))
        if account.refuses(prompt, ask.struck):
            words = "content moderation filter: the prompt contains inappropriate content"
            raise AnsweredError(_says(403, "unexpected", words))
        with account.lock:
            if not account.affords(PRICE * quantity):
                raise AnsweredError(_says(400, "unexpected", "not enough api tokens"))
            task = account.open("generation", prompt, asked, flaw=self.flaw(ask))
            task.memory["quantity"] = quantity
            account.charge(task.id, PRICE * quantity, prompt)
        how = account.behaviour
        if how.webhook_url:
            self.house.post.send(how.webhook_url, lambda: self._letter(account, task), after_s=how.webhook_after_s)
        return task, quantity

    def _upscale(self, ask: Ask) -> Reply:
        asked = self.fields(ask, {**dict.fromkeys(_IMAGE_IDS, str), "upscaleMultiplier": NUMBER})
        image = next((asked[name] for name in _IMAGE_IDS if name in asked), None)
        source = next((task for task in ask.account.listed() if image in _images(task)), None)
        factor = asked.get("upscaleMultiplier", 1.5)
        if source is None:
            raise _wrong("generatedImageId: unknown image")
        if not 1.0 <= factor <= 2.0:
            raise _wrong("upscaleMultiplier: must be between 1 and 2")
        size = {name: round(source.asked.get(name, 1200) * factor) for name in ("width", "height")}
        task = ask.account.open("variation", source.prompt, size, flaw=self.flaw(ask))
        task.memory["quantity"] = 1
        ask.account.charge(task.id, UPSCALE_PRICE, source.prompt)
        cost = {"amount": str(UPSCALE_PRICE), "unit": "DOLLARS"}
        return json_reply({"universalUpscaler": {"id": task.id, "cost": cost}})

    def _letter(self, account: Account, task: Task) -> tuple[bytes, dict[str, str]]:
        account.finish(task)
        row = self._row(account, task)
        letter = {
            "type": "image_generation.complete",
            "object": "generation",
            "timestamp": int(self.house.clock.now() * 1000),
            "api_version": "v1",
            "data": {"object": {"id": task.id, "status": row["status"], "images": row["generated_images"]}},
        }
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {account.behaviour.webhook_key}"}
        return json_reply(letter).body, headers

    # Reading.

    def _show(self, ask: Ask) -> Reply:
        task = self._task(ask, "generation")
        if task is None:
            return json_reply({"generations_by_pk": None})  # what Hasura says of an id that it does not know
        word = "QUEUED_V2" if ask.fault is Fault.UNKNOWN_STATE else None
        return json_reply({"generations_by_pk": self._row(ask.account, task, word)})

    def _show_variation(self, ask: Ask) -> Reply:
        task = self._task(ask, "variation")
        rows: list[dict[str, Any]] = []
        if task is not None:
            images = self._generated(ask.account, task)
            url = images[0]["url"] if images else None
            state = "QUEUED_V2" if ask.fault is Fault.UNKNOWN_STATE else _state(task)
            rows = [{"id": task.id, "status": state, "transformType": "UPSCALE", "url": url}]
        return json_reply({"generated_image_variation_generic": rows})

    def _task(self, ask: Ask, kind: str) -> Task | None:
        task = ask.account.find(ask.path["id"])
        if task is None or task.kind != kind or "deleted" in task.memory:
            return None
        if ask.fault is not Fault.UNKNOWN_STATE:
            ask.account.poll(task)
        return task

    def _list(self, ask: Ask) -> Reply:
        tasks = [task for task in ask.account.listed() if task.kind == "generation"]
        limit, offset = int(ask.request.query.get("limit", 10)), int(ask.request.query.get("offset", 0))
        rows = [self._row(ask.account, task) for task in ask.account.page(tasks, offset, limit)]
        return json_reply({"generations": rows})

    def _delete(self, ask: Ask) -> Reply:
        task = ask.account.find(ask.path["id"])
        if task is not None:
            task.memory["deleted"] = True
        return json_reply({"delete_generations_by_pk": {"id": ask.path["id"]} if task else None})

    def _me(self, ask: Ask) -> Reply:
        credit = ask.account.behaviour.credit
        details = {
            "user": {"id": _user(ask.account), "username": "studio"},
            "apiPaidTokens": None if credit is None else int(credit * 1000),
            "apiSubscriptionTokens": 0,
            "apiConcurrencySlots": ask.account.behaviour.concurrent,
        }
        return json_reply({"user_details": [details]})

    def _row(self, account: Account, task: Task, word: str | None = None) -> dict[str, Any]:
        asked = task.asked
        return {
            "id": task.id,
            "status": word or _state(task),
            "createdAt": iso(task.created_at),
            "prompt": task.prompt,
            "imageWidth": asked.get("width", 1200),
            "imageHeight": asked.get("height", 1200),
            "seed": asked.get("seed", seed_of(task.id) % 2**31),
            "generated_images": [] if word else self._generated(account, task),
        }

    def _generated(self, account: Account, task: Task) -> list[dict[str, Any]]:
        if not task.finished or task.failed:
            return []
        until = self.house.clock.now() + account.behaviour.link_life_s
        images = []
        for number, image in enumerate(_images(task)):
            picture = Picture(
                seed_of(task.prompt, task.asked.get("seed"), number),
                task.asked.get("width", 1200),
                task.asked.get("height", 1200),
                "jpg",
                black=task.flaw is Fault.BLACK,
            )
            name = self.house.shelf.put(account, f"leonardo/{task.id}/{number}", picture)
            images.append(
                {
                    "id": image,
                    "url": self.house.shelf.link(name, until),
                    "nsfw": task.flaw is Fault.NSFW,
                    "likeCount": 0,
                    "motionMP4URL": None,
                    "generated_image_variation_generics": [],
                }
            )
        return images

    # Saying no.

    def error(self, status: int, message: str) -> Reply:
        return _says(status, "bad-request" if status == 400 else "unexpected", message)

    def malformed(self, place: str) -> AnsweredError:
        return _wrong(f"{place}: wrong type")

    def unauthorised(self) -> Reply:
        return _says(401, "access-denied", "Authentication hook unauthorized this request")


def _images(task: Task) -> list[str]:
    return [f"{task.id[:-4]}{number:04x}" for number in range(task.memory.get("quantity", 0))]


def _user(account: Account) -> str:
    return f"{seed_of(account.key):08x}-0000-4000-8000-000000000000"


def _state(task: Task) -> str:
    if not task.finished:
        return "PENDING"
    return "FAILED" if task.failed else "COMPLETE"


def _says(status: int, code: str, message: str) -> Reply:
    return json_reply({"error": message, "path": "$", "code": code}, status)


def _wrong(message: str) -> AnsweredError:
    return AnsweredError(_says(400, "validation-failed", message))


def _check_parameters(model: str, asked: dict[str, Any]) -> None:
    asked.setdefault("width", 1200)
    asked.setdefault("height", 1200)
    _check_size(asked, SIZES[model])
    if asked.get("mode", "FAST") not in MODES.get(model, ("FAST", "ULTRA")):
        raise _wrong("parameters.mode: unknown")
    quantity = asked.get("quantity", 4)
    if not 1 <= quantity <= 8:
        raise _wrong("parameters.quantity: must be between 1 and 8")
    if not 0 <= asked.get("seed", 0) <= 2_147_483_647:
        raise _wrong("parameters.seed: must be between 0 and 2147483647")
    if asked.get("prompt_enhance", "AUTO") not in ("AUTO", "ON", "OFF"):
        raise _wrong("parameters.prompt_enhance: unknown")


def _check_size(asked: dict[str, Any], sizes: tuple[int, int, int, int, int]) -> None:
    if not 1 <= len(asked.get("prompt", "")) <= sizes[4]:
        raise _wrong(f"prompt: required, up to {sizes[4]} characters")
    for name, least, most in (("width", *sizes[:2]), ("height", *sizes[2:4])):
        value = asked[name]
        if not least <= value <= most or value % 8:
            raise _wrong(f"{name}: must be a multiple of 8 between {least} and {most}")
