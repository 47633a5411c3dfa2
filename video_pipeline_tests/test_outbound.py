"""HTTP to addresses that users name: where it goes, where it never goes, and how long it waits."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from video_pipeline.domain.errors import InvalidInputError, TransientError, UnreachableError
from video_pipeline.domain.webhooks import EXCERPT_BYTES
from video_pipeline.outbound import HttpMessenger, resolve
from video_pipeline_tests.receivers import (
    CERTIFICATE,
    CERTIFIED_NAME,
    OK,
    drip,
    hang_up,
    receiver,
    status,
    until,
)

LIMIT_S = 10.0
SHORT_S = 0.4


def pointing(**names: Sequence[str]) -> HttpMessenger:
    """A messenger for which names stand for these addresses; private ones are allowed."""
    return HttpMessenger(allow_private=True, resolve=_table(names))


def _table(names: dict[str, Sequence[str]]):  # type: ignore[no-untyped-def] # outbound.Resolve
    return lambda host, port: names[host.replace(".", "_")]


@pytest.fixture
def local() -> HttpMessenger:
    """A messenger that may go to this machine, with the system's own resolver."""
    return HttpMessenger(allow_private=True)


def test_a_message_arrives_as_it_is_and_the_answer_comes_back(local: HttpMessenger) -> None:
    with receiver(status(202, b"thank\x00 you")) as told:
        reply = local.post(told.url + "?a=b", {"webhook-id": "1", "content-type": "application/json"}, b"{}", LIMIT_S)
    assert (reply.status, reply.excerpt, reply.location_host) == (202, "thank  you", None)
    (message,) = told.messages
    assert (message.path, message.body) == ("/hook?a=b", b"{}")
    assert message.headers["host"] == f"127.0.0.1:{told.port}"
    assert message.headers["user-agent"] == "video-pipeline"
    assert message.headers["webhook-id"] == "1"


@pytest.mark.parametrize("code", [200, 301, 404, 410, 500])
def test_every_status_is_an_answer(local: HttpMessenger, code: int) -> None:
    with receiver(status(code)) as told:
        assert local.post(told.url, {}, b"{}", LIMIT_S).status == code


def test_a_redirect_is_not_followed(local: HttpMessenger) -> None:
    with receiver() as other, receiver(status(307, Location=other.url)) as told:
        reply = local.post(told.url, {}, b"{}", LIMIT_S)
    assert (reply.status, reply.location_host) == (307, "127.0.0.1")
    assert other.messages == []


@pytest.mark.parametrize("where", ["/elsewhere", "http://[broken", "\x01"])
def test_a_redirect_to_anything_is_an_answer(local: HttpMessenger, where: str) -> None:
    with receiver(status(302, Location=where)) as told:
        assert local.post(told.url, {}, b"{}", LIMIT_S).location_host


