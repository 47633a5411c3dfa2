"""Owns receivers of webhooks on loopback, one for each way of behaving; hides threads and sockets."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("receiver.pem")
CERTIFIED_NAME = "receiver.test"

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Message:
    """What came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server on loopback that gives the answers it was told to, the last of them again and again."""

    port: int
    answers: list[Answer]
    scheme: str = "http"
    messages: list[Message] = field(default_factory=list)
    server_names: list[str | None] = field(default_factory=list)  # that TLS asked for

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        """The ids of the messages, in the order in which they came."""
        return [message.headers["webhook-id"] for message in self.messages]


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """Answer at once."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def drip(prefix: bytes) -> Answer:
    """Write `prefix`, and then a byte every few milliseconds for a minute, or until the other side has had enough."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        end = time.monotonic() + 60
        with contextlib.suppress(OSError):
            handler.wfile.write(prefix)
            while time.monotonic() < end:
                handler.wfile.write(b"x")
                time.sleep(0.02)

    return answer


def until(event: threading.Event, then: Answer) -> Answer:
    """Wait for `event`, 30 seconds at most, before answering."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        event.wait(30)
        with contextlib.suppress(OSError):
            then(handler)

    return answer


OK = status(204)


@contextlib.contextmanager
def receiver(*answers: Answer, tls: bool = False) -> Iterator[Receiver]:
    """A receiver that gives `answers` one after the other; without any, 204."""
    told = Receiver(0, list(answers or (OK,)), "https" if tls else "http")
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                told.messages.append(Message(self.path, headers, body))
                answer = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            answer(self)

        do_GET = do_POST  # noqa: N815 - the name that http.server calls

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False  # one that drips would be waited for

        def handle_error(self, *_: object) -> None:
            """A side that has had enough is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    told.port = server.server_address[1]
    if tls:
        server.socket = _with_tls(server.socket, told)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _with_tls(plain: socket.socket, told: Receiver) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    context.sni_callback = lambda _socket, name, _context: told.server_names.append(name)
    # The handshake belongs to the first reading, so that one that fails does not end the thread that accepts.
    return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
