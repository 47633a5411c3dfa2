"""Owns the server of all fake vendors on one port of loopback; hides sockets, threads and how a reply is spoilt."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import traceback
from collections.abc import Iterable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from video_pipeline_tests.vendors import control
from video_pipeline_tests.vendors.accounts import Account
from video_pipeline_tests.vendors.beatoven import Beatoven
from video_pipeline_tests.vendors.faults import Call, Faults
from video_pipeline_tests.vendors.gemini import Gemini
from video_pipeline_tests.vendors.leonardo import Leonardo
from video_pipeline_tests.vendors.mubert import Mubert
from video_pipeline_tests.vendors.openai import OpenAI
from video_pipeline_tests.vendors.recraft import Recraft
from video_pipeline_tests.vendors.replicate import Replicate
from video_pipeline_tests.vendors.runway import Runway
from video_pipeline_tests.vendors.vendor import WRONG_KEY, Ask, House, Vendor, after, before, moved
from video_pipeline_tests.vendors.wire import AnsweredError, Delivery, Reply, Request, page

VENDORS: tuple[type[Vendor], ...] = (Mubert, Beatoven, Leonardo, Gemini, Replicate, Runway, Recraft, OpenAI)
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing then sends RST in place of FIN."""
_DROPS = 20


class Fakes:
    """All vendors, each with its accounts; `answer` is the whole of them without a socket."""

    def __init__(self, *, bad_keys: Iterable[str] = (WRONG_KEY,), faults: Faults | None = None) -> None:
        self.house = House(bad_keys=frozenset(bad_keys), faults=faults)
        self.clock = self.house.clock
        self.vendors: dict[str, Vendor] = {kind.name: kind(self.house) for kind in VENDORS}
        self.broken: list[str] = []  # what a fake could not answer; `running` ends with it

    @property
    def url(self) -> str:
        """Where the server listens, without a slash at the end."""
        return self.house.shelf.url

    def base(self, vendor: str) -> str:
        """The base URL that the vendor's client is given."""
        return f"{self.url}/{vendor}{self.vendors[vendor].base}"

    def terms(self, vendor: str) -> str:
        """The URL of the vendor's terms."""
        return f"{self.url}/{vendor}/terms"

    def environment(self) -> dict[str, str]:
        """The variables that point a studio at these vendors."""
        return {f"VIDEO_PIPELINE_{name.upper()}_BASE_URL": self.base(name) for name in self.vendors}

    def account(self, vendor: str, key: str) -> Account:
        """What the vendor knows of a key."""
        return self.vendors[vendor].account(key)

    def answer(self, request: Request) -> Reply:
        """Answer any request to the server."""
        try:
            return self._answer(request)
        except AnsweredError as no:
            return no.reply

    def _answer(self, request: Request) -> Reply:
        _, first, *rest = request.path.split("/")
        if first == "_control":
            return control.answer(self.vendors, self.clock, request)
        if first == "media":
            return self._media(request)
        vendor = self.vendors.get(first)
        if vendor is None:
            return page("404 Not Found", 404)
        if rest == ["terms"] and request.method == "GET":
            return Reply(200, vendor.terms.encode(), "text/plain; charset=utf-8")
        if request.path.endswith("/"):
            return moved(request, request.path.rstrip("/"))
        return vendor.answer(request)

    def _media(self, request: Request) -> Reply:
        name = request.path.removeprefix("/media/")
        if request.method != "GET":
            return page("405 Method Not Allowed", 405)
        account = self.house.shelf.account_of(name)
        if account is None:
            return self.house.shelf.fetch(name, request, None)
        struck = account.strike(Call.MEDIA)
        place = account.log(Call.MEDIA, request, struck.fault if struck else None)
        reply = before(self.vendors[name.split("/")[0]], Ask(account, request, struck, {}))
        if reply is None:
            try:
                reply = self.house.shelf.fetch(name, request, struck.fault if struck else None)
            except AnsweredError as no:
                reply = no.reply
            reply = after(reply, account, struck)
        account.answered(place, reply.status)
        return reply


@contextlib.contextmanager
def running(fakes: Fakes | None = None, *, port: int = 0) -> Iterator[Fakes]:
    """Serve `fakes`, or new ones, until the block ends; listening when it begins, no socket left when it has ended."""
    fakes = fakes or Fakes()
    server = _Server(("127.0.0.1", port), partial(_Handler, fakes))
    fakes.house.shelf.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fakes
    finally:
        fakes.house.stop.set()
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()  # waits for the threads of the calls
        fakes.house.post.close()
    if fakes.broken:
        raise RuntimeError(f"the fakes are broken:\n{''.join(fakes.broken)}")


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close waits for them
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: partial[_Handler]) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(AT_ONCE)) == AT_ONCE:
            self.close_request(request)  # the polite way ends with FIN before the RST
        else:
            super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep for their next call."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: object) -> None:
        """A client that has gone is no news; anything else has been answered with a 500 that tells it."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, fakes: Fakes, *about: object) -> None:
        self._fakes = fakes
        super().__init__(*about)  # type: ignore[arg-type]

    def _answer(self) -> None:
        target = urlsplit(self.path)
        request = Request(
            self.command,
            unquote(target.path),
            dict(parse_qsl(target.query)),
            {name.lower(): value for name, value in self.headers.items()},
            self._read,
        )
        try:
            reply = self._fakes.answer(request)
        except Exception:  # noqa: BLE001 - a mistake in a fake must not look like a fault of the plan
            self._fakes.broken.append(traceback.format_exc())
            reply = Reply(501, b"the fake vendor is broken", "text/plain")
        if reply.delivery is Delivery.SILENCE:
            self._fakes.house.stop.wait(reply.slow_s)
        if reply.delivery in (Delivery.RESET, Delivery.SILENCE):
            self._reset()
            return
        _ = request.body  # what is left of it would be taken for the next request
        with contextlib.suppress(OSError):
            self._send(reply)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """For the header Date: by the vendors' clock."""
        return super().date_time_string(self._fakes.clock.now() if timestamp is None else timestamp)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815 - the names that http.server calls

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.delivery is Delivery.CUT_OFF:
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.close_connection = True
        elif reply.delivery is Delivery.DRIP:
            self._drip(reply)
        else:
            self.wfile.write(reply.body)

    def _drip(self, reply: Reply) -> None:
        size = max(1, -(-len(reply.body) // _DROPS))
        for start in range(0, len(reply.body), size):
            self.wfile.write(reply.body[start : start + size])
            if self._fakes.house.stop.wait(reply.slow_s / _DROPS):
                self.close_connection = True
                return

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""
