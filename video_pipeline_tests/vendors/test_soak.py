"""A patient client gets through whatever the plan does, and the bill tells exactly what was made."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import urllib3

from video_pipeline_tests.vendors import Call, Fakes, Fault, Faults, running

SUCCESS = {"done", "completed", "composed", "COMPLETE", "succeeded", "SUCCEEDED"}
FAILURE = {"failed", "FAILED"}


@dataclass(frozen=True)
class Way:
    """How a task of one vendor is made and followed."""

    headers: dict[str, str]
    submit: str
    body: Callable[[str], dict[str, Any]]
    id: Callable[[Any], str]
    poll: str
    state: Callable[[Any], str]
    link: Callable[[Any], str]


def _mubert(answer: Any) -> Any:
    return answer.get("data", answer)


WAYS = {
    "mubert": Way(
        {"customer-id": "me", "access-token": "k"},
        "/public/tracks",
        lambda prompt: {"duration": 5, "prompt": prompt},
        lambda answer: _mubert(answer)["id"],
        "/public/tracks/{}",
        lambda answer: _mubert(answer)["generations"][0]["status"],
        lambda answer: _mubert(answer)["generations"][0]["url"],
    ),
    "beatoven": Way(
        {"Authorization": "Bearer k"},
        "/api/v1/tracks/compose",
        lambda prompt: {"prompt": {"text": f"5 seconds of {prompt}"}},
        lambda answer: answer["task_id"],
        "/api/v1/tasks/{}",
        lambda answer: answer["status"],
        lambda answer: answer["meta"]["track_url"],
    ),
    "leonardo": Way(
        {"Authorization": "Bearer k"},
        "/v2/generations",
        lambda prompt: {
            "model": "lucid-origin",
            "parameters": {"prompt": prompt, "width": 64, "height": 64, "quantity": 1},
        },
        lambda answer: answer["generate"]["generationId"],
        "/v1/generations/{}",
        lambda answer: answer["generations_by_pk"]["status"],
        lambda answer: answer["generations_by_pk"]["generated_images"][0]["url"],
    ),
    "replicate": Way(
        {"Authorization": "Bearer k"},
        "/models/black-forest-labs/flux-schnell/predictions",
        lambda prompt: {"input": {"prompt": prompt, "aspect_ratio": "16:9", "output_format": "jpg"}},
        lambda answer: answer["id"],
        "/predictions/{}",
        lambda answer: answer["status"],
        lambda answer: answer["output"][0],
    ),
    "runway": Way(
        {"Authorization": "Bearer k", "X-Runway-Version": "2024-11-06"},
        "/v1/text_to_image",
        lambda prompt: {"model": "gen4_image_turbo", "promptText": prompt, "ratio": "1280:720"},
        lambda answer: answer["id"],
        "/v1/tasks/{}",
        lambda answer: answer["status"],
        lambda answer: answer["output"][0],
    ),
}


class _Stubborn:
    """Calls until an answer can be used; it does not care what that costs."""

    def __init__(self, fakes: Fakes, vendor: str) -> None:
        self._base = fakes.base(vendor)
        self._way = WAYS[vendor]
        self._pool = urllib3.PoolManager(retries=False, timeout=5, maxsize=4)

    def make(self, prompt: str) -> bytes:
        """One medium, from the first task that ends well."""
        while True:
            body = json.dumps(self._way.body(prompt)).encode()
            task = self._call("POST", self._way.submit, self._way.id, body)
            state, answer = "", None
            while state not in SUCCESS | FAILURE:
                state, answer = self._call(
                    "GET", self._way.poll.format(task), lambda answer: (self._way.state(answer), answer)
                )
            if state in SUCCESS:
                return self._media(self._way.link(answer))

    def _call(self, method: str, path: str, read: Callable[[Any], Any], body: bytes | None = None) -> Any:
        for _ in range(30):
            try:
                reply = self._pool.request(
                    method,
                    self._base + path,
                    body=body,
                    headers={"Content-Type": "application/json", **self._way.headers},
                )
                return read(json.loads(reply.data))
            except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError, AttributeError):
                continue
        raise AssertionError(f"{method} {path} never got through")

    def _media(self, url: str) -> bytes:
        for _ in range(30):
            try:
                reply = self._pool.request("GET", url)
            except urllib3.exceptions.HTTPError:
                continue
            if reply.status == 200:
                return reply.data
        raise AssertionError("the media never came")

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()


@pytest.mark.parametrize("vendor", WAYS)
def test_every_other_call_goes_wrong(vendor: str) -> None:
    plan = Faults(seed=5, share=0.5, wait_s=0)
    with running(Fakes(faults=plan)) as fakes:
        account = fakes.account(vendor, "k")
        account.behaviour.drip_s = 0.05
        client = _Stubborn(fakes, vendor)
        prompts = [f"lake {number}" for number in range(6)]
        with ThreadPoolExecutor(4) as crew:
            media = list(crew.map(client.make, prompts))
        client.close()
        assert all(media)
        charges = [charge for charge in account.bill if charge.amount > 0]
        assert [charge.task_id for charge in charges] == list(account.tasks)  # each once, and nothing else
        struck = {call.fault for call in account.calls if call.fault}
        assert len(struck) >= 6
        made = [call for call in account.calls if call.call is Call.SUBMIT and call.fault in {None, *_PAID}]
        assert len(charges) == len(made)


_PAID = (
    *(Fault.RESET_AFTER, Fault.GATEWAY_LOST, Fault.TRUNCATED_JSON, Fault.CUT_OFF, Fault.SLOW),
    *(Fault.TASK_FAILED, Fault.SILENT, Fault.BLACK, Fault.NSFW),
)
