"""Calls of a vendor's interface: what is repeated, what never is, and whom a key reaches."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from video_pipeline.domain.errors import (
    AnswerLostError,
    InvalidInputError,
    MediaError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudioError,
)
from video_pipeline.outbound import HttpMessenger
from video_pipeline.providers.http import Reply, VendorHttp
from video_pipeline.providers.http import exchange as wire
from video_pipeline_tests.receivers import (
    CERTIFICATE,
    CERTIFIED_NAME,
    Answer,
    Receiver,
    drip,
    hang_up,
    receiver,
    status,
)

KEY = "canary-4f1d88aa90"
PAGE = b"<html>Bad gateway</html>"


class Sleeper:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def vendor(told: Receiver | str, sleeper: Sleeper | None = None, **options: Any) -> VendorHttp:
    """The client of a vendor whose interface lies below /v1; its waits take no time."""
    base = told if isinstance(told, str) else f"{told.scheme}://127.0.0.1:{told.port}"
    asleep = sleeper or Sleeper()
    given: dict[str, Any] = {
        "headers": {"Authorization": f"Bearer {KEY}"},
        "clock": asleep.clock,
        "sleep": asleep.sleep,
        "chance": lambda: 0.0,
    }
    return VendorHttp("acme", f"{base}/v1/", **given | options)


def told_json(code: int, value: object, **headers: str) -> Answer:
    return status(code, json.dumps(value).encode(), **{"Content-Type": "application/json"} | headers)


OK = told_json(200, {"id": "t1"})


def half(handler: BaseHTTPRequestHandler) -> None:
    """An answer that ends before it is whole."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"id": "t')


