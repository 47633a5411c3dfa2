"""Owns the translation of errors into problem+json (RFC 9457); hides nothing. It happens here and nowhere else."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from video_pipeline.domain import errors

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

TABLE: tuple[tuple[type[errors.StudioError], int, str, str], ...] = (
    (errors.AccessDeniedError, 401, "not-signed-in", "Not signed in"),
    (errors.ForbiddenError, 403, "not-allowed", "Not allowed"),
    (errors.TooManyRequestsError, 429, "too-many-requests", "Too many requests"),
    (errors.ReusedKeyError, 422, "reused-idempotency-key", "Idempotency-Key was used for another request"),
    (errors.InvalidInputError, 400, "invalid-input", "A value is not usable"),
    (errors.NotFoundError, 404, "not-found", "Not found"),
    (errors.PreconditionError, 412, "storyboard-changed", "The storyboard changed since it was read"),
    (errors.OffsetError, 409, "wrong-offset", "The bytes do not go on where the upload stands"),
    (errors.LimitReachedError, 429, "limit-reached", "Limit reached"),
    (errors.IllegalMoveError, 409, "illegal-move", "Not possible in this status"),
    (errors.ConflictError, 409, "conflict", "In conflict with what happens to the job"),
    (errors.CancelledError, 409, "cancelled", "The job was cancelled"),
    (errors.PromptRefusedError, 500, "prompt-refused", "The provider refused these words"),
    (errors.ProviderRefusedError, 500, "provider-refused", "The provider refused to make it"),
    (errors.ProviderUnavailableError, 500, "provider-unavailable", "The provider did not deliver"),
    (errors.AnswerLostError, 500, "provider-answer-lost", "The provider may have made it, and its answer was lost"),
    (errors.MachineError, 503, "machine-unusable", "Something that is needed is not usable on this machine"),
    (errors.StoreUnavailableError, 503, "store-unavailable", "The database did not answer"),
    (errors.MediaError, 500, "media-unusable", "A file is not what it should be"),
    (errors.TransientError, 503, "try-again", "It may work later"),
    (errors.StudioError, 500, "failed", "It failed"),
)
"""Class, status, slug of the type and title; the first class that fits counts."""

RETRY_AFTER_S = 5
"""What is told when nobody knows better."""

OFFSET = "Upload-Offset"
"""How many bytes of an upload are there (the word of tus.io 1.0)."""

FIELDS_MAX = 20
"""Fields that an answer complains about; who sends ten thousand wrong ones gets no answer ten times as long."""


_DECIMAL = re.compile(r"Decimal\('([^']*)'\)")
_PARAMETER = re.compile(r"\{[^}]+\}")


class FieldProblem(BaseModel):
    """One field of a request that is not usable."""

    field: str
    message: str


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/not-found",
                    "title": "Not found",
                    "status": 404,
                    "detail": "there is no job 3fa85f64-5717-4562-b3fc-2c963f66afa6",
                    "instance": "/api/v2/jobs/3fa85f64-5717-4562-b3fc-2c963f66afa6",
                }
            ]
        }
    )

    type: str = Field(description="Which kind of problem it is.")
    title: str
    status: int
    detail: str = Field(description="What was tried, what came back, what to do.")
    instance: str = Field(description="The path that was asked for.")
    errors: list[FieldProblem] | None = Field(default=None, description="Fields that are not usable.")
    offset: int | None = Field(default=None, description="The byte with which an upload goes on.")


class ProblemError(Exception):
    """A problem of HTTP alone, such as a status that a seed document asks for."""

    def __init__(self, status: int, slug: str, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.title = title


@contextmanager
def content_checked() -> Iterator[None]:
    """What a caller sent is not what it should be: that is the caller's mistake, unlike a file of our own."""
    try:
        yield
    except errors.MediaError as error:
        raise ProblemError(415, "not-accepted", "Not a type of file that is accepted", str(error)) from error


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its documentation; every route can also answer 422, 429 and 503."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    every = sorted({*statuses, 400, 422, 429, 503})
    return {status: {"description": _MEANING[status], "content": content} for status in every}


_MEANING = {
    400: "A value is not usable, or the job is not that far",
    401: "No key or session, or one that is over",
    403: "The key or session does not reach that far",
    404: "There is no such thing, or it is not yours",
    409: "Not possible in this status, or somebody else works on it",
    412: "The storyboard changed since it was read",
    413: "Too large",
    415: "Not a type of file that is accepted",
    416: "No such range",
    422: "A value has not the form that is asked for",
    429: "Too many requests, or a job has as many refinements or files as it may have",
    500: "It failed",
    503: "Something that is needed is not there, or may be back soon",
}


