"""Owns work that is ordered on demand: what can be ordered, how far it is; hides how a request is compared.

An order is placed by whoever wants the work and performed by a run of its own. The same request for the same job is one
order as long as it is not finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.editing import checked_description, checked_prompt
from video_pipeline.domain.errors import InvalidInputError

RENDITIONS_MAX = 24
"""Renditions in one order."""

ATTEMPTS_MAX = 3
"""How often an order is begun before it is given up."""

STALE_S = 60
"""Seconds without a sign of life after which the attempt at an order counts as dead."""

RETRY_DELAY_S = 20
"""Seconds that an order waits after its first attempt failed in a way that may pass; later ones wait longer."""


class OrderKind(StrEnum):
    """What can be ordered."""

    EXPORT = "export"  # files to hand out, of a finished job
    PREVIEW = "preview"  # the whole programme, small and with sound, to look at before it is approved
    REFINE = "refine"  # another picture or description for one scene


class OrderStatus(StrEnum):
    """How far an order is."""

    PENDING = "pending"  # it waits for its first run, or for another one
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


UNFINISHED = (OrderStatus.PENDING, OrderStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class OrderProgress:
    """How far an attempt is."""

    percent: float  # 0 to 100
    message: str


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order as the books hold it."""

    id: UUID
    job_id: UUID
    kind: OrderKind
    request: dict[str, Any]  # as `check_request` returns it
    ordered_by: str
    status: OrderStatus
    progress: OrderProgress | None
    result: dict[str, Any] | None  # what was made, once it is completed
    error_message: str | None  # why it failed, or why it waits again
    attempt: int  # how often it has been begun
    run_id: str | None  # the Dagster run that began it last
    heartbeat_at: datetime | None  # the last sign of life of an attempt
    created_at: datetime
    started_at: datetime | None  # of the first attempt
    finished_at: datetime | None

    @property
    def finished(self) -> bool:
        """True when nothing will be done about it any more."""
        return self.status not in UNFINISHED

    @property
    def title(self) -> str:
        """What was ordered, in a few words."""
        return title_of(self.kind, self.request)


def check_request(kind: OrderKind, request: Mapping[str, Any]) -> dict[str, Any]:
    """The request in the form that is kept, equal for equal wishes; InvalidInputError says what cannot be ordered.

    export   {"renditions": [{"format": "mp4", "quality": "low"}, ...]}
    preview  {}
    refine   {"scene_number": 2, "image_prompt": str | None, "description": str | None, "expected": str | None}
    """
    return _CHECKS[kind](request)


def digest(request: Mapping[str, Any]) -> str:
    """SHA-256 of a checked request, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def wanted_renditions(request: Mapping[str, Any]) -> tuple[Rendition, ...]:
    """The renditions of a checked request for exports, each once."""
    return tuple(Rendition.parse(pair["format"], pair["quality"]) for pair in request["renditions"])


def title_of(kind: OrderKind, request: Mapping[str, Any]) -> str:
    """What a checked request asks for, in a few words."""
    if kind is OrderKind.EXPORT:
        return f"export {', '.join(rendition.name for rendition in wanted_renditions(request))}"
    return f"refine scene {request['scene_number']}" if kind is OrderKind.REFINE else str(kind)


def _exports(request: Mapping[str, Any]) -> dict[str, Any]:
    _check_names(OrderKind.EXPORT, request, "renditions")
    pairs = request.get("renditions")
    if not isinstance(pairs, list) or not 0 < len(pairs) <= RENDITIONS_MAX:
        raise InvalidInputError(f"an order of exports lists 1 to {RENDITIONS_MAX} pairs of a format and a quality")
    wanted = {_rendition(pair) for pair in pairs}
    ordered = sorted(wanted, key=lambda rendition: rendition.name)
    return {"renditions": [{"format": str(each.format), "quality": str(each.quality)} for each in ordered]}


def _rendition(pair: object) -> Rendition:
    if not isinstance(pair, Mapping) or {*pair} != {"format", "quality"}:
        raise InvalidInputError("each export is a pair of a format and a quality")
    words = pair["format"], pair["quality"]
    if not all(isinstance(word, str) for word in words):
        raise InvalidInputError("format and quality of an export are words")
    return Rendition.parse(*words)


def _preview(request: Mapping[str, Any]) -> dict[str, Any]:
    _check_names(OrderKind.PREVIEW, request)
    return {}


def _refinement(request: Mapping[str, Any]) -> dict[str, Any]:
    _check_names(OrderKind.REFINE, request, "scene_number", "image_prompt", "description", "expected")
    number, expected = request.get("scene_number"), request.get("expected")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise InvalidInputError("a refinement names the number of a scene, counted from 1")
    if expected is not None and not isinstance(expected, str):
        raise InvalidInputError("the storyboard that a refinement expects is named by a word")
    prompt = _text(request, "image_prompt", checked_prompt)
    description = _text(request, "description", checked_description)
    if prompt is None and description is None:
        raise InvalidInputError("a refinement needs an image prompt, a description or both")
    return {"scene_number": number, "image_prompt": prompt, "description": description, "expected": expected}


def _text(request: Mapping[str, Any], name: str, checked: Callable[[str], str]) -> str | None:
    text = request.get(name)
    if text is None:
        return None
    if not isinstance(text, str):
        raise InvalidInputError(f"{name} of a refinement is a text")
    return checked(text)


def _check_names(kind: OrderKind, request: Mapping[str, Any], *known: str) -> None:
    unknown = ", ".join(repr(str(name))[:60] for name in request if name not in known)
    if unknown:
        raise InvalidInputError(
            f"an order of kind {kind} knows no {unknown}; it takes: {', '.join(known) or 'nothing'}"
        )


_CHECKS: dict[OrderKind, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    OrderKind.EXPORT: _exports,
    OrderKind.PREVIEW: _preview,
    OrderKind.REFINE: _refinement,
}
