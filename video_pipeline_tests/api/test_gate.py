"""The door: what is too large, too deep, badly formed or aimed past it; what each answer has; who comes too often.

Clients that send one byte a minute are uvicorn's business and that of a proxy before it, and are not tried here.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from video_pipeline.api import operations as metering
from video_pipeline.api.app import create_app
from video_pipeline.api.gate import BODY_MAX_BYTES, UPLOAD_MAX_BYTES
from video_pipeline.api.page_files import PAGE
from video_pipeline.domain.access import Scope
from video_pipeline.domain.pace import Allowance, Pace
from video_pipeline.store import PostgresAccess
from video_pipeline_tests.api.client import Client
from video_pipeline_tests.api.conftest import PASSWORD, House, Stock, Stocked, served, stocked_house
from video_pipeline_tests.api.furnished import sound
from video_pipeline_tests.conftest import CHEAP

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def open_house(stock: Stock, postgres: Any, tmp_path_factory: pytest.TempPathFactory, cores: Any) -> Iterator[Stocked]:
    """A house at whose door a login takes no time."""
    with stocked_house(stock, postgres, tmp_path_factory.mktemp("gate"), cores) as house:
        cheap = PostgresAccess(house.database.engine, cost=CHEAP)
        cheap.create_user("ben", PASSWORD, Scope.SPEND)
        with served(create_app(replace(house.desk, access=cheap))) as address:
            house.address = address
            house.anna = Client(house.root, house.anna.key)
            yield house


def raw(house: House, *parts: bytes, host: bytes = b"studio.example") -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are on a connection that ends with them; status, headers and body of what comes back."""
    to = urlsplit(house.address)
    with socket.create_connection((to.hostname, to.port), timeout=30) as line:
        for part in parts:
            line.sendall(part.replace(b"{host}", host))
        told = b""
        while chunk := line.recv(65536):
            told += chunk
    head, _, body = told.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(each.lower().split(": ", 1) for each in lines)
    return int(first.split()[1]), headers, body


def get(house: House, path: bytes, *lines: bytes, method: bytes = b"GET") -> tuple[int, dict[str, str], bytes]:
    """One request by hand."""
    key = f"Authorization: Bearer {house.anna.key}".encode()  # type: ignore[attr-defined] # of a stocked house
    head = b"\r\n".join((method + b" " + path + b" HTTP/1.1", b"Host: {host}", b"Connection: close", key, *lines))
    return raw(house, head + b"\r\n\r\n")


