"""Owns the links to media, signed and for a time; hides the signature and what object storage says to a bad one."""

from __future__ import annotations

import hashlib
import hmac
import threading
from dataclasses import dataclass
from urllib.parse import urlencode

from video_pipeline_tests.vendors.accounts import Account, Clock
from video_pipeline_tests.vendors.faults import Fault
from video_pipeline_tests.vendors.media import Medium, Picture, content_type, disguised
from video_pipeline_tests.vendors.wire import AnsweredError, Reply, Request, page, storage_refusal

FORBIDDEN_HEADERS = ("authorization", "x-goog-api-key", "access-token", "license-token", "customer-id", "company-id")
"""Storage takes a link's signature or a key of its own, never both; a vendor's key is not for it."""
_SECRET = b"the signature of links"


@dataclass(frozen=True, slots=True)
class _Shelved:
    account: Account
    medium: Medium


class Shelf:
    """All media that the vendors have made; they are rendered when somebody fetches them."""

    def __init__(self, clock: Clock) -> None:
        self.url = ""  # of the server, once it listens
        self._clock = clock
        self._lock = threading.Lock()
        self._media: dict[str, _Shelved] = {}

    def put(self, account: Account, place: str, medium: Medium) -> str:
        """Lay `medium` down at `place`; returns its name, for `link`."""
        name = f"{place}.{medium.format}"
        with self._lock:
            self._media[name] = _Shelved(account, medium)
        return name

    def link(self, name: str, until: float) -> str:
        """A link that is good until that time."""
        query = {"expires": str(int(until)), "signature": self._signature(name, str(int(until)))}
        return f"{self.url}/media/{name}?{urlencode(query)}"

    def account_of(self, name: str) -> Account | None:
        """Whose medium it is."""
        with self._lock:
            found = self._media.get(name)
        return found.account if found else None

    def fetch(self, name: str, request: Request, fault: Fault | None) -> Reply:
        """The medium, for whoever has a good link and shows no key."""
        self._check(name, request)
        with self._lock:
            found = self._media.get(name)
        if found is None:
            raise AnsweredError(storage_refusal("NoSuchKey", "The specified key does not exist.", 404))
        called = content_type(found.medium)
        if fault is Fault.EXPIRED_LINK:
            raise AnsweredError(storage_refusal("AccessDenied", "Request has expired"))
        if fault is Fault.PAGE_AS_MEDIA:
            return Reply(200, page("One moment, please").body, called)
        return Reply(200, flawed(found.medium, fault), called)

    def _check(self, name: str, request: Request) -> None:
        if shown := [header for header in FORBIDDEN_HEADERS if header in request.headers]:
            words = f"Only one auth mechanism allowed; found a signature and {', '.join(shown)}"
            raise AnsweredError(storage_refusal("InvalidArgument", words))
        expires = request.query.get("expires", "")
        if not hmac.compare_digest(self._signature(name, expires), request.query.get("signature", "")):
            raise AnsweredError(storage_refusal("SignatureDoesNotMatch", "The signature does not match."))
        if self._clock.now() > int(expires):
            raise AnsweredError(storage_refusal("AccessDenied", "Request has expired"))

    @staticmethod
    def _signature(name: str, expires: str) -> str:
        return hmac.new(_SECRET, f"{name}\n{expires}".encode(), hashlib.sha256).hexdigest()


def flawed(medium: Medium, fault: Fault | None) -> bytes:
    """The file of `medium`, with what a fault of media does to it."""
    if fault is Fault.WRONG_PICTURE and isinstance(medium, Picture):
        return disguised(medium).render()
    content = medium.render()
    return content[: len(content) // 3] if fault is Fault.TRUNCATED_MEDIA else content
