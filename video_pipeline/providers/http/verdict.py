"""Owns what a vendor's answer means: done, wait, never, or nobody knows; hides statuses.

Everything here is pure. A vendor's own file is asked first (`Explain`), because only it knows the vendor's words.
"""

from __future__ import annotations

from collections.abc import Callable

from video_pipeline.domain.errors import (
    AnswerLostError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudioError,
)
from video_pipeline.providers.http.exchange import Reply
from video_pipeline.providers.http.waiting import asked_wait_s

Explain = Callable[[Reply], StudioError | None]
"""The vendor's own reading of an answer, of good ones as well, since some vendors put errors into a 200; None leaves
it to the table here. What it raises into a message is cleaned of keys by the client."""

_NOT_TAKEN = frozenset({408, 425, 429})
"""The request was not taken up, whoever says so, and may be sent again whatever it is. A 503 is not among them: proxies
give one, in a page or a line of text, when they lose the server after the request has reached it."""

_SEE_OTHER = 303
"""What was sent has been worked on, and its outcome is elsewhere."""

_NOBODY_KNOWS = 504
"""A gateway that stopped waiting does not know what the server behind it went on to do."""


def verdict(reply: Reply, call: str, key_setting: str, *, paid: bool) -> StudioError | None:
    """The error that an answer stands for; None when it is a good one.

    `call` names vendor, method and path. With `paid` an answer that leaves open what happened is AnswerLostError;
    else the same call may be made again.
    """
    status = reply.status
    came = f"{call}: answered {status}, {reply.said or 'nothing'}"
    if reply.done:
        return None if reply.is_json or status in (204, 205) else _open(f"{came}, which is not JSON", paid=paid)
    if status == _SEE_OTHER and paid:
        return _open(came, paid=True)
    if status in _NOT_TAKEN:
        return ProviderUnavailableError(f"{came}; try again later", retry_after_s=asked_wait_s(reply.headers))
    if status >= 500 and (status == _NOBODY_KNOWS or not _is_own_error(reply)):
        return _open(came, paid=paid, wait_s=asked_wait_s(reply.headers))
    if status >= 500:
        return ProviderUnavailableError(f"{came}; try again later", retry_after_s=asked_wait_s(reply.headers))
    return ProviderRefusedError(f"{came}; {_remedy(status, key_setting)}")


def _open(came: str, *, paid: bool, wait_s: float | None = None) -> StudioError:
    if paid:
        return AnswerLostError(f"{came}; it may have been accepted: look at the vendor's list before sending it again")
    return ProviderUnavailableError(f"{came}; try again later", retry_after_s=wait_s)


def _is_own_error(reply: Reply) -> bool:
    """JSON comes from the vendor's program; a page of HTML from whatever stands before it."""
    return reply.is_json and isinstance(reply.body, dict | list)


def _remedy(status: int, key_setting: str) -> str:
    match status:
        case 401 | 403:
            return f"check the key in {key_setting} and what it is entitled to"
        case 402:
            return "the account has no credit left; top it up"
        case 404 | 410:
            return "check the vendor's base URL, the model's name and whether the thing is still there"
        case 413:
            return "it is too large for the vendor; send less"
        case _ if 300 <= status <= 399:
            return "check the vendor's base URL"
        case _:
            return "the vendor does not accept these parameters; change them"
