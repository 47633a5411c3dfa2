"""Owns the application: which routes there are, what starts and ends with it; hides FastAPI's settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from video_pipeline.api import (
    channels,
    exports,
    files,
    jobs,
    licences,
    money,
    operations,
    options,
    page_files,
    problems,
    publication,
    scenes,
    sessions,
    statistics,
    storyboard,
    stream,
    thumbnails,
    uploads,
    vendors,
    webhooks,
)
from video_pipeline.api.desk import Desk
from video_pipeline.api.gate import Gate
from video_pipeline.api.live import Live
from video_pipeline.api.shapes import ROOT

VERSION = "2.0.0"

DESCRIPTION = """
Order long ambient videos, look at the storyboard, change it, approve it, and download what was made.

Sign calls with an API key (`Authorization: Bearer vp_...`), made by `video-pipeline key new`. Scopes are a ladder:
read, edit, spend, admin. Errors are `application/problem+json`. Send an `Idempotency-Key` with every POST that creates
or spends, and `If-Match` with changes of a storyboard.
"""

_ROUTERS: tuple[APIRouter, ...] = (
    sessions.router,
    options.router,
    channels.router,
    jobs.router,
    publication.router,
    licences.router,
    money.router,
    storyboard.router,
    scenes.router,
    exports.router,
    thumbnails.router,
    files.router,
    uploads.router,
    statistics.router,
    stream.router,
    webhooks.router,
    vendors.router,
    operations.router,
)


def create_app(desk: Desk) -> FastAPI:
    """The application of one installation; nothing starts before it serves."""

    @asynccontextmanager
    async def alive(app: FastAPI) -> AsyncIterator[None]:
        with app.state.live.running(), desk.courier():
            yield

    app = FastAPI(
        title="video_pipeline",
        version=VERSION,
        summary="A studio for long ambient videos.",
        description=DESCRIPTION,
        lifespan=alive,
        openapi_url=f"{ROOT}/openapi.json",
        docs_url=None,  # they load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # to an address made of what the client calls this host, and with the key again
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.desk = desk
    app.state.live = Live(desk.jobs)
    app.state.meter = operations.Meter(desk.jobs)
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router, prefix=ROOT)
    page_files.mount(app)
    app.add_middleware(Gate, meter=app.state.meter)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign] # FastAPI's way to change the document
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document with the form of problems instead of FastAPI's own errors."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            license_info=app.license_info,
        )
        forms = document["components"]["schemas"]
        forms.pop("HTTPValidationError", None)
        forms.pop("ValidationError", None)
        problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        forms |= problem.pop("$defs", {})
        forms["Problem"] = problem
        app.openapi_schema = document
    return app.openapi_schema