def test_no_proxy_of_the_environment_is_asked(local: HttpMessenger, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as told:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert local.post(told.url, {}, b"{}", LIMIT_S).status == 204
    assert proxy.messages == []
    assert len(told.messages) == 1


def test_of_a_long_answer_the_beginning_is_read(local: HttpMessenger) -> None:
    with receiver(status(200, b"x" * 1_000_000)) as told:
        assert local.post(told.url, {}, b"{}", LIMIT_S).excerpt == "x" * EXCERPT_BYTES


def test_a_packed_answer_is_not_unpacked(local: HttpMessenger) -> None:
    with receiver(status(200, b"\x1f\x8b" + b"z" * 50, **{"Content-Encoding": "gzip"})) as told:
        assert local.post(told.url, {}, b"{}", LIMIT_S).excerpt.endswith("z" * 50)


def test_a_receiver_that_closes_is_unreachable_for_now(local: HttpMessenger) -> None:
    with receiver(hang_up) as told, pytest.raises(UnreachableError, match=r"127\.0\.0\.1 broke off"):
        local.post(told.url, {}, b"{}", LIMIT_S)
    assert issubclass(UnreachableError, TransientError)


def test_nobody_there_is_unreachable_for_now(local: HttpMessenger) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listening
        with pytest.raises(UnreachableError, match="refused"):
            local.post(f"http://127.0.0.1:{taken.getsockname()[1]}/", {}, b"{}", LIMIT_S)


@pytest.mark.parametrize("prefix", [b"", b"HTTP/1.1 200 OK\r\nX: "])
def test_dripping_an_answer_does_not_stretch_the_limit(local: HttpMessenger, prefix: bytes) -> None:
    with receiver(drip(prefix)) as told:
        begun = time.monotonic()
        with pytest.raises(UnreachableError, match=r"did not answer within 0\.4 seconds"):
            local.post(told.url, {}, b"{}", SHORT_S)
        assert SHORT_S * 0.9 < time.monotonic() - begun < SHORT_S + 2


def test_silence_does_not_stretch_the_limit(local: HttpMessenger) -> None:
    done = threading.Event()
    with receiver(until(done, OK)) as told:
        begun = time.monotonic()
        with pytest.raises(UnreachableError, match="did not answer within"):
            local.post(told.url, {}, b"{}", SHORT_S)
        assert time.monotonic() - begun < SHORT_S + 2
        done.set()


@pytest.mark.parametrize("header", [b"Content-Length: 9999", b"Connection: close", b"X: no length, so until the end"])
def test_an_answer_counts_when_its_headers_have_come_though_its_body_drips(local: HttpMessenger, header: bytes) -> None:
    """Once the limit held only for receivers that would have kept the connection open."""
    with receiver(drip(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n")) as told:
        begun = time.monotonic()
        reply = local.post(told.url, {}, b"{}", SHORT_S)
        assert time.monotonic() - begun < SHORT_S + 2
    assert reply.status == 200
    assert set(reply.excerpt) == {"x"}


def test_a_handshake_that_never_ends_does_not_stretch_the_limit(local: HttpMessenger) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        begun = time.monotonic()
        with pytest.raises(UnreachableError, match="in time"):
            local.post(f"https://127.0.0.1:{mute.getsockname()[1]}/", {}, b"{}", SHORT_S)
        assert time.monotonic() - begun < SHORT_S + 2


def test_a_slow_name_server_does_not_stretch_the_limit() -> None:
    asked = threading.Event()
    slow = HttpMessenger(resolve=lambda host, port: ["127.0.0.1"] * asked.wait(30))
    begun = time.monotonic()
    with pytest.raises(UnreachableError, match="name server"):
        slow.post("http://example.com/", {}, b"{}", SHORT_S)
    assert time.monotonic() - begun < SHORT_S + 2
    asked.set()


@pytest.mark.parametrize("spelling", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_this_machine_is_not_reached_however_it_is_spelt(spelling: str) -> None:
    with receiver() as told:
        url = f"http://{spelling}:{told.port}/"
        for use in (lambda: HttpMessenger().check(url), lambda: HttpMessenger().post(url, {}, b"{}", LIMIT_S)):
            with pytest.raises(InvalidInputError, match=r"address is private.*VIDEO_PIPELINE_WEBHOOK_PRIVATE"):
                use()
        HttpMessenger(allow_private=True).check(url)
    assert told.messages == []


REFUSED = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_is_refused_as_itself_and_behind_a_name(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    behind = HttpMessenger(resolve=lambda host, port: [address])
    for messenger, url in ((HttpMessenger(), f"https://{host}/"), (behind, "https://innocent.example/")):
        with pytest.raises(InvalidInputError, match="nothing is sent to"):
            messenger.check(url)
        with pytest.raises(InvalidInputError, match="nothing is sent to"):
            messenger.post(url, {}, b"{}", LIMIT_S)


@pytest.mark.parametrize("addresses", [["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"]])
def test_a_name_with_a_private_address_beside_a_public_one_is_refused(addresses: list[str]) -> None:
    messenger = HttpMessenger(resolve=lambda host, port: addresses)
    with pytest.raises(InvalidInputError, match=r"innocent\.example: its address is private"):
        messenger.post("http://innocent.example/", {}, b"{}", LIMIT_S)


def test_credentials_of_a_cloud_are_not_reached_though_private_addresses_are() -> None:
    for address in ("169.254.169.254", "fd00:ec2::254", "168.63.129.16"):
        messenger = HttpMessenger(allow_private=True, resolve=lambda host, port, address=address: [address])
        with pytest.raises(InvalidInputError, match="credentials"):
            messenger.check("http://metadata.example/")


def test_a_name_that_means_something_else_a_moment_later_changes_nothing() -> None:
    """DNS rebinding: the address that was checked is the one that is connected to; nobody asks a second time."""
    with receiver() as told:
        answers = [["127.0.0.1"], ["127.0.0.2"]]
        asked: list[str] = []

        def rebinding(host: str, port: int) -> list[str]:
            asked.append(host)
            return answers[len(asked) - 1]

        messenger = HttpMessenger(allow_private=True, resolve=rebinding)
        assert messenger.post(f"http://innocent.example:{told.port}/", {}, b"{}", LIMIT_S).status == 204
    assert asked == ["innocent.example"]
    assert told.messages[0].headers["host"] == f"innocent.example:{told.port}"


def test_it_connects_to_the_checked_address_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the library, every name that it would resolve by itself is one of 127.0.0.1, never the host's."""
    resolved: list[str] = []
    real = socket.getaddrinfo

    def watched(host: str, *rest: object, **named: object) -> object:
        resolved.append(host)
        return real(host, *rest, **named)  # type: ignore[arg-type] # passed on as it came

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    with receiver() as told:
        pointing(innocent_example=["127.0.0.1"]).post(f"http://innocent.example:{told.port}/", {}, b"{}", LIMIT_S)
    assert set(resolved) <= {"127.0.0.1"}


def test_the_next_address_is_tried_when_one_takes_no_connection() -> None:
    with receiver() as told:
        messenger = pointing(both_example=["127.0.0.9", "127.0.0.1"])  # it listens on 127.0.0.1 alone
        assert messenger.post(f"http://both.example:{told.port}/", {}, b"{}", LIMIT_S).status == 204


def test_a_name_without_an_address_passes_the_check_and_is_unreachable_for_now() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    messenger = HttpMessenger(resolve=unknown)
    messenger.check("https://nowhere.example/")
    with pytest.raises(UnreachableError, match="cannot be resolved: Name or service not known"):
        messenger.post("https://nowhere.example/", {}, b"{}", LIMIT_S)
    with pytest.raises(UnreachableError, match="has no address"):
        HttpMessenger(resolve=lambda host, port: []).post("https://nowhere.example/", {}, b"{}", LIMIT_S)
    with pytest.raises(InvalidInputError, match="only https"):
        messenger.check("ftp://nowhere.example/")


def test_the_system_resolves_this_machine_without_repetitions() -> None:
    addresses = resolve("localhost", 80)
    assert "127.0.0.1" in addresses
    assert len(addresses) == len(set(addresses))


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    messenger = pointing(receiver_test=["127.0.0.1"])
    with receiver(tls=True) as told, pytest.raises(UnreachableError, match="certificate is not trusted"):
        messenger.post(f"https://{CERTIFIED_NAME}:{told.port}/", {}, b"{}", LIMIT_S)
    assert told.messages == []


def test_the_certificate_is_that_of_the_name_though_the_connection_is_to_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    messenger = pointing(receiver_test=["127.0.0.1"])
    with receiver(tls=True) as told:
        reply = messenger.post(f"https://{CERTIFIED_NAME}:{told.port}/hook", {}, b"{}", LIMIT_S)
    assert reply.status == 204
    assert told.server_names == [CERTIFIED_NAME]
    assert told.messages[0].headers["host"] == f"{CERTIFIED_NAME}:{told.port}"


@pytest.mark.parametrize("name", ["other.test", "127.0.0.1"])
def test_a_trusted_certificate_of_another_name_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    messenger = HttpMessenger(allow_private=True, resolve=lambda host, port: ["127.0.0.1"])
    with receiver(tls=True) as told, pytest.raises(UnreachableError, match=r"certificate is not trusted .*mismatch"):
        messenger.post(f"https://{name}:{told.port}/", {}, b"{}", LIMIT_S)
    assert told.messages == []


def test_the_certificate_of_these_tests_is_also_good_where_rules_are_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Python 3.13 has them by default; without this the tests above would fail there for another reason."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        receiver(tls=True) as told,
        socket.create_connection(("127.0.0.1", told.port)) as plain,
        context.wrap_socket(plain, server_hostname=CERTIFIED_NAME) as secure,
    ):
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_a_file_is_fetched_whole(local: HttpMessenger, tmp_path: Path) -> None:
    with receiver(status(200, b"song" * 100_000)) as told:
        local.fetch(told.url + "?a=b", tmp_path / "song", 400_000, LIMIT_S)
    assert (tmp_path / "song").read_bytes() == b"song" * 100_000
    assert told.messages[0].path == "/hook?a=b"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (status(200, b"x" * 11), "more than 10 bytes"),
        (status(200, b""), "empty file"),
        (status(404, b"no"), "answers 404"),
        (status(302, b""), "answers 302"),
    ],
)
def test_what_is_not_the_file_is_refused_and_leaves_nothing(
    local: HttpMessenger, tmp_path: Path, answer: Any, message: str
) -> None:
    with receiver(answer) as told, pytest.raises(InvalidInputError, match=message):
        local.fetch(told.url, tmp_path / "song", 10, LIMIT_S)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [408, 429, 500, 503])
def test_a_server_that_is_too_busy_for_a_file_may_have_it_later(
    local: HttpMessenger, tmp_path: Path, code: int
) -> None:
    with receiver(status(code)) as told, pytest.raises(UnreachableError, match=f"answers {code}"):
        local.fetch(told.url, tmp_path / "song", 10, LIMIT_S)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_fetched_from_private_addresses_or_forever(local: HttpMessenger, tmp_path: Path) -> None:
    with receiver(status(200, b"x")) as told:
        with pytest.raises(InvalidInputError, match="private"):
            HttpMessenger().fetch(told.url, tmp_path / "song", 10, LIMIT_S)
        assert told.messages == []
    with receiver(drip(b"HTTP/1.0 200 OK\r\n\r\n")) as told, pytest.raises(UnreachableError):
        local.fetch(told.url, tmp_path / "song", 10**6, SHORT_S)
    assert list(tmp_path.iterdir()) == []
