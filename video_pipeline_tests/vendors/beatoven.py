"""Owns the fake of Beatoven: composing and tasks; hides that a length is words in the prompt."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any

from video_pipeline.providers import beatoven
from video_pipeline_tests.vendors.accounts import Account, Task
from video_pipeline_tests.vendors.faults import Call, Fault, Makes
from video_pipeline_tests.vendors.media import Music, seed_of
from video_pipeline_tests.vendors.vendor import Ask, Route, Vendor
from video_pipeline_tests.vendors.wire import Reply, json_reply

PRICE = beatoven.PRICE_USD  # of a request
LONGEST_S = 150
USUAL_S = 60
FORMATS = ("wav", "mp3", "aac")
STEMS = ("bass", "chords", "melody", "percussion")
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)[\s-]*(seconds?|secs?|s|minutes?|mins?)\b", re.IGNORECASE)


class Beatoven(Vendor):
    """There is no list: an id that got lost stays lost, and paid."""

    name = "beatoven"
    makes = Makes.AUDIO
    tells_cost = False

    def routes(self) -> Iterable[Route]:
        yield Route("POST", "/api/v1/tracks/compose", Call.SUBMIT, self._compose)
        yield Route("GET", "/api/v1/tasks/{id}", Call.POLL, self._show)

    def _compose(self, ask: Ask) -> Reply:
        asked = self.fields(ask, {"prompt": {"text": str}, "format": str, "looping": bool})
        text = asked.get("prompt", {}).get("text", "")
        if not text.strip():
            raise self.no(400, "prompt.text is required")
        if asked.get("format", "wav") not in FORMATS:
            raise self.no(400, f"format must be one of {', '.join(FORMATS)}")
        account = ask.account
        if account.refuses(text, ask.struck):
            raise self.no(400, "prompt violates the content policy")
        with account.lock:
            if not account.affords(PRICE):
                raise self.no(400, "quota exhausted")
            task_id = f"{uuid.uuid4()}_{len(account.tasks) + 1}"
            task = account.open("track", text, asked, id=task_id, flaw=self.flaw(ask))
            account.charge(task.id, PRICE, text)
        return json_reply({"status": "started", "task_id": task.id})

    def _show(self, ask: Ask) -> Reply:
        task = self.task(ask, self.no(404, "task not found"))
        if ask.fault is Fault.UNKNOWN_STATE:
            return json_reply({"status": "queued_v2"})
        if not task.finished:
            early = task.polls == 1 and ask.account.behaviour.polls_until_ready > 2
            return json_reply({"status": "composing" if early else "running"})
        if task.failed:
            return json_reply({"status": "failed"})
        return json_reply({"status": "composed", "meta": self._meta(ask.account, task)})

    def _meta(self, account: Account, task: Task) -> dict[str, Any]:
        return {
            "project_id": f"p-{seed_of(account.key):08x}",
            "track_id": f"t-{task.id}",
            "prompt": {"text": task.prompt},
            "version": 1,
            "track_url": self._link(account, task, "track"),
            "stems_url": {stem: self._link(account, task, stem) for stem in STEMS},
        }

    def _link(self, account: Account, task: Task, part: str) -> str:
        music = Music(
            seed_of(task.prompt, task.id, part),
            length_asked(task.prompt),
            task.asked.get("format", "wav"),
            silent=task.flaw is Fault.SILENT,
        )
        name = self.house.shelf.put(account, f"beatoven/{task.id}/{part}", music)
        return self.house.shelf.link(name, self.house.clock.now() + account.behaviour.link_life_s)

    def error(self, status: int, message: str) -> Reply:
        return json_reply({"error": message}, status)


def length_asked(text: str) -> float:
    """How many seconds a prompt asks for, as far as the model goes."""
    found = _LENGTH.search(text)
    if found is None:
        return USUAL_S
    seconds = float(found[1]) * (60 if found[2].lower().startswith("min") else 1)
    return min(max(seconds, 5), LONGEST_S)
