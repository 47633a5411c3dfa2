"""Owns who calls, what they may do and how fast; hides headers, cookies and CSRF tokens.

A call is made with an API key (`Authorization: Bearer vp_...`) or in a session of the page (a cookie, and for every
unsafe method the session's token in `X-CSRF-Token`, which no other site can read or send).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.domain.access import Principal, Scope
from video_pipeline.domain.credentials import csrf_matches
from video_pipeline.domain.errors import AccessDeniedError, ForbiddenError, NotFoundError
from video_pipeline.domain.records import JobRecord

COOKIE = "video_pipeline_session"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key: `video-pipeline key new`.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="session", description="The session of the page.")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
Cookie = Annotated[str | None, Security(_cookie)]


def identify(request: Request, desk: Desk, key: str | None, token: str | None) -> Principal:
    """Who calls; asked for once a request.

    AccessDeniedError without a key or session that is good, ForbiddenError when a session's call has no CSRF token,
    TooManyRequestsError when calls come too fast.
    """
    known: Principal | None = getattr(request.state, "principal", None)
    if known is not None:
        return known
    if key is None and token is None:
        raise AccessDeniedError("this needs an API key (Authorization: Bearer vp_...) or a session of the page")
    caller = known_by(desk, key, token)
    if caller is None:
        what = "API key" if key is not None else "session"
        raise AccessDeniedError(f"this {what} is not known; make a key with video-pipeline key new, or sign in again")
    if key is None and token is not None and request.method not in SAFE_METHODS:
        _check_csrf(request, token)
    desk.calls.require(caller.key_id or caller.session_id)
    request.state.principal = caller
    return caller


def known_by(desk: Desk, key: str | None, token: str | None) -> Principal | None:
    """Whose key or session it is, while it is good; a key counts more than a session."""
    if key is not None:
        return desk.access.principal_of_key(key)
    return None if token is None else desk.access.principal_of_session(token)


def _check_csrf(request: Request, token: str) -> None:
    if not csrf_matches(token, request.headers.get(CSRF_HEADER, "")):
        raise ForbiddenError(f"a change from the page needs its session's token in the header {CSRF_HEADER}")


async def credentials(bearer: Bearer, cookie: Cookie) -> tuple[str | None, str | None]:
    """The key and the session token of a request; a key counts more than a cookie."""
    return (bearer.credentials if bearer is not None else None), cookie


Credentials = Annotated[tuple[str | None, str | None], Depends(credentials)]


def needs(scope: Scope) -> Callable[..., Principal]:
    """A dependency that gives the caller, whose scope includes `scope`; ForbiddenError otherwise."""

    def caller(request: Request, desk: AtDesk, given: Credentials) -> Principal:
        principal = identify(request, desk, *given)
        principal.require(scope)
        return principal

    _NEEDED[caller] = scope
    return caller


_NEEDED: dict[Callable[..., Any], Scope] = {}


def needed_scope(dependant: Dependant) -> Scope:
    """The highest scope that a route's dependencies ask for; what asks for none is no matter of this."""
    own = [_NEEDED[dependant.call]] if dependant.call in _NEEDED else []
    asked = [*own, *(needed_scope(each) for each in dependant.dependencies)]
    return max(asked, key=lambda scope: scope.rung, default=Scope.READ)


Reader = Annotated[Principal, Depends(needs(Scope.READ))]
Editor = Annotated[Principal, Depends(needs(Scope.EDIT))]
Spender = Annotated[Principal, Depends(needs(Scope.SPEND))]
Admin = Annotated[Principal, Depends(needs(Scope.ADMIN))]


def visible_job(desk: Desk, caller: Principal, job_id: UUID) -> JobRecord:
    """The job; NotFoundError, in the same words, when there is none and when it is somebody else's."""
    job = desk.jobs.get_job(job_id)
    if not caller.sees(job.user_id):
        raise NotFoundError(f"there is no job {job_id}")
    return job


def _read(job_id: UUID, desk: AtDesk, caller: Reader) -> JobRecord:
    return visible_job(desk, caller, job_id)


def _edit(job_id: UUID, desk: AtDesk, caller: Editor) -> JobRecord:
    return visible_job(desk, caller, job_id)


ReadJob = Annotated[JobRecord, Depends(_read)]
EditJob = Annotated[JobRecord, Depends(_edit)]
