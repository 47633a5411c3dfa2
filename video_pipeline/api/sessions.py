"""Owns signing in and out of the page; hides the cookie."""

from __future__ import annotations

from ipaddress import IPv6Network

from fastapi import APIRouter, Request, Response

from video_pipeline.api import models
from video_pipeline.api.caller import COOKIE, Cookie, Reader
from video_pipeline.api.desk import AtDesk
from video_pipeline.api.problems import answers
from video_pipeline.domain.credentials import csrf_token
from video_pipeline.domain.errors import AccessDeniedError

router = APIRouter(prefix="/session", tags=["session"])


@router.post("", summary="Sign in", responses=answers(401))
def sign_in(login: models.Login, request: Request, response: Response, desk: AtDesk) -> models.Session:
    """Open a session: a cookie for this browser, and the token that its changes need in `X-CSRF-Token`."""
    desk.logins.require(_network(request))
    opened = desk.access.open_session(login.name, login.password)
    if opened is None:
        raise AccessDeniedError("name or password is wrong")
    response.set_cookie(
        COOKIE,
        opened.token,
        expires=opened.session.expires_at,
        httponly=True,
        samesite="lax",
        secure=request.scope["scheme"] == "https",
        path="/",
    )
    response.headers["Cache-Control"] = "no-store"
    user = models.User(name=opened.session.user_name, scope=opened.session.scope)
    return models.Session(user=user, csrf_token=opened.csrf_token, expires_at=opened.session.expires_at)


def _network(request: Request) -> str:
    """Where a request comes from: the address, of IPv6 the network that one household has all addresses of."""
    host = request.client.host if request.client else "unknown"
    if ":" not in host:
        return host
    return str(IPv6Network((host.partition("%")[0], 64), strict=False))


@router.get("", summary="Who is signed in?", responses=answers(401))
def present(cookie: Cookie, response: Response, desk: AtDesk) -> models.Session:
    """The session of this browser, with a token for its changes."""
    found = desk.access.principal_of_session(cookie) if cookie else None
    if found is None or cookie is None or found.expires_at is None:
        raise AccessDeniedError("nobody is signed in here")
    response.headers["Cache-Control"] = "no-store"
    user = models.User(name=found.name, scope=found.scope)
    return models.Session(user=user, csrf_token=csrf_token(cookie), expires_at=found.expires_at)


@router.delete("", status_code=204, summary="Sign out", responses=answers(401, 403))
def sign_out(caller: Reader, cookie: Cookie, response: Response, desk: AtDesk) -> None:
    """End the session of this browser."""
    if cookie:
        desk.access.close_session(cookie)
    response.delete_cookie(COOKIE, path="/")
