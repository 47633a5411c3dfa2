"""Owns HTTP to addresses that users name; hides DNS, TLS and what may not be reached.

A name is resolved once, every address that it has is checked, and the connection is made to one of these very
addresses: a name that means something else a moment later changes nothing. The certificate is still that of the name.
No proxy is asked, no redirect followed, and no answer waited for longer than the limit, however slowly it drips.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection

from video_pipeline.domain.addresses import Target, refusal
from video_pipeline.domain.errors import InvalidInputError, MachineError, UnreachableError
from video_pipeline.domain.webhooks import EXCERPT_BYTES, Reply
from video_pipeline.wire import TROUBLE, cut_off, trouble_in_words

RESOLVE_LIMIT_S = 5.0
"""For a look at a URL; while sending the limit of the whole counts."""

ADDRESSES_TRIED = 4
"""Of a name that has more; each gets its share of the time."""

_PIECE_BYTES = 2**18

Resolve = Callable[[str, int], Sequence[str]]
"""The numeric addresses of a name, best first; OSError when it has none."""

_PASSING = frozenset({408, 425, 429})
"""Of answers to who fetches a file: those that may be others a minute later, as all above 500 may."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses that the system knows for `host`, without repetitions."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class HttpMessenger:
    """`ports.Messenger`; safe to share between threads."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        remedy: str = "set VIDEO_PIPELINE_WEBHOOK_PRIVATE to allow this",
        resolve: Resolve = resolve,
    ) -> None:
        """`remedy` is what to do where a private address is refused and should not be."""
        self._allow_private = allow_private
        self._remedy = remedy
        self._resolve = resolve

    def check(self, url: str) -> None:
        """Raise InvalidInputError when `url` is not usable, or leads to an address that may not be reached.

        A name that cannot be resolved now passes: each sending checks again.
        """
        target = Target.parse(url)
        with contextlib.suppress(UnreachableError):
            self._addresses(target, time.monotonic() + RESOLVE_LIMIT_S)

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Reply:
        """Send `body` and return the answer, whatever its status; no redirect is followed.

        An answer counts when its status and headers have come; of its body, what has come by then is kept.
        InvalidInputError as `check`; UnreachableError when there is no answer within `timeout_s` seconds in all.
        """
        deadline = time.monotonic() + timeout_s
        target = Target.parse(url)
        connection = self._connected(target, self._addresses(target, deadline), deadline)
        late = UnreachableError(f"{target.host} did not answer within {timeout_s:g} seconds")
        try:
            with cut_off(connection, deadline) as is_cut:
                try:
                    return _exchange(connection, target, headers, body, is_cut)
                except TROUBLE as error:
                    reason = UnreachableError(f"{target.host} broke off: {trouble_in_words(error)}")
                    raise (late if is_cut() or isinstance(error, TimeoutError) else reason) from error
        finally:
            connection.close()

    def fetch(self, url: str, out: Path, most_bytes: int, timeout_s: float) -> None:
        """Write what is at `url` to the new file `out`; see ports.Messenger."""
        deadline = time.monotonic() + timeout_s
        target = Target.parse(url)
        connection = self._connected(target, self._addresses(target, deadline), deadline)
        late = UnreachableError(f"{target.host} did not send all of it within {timeout_s:g} seconds")
        try:
            with cut_off(connection, deadline) as is_cut:
                try:
                    _download(connection, target, out, most_bytes)
                    if is_cut():
                        raise late
                except TROUBLE as error:
                    reason = UnreachableError(f"{target.host} broke off: {trouble_in_words(error)}")
                    raise (late if is_cut() or isinstance(error, TimeoutError) else reason) from error
        except BaseException:
            out.unlink(missing_ok=True)
            raise
        finally:
            connection.close()

    def _addresses(self, target: Target, deadline: float) -> Sequence[str]:
        """The addresses of a host, every one of which may be reached."""
        addresses = _in_time(lambda: self._resolve(target.host, target.port), target.host, deadline)
        for address in addresses:
            reason = refusal(address, allow_private=self._allow_private)
            if reason is not None:
                remedy = f"; {self._remedy}" if reason == "is private" else ""
                raise InvalidInputError(f"nothing is sent to {target.host}: its address {reason}{remedy}")
        if not addresses:
            raise UnreachableError(f"{target.host} has no address")
        return addresses[:ADDRESSES_TRIED]

    def _connected(self, target: Target, addresses: Sequence[str], deadline: float) -> HTTPConnection:
        """A connection to the first of `addresses` that takes one; for https its certificate is verified."""
        last: Exception | None = None
        for index, address in enumerate(addresses):
            share_s = (deadline - time.monotonic()) / (len(addresses) - index)
            if share_s <= 0:
                break
            connection = self._connection(target, address, share_s)
            try:
                connection.connect()
            except TROUBLE as error:
                connection.close()
                last = error
            else:
                return connection
        reason = trouble_in_words(last) if last else "the time was over before a connection was tried"
        raise UnreachableError(f"no connection to {target.host} port {target.port}: {reason}") from last

    def _connection(self, target: Target, address: str, timeout_s: float) -> HTTPConnection:
        if target.scheme == "http":
            return HTTPConnection(address, target.port, timeout=timeout_s)
        return HTTPSConnection(
            address,
            target.port,
            timeout=timeout_s,
            ssl_context=self._trust,
            # Whom the certificate has to name, and who is asked for: the address alone would do for neither.
            server_hostname=target.host,
        )

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _exchange(
    connection: HTTPConnection, target: Target, headers: Mapping[str, str], body: bytes, is_cut: Callable[[], bool]
) -> Reply:
    connection.request(
        "POST",
        target.path,
        body=body,
        headers=_hello(target) | dict(headers),
        preload_content=False,
        # The receiver chooses what it sends: a few packed bytes must not become a gigabyte.
        decode_content=False,
    )
    # The connection lets go of its socket when the answer is to be the last one; then only the answer closes it.
    with contextlib.closing(connection.getresponse()) as response:
        if is_cut():
            # Headers that stop in the middle pass for complete ones.
            raise TimeoutError
        excerpt = b""
        with contextlib.suppress(*TROUBLE):
            while len(excerpt) < EXCERPT_BYTES and (more := response.read1(EXCERPT_BYTES - len(excerpt))):
                excerpt += more
    where = response.headers.get("location") if 300 <= response.status <= 399 else None
    text = _UNPRINTABLE.sub(" ", excerpt.decode("utf-8", "replace")).strip()
    return Reply(response.status, text, None if where is None else _host_of(where, target))


def _download(connection: HTTPConnection, target: Target, out: Path, most_bytes: int) -> None:
    connection.request("GET", target.path, headers=_hello(target), preload_content=False, decode_content=False)
    with contextlib.closing(connection.getresponse()) as response, _written(out) as write:
        if response.status in _PASSING or response.status >= 500:
            raise UnreachableError(f"{target.host} answers {response.status} instead of sending the file")
        if response.status != 200:
            raise InvalidInputError(
                f"{target.host} answers {response.status} instead of sending the file; "
                "give an address that needs no sign-in and leads straight to it"
            )
        size = 0
        while more := response.read(_PIECE_BYTES):
            size += len(more)
            if size > most_bytes:
                raise InvalidInputError(f"what {target.host} sends has more than {most_bytes:,} bytes")
            write(more)
        if not size:
            raise InvalidInputError(f"{target.host} sent an empty file")


@contextlib.contextmanager
def _written(out: Path) -> Iterator[Callable[[bytes], object]]:
    """What writes to the new file `out`; MachineError when that cannot be, which is not the fault of the other side."""

    def refusal(error: OSError) -> MachineError:
        return MachineError(
            f"cannot write {out.name}: {error.strerror}; see that its folder can be written and has room"
        )

    try:
        file = out.open("xb", buffering=0)
    except OSError as error:
        raise refusal(error) from error

    def write(piece: bytes) -> None:
        try:
            left = memoryview(piece)
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            raise refusal(error) from error

    with file:
        yield write


def _hello(target: Target) -> dict[str, str]:
    return {"Host": target.authority, "User-Agent": "video-pipeline", "Connection": "close"}


def _in_time(resolve_now: Callable[[], Sequence[str]], host: str, deadline: float) -> Sequence[str]:
    """What the resolver says by `deadline`; it knows no limit of its own, so it is asked in a thread aside."""
    answers: list[Sequence[str]] = []
    errors: list[Exception] = []

    def ask() -> None:
        try:
            answers.append(resolve_now())
        except (OSError, UnicodeError) as error:
            errors.append(error)

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(max(0.0, deadline - time.monotonic()))
    if answers:
        return answers[0]
    if errors:
        raise UnreachableError(f"{host} cannot be resolved: {trouble_in_words(errors[0])}") from errors[0]
    raise UnreachableError(f"{host} cannot be resolved: the name server did not answer in time")


def _host_of(location: str, target: Target) -> str:
    try:
        host = urlsplit(location).hostname or target.host
    except ValueError:
        return "an address that cannot be read"
    return _UNPRINTABLE.sub(" ", host)[:253]
