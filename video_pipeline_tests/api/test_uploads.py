"""Uploads in pieces over HTTP: begin, break off, ask where to go on, go on, finish."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from video_pipeline_tests.api.client import Client, Reply
from video_pipeline_tests.api.conftest import Stocked
from video_pipeline_tests.api.furnished import sound

SOUND = sound()


def begin(client: Client, job: str, name: str = "rain.wav", content: bytes = SOUND, **more: Any) -> dict[str, Any]:
    body = {"filename": name, "file_type": "sounds", "bytes": len(content), **more}
    reply = client.post(f"/jobs/{job}/uploads", body)
    assert reply.status == 201, reply.json
    assert reply.headers["location"] == reply.json["url"]
    begun: dict[str, Any] = reply.json
    return begun


def patch(client: Client, upload: dict[str, Any], offset: int, piece: bytes, **headers: str) -> Reply:
    sent = {"Upload-Offset": str(offset), "Content-Type": "application/octet-stream", **headers}
    return client.call("PATCH", upload["url"].removeprefix("/api/v2"), raw=piece, headers=sent)


def where(client: Client, upload: dict[str, Any]) -> int:
    reply = client.call("HEAD", upload["url"].removeprefix("/api/v2"))
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["upload-length"] == str(upload["bytes"])
    assert reply.headers["cache-control"] == "no-store"
    return int(reply.headers["upload-offset"])


def parts_of(house: Stocked) -> list[Path]:
    return sorted((house.media_path("jobs").parent / ".uploads").glob("*"))


def test_a_file_comes_in_pieces_and_is_a_file_like_any_other(stocked: Stocked) -> None:
    anna, job = stocked.anna, stocked.finished
    upload = begin(anna, job, sha256=hashlib.sha256(SOUND).hexdigest())
    assert (upload["state"], upload["offset"], upload["file"]) == ("receiving", 0, None)
    assert where(anna, upload) == 0
    first = patch(anna, upload, 0, SOUND[:40_000])
    assert (first.status, first.json["offset"], first.headers["upload-offset"]) == (200, 40_000, "40000")
    assert where(anna, upload) == 40_000
    assert [each["id"] for each in anna.get(f"/jobs/{job}/uploads").json["items"]] == [upload["id"]]
    last = patch(anna, upload, 40_000, SOUND[40_000:])
    assert (last.status, last.json["state"], last.json["offset"]) == (200, "kept", len(SOUND))
    assert anna.get(f"/jobs/{job}/files").json["items"] == [last.json["file"]]
    address = last.json["file"]["url"].removeprefix("/api/v2")
    assert anna.get(address).body == SOUND
    # The last answer may be lost: asking tells the same, and so does sending nothing more.
    assert anna.get(upload["url"].removeprefix("/api/v2")).json == last.json
    assert patch(anna, upload, len(SOUND), b"").json == last.json
    assert anna.get(f"/jobs/{job}/uploads").json["items"] == []
    assert parts_of(stocked) == []


def test_a_wrong_offset_is_answered_with_the_right_one(shared: Stocked) -> None:
    anna = shared.anna
    upload = begin(anna, shared.finished, "offsets.wav")
    assert patch(anna, upload, 0, SOUND[:1000]).status == 200
    for offset in (0, 999, 1001, 2**62):
        reply = patch(anna, upload, offset, SOUND[1000:2000])
        assert (reply.status, reply.headers["upload-offset"], reply.json["offset"]) == (409, "1000", 1000)
        assert reply.json["type"] == "/problems/wrong-offset"
    for wrong in ("-1", "x", str(2**63), ""):
        assert patch(anna, upload, 0, b"x", **{"Upload-Offset": wrong}).status == 422
    assert anna.call("PATCH", upload["url"].removeprefix("/api/v2"), raw=b"x").status == 422
    assert where(anna, upload) == 1000


def test_what_does_not_fit_is_refused(shared: Stocked) -> None:
    anna, job = shared.anna, shared.finished
    upload = begin(anna, job, "fits.wav")
    reply = patch(anna, upload, 0, SOUND + b"x")
    assert (reply.status, "are sent" in reply.json["detail"]) == (400, True)
    for kind in ("multipart/form-data; boundary=x", "application/json", "text/plain"):
        assert patch(anna, upload, 0, SOUND, **{"Content-Type": kind}).status == 415
    assert patch(anna, upload, 0, SOUND[:10], **{"Content-Type": "application/offset+octet-stream"}).status == 200
    for body in (
        {"filename": "a.wav", "file_type": "pictures", "bytes": 9},
        {"filename": "a.wav", "file_type": "sounds", "bytes": 0},
        {"filename": "a.wav", "file_type": "sounds", "bytes": "9"},
        {"filename": "a.wav", "file_type": "sounds", "bytes": 2**33},
        {"filename": "a.wav", "file_type": "sounds", "bytes": 9, "sha256": "abc"},
        {"filename": "a.wav", "file_type": "sounds"},
        {"filename": "", "file_type": "sounds", "bytes": 9},
    ):
        assert anna.post(f"/jobs/{job}/uploads", body).status == 422, body
    for body, status in (
        ({"filename": "..", "file_type": "sounds", "bytes": 9}, 400),
        ({"filename": "a.txt", "file_type": "quotes", "bytes": 2**21}, 400),
        ({"filename": "fits.wav", "file_type": "sounds", "bytes": 9}, 409),
    ):
        assert anna.post(f"/jobs/{job}/uploads", body).status == status, body


def test_a_refused_file_says_why_also_afterwards(stocked: Stocked) -> None:
    anna, job = stocked.anna, stocked.finished
    for name, content, sha256, status in (
        ("text.wav", b"this is no sound" * 9, None, 415),
        ("sum.wav", SOUND, "0" * 64, 400),
    ):
        upload = begin(anna, job, name, content, sha256=sha256)
        reply = patch(anna, upload, 0, content)
        assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")
        told = anna.get(upload["url"].removeprefix("/api/v2")).json
        assert (told["state"], told["error"] in reply.json["detail"]) == ("refused", True)
        assert patch(anna, upload, len(content), b"").status == 409
        assert begin(anna, job, name, content)["id"] != upload["id"]
    assert anna.get(f"/jobs/{job}/files").json["items"] == []
    assert parts_of(stocked) == []


def test_an_abandoned_upload_is_gone(stocked: Stocked) -> None:
    anna = stocked.anna
    upload = begin(anna, stocked.finished)
    assert patch(anna, upload, 0, SOUND[:1000]).status == 200
    assert len(parts_of(stocked)) == 1
    address = upload["url"].removeprefix("/api/v2")
    assert anna.call("DELETE", address).status == 204
    assert parts_of(stocked) == []
    assert [anna.get(address).status, anna.call("DELETE", address).status] == [404, 404]
    assert patch(anna, upload, 1000, SOUND[1000:]).status == 404


def test_the_same_beginning_sent_twice_with_a_key_begins_once(shared: Stocked) -> None:
    body = {"filename": "once.wav", "file_type": "sounds", "bytes": 9}
    replies = [
        shared.anna.post(f"/jobs/{shared.finished}/uploads", body, headers={"Idempotency-Key": "one-upload"})
        for _ in range(2)
    ]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].json == replies[1].json


def raw(house: Stocked, upload: dict[str, Any], offset: int, length: int, more: str = "") -> socket.socket:
    """A connection on which the head of a PATCH was sent and its body is due."""
    place = urlsplit(house.address)
    connection = socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=30)
    head = (
        f"PATCH {upload['url']} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {house.anna.key}\r\n"
        f"Content-Type: application/octet-stream\r\nUpload-Offset: {offset}\r\nContent-Length: {length}\r\n{more}\r\n"
    )
    connection.sendall(head.encode())
    return connection


def test_what_came_before_the_line_broke_is_kept(stocked: Stocked) -> None:
    anna = stocked.anna
    upload = begin(anna, stocked.finished)
    with raw(stocked, upload, 0, len(SOUND), "Expect: 100-continue\r\n") as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        for piece in range(20):  # what the server has not looked at when the line breaks is lost
            connection.sendall(SOUND[1000 * piece : 1000 * piece + 1000])
            time.sleep(0.02)
    deadline = time.monotonic() + 60
    while not (offset := where(anna, upload)):
        assert time.monotonic() < deadline, "nothing of what came was kept"
        time.sleep(0.05)
    assert offset <= 20_000
    done = patch(anna, upload, offset, SOUND[offset:])
    assert done.json["file"]["sha256"] == hashlib.sha256(SOUND).hexdigest()


def test_a_connection_that_hangs_keeps_nobody_from_going_on(stocked: Stocked) -> None:
    """A phone that lost its network leaves a connection that the server takes for alive."""
    anna = stocked.anna
    upload = begin(anna, stocked.finished)
    with raw(stocked, upload, 0, len(SOUND)) as hanging:
        hanging.sendall(SOUND[:1000])
        done = patch(anna, upload, 0, SOUND)
        assert (done.status, done.json["state"]) == (200, "kept")
    address = done.json["file"]["url"].removeprefix("/api/v2")
    assert anna.get(address).body == SOUND


SERVER = """
import sys
from pathlib import Path
from types import SimpleNamespace
import uvicorn
from video_pipeline.api import incoming
from video_pipeline.api.app import create_app
from video_pipeline.api.desk import Desk
from video_pipeline.store import LocalMediaStore, PostgresAccess, PostgresJobStore, PostgresOutbox, connect
url, root, port = sys.argv[1:]
engine = connect(url)
incoming.BLOCK_BYTES = 1 << 16
app = create_app(Desk(
    jobs=PostgresJobStore(engine), media=LocalMediaStore(Path(root)), access=PostgresAccess(engine),
    outbox=PostgresOutbox(engine), music=dict, images=dict, studio=lambda: SimpleNamespace(),
    messenger=lambda: None, workers=1,
))
uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error")
"""


def test_a_server_that_is_killed_loses_at_most_the_block_that_came(stocked: Stocked) -> None:
    content = os.urandom(1 << 22)
    upload = begin(stocked.anna, stocked.finished, content=content)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root = stocked.media_path("jobs").parent
    with subprocess.Popen([sys.executable, "-c", SERVER, stocked.database.url, str(root), str(port)]) as server:
        try:
            doomed = Client(f"http://127.0.0.1:{port}/api/v2", stocked.anna.key)
            _until_it_serves(doomed, server)
            there = Stocked(**{**vars(stocked), "address": f"http://127.0.0.1:{port}"})
            with raw(there, upload, 0, len(content)) as connection:
                connection.sendall(content[: 3 << 20])
                deadline = time.monotonic() + 60
                while where(stocked.anna, upload) < 1 << 20:
                    assert time.monotonic() < deadline
        finally:
            server.send_signal(signal.SIGKILL)
    offset = where(stocked.anna, upload)
    assert 1 << 20 <= offset < len(content)
    part = stocked.desk.media.part(UUID(upload["id"])).read_bytes()
    assert part[:offset] == content[:offset]
    # The other server, which never stopped, takes the rest; noise is no sound, so it is whole and then refused.
    reply = patch(stocked.anna, upload, offset, content[offset:])
    assert (reply.status, "no sound file" in reply.json["detail"]) == (415, True)


def _until_it_serves(client: Client, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            assert client.get("/health").status == 200
            return
        except Exception:  # noqa: BLE001 - urllib3 has several for a port that nobody listens on yet
            assert server.poll() is None, "the server ended at once"
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.1)


@pytest.mark.parametrize("field", ["types", "count_max", "bytes_max"])
def test_the_options_tell_the_limits(shared: Stocked, field: str) -> None:
    files = shared.anna.get("/options").json["files"]
    assert files[field]
    assert files["types"] == {"videos": 4 << 30, "music": 1 << 30, "sounds": 1 << 30, "quotes": 1 << 20}


def test_a_job_is_ordered_to_wait_for_files_and_started(stocked: Stocked) -> None:
    anna = stocked.anna
    job = stocked.ordered(anna, preparing=True)
    found = anna.get(f"/jobs/{job}").json
    assert (found["status"], found["missing_files"]) == ("preparing", [])
    upload = begin(anna, job)
    early = anna.post(f"/jobs/{job}/start")
    assert (early.status, "still on the way" in early.json["detail"]) == (409, True)
    assert patch(anna, upload, 0, SOUND).json["state"] == "kept"
    assert anna.post(f"/jobs/{job}/start").json["status"] == "planned"
    assert anna.post(f"/jobs/{job}/start").status == 409
    assert stocked.anna.post("/jobs", {"preparing": "yes"}).status == 422
