"""Uploaded files of a job over HTTP."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID, uuid4

import pytest

from video_pipeline.domain.access import Scope
from video_pipeline_tests.api.client import Client, Reply
from video_pipeline_tests.api.conftest import Stocked

QUOTES = "Rain is the oldest music.\n"


def upload(client: Client, job: str, file_type: str, name: str, content: bytes | str) -> Reply:
    files: dict[str, Any] = {"file_type": file_type, "file": (name, content, "application/octet-stream")}
    return client.call("POST", f"/jobs/{job}/files", files=files)


def test_files_are_kept_listed_handed_out_and_removed(stocked: Stocked) -> None:
    anna, job = stocked.anna, stocked.waiting
    track = stocked.desk.jobs.tracks(UUID(job))[0].media
    sound = stocked.media_path(track.key).read_bytes()
    kept = {
        "music": upload(anna, job, "music", "rain.flac", sound),
        "quotes": upload(anna, job, "quotes", "quotes.txt", QUOTES),
    }
    assert [reply.status for reply in kept.values()] == [201, 201]
    music = kept["music"].json
    assert set(music) == {"id", "file_type", "filename", "bytes", "sha256", "uploaded_at", "url"}
    assert (music["file_type"], music["filename"], music["bytes"]) == ("music", "rain.flac", len(sound))
    assert music["sha256"] == track.sha256
    listed = anna.get(f"/jobs/{job}/files").json["items"]
    assert listed == [kept["music"].json, kept["quotes"].json]

    file = anna.get(music["url"].removeprefix("/api/v2"))
    assert hashlib.sha256(file.body).hexdigest() == music["sha256"]
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"] == 'attachment; filename="rain.flac"'
    assert file.headers["x-content-type-options"] == "nosniff"
    part = anna.get(music["url"].removeprefix("/api/v2"), headers={"Range": "bytes=4-9"})
    assert (part.status, part.body) == (206, sound[4:10])

    address = f"/jobs/{job}/files/{music['id']}"
    key = stocked.desk.jobs.get_file(UUID(job), UUID(music["id"])).media.key
    assert stocked.media_path(key).is_file()
    assert anna.call("DELETE", address).status == 204
    assert (anna.get(address).status, anna.call("DELETE", address).status) == (404, 404)
    assert not stocked.media_path(key).exists()
    assert anna.get(f"/jobs/{job}/files").json["items"] == [kept["quotes"].json]


def test_a_name_is_taken_once_for_each_type(stocked: Stocked) -> None:
    assert upload(stocked.anna, stocked.waiting, "quotes", "a.txt", QUOTES).status == 201
    again = upload(stocked.anna, stocked.waiting, "quotes", "a.txt", QUOTES)
    assert (again.status, "a.txt" in again.json["detail"]) == (409, True)
    assert upload(stocked.anna, stocked.finished, "quotes", "a.txt", QUOTES).status == 201


@pytest.mark.parametrize(
    ("file_type", "name", "content", "status"),
    [
        ("quotes", "a.txt", "", 400),
        ("quotes", "a.txt", b"\xff\xfe\x00", 415),
        ("music", "a.mp3", "this is no sound", 415),
        ("videos", "a.mp4", QUOTES, 415),
        ("pictures", "a.png", QUOTES, 422),
    ],
)
def test_what_is_not_what_it_says_is_refused_and_leaves_nothing(
    shared: Stocked, file_type: str, name: str, content: bytes | str, status: int
) -> None:
    reply = upload(shared.anna, shared.waiting, file_type, name, content)
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json"), reply.json
    assert shared.anna.get(f"/jobs/{shared.waiting}/files").json["items"] == []
    assert shared.desk.media.keys(f"jobs/{shared.waiting}/files/") == []


def test_a_form_without_its_parts_is_refused(shared: Stocked) -> None:
    path = f"/jobs/{shared.waiting}/files"
    for files in ({"file_type": "quotes"}, {"file": ("a.txt", QUOTES, "text/plain")}):
        reply = shared.anna.call("POST", path, files=files)
        assert reply.status == 422
        assert [each["field"] for each in reply.json["errors"]] in (["file"], ["file_type"])
    assert shared.anna.post(path, {"file_type": "quotes"}).status == 422


def test_files_are_for_those_who_may(shared: Stocked) -> None:
    path = f"/jobs/{shared.waiting}/files"
    assert upload(shared.key("anna", Scope.READ), shared.waiting, "quotes", "a.txt", QUOTES).status == 403
    assert upload(shared.stranger(), shared.waiting, "quotes", "a.txt", QUOTES).status == 401
    assert upload(shared.user("ben"), shared.waiting, "quotes", "a.txt", QUOTES).status == 404
    assert shared.user("ben").get(path).status == 404
    assert upload(shared.anna, str(uuid4()), "quotes", "a.txt", QUOTES).status == 404
    assert shared.anna.get(f"{path}/{uuid4()}").status == 404