class TestSizes:
    """Bodies, headers and addresses that are too large."""

    @pytest.mark.parametrize("path", ["/session", "/channels", "/jobs", "/webhooks"])
    def test_a_body_that_says_it_is_too_large(self, open_house: Stocked, path: str) -> None:
        reply = open_house.anna.call("POST", path, raw=b"[" * (BODY_MAX_BYTES + 1), headers=JSON)
        assert (reply.status, reply.json["type"]) == (413, "/problems/too-large")
        assert reply.headers["connection"] == "close"
        assert reply.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize("path", ["/session", "/channels"])
    def test_a_body_that_says_nothing_and_is_too_large(self, open_house: Stocked, path: str) -> None:
        head = f"POST /api/v2{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {open_house.anna.key}\r\n"
        chunk = b"8000\r\n" + b"[" * 0x8000 + b"\r\n"
        kind = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        status, headers, body = raw(open_house, head.encode() + kind, chunk, chunk, chunk, b"0\r\n\r\n")
        assert (status, headers["content-type"]) == (413, "application/problem+json")
        assert json.loads(body)["type"] == "/problems/too-large"

    def test_a_body_just_as_large_as_is_taken(self, open_house: Stocked) -> None:
        body = json.dumps({"name": "A", "brand_niche": "B"}).encode().ljust(BODY_MAX_BYTES)
        assert open_house.anna.call("POST", "/channels", raw=body, headers=JSON).status == 201

    def test_a_form_of_files_is_large_only_where_files_are_taken(self, open_house: Stocked) -> None:
        files = {"file": ("a.wav", b"\0" * (BODY_MAX_BYTES + 1), "audio/wav"), "file_type": "sounds"}
        assert open_house.anna.call("POST", "/session", files=files).status == 413
        assert open_house.anna.call("POST", "/channels", files=files).status == 413
        assert open_house.anna.call("POST", f"/jobs/{open_house.finished}/files", files=files).status == 415

    def test_an_upload_of_more_than_is_taken_is_refused_before_it_comes(self, open_house: Stocked) -> None:
        status, _, _ = get(
            open_house,
            f"/api/v2/jobs/{open_house.finished}/files".encode(),
            b"Content-Type: multipart/form-data; boundary=x",
            b"Expect: 100-continue",
            f"Content-Length: {UPLOAD_MAX_BYTES + 1}".encode(),
            method=b"POST",
        )
        assert status == 413

    @pytest.mark.parametrize("key", [None, "vp_nonsense"])
    def test_a_stranger_is_refused_before_the_file_comes(self, open_house: Stocked, key: str | None) -> None:
        began = time.monotonic()
        # A gigabyte is announced, and not a byte of it is sent: the answer must not wait for any.
        head = f"POST /api/v2/jobs/{open_house.finished}/files HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        sent = head + (f"Authorization: Bearer {key}\r\n" if key else "") + f"Content-Length: {2**30}\r\n"
        status, _, _ = raw(open_house, sent.encode() + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n")
        assert status == 401
        assert time.monotonic() - began < 20

    def test_whoever_may_only_read_is_refused_before_the_file_comes(self, open_house: Stocked) -> None:
        reader = open_house.user("anna", Scope.READ)
        head = f"POST /api/v2/jobs/{open_house.finished}/files HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        sent = head + f"Authorization: Bearer {reader.key}\r\nContent-Length: {2**30}\r\n"
        status, _, _ = raw(open_house, sent.encode() + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n")
        assert status == 403

    @pytest.mark.parametrize("depth", [500, 5_000, 30_000])
    def test_json_that_is_deep(self, open_house: Stocked, depth: int) -> None:
        for body in (b"[" * depth, b"[" * depth + b"]" * depth, b'{"name":' * (depth // 4)):
            assert open_house.anna.call("POST", "/channels", raw=body, headers=JSON).status in (400, 422)

    def test_ten_thousand_wrong_fields_are_not_all_told(self, open_house: Stocked) -> None:
        body = {f"f{number}": number for number in range(4_000)}
        reply = open_house.stranger().post("/session", body)
        assert reply.status == 422
        assert len(reply.json["errors"]) == 20
        assert len(reply.body) < 8_000

    def test_many_query_parameters(self, open_house: Stocked) -> None:
        assert open_house.anna.get("/jobs?" + "&".join(f"a{n}={n}" for n in range(5_000))).status == 200
        assert open_house.anna.get("/jobs?" + "&".join("status=failed" for _ in range(2_000))).status == 200
        assert open_house.anna.get("/jobs?" + "&".join("status=nonsense" for _ in range(2_000))).status == 400
        order = "&".join("scene_order=1" for _ in range(1_001))
        assert open_house.anna.post(f"/jobs/{open_house.waiting}/reorder?{order}").status == 422

    def test_a_header_that_is_too_long_hurts_nobody(self, open_house: Stocked) -> None:
        for name in ("X-Anything", "If-Match", "Idempotency-Key", "Cookie", "Range"):
            reply = open_house.anna.post(f"/jobs/{open_house.waiting}/preview", headers={name: "a" * 60_000})
            assert reply.status < 500, name

    def test_a_packed_body_is_not_unpacked(self, open_house: Stocked) -> None:
        bomb = gzip.compress(b" " * 50_000_000)
        assert len(bomb) < BODY_MAX_BYTES
        for headers in ({**JSON, "Content-Encoding": "gzip"}, {**JSON, "Content-Encoding": "deflate, gzip"}):
            assert open_house.anna.call("POST", "/channels", raw=bomb, headers=headers).status in (400, 415, 422)


class TestForms:
    """Methods, hosts and bodies that are not what they should be."""

    def test_other_methods_are_told_which_ones_there_are(self, open_house: Stocked) -> None:
        address = f"/jobs/{open_house.finished}"
        for method in ("PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND"):
            reply = open_house.anna.call(method, address)
            assert reply.status == 405, method
            assert {"GET", "DELETE"} <= {*reply.headers["allow"].split(", ")}
            assert reply.headers["content-type"] == "application/problem+json"
        assert open_house.anna.get(address).status == 200

    def test_no_other_site_is_let_in(self, open_house: Stocked) -> None:
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        reply = open_house.stranger().call("OPTIONS", "/jobs", headers=asked)
        assert reply.status == 405
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]

    def test_invented_methods_do_not_fill_the_meter(self) -> None:
        meter = metering.Meter(_NoBooks())  # type: ignore[arg-type] # nobody asks for what is in the books
        for number in range(50):
            meter.count(f"INVENTED{number}", "unknown", 405, 0.01)
        counted = metering.generate_latest(meter.registry).decode()
        assert "INVENTED" not in counted
        assert 'method="other"' in counted

    @pytest.mark.parametrize("host", [b"[", b"]:80", b"a b", b"x:99999999", b"evil.example/path?#", b"\xff", b""])
    def test_a_strange_host_is_no_fault_of_ours(self, open_house: Stocked, host: bytes) -> None:
        key = f"Authorization: Bearer {open_house.anna.key}\r\nIdempotency-Key: {host.hex()}".encode()
        for line in (b"GET /api/v2/nothing", b"GET /api/v2/jobs", b"POST /api/v2/channels", b"DELETE /api/v2/session"):
            request = line + b" HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n" + key
            status, headers, _ = raw(open_house, request + b"\r\n\r\n", host=host)
            assert status < 500, line
            assert "location" not in headers

    def test_nobody_is_sent_elsewhere_for_a_slash(self, open_house: Stocked) -> None:
        for path in (b"/api/v2/jobs/", b"/api/v2/health/", b"//evil.example/", b"/static"):
            status, headers, _ = get(open_house, path)
            assert status == 404, path
            assert "location" not in headers

    def test_a_form_of_another_type_is_no_json(self, open_house: Stocked) -> None:
        body = json.dumps({"name": "ben", "password": PASSWORD}).encode()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"):
            reply = open_house.stranger().call("POST", "/session", raw=body, headers={"Content-Type": kind})
            assert reply.status == 422, kind
            assert "set-cookie" not in reply.headers

    def test_two_bodies_in_one_request_are_one_or_none(self, open_house: Stocked) -> None:
        both = (b"Content-Length: 5", b"Transfer-Encoding: chunked")
        status, _, body = get(open_house, b"/api/v2/channels", *both, method=b"POST")
        assert status == 400
        assert b'"items"' not in body


class _NoBooks:
    """Books that nobody asks."""

    def gauges(self) -> Any:
        from video_pipeline.domain.statistics import Gauges

        return Gauges({}, {}, 0, (), 0, 0)


class TestFiles:
    """Paths, ranges and names of what is handed out."""

    @pytest.mark.parametrize(
        "path",
        [
            *(b"/static/../app.py", b"/static/..%2fapp.py", b"/static/%2e%2e/app.py", b"/static/%2e%2e%2fapp.py"),
            *(b"/static/..%5capp.py", b"/static/..\\app.py", b"/static/....//app.py", b"/static//etc/passwd"),
            *(b"/static/%2fetc%2fpasswd", b"/static/index.html%00.css", b"/static/%252e%252e%252fapp.py"),
            *(b"/static/.", b"/static/..", b"/static/css", b"/static/%c0%ae%c0%ae/app.py", b"/../../etc/passwd"),
        ],
    )
    def test_nothing_beside_the_page_is_served(self, open_house: Stocked, path: bytes) -> None:
        status, headers, body = get(open_house, path)
        assert status in (400, 404, 405)
        assert b"import" not in body
        assert b"root:" not in body
        assert headers["content-type"] in ("application/problem+json", "text/plain; charset=utf-8")

    def test_a_link_out_of_the_page_is_not_followed(self, tmp_path: Path) -> None:
        from starlette.staticfiles import StaticFiles

        secret, page = tmp_path / "secret.txt", tmp_path / "page"
        secret.write_text("secret")
        page.mkdir()
        (page / "link.txt").symlink_to(secret)
        assert StaticFiles(directory=page).lookup_path("link.txt") == ("", None)
        assert not [each for each in PAGE.rglob("*") if each.is_symlink()]

    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            *(("bytes=0-0", 206), ("bytes=-1", 206), ("bytes=0-,0-,0-", 206), ("bytes=0-1,3-4", 206)),
            *(("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 4000, 2)), 200),),
            *(("bytes=" + ",".join("0-" for _ in range(5000)), 200), ("bytes=99999999999-", 416)),
            *(("bytes=" + "9" * 5000 + "-", 200), ("bytes=-0", 416), ("bytes=5-1", 200), ("bytes=--5", 200)),
            *(("bytes=", 200), ("bytes=a-b", 200), ("lines=1-2", 200), ("bytes", 200), ("bytes=0-0,", 200)),
            *(("bytes= 0 - 0 ", 200), ("bytes=0x0-0x1", 200), ("bytes=1_0-2_0", 200), ("bytes=\xb2-\xb3", 200)),
        ],
    )
    def test_ranges_of_every_kind(self, open_house: Stocked, asked: str, status: int) -> None:
        address = f"/jobs/{open_house.finished}/scenes/1/track"
        whole = open_house.anna.get(address)
        reply = open_house.anna.get(address, headers={"Range": asked})
        assert reply.status == status
        assert len(reply.body) < 2 * len(whole.body), "a few bytes made it send much more"
        if status == 200:
            assert reply.body == whole.body
        if status == 416:
            assert reply.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(
        "name",
        [
            *(
                'a".wav',
                "a\r\nSet-Cookie: x=1.wav",
                "a;filename=b.exe.wav",
                "\u202egnp.wav",
                "a\x00.wav",
                "é%0d%0a.wav",
            ),
            *("../../up.wav", "..\\up.wav", "/etc/passwd.wav", "a\u2028b.wav", "'><script>.wav"),
        ],
    )
    def test_a_name_of_a_file_adds_no_header_and_no_path(self, open_house: Stocked, name: str) -> None:
        client, address = open_house.anna, f"/jobs/{open_house.finished}/files"
        safe = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        body = _multipart(safe.encode(), sound())
        made = client.call("POST", address, raw=body, headers={"Content-Type": "multipart/form-data; boundary=edge"})
        assert made.status == 201, made.body
        shown = made.json["filename"]
        assert not {*"/\\\r\n\x00\u202e\u2028"} & {*shown}
        reply = client.get(f"{address}/{made.json['id']}")
        assert reply.body == sound()
        assert reply.headers["content-disposition"].startswith("attachment; filename")
        assert reply.headers["content-type"] == "application/octet-stream"
        assert "set-cookie" not in reply.headers
        where = open_house.desk.jobs.get_file(UUID(open_house.finished), UUID(made.json["id"])).media.key
        assert where == f"jobs/{open_house.finished}/files/{Path(where).stem}.wav"
        assert UUID(Path(where).stem)
        assert client.call("DELETE", f"{address}/{made.json['id']}").status == 204


def _multipart(name: bytes, content: bytes, kind: bytes = b"sounds") -> bytes:
    """A form as it comes, boundary `edge`."""
    field = b'--edge\r\nContent-Disposition: form-data; name="file_type"\r\n\r\n' + kind + b"\r\n"
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
    return field + head + content + b"\r\n--edge--\r\n"


class TestUploads:
    """Files that are not what they say, and forms that are not whole."""

    @pytest.mark.parametrize(
        ("kind", "content"),
        [
            ("music", b"ffconcat version 1.0\nfile /etc/passwd\n"),
            ("sounds", b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
            ("videos", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n"),
            ("videos", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
            ("music", b"<html><script>alert(1)</script></html>"),
            ("videos", sound()),
            ("music", b"RIFF\x24\x00\x00\x00WAVEfmt "),
            ("quotes", sound()),
            ("quotes", "a quote with \u202e in it".encode()),
            ("sounds", b"\x00" * 5000),
        ],
    )
    def test_what_it_is_decides_not_its_name(self, open_house: Stocked, kind: str, content: bytes) -> None:
        files = {"file": ("innocent.wav", content, "audio/wav"), "file_type": kind}
        before = _everything(open_house)
        reply = open_house.anna.post(f"/jobs/{open_house.finished}/files", files=files)
        assert (reply.status, reply.json["type"]) == (415, "/problems/not-accepted")
        assert str(open_house.desk.media.path("x").parent) not in reply.json["detail"], "a path of the server"
        assert _everything(open_house) == before

    @pytest.mark.parametrize(
        ("body", "boundary"),
        [
            (_multipart(b"a.wav", b""), "edge"),
            (_multipart(b"", sound()), "edge"),
            (_multipart(b"...", sound()), "edge"),
            (_multipart(b"a.wav", sound(), b"nonsense"), "edge"),
            (_multipart(b"a.wav", sound()), "other"),
            (_multipart(b"a.wav", sound()), ""),
            (_multipart(b"a.wav", sound())[:-12], "edge"),
            (b"", "edge"),
            (b"--edge\r\n" * 3000 + b"--edge--\r\n", "edge"),
            (b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 1001 + b"--edge--", "edge"),
            (b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\r\n' * 1001, "edge"),
            (b"--edge\r\n" + b"X: y\r\n" * 5000 + b"\r\n\r\n--edge--", "edge"),
        ],
        ids=range(12),
    )
    # Starlette leaves the file of a form that breaks off to the garbage collector.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_a_form_that_is_not_whole(self, open_house: Stocked, body: bytes, boundary: str) -> None:
        kind = f"multipart/form-data; boundary={boundary}" if boundary else "multipart/form-data"
        before = _everything(open_house)
        for more in ({}, {"Idempotency-Key": "form"}):
            reply = open_house.anna.call(
                "POST", f"/jobs/{open_house.finished}/files", raw=body, headers={"Content-Type": kind, **more}
            )
            assert reply.status in (400, 413, 415, 422), reply.body
            assert reply.headers["content-type"] == "application/problem+json"
        assert _everything(open_house) == before

    def test_one_key_does_not_answer_for_another_file_of_the_same_size(self, open_house: Stocked) -> None:
        address, key = f"/jobs/{open_house.finished}/files", {"Idempotency-Key": "the same"}
        first = {"file": ("one.txt", b"Rain falls.\n", "text/plain"), "file_type": "quotes"}
        other = {"file": ("one.txt", b"Snow falls.\n", "text/plain"), "file_type": "quotes"}
        made = open_house.anna.post(address, files=first, headers=key)
        assert made.status == 201
        again = open_house.anna.post(address, files=first, headers=key)
        assert (again.status, again.json, again.headers["idempotency-replayed"]) == (201, made.json, "true")
        assert open_house.anna.post(address, files=other, headers=key).status == 422


def _everything(house: Stocked) -> set[Path]:
    """Every file of the store but its locks."""
    root = house.desk.media.path("x").parent
    return {each for each in root.rglob("*") if each.is_file() and ".locks" not in each.parts}


class TestHeads:
    """What every answer has, and what none has."""

    @pytest.mark.parametrize(
        "path", ["/", "/static/index.html", "/api/v2/health", "/api/v2/jobs", "/api/v2/nothing", "/nothing"]
    )
    def test_every_answer_keeps_foreign_code_out(self, open_house: Stocked, path: str) -> None:
        headers = Client(open_house.address).get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"

    def test_nobody_between_keeps_what_is_private(self, open_house: Stocked) -> None:
        job = f"/jobs/{open_house.finished}"
        for path in (job, f"{job}/metadata", "/options", "/metrics", f"{job}/nothing"):
            assert open_house.anna.get(path).headers["cache-control"] == "no-store", path
        for path in (f"{job}/video", f"{job}/scenes/1/image", f"{job}/scenes/1/image?v=x", f"{job}/scenes/1/track"):
            assert open_house.anna.get(path).headers["cache-control"].startswith("private"), path

    def test_a_fault_of_the_studio_tells_nothing_and_is_counted(
        self, open_house: Stocked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*_: Any, **__: Any) -> Any:
            raise RuntimeError("the secret is 1234")

        monkeypatch.setattr(type(open_house.desk.jobs), "list_channels_with_counts", broken)
        with caplog.at_level(logging.ERROR):
            reply = open_house.anna.get("/channels")
        assert (reply.status, reply.json["type"]) == (500, "/problems/failed")
        assert b"1234" not in reply.body
        assert "the secret is 1234" in caplog.text
        assert reply.headers["x-content-type-options"] == "nosniff"
        counted = open_house.anna.get("/metrics").body.decode()
        assert 'method="GET",route="/channels",status="500"' in counted

    def test_a_path_begins_no_line_of_the_log(self, open_house: Stocked, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG, "video_pipeline.api"):
            get(open_house, b"/api/v2/jobs/%0a2026-01-01%20INFO%20forged%0d%1b[31m", method=b"POST")
        lines = [each.getMessage() for each in caplog.records if "forged" in each.getMessage()]
        assert lines
        assert not [each for each in lines if {*each} & {*"\n\r\x1b"}]

    def test_no_secret_is_in_any_line_of_the_log_or_answer(
        self, open_house: Stocked, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = open_house.stranger()
        with caplog.at_level(logging.DEBUG):
            assert client.sign_in("ben", PASSWORD).status == 200
            token = str(client.cookie).partition("=")[2]
            answers = [client.get("/jobs"), client.get("/jobs?q=" + "x" * 600), client.post("/channels", {})]
            answers += [open_house.anna.get(f"/jobs/{UUID(int=0)}"), open_house.stranger().sign_in("ben", "wrong " * 3)]
            made = open_house.anna.post("/webhooks", {"url": "http://127.0.0.1:9/"})
            wrong = Client(open_house.root, f"{open_house.anna.key}x").get("/jobs")
        secrets = [token, PASSWORD, str(open_house.anna.key), made.json["secret"], "wrong wrong"]
        told = caplog.text + "".join(each.body.decode() for each in [*answers, wrong])
        assert not [each for each in secrets if each in told]


class TestLogins:
    """Cookies, guessing, and who comes too often."""

    def test_the_cookie_is_for_this_site_and_no_script(self, open_house: Stocked) -> None:
        reply = open_house.stranger().post("/session", {"name": "ben", "password": PASSWORD})
        parts = {each.strip().lower() for each in reply.headers["set-cookie"].split(";")}
        assert {"httponly", "samesite=lax", "path=/"} <= parts
        assert "secure" not in parts, "this house has no TLS"
        assert reply.headers["cache-control"] == "no-store"
        behind = open_house.stranger().post(
            "/session", {"name": "ben", "password": PASSWORD}, headers={"X-Forwarded-Proto": "https"}
        )
        assert "secure" in {each.strip().lower() for each in behind.headers["set-cookie"].split(";")}

    def test_a_wrong_name_and_a_wrong_password_are_told_alike(self, open_house: Stocked) -> None:
        replies = [
            open_house.stranger().post("/session", {"name": name, "password": "wrong horse battery"})
            for name in ("ben", "nobody.at.all", "no name !", "BEN ")
        ]
        assert {each.status for each in replies} == {401}
        assert len({each.body for each in replies}) == 1
        assert len({tuple(sorted(name for name in each.headers)) for each in replies}) == 1

    def test_a_name_that_exists_takes_no_longer_than_one_that_does_not(
        self, open_house: Stocked, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from video_pipeline.domain import passwords

        hashed: list[str] = []
        real = passwords._scrypt
        monkeypatch.setattr(passwords, "_scrypt", lambda *given: hashed.append("once") or real(*given))
        for name in ("ben", "nobody.else", "no name !", "x" * 64):
            hashed.clear()
            open_house.stranger().post("/session", {"name": name, "password": "wrong horse battery"})
            assert hashed == ["once"], name

    def test_guessing_at_one_name_has_to_wait_whoever_guesses(self, open_house: Stocked) -> None:
        for name in ("carla", "ghost"):
            if name == "carla":
                PostgresAccess(open_house.database.engine, cost=CHEAP).create_user(name, PASSWORD, Scope.READ)
            tried = [open_house.stranger().sign_in(name, "wrong horse battery") for _ in range(6)]
            assert [each.status for each in tried] == [401] * 5 + [429]
            assert 1 <= int(tried[-1].headers["retry-after"]) <= 60
            right = open_house.stranger().sign_in(name, PASSWORD)
            assert right.status == 429, "the right password would tell that it is the right one"
        assert open_house.stranger().sign_in("ben", PASSWORD).status == 200, "others are not held up"

    def test_one_address_has_to_wait_whatever_the_names(self, open_house: Stocked) -> None:
        now = [100.0]
        slow = replace(
            open_house.desk,
            access=PostgresAccess(open_house.database.engine, cost=CHEAP),
            logins=Pace(Allowance(burst=3, per_s=0.1), clock=lambda: now[0]),
        )
        with served(create_app(slow)) as address:
            client = Client(f"{address}/api/v2")
            bodies = [{"name": f"name{n}", "password": "wrong horse battery"} for n in range(4)]
            replies = [client.post("/session", body) for body in bodies]
            assert [each.status for each in replies] == [401, 401, 401, 429]
            assert replies[-1].headers["retry-after"] == "10"
            # Not the address, but the network that an IPv6 household chooses its addresses from.
            for last in range(4):
                seen = client.post("/session", bodies[0], headers={"X-Forwarded-For": f"2001:db8::{last}"})
            assert seen.status == 429
            other = client.post("/session", bodies[1], headers={"X-Forwarded-For": "2001:db8:0:1::1"})
            assert other.status == 401
            now[0] += 10
            assert client.post("/session", bodies[2]).status == 401

    def test_a_crowd_at_the_login_keeps_no_more_than_its_threads(self, open_house: Stocked) -> None:
        from video_pipeline.domain.errors import TooManyRequestsError

        access = PostgresAccess(open_house.database.engine, cost=CHEAP)
        while access._crowd.acquire(blocking=False):
            pass
        began = time.monotonic()
        with pytest.raises(TooManyRequestsError):
            access.open_session("ben", PASSWORD)
        assert time.monotonic() - began < 5

    def test_one_key_that_is_too_fast_holds_up_itself_alone(self, open_house: Stocked) -> None:
        now = [100.0]
        paced = replace(open_house.desk, calls=Pace(Allowance(burst=5, per_s=1.0), clock=lambda: now[0]))
        other = open_house.user("anna")
        with served(create_app(paced)) as address:
            fast, slow = Client(f"{address}/api/v2", open_house.anna.key), Client(f"{address}/api/v2", other.key)
            assert [fast.get("/channels").status for _ in range(7)] == [200] * 5 + [429] * 2
            told = fast.get("/channels")
            assert (told.json["type"], told.headers["retry-after"]) == ("/problems/too-many-requests", "1")
            assert fast.post("/channels", {"name": "A", "brand_niche": "B"}).status == 429
            assert fast.post("/channels", {}, headers={"Idempotency-Key": "x"}).status == 429
            assert slow.get("/channels").status == 200
            assert Client(f"{address}/api/v2").get("/health").status == 200
            now[0] += 1
            assert [fast.get("/channels").status for _ in range(2)] == [200, 429]


def test_the_page_has_no_file_that_others_may_not_read() -> None:
    assert all(os.access(each, os.R_OK) for each in PAGE.rglob("*"))