@contextlib.contextmanager
def nobody() -> Iterator[str]:
    """The address of a port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_question_is_asked_below_the_base_url_with_the_key() -> None:
    with receiver(OK) as told:
        assert vendor(told).get("/tasks/t1", {"limit": 5, "order": "new first"}) == {"id": "t1"}
    (message,) = told.messages
    assert message.path == "/v1/tasks/t1?limit=5&order=new+first"
    assert message.headers["authorization"] == f"Bearer {KEY}"
    assert message.headers["accept-encoding"] == "identity"


def test_a_submission_is_json_and_may_have_headers_of_its_own() -> None:
    with receiver(told_json(201, {"id": "t1"})) as told:
        answer = vendor(told).post("/tasks", {"prompt": "a lake – “calm”"}, extra_headers={"Prefer": "wait=5"})
    assert answer == {"id": "t1"}
    (message,) = told.messages
    assert json.loads(message.body) == {"prompt": "a lake – “calm”"}
    assert (message.headers["content-type"], message.headers["prefer"]) == ("application/json", "wait=5")


def test_an_answer_without_content_is_none() -> None:
    with receiver(status(204)) as told:
        assert vendor(told).post("/tasks/t1/cancel", {}) is None


@pytest.mark.parametrize(
    "trouble", [hang_up, half, status(500, PAGE), told_json(500, {}), status(504), status(408), status(200, PAGE)]
)
def test_a_question_is_asked_again_when_the_trouble_may_pass(trouble: Answer) -> None:
    sleeper = Sleeper()
    with receiver(trouble, trouble, OK) as told:
        assert vendor(told, sleeper).get("/tasks/t1") == {"id": "t1"}
    assert len(told.messages) == 3
    assert sleeper.waits == [0.5, 1.0]


def test_chance_makes_waits_longer_by_half_at_most() -> None:
    sleeper = Sleeper()
    with receiver(hang_up, OK) as told:
        vendor(told, sleeper, chance=lambda: 1.0).get("/tasks/t1")
    assert sleeper.waits == [0.75]


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Wed, 18 Nov 2026 10:00:09 GMT", "Date": "Wed, 18 Nov 2026 10:00:00 GMT"}, 9.0),
        ({"Retry-After": "Wed, 18 Nov 1998 10:00:09 GMT"}, 0.0),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After": "soon"}, 0.5),
        ({}, 0.5),
    ],
)
def test_a_vendor_says_how_long_to_wait(headers: dict[str, str], wait_s: float) -> None:
    def busy(handler: BaseHTTPRequestHandler) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        handler.wfile.write(f"HTTP/1.1 429 Slow down\r\nContent-Length: 2\r\n{lines}\r\n{{}}".encode())

    sleeper = Sleeper()
    with receiver(busy, OK) as told:
        vendor(told, sleeper).get("/tasks/t1")
    assert sleeper.waits == [wait_s]


def test_patience_ends_and_the_last_answer_is_told() -> None:
    sleeper = Sleeper()
    with receiver(told_json(503, {"error": {"message": "overloaded"}})) as told:
        with pytest.raises(ProviderUnavailableError, match=r"acme GET /tasks/t1: answered 503, overloaded") as caught:
            vendor(told, sleeper, patience_s=5).get("/tasks/t1", {"token": "t0psecret"})
        assert 2 < len(told.messages) < 8
    assert sleeper.now <= 5
    assert f"tried {len(told.messages)} times" in caught.value.__notes__[0]
    assert "t0psecret" not in str(caught.value)


def test_nobody_waits_longer_than_the_patience_for_one_that_asks_to() -> None:
    sleeper = Sleeper()
    with receiver(status(429, b"{}", **{"Retry-After": "3600"})) as told:
        with pytest.raises(ProviderUnavailableError) as caught:
            vendor(told, sleeper).get("/tasks/t1")
        assert len(told.messages) == 1
    assert caught.value.retry_after_s == 3600
    assert sleeper.waits == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (400, "parameters"),
        (401, "VIDEO_PIPELINE_ACME_API_KEY"),
        (402, "credit"),
        (403, "VIDEO_PIPELINE_ACME_API_KEY"),
        (404, "base URL"),
        (422, "parameters"),
    ],
)
@pytest.mark.parametrize("call", ["get", "post"])
def test_a_no_is_a_no(code: int, message: str, call: str) -> None:
    with receiver(told_json(code, {"detail": "seed must be positive"})) as told:
        with pytest.raises(ProviderRefusedError, match=f"answered {code}, seed must be positive.*{message}"):
            _call(vendor(told), call)
        assert len(told.messages) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (hang_up, AnswerLostError),
        (half, AnswerLostError),
        (status(200, b'{"id": "t'), AnswerLostError),
        (status(200, PAGE), AnswerLostError),
        (status(200), AnswerLostError),
        (status(303, Location="/v1/tasks/t1"), AnswerLostError),
        (status(500, PAGE), AnswerLostError),
        (status(502), AnswerLostError),
        (told_json(504, {"error": "late"}), AnswerLostError),
        (told_json(500, {"error": "broken"}), ProviderUnavailableError),
        (told_json(502, {"error": "broken"}), ProviderUnavailableError),
        (status(503, PAGE), AnswerLostError),  # a proxy says so when it loses the server behind it
        (told_json(503, {"error": "busy"}), ProviderUnavailableError),
        (status(429, PAGE), ProviderUnavailableError),
    ],
)
def test_a_submission_is_never_sent_twice(answer: Answer, kind: type[StudioError]) -> None:
    with receiver(answer) as told:
        with pytest.raises(kind, match=r"acme POST /tasks: "):
            vendor(told).post("/tasks", {"prompt": "a lake"})
        assert len(told.messages) == 1
    assert kind.retryable


def test_a_submission_that_was_turned_away_says_when_it_has_a_chance() -> None:
    busy = status(429, b"{}", **{"Retry-After": "12"})
    with receiver(busy) as told, pytest.raises(ProviderUnavailableError) as caught:
        vendor(told).post("/tasks", {})
    assert caught.value.retry_after_s == 12


def test_a_submission_without_a_connection_was_not_sent() -> None:
    with nobody() as base, pytest.raises(ProviderUnavailableError, match=r"refused; nothing was sent"):
        vendor(base).post("/tasks", {})
    with pytest.raises(ProviderUnavailableError, match="nothing was sent"):
        vendor("https://vendor.invalid").post("/tasks", {})
    with receiver(OK, tls=True) as told:
        with pytest.raises(ProviderUnavailableError, match=r"certificate is not trusted.*nothing was sent"):
            vendor(told).post("/tasks", {})
        assert told.messages == []


def test_a_patient_submission_is_sent_again_only_while_it_was_not_accepted() -> None:
    sleeper = Sleeper()
    with receiver(status(429, b"{}"), told_json(500, {"error": "no"}), OK) as told:
        assert vendor(told, sleeper).post("/tasks", {}, patient=True) == {"id": "t1"}
    assert (len(told.messages), len(sleeper.waits)) == (3, 2)
    with receiver(status(429, b"{}"), hang_up, OK) as told:
        with pytest.raises(AnswerLostError):
            vendor(told).post("/tasks", {}, patient=True)
        assert len(told.messages) == 2


@pytest.mark.parametrize("prefix", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
@pytest.mark.parametrize(("call", "kind"), [("get", ProviderUnavailableError), ("post", AnswerLostError)])
def test_dripping_an_answer_does_not_stretch_the_limit(prefix: bytes, call: str, kind: type[StudioError]) -> None:
    with receiver(drip(prefix)) as told:
        begun = time.monotonic()
        with pytest.raises(kind, match=r"no whole answer within 0\.2 seconds"):
            _call(vendor(told, patience_s=0), call, limit_s=0.2)
        assert 0.18 < time.monotonic() - begun < 2


@pytest.fixture
def certified(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name in the receivers' certificate leads to this machine, and the certificate is trusted."""
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo",
        lambda host, *rest, **more: look_up("127.0.0.1" if host == CERTIFIED_NAME else host, *rest, **more),
    )
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    monkeypatch.setattr(wire, "_trust", lambda: trust)