def install(app: FastAPI) -> None:
    """Have every error of `app` answered as a problem."""
    app.add_exception_handler(errors.StudioError, _studio)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def respond(
    request: Request,
    status: int,
    slug: str,
    title: str,
    detail: str,
    *,
    fields: Sequence[Mapping[str, str]] = (),
    offset: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem as an answer."""
    body: dict[str, Any] = {
        "type": f"/problems/{slug}",
        "title": title,
        "status": status,
        "detail": printable(request.app.state.desk.without_places(detail)),
        # Not the URL: it is put together from what the client calls this host, and not every name makes one.
        "instance": printable(request.scope["path"]),
    }
    if fields:
        body["errors"] = [{name: printable(value) for name, value in each.items()} for each in fields]
    extra = dict(headers or {})
    if offset is not None:
        body["offset"] = offset
        extra[OFFSET] = str(offset)
    if status == 401:
        extra.setdefault("WWW-Authenticate", 'Bearer realm="video_pipeline"')
    return JSONResponse(body, status, headers=extra, media_type=MEDIA_TYPE)


def printable(text: str) -> str:
    """`text` as JSON can carry it: what came in as half a surrogate pair is marked."""
    return text.encode("utf-8", "replace").decode()


def in_one_line(path: str) -> str:
    """A path as the log shows it: what came in as a line end begins no line of its own."""
    return path.encode("unicode_escape").decode("ascii")


async def _studio(request: Request, error: Exception) -> JSONResponse:
    status, slug, title = next((s, g, t) for kind, s, g, t in TABLE if isinstance(error, kind))
    if status >= 500:
        log.error("%s %s: %s", request.method, in_one_line(request.scope["path"]), error, exc_info=error)
    headers = {}
    wait = getattr(error, "retry_after_s", RETRY_AFTER_S if status == 503 else None)
    if wait is not None:
        headers["Retry-After"] = str(max(math.ceil(wait), 1))
    detail = " ".join([str(error) or title, *getattr(error, "__notes__", ())])
    return respond(request, status, slug, title, detail, offset=getattr(error, "offset", None), headers=headers)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    return respond(request, error.status, error.slug, error.title, str(error))


async def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = [
        {"field": ".".join(str(part) for part in each["loc"][1:]) or str(each["loc"][0]), "message": _words(each)}
        for each in error.errors()[:FIELDS_MAX]
    ]
    detail = "; ".join(f"{each['field']}: {each['message']}" for each in fields)
    return respond(request, 422, "unusable-form", "A value has not the form that is asked for", detail, fields=fields)


def _words(fault: Mapping[str, Any]) -> str:
    """What is wrong with a field, without the Python that pydantic mixes into it where a value was looked at before."""
    said = _DECIMAL.sub(r"\1", str(fault["msg"]))
    if isinstance(fault.get("input"), str):
        said = said.replace("Value should", "String should").replace("items after validation", "characters")
    return said


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    slug = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}.get(error.status_code, "http")
    title = HTTPStatus(error.status_code).phrase.capitalize()
    headers = {**(error.headers or {}), **_allowed(request)} if error.status_code == 405 else error.headers
    return respond(request, error.status_code, slug, title, error.detail, headers=headers)


def _allowed(request: Request) -> dict[str, str]:
    """Every method that is answered at this path; a route knows of its own one alone."""
    paths: Mapping[str, Mapping[str, Any]] = request.app.openapi()["paths"]
    here = [item for path, item in paths.items() if _fits(path, request)]
    return {"Allow": ", ".join(sorted({method.upper() for item in here for method in item}))} if here else {}


def _fits(path: str, request: Request) -> bool:
    return re.fullmatch(_PARAMETER.sub("[^/]+", path), request.scope["path"]) is not None


async def of_error(request: Request, error: Exception) -> JSONResponse:
    """The answer to what was raised outside of the routes: a refusal, or a fault of the studio itself."""
    return await (_http if isinstance(error, HTTPException) else _unexpected)(request, error)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # Its text may hold anything, also a secret: it goes into the log only.
    log.error("%s %s failed", request.method, in_one_line(request.scope["path"]), exc_info=error)
    return respond(request, 500, "failed", "It failed", "an unexpected error; the server's log has it")
