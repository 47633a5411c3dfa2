"""Owns serving the page: one document, its assets, the headers that keep foreign code out; hides their place."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

PAGE = Path(str(files("video_pipeline.api").joinpath("page")))

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; script-src 'self'; "
        "connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""Sent with every answer: an uploaded file that a browser took for a page could do nothing either."""

router = APIRouter(include_in_schema=False)


class Assets(StaticFiles):
    """The page's files. A browser asks each time whether one changed: after an update old and new never mix."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """A file, or that it is still the same."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


@router.get("/")
def index() -> FileResponse:
    """The page."""
    return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})


def mount(app: FastAPI) -> None:
    """Serve the page at `/` and its assets at `/static`."""
    app.include_router(router)
    app.mount("/static", Assets(directory=PAGE), name="static")