@pytest.mark.usefixtures("certified")
def test_tls_asks_for_the_name_and_ends_in_time_as_well() -> None:
    with receiver(OK, tls=True) as told:
        assert vendor(f"https://{CERTIFIED_NAME}:{told.port}").post("/tasks", {}) == {"id": "t1"}
        assert told.server_names == [CERTIFIED_NAME]
        with pytest.raises(ProviderUnavailableError, match=r"certificate is not trusted .*127\.0\.0\.1"):
            vendor(f"https://127.0.0.1:{told.port}").post("/tasks", {})
        assert len(told.messages) == 1
    with receiver(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"), tls=True) as told:
        begun = time.monotonic()
        with pytest.raises(AnswerLostError, match="no whole answer within"):
            vendor(f"https://{CERTIFIED_NAME}:{told.port}").post("/tasks", {}, limit_s=0.3)
        assert time.monotonic() - begun < 2


def test_a_no_that_comes_before_a_large_picture_is_read_is_heard() -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        line, _ = server.accept()
        line.recv(1000)
        line.sendall(b'HTTP/1.1 401 No\r\nContent-Length: 16\r\n\r\n{"error": "key"}')
        line.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        line.close()

    refusing = threading.Thread(target=refuse)
    refusing.start()
    try:
        with pytest.raises(ProviderRefusedError, match="answered 401, key"):
            vendor(f"http://127.0.0.1:{server.getsockname()[1]}").post("/tasks", {"picture": "A" * 20_000_000})
    finally:
        refusing.join()
        server.close()


@pytest.mark.parametrize("call", ["get", "post"])
def test_a_redirect_within_the_vendor_keeps_what_was_sent(call: str) -> None:
    with receiver(status(308, Location="/v1/tasks/"), status(307, Location="../v1/tasks"), OK) as told:
        assert _call(vendor(told), call) == {"id": "t1"}
    assert [message.path for message in told.messages] == ["/v1/tasks", "/v1/tasks/", "/v1/v1/tasks"]
    assert len({message.body for message in told.messages}) == 1
    assert all(message.headers["authorization"] == f"Bearer {KEY}" for message in told.messages)


def test_a_redirect_that_goes_round_ends() -> None:
    with receiver(status(308, Location="/v1/tasks")) as told:
        with pytest.raises(ProviderRefusedError, match="more than 2 times"):
            vendor(told).post("/tasks", {})
        assert len(told.messages) == 3


@pytest.mark.parametrize("call", ["get", "post"])
@pytest.mark.parametrize("form", ["http://127.0.0.1:{port}/v1/tasks", "//127.0.0.1:{port}/", "http://localhost:{own}/"])
def test_the_key_is_not_taken_to_another_origin(call: str, form: str) -> None:
    with receiver(OK) as other, receiver(OK) as told:
        told.answers[:] = [status(308, Location=form.format(port=other.port, own=told.port))]
        with pytest.raises(ProviderRefusedError, match="would get the key"):
            _call(vendor(told), call)
        assert other.messages == []
        assert len(told.messages) == 1


@pytest.mark.parametrize("call", ["get", "post"])
def test_a_vendor_reads_its_own_errors_first_in_good_answers_as_well(call: str) -> None:
    def explain(reply: Reply) -> StudioError | None:
        if isinstance(reply.body, list):
            return PromptRefusedError(f"acme: {reply.body[0]['extensions']['code']}")
        return None

    with receiver(told_json(200, [{"extensions": {"code": f"moderation {KEY}"}}])) as told:
        with pytest.raises(PromptRefusedError, match=r"^acme: moderation \*\*\*$"):
            _call(vendor(told, explain=explain), call)
        assert len(told.messages) == 1


def test_a_wait_that_a_vendor_explains_is_waited_for_while_reading() -> None:
    def explain(reply: Reply) -> StudioError | None:
        return ProviderUnavailableError("acme: two at once", retry_after_s=3) if reply.status == 403 else None

    sleeper = Sleeper()
    with receiver(told_json(403, {"code": "Limit"}), OK) as told:
        assert vendor(told, sleeper, explain=explain).get("/tasks/t1") == {"id": "t1"}
    assert sleeper.waits == [3]


def test_an_answer_that_came_packed_though_nobody_asked_is_unpacked_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed = gzip.compress(b'{"id": "t1", "pad": "' + b"x" * 5000 + b'"}')
    with receiver(status(200, packed, **{"Content-Encoding": "gzip"})) as told:
        assert vendor(told).post("/tasks", {})["id"] == "t1"
        monkeypatch.setattr(wire, "ANSWER_MAX_BYTES", 1000)
        with pytest.raises(AnswerLostError, match="unpacks to more than"):
            vendor(told).post("/tasks", {})


def test_an_answer_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ANSWER_MAX_BYTES", 1000)
    endless = status(200, b'"' + b"x" * 2000 + b'"')
    with receiver(endless) as told, pytest.raises(AnswerLostError, match="more than 1,000 bytes"):
        vendor(told).post("/tasks", {})


def test_json_that_is_too_deep_is_none() -> None:
    with receiver(status(200, b"[" * 200_000)) as told, pytest.raises(AnswerLostError):
        vendor(told).post("/tasks", {})


def test_no_proxy_of_the_environment_gets_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver(OK) as told:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        vendor(told).get("/tasks")
    assert proxy.messages == []


@pytest.mark.parametrize("path", ["tasks", "/tasks/../keys", "/tasks?x=1", "/tasks/a b", "/tasks/\r\nX: y", "/t#x"])
def test_an_id_from_a_vendor_leads_nowhere_else(path: str) -> None:
    with receiver(OK) as told, pytest.raises(InvalidInputError, match="no path of its interface"):
        vendor(told).get(path)
    assert told.messages == []


@pytest.mark.parametrize("base", ["http://api.acme.test", "http://8.8.8.8", "ftp://acme.test", "https://u:p@acme.test"])
def test_a_key_is_not_sent_in_clear_nor_to_what_is_no_address(base: str) -> None:
    with pytest.raises(InvalidInputError):
        vendor(base)


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://[::1]:1", "http://10.0.0.8", "http://ollama:11434"])
def test_a_server_of_ones_own_needs_no_certificate(base: str) -> None:
    vendor(base)


@pytest.mark.parametrize("key", ["canary\nX: y", "canary-é", "canary\x00"])
def test_a_key_that_no_header_can_hold_is_not_quoted(key: str) -> None:
    with pytest.raises(InvalidInputError, match="VIDEO_PIPELINE_ACME_API_KEY") as caught:
        vendor("http://127.0.0.1:9", headers={"Authorization": key})
    assert "canary" not in str(caught.value)


def echo(code: int, body: str) -> Answer:
    return status(code, body.encode())


@pytest.mark.parametrize(
    "answer",
    [
        echo(401, json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}})),
        echo(400, f"Authorization: Bearer {KEY}"),
        echo(500, json.dumps({"detail": "x" * 292 + KEY})),
        echo(200, "x" * 2040 + KEY),
        echo(429, KEY),
        lambda handler: handler.wfile.write(f"NONSENSE {KEY} \r\n\r\n".encode()),
        lambda handler: handler.wfile.write(f"HTTP/1.1 {KEY}\r\n\r\n".encode()),
        status(308, Location=f"https://elsewhere.test/?key={KEY}"),
        status(308, Location=f"ftp://{KEY}/"),
        hang_up,
    ],
)
@pytest.mark.parametrize("call", ["get", "post"])
def test_no_error_holds_the_key(answer: Answer, call: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with receiver(answer) as told, pytest.raises(StudioError) as caught:
        _call(vendor(told), call)
    told_of_it = "".join(traceback.format_exception(caught.value)) + caplog.text
    for part in (KEY, KEY[:10]):
        assert part not in told_of_it


def test_no_text_of_an_answer_and_no_client_shows_the_key() -> None:
    seen: list[Reply] = []
    with receiver(echo(200, json.dumps({"message": f"hello {KEY}"}))) as told:
        client = vendor(told, explain=seen.append)
        client.get("/tasks")
    assert KEY not in repr(seen) + repr(client)
    assert seen[0].said == "hello ***"


def test_debugging_the_library_prints_no_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("http.client.HTTPConnection.debuglevel", 1)
    with receiver(OK) as told:
        vendor(told).get("/tasks")
    captured = capsys.readouterr()
    assert KEY not in captured.out + captured.err


def test_media_is_fetched_without_a_key_and_again_when_it_breaks_off(tmp_path: Path) -> None:
    with receiver(hang_up, status(503), half, status(200, b"song")) as told:
        client = vendor(told, messenger=HttpMessenger(allow_private=True))
        client.fetch(f"{told.url}?X-Amz-Signature=abc", tmp_path / "song", most_bytes=100, limit_s=5)
    assert (tmp_path / "song").read_bytes() == b"song"
    assert len(told.messages) == 4
    assert not any(KEY in value for message in told.messages for value in message.headers.values())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (status(403), MediaError),
        (status(200), MediaError),
        (status(200, b"x" * 101), MediaError),
        (hang_up, ProviderUnavailableError),
        (status(500), ProviderUnavailableError),
    ],
)
def test_media_that_is_not_there_leaves_nothing(tmp_path: Path, answer: Answer, kind: type[StudioError]) -> None:
    with (
        receiver(answer) as told,
        pytest.raises(kind, match=r"acme: media cannot be fetched, .*127\.0\.0\.1") as caught,
    ):
        vendor(told, messenger=HttpMessenger(allow_private=True)).fetch(
            f"{told.url}?sig=t0psecret", tmp_path / "song", most_bytes=100, limit_s=5
        )
    assert list(tmp_path.iterdir()) == []
    assert "t0psecret" not in str(caught.value)


def test_a_link_to_a_private_address_is_not_followed(tmp_path: Path) -> None:
    with receiver(status(200, b"song")) as told, pytest.raises(MediaError, match="private"):
        vendor(told, messenger=HttpMessenger()).fetch(told.url, tmp_path / "song", most_bytes=100)
    assert told.messages == []


def _call(client: VendorHttp, call: str, **options: Any) -> Any:
    calls: dict[str, Callable[[], Any]] = {
        "get": lambda: client.get("/tasks", **options),
        "post": lambda: client.post("/tasks", {"prompt": "a lake"}, **options),
    }
    return calls[call]()
