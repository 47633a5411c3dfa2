"""Owns the API's own document, for tests that are generated from it; hides how it is come by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from video_pipeline.api.app import create_app
from video_pipeline.api.desk import Desk
from video_pipeline.api.shapes import ROOT


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document; nobody is at the desk, and nothing is served."""
    desk = cast(Desk, SimpleNamespace(jobs=None, courier=nullcontext))
    return create_app(desk).openapi()


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str  # below the root, with the names of its parameters
    stated: dict[str, Any]

    @property
    def name(self) -> str:
        """For example GET /jobs/{job_id}."""
        return f"{self.method} {self.path}"

    @property
    def is_public(self) -> bool:
        """True when the document asks for neither key nor session."""
        return not self.stated.get("security")

    def parameters(self, place: str) -> Iterator[dict[str, Any]]:
        """Its parameters in `place`: path, query, header, cookie."""
        return (each for each in self.stated.get("parameters", []) if each["in"] == place)

    def form(self, media_type: str) -> dict[str, Any]:
        """The schema of its body in that form; empty when it has none."""
        content = self.stated.get("requestBody", {}).get("content", {})
        return resolved(content[media_type]["schema"]) if media_type in content else {}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema`, or what it refers to."""
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document()["components"]["schemas"][name] if name else schema
    return found


def operations() -> list[Operation]:
    """All operations of the document."""
    return [
        Operation(method.upper(), path.removeprefix(ROOT), stated)
        for path, item in document()["paths"].items()
        for method, stated in item.items()
    ]
