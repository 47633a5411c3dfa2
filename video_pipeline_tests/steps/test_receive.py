"""Uploads in pieces: nothing is lost, nothing is mixed up, and what they become is what a plain upload becomes."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn
from uuid import UUID, uuid4

import numpy as np
import pytest
import soundfile
from sqlalchemy import text

from video_pipeline.domain import uploads
from video_pipeline.domain.errors import (
    ConflictError,
    InvalidInputError,
    LimitReachedError,
    MachineError,
    MediaError,
    NotFoundError,
    OffsetError,
)
from video_pipeline.domain.records import JobFileRecord, JobRecord, UploadRecord
from video_pipeline.domain.uploads import FileType, UploadState
from video_pipeline.steps.discard import discard
from video_pipeline.steps.receive import abandon, append, check_offset, complete, open_upload, sweep_uploads
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload, remove_upload
from video_pipeline_tests.conftest import Database

V, M, S, Q = FileType


@pytest.fixture
def job_id(order: Callable[..., JobRecord]) -> UUID:
    return order().id


@pytest.fixture(scope="module")
def rain() -> bytes:
    """A second of noise, as WAV."""
    made = io.BytesIO()
    noise = np.random.default_rng(3).normal(0, 0.1, 48_000)
    soundfile.write(made, noise, 48_000, format="WAV", subtype="PCM_16")
    return made.getvalue()


def begun(studio: Studio, job_id: UUID, content: bytes, name: str = "rain.wav", **more: object) -> UploadRecord:
    return open_upload(studio.jobs, job_id, S, name, len(content), **more)  # type: ignore[arg-type] # sha256, ttl_s


def sent(studio: Studio, upload: UploadRecord, content: bytes, size: int = 20_000) -> UploadRecord:
    """All that is missing, in blocks."""
    while upload.received < upload.bytes:
        upload = append(studio.jobs, studio.media, upload, content[upload.received : upload.received + size])
    return upload


def kept_files(studio: Studio) -> list[str]:
    """All files below the root of the store, parts and scratch included, locks not."""
    root = studio.media.path("jobs").parent
    return sorted(
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and ".locks" not in path.parts
    )


def check_kept(studio: Studio, made: JobFileRecord, content: bytes) -> None:
    assert (made.media.sha256, made.media.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert studio.media.locate(made.media).read_bytes() == content
    assert studio.jobs.get_job_files(made.job_id) == [made]
    assert kept_files(studio) == [made.media.key]


def test_pieces_become_the_file_that_a_plain_upload_becomes(studio: Studio, job_id: UUID, rain: bytes) -> None:
    plain = keep_upload(studio, job_id, S, "../the harbour.exe", [rain])
    remove_upload(studio, job_id, plain.id)
    sha256 = hashlib.sha256(rain).hexdigest()
    upload = begun(studio, job_id, rain, "../the harbour.exe", sha256=sha256.upper())
    assert (upload.received, upload.state, upload.filename) == (0, UploadState.RECEIVING, "the harbour.exe")
    upload = sent(studio, upload, rain)
    assert kept_files(studio) == [f".uploads/{upload.id}.part"]
    assert studio.jobs.get_job_files(job_id) == []
    made = complete(studio, upload)
    check_kept(studio, made, rain)
    assert (made.file_type, made.filename, made.media.sha256) == (plain.file_type, plain.filename, plain.media.sha256)
    assert Path(made.media.key).suffix == Path(plain.media.key).suffix == ".wav"
    # Whoever lost the answer asks again, as often as it takes.
    assert complete(studio, upload) == made
    found = studio.jobs.get_upload(job_id, upload.id)
    assert (found.state, found.file_id) == (UploadState.KEPT, made.id)
    assert studio.jobs.get_uploads(job_id) == []
    remove_upload(studio, job_id, made.id)
    with pytest.raises(NotFoundError, match="has no upload"):
        studio.jobs.get_upload(job_id, upload.id)


def test_quotes_are_made_plain_text_on_the_way(studio: Studio, job_id: UUID) -> None:
    content = b"\xef\xbb\xbfBe still.\r\nBe.\r"
    upload = open_upload(studio.jobs, job_id, Q, "q.txt", len(content), sha256=hashlib.sha256(content).hexdigest())
    made = complete(studio, append(studio.jobs, studio.media, upload, content))
    check_kept(studio, made, b"Be still.\nBe.\n")


def test_bytes_that_do_not_go_on_where_it_stands_are_refused_with_the_right_place(
    studio: Studio, job_id: UUID, rain: bytes
) -> None:
    upload = append(studio.jobs, studio.media, begun(studio, job_id, rain), rain[:5000])
    for offset in (0, 4999, 5001, len(rain)):
        with pytest.raises(OffsetError, match=f"goes on with byte 5000, not {offset}") as error:
            check_offset(studio.jobs, job_id, upload.id, offset)
        assert error.value.offset == 5000
    assert check_offset(studio.jobs, job_id, upload.id, 5000) == upload
    with pytest.raises(OffsetError, match="lacks bytes from 5000 on"):
        complete(studio, upload)
    check_kept(studio, complete(studio, sent(studio, upload, rain)), rain)


def test_two_clients_at_once_on_one_upload_cannot_spoil_it(studio: Studio, job_id: UUID, rain: bytes) -> None:
    upload = begun(studio, job_id, rain)

    def client(size: int) -> int:
        """Sends until all is there, as a page does; how often it was told to go on elsewhere."""
        corrected, offset = 0, 0
        while offset < len(rain):
            try:
                now = check_offset(studio.jobs, job_id, upload.id, offset)
                offset = append(studio.jobs, studio.media, now, rain[offset : offset + size]).received
            except OffsetError as error:
                corrected, offset = corrected + 1, error.offset
        return corrected

    with ThreadPoolExecutor(4) as pool:
        corrected = list(pool.map(client, (1009, 2003, 3001, 997)))
    assert sum(corrected) > 0
    found = studio.jobs.get_upload(job_id, upload.id)
    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(lambda _: complete(studio, found).id, range(3)))
    assert len(made) == 1
    check_kept(studio, studio.jobs.get_file(job_id, made.pop()), rain)


SENDER = """
import sys
from pathlib import Path
from uuid import UUID
from video_pipeline.steps.receive import append
from video_pipeline.store import LocalMediaStore, PostgresJobStore, connect
url, root, job, upload, source, size = sys.argv[1:]
jobs, media, content = PostgresJobStore(connect(url)), LocalMediaStore(Path(root)), Path(source).read_bytes()
now = jobs.get_upload(UUID(job), UUID(upload))
while now.received < now.bytes:
    now = append(jobs, media, now, content[now.received : now.received + int(size)])
    print(now.received, flush=True)
"""


def test_a_process_that_is_killed_loses_no_block_that_it_had_finished(
    studio: Studio, job_id: UUID, database: Database, tmp_path: Path
) -> None:
    content = np.random.default_rng(5).bytes(8 << 20)
    source = tmp_path / "content"
    source.write_bytes(content)
    upload = begun(studio, job_id, content)
    root, size = studio.media.path("jobs").parent, 1 << 14
    arguments = [database.url, str(root), str(job_id), str(upload.id), str(source), str(size)]
    with subprocess.Popen([sys.executable, "-c", SENDER, *arguments], stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdout is not None
        told = 0
        for line in sender.stdout:
            told = int(line)
            if told >= 1 << 18:
                sender.send_signal(signal.SIGKILL)
                break
        told = max([told, *(int(line) for line in sender.stdout if line.endswith("\n"))])
    now = studio.jobs.get_upload(job_id, upload.id)
    assert told <= now.received <= told + size
    assert now.received < len(content), "it was killed too late"
    part = studio.media.part(upload.id).read_bytes()
    assert part[: now.received] == content[: now.received]
    # What it wrote and did not get to say is written over.
    with studio.media.part(upload.id).open("ab") as file:
        file.write(b"half a block")
    now = sent(studio, now, content, 1 << 20)
    assert studio.media.part(upload.id).read_bytes() == content


def test_a_process_that_is_killed_while_it_keeps_the_file_loses_nothing(
    studio: Studio, job_id: UUID, rain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = sent(studio, begun(studio, job_id, rain), rain)

    def killed(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(studio.jobs, "finish_upload", killed)
        with pytest.raises(KeyboardInterrupt):
            complete(studio, upload)
    assert studio.media.part_bytes(upload.id) == 0
    # Another upload sweeps what was left behind, but not that.
    other = keep_upload(studio, job_id, Q, "q.txt", [b"Be still."])
    remove_upload(studio, job_id, other.id)
    check_kept(studio, complete(studio, upload), rain)


def test_a_disk_that_is_full_costs_the_block_alone(
    studio: Studio, job_id: UUID, rain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = append(studio.jobs, studio.media, begun(studio, job_id, rain), rain[:3000])
    write = os.pwrite

    def full(descriptor: int, content: bytes, offset: int) -> int:
        if offset >= 4000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, bytes(content)[:1000], offset)

    with monkeypatch.context() as broken:
        broken.setattr(os, "pwrite", full)
        with pytest.raises(MachineError, match="No space left on device; go on when that is mended"):
            append(studio.jobs, studio.media, upload, rain[3000:9000])
    assert studio.media.part_bytes(upload.id) == 3000
    check_kept(studio, complete(studio, sent(studio, upload, rain)), rain)


def test_what_the_disk_has_lost_is_asked_for_again(studio: Studio, job_id: UUID, rain: bytes) -> None:
    upload = append(studio.jobs, studio.media, begun(studio, job_id, rain), rain[:9000])
    os.truncate(studio.media.part(upload.id), 4000)
    with pytest.raises(OffsetError, match="goes on with byte 4000") as error:
        append(studio.jobs, studio.media, upload, rain[9000:])
    assert error.value.offset == 4000
    upload = sent(studio, check_offset(studio.jobs, job_id, upload.id, 4000), rain)
    studio.media.remove_part(upload.id)
    with pytest.raises(OffsetError, match="goes on with byte 0"):
        complete(studio, upload)
    upload = check_offset(studio.jobs, job_id, upload.id, 0)
    check_kept(studio, complete(studio, sent(studio, upload, rain)), rain)


def test_what_is_not_what_was_announced_is_refused_and_leaves_its_reason(
    studio: Studio, job_id: UUID, rain: bytes
) -> None:
    changed = bytes([*rain[:-1], rain[-1] ^ 1])
    wrong = sent(studio, begun(studio, job_id, rain, sha256=hashlib.sha256(rain).hexdigest()), changed)
    with pytest.raises(InvalidInputError, match="was announced with the SHA-256"):
        complete(studio, wrong)
    text_ = sent(studio, begun(studio, job_id, b"no sound" * 9), b"no sound" * 9)
    with pytest.raises(MediaError, match="the upload is no sound file"):
        complete(studio, text_)
    for upload, reason in ((wrong, "SHA-256"), (text_, "no sound file")):
        found = studio.jobs.get_upload(job_id, upload.id)
        assert found.state is UploadState.REFUSED
        assert reason in str(found.error_message)
        for verb in (lambda: complete(studio, upload), lambda: append(studio.jobs, studio.media, upload, b"")):  # noqa: B023
            with pytest.raises(ConflictError, match=r"was refused: .*begin anew"):
                verb()
    assert kept_files(studio) == []
    check_kept(studio, complete(studio, sent(studio, begun(studio, job_id, rain), rain)), rain)


def test_what_may_pass_lets_the_upload_wait(
    studio: Studio, job_id: UUID, rain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = sent(studio, begun(studio, job_id, rain), rain)

    def unusable(*_: object, **__: object) -> NoReturn:
        raise MachineError("there is no ffmpeg")

    with monkeypatch.context() as broken:
        broken.setattr(studio.tools, "upload_kind", unusable)
        with pytest.raises(MachineError):
            complete(studio, upload)
    check_kept(studio, complete(studio, upload), rain)


@pytest.mark.parametrize(
    ("file_type", "name", "size", "sha256", "complaint"),
    [
        (S, "a.wav", 0, None, "empty"),
        (S, "a.wav", -1, None, "empty"),
        (S, "a.wav", 2**30 + 1, None, "too large: sounds may have 1,073,741,824 bytes"),
        (Q, "a.txt", 2**20 + 1, None, "too large"),
        (S, "..", 9, None, "no name for a file"),
        (S, "a.wav", 9, "abc", "no SHA-256"),
        (S, "a.wav", 9, "g" * 64, "no SHA-256"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_it_comes(
    studio: Studio, job_id: UUID, file_type: FileType, name: str, size: int, sha256: str | None, complaint: str
) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        open_upload(studio.jobs, job_id, file_type, name, size, sha256=sha256)
    assert studio.jobs.get_uploads(job_id) == []


def test_more_than_was_announced_is_refused(studio: Studio, job_id: UUID, rain: bytes) -> None:
    upload = append(studio.jobs, studio.media, begun(studio, job_id, rain), rain[:-10])
    with pytest.raises(InvalidInputError, match="nothing of the last block is kept"):
        append(studio.jobs, studio.media, upload, bytes(11))
    assert studio.jobs.get_upload(job_id, upload.id) == upload
    check_kept(studio, complete(studio, sent(studio, upload, rain)), rain)


def test_a_name_belongs_to_the_upload_from_its_beginning(studio: Studio, job_id: UUID, rain: bytes) -> None:
    upload = begun(studio, job_id, rain)
    with pytest.raises(ConflictError, match=f"go on with upload {upload.id} at byte 0, or delete that first"):
        begun(studio, job_id, rain)
    with pytest.raises(ConflictError, match="on its way"):
        keep_upload(studio, job_id, S, "rain.wav", [rain])
    made = complete(studio, sent(studio, upload, rain))
    with pytest.raises(ConflictError, match=r"has a file rain\.wav among its sounds"):
        begun(studio, job_id, rain)
    check_kept(studio, made, rain)


def test_a_job_has_limits_also_for_what_is_on_its_way(
    studio: Studio, job_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "JOB_MAX_FILES", 2)
    keep_upload(studio, job_id, Q, "a.txt", [b"Be still."])
    open_upload(studio.jobs, job_id, V, "a.mp4", 2**30)
    with pytest.raises(LimitReachedError, match="has 2 files; at most 2 are kept"):
        open_upload(studio.jobs, job_id, V, "b.mp4", 1)
    with pytest.raises(LimitReachedError, match="has 2 files"):
        keep_upload(studio, job_id, Q, "b.txt", [b"Be still."])
    monkeypatch.setattr(uploads, "JOB_MAX_FILES", 9)
    monkeypatch.setattr(uploads, "JOB_MAX_BYTES", 2**30 + 20)
    open_upload(studio.jobs, job_id, V, "b.mp4", 11)
    with pytest.raises(LimitReachedError, match="has files of 1,073,741,844 bytes; with 1 more"):
        open_upload(studio.jobs, job_id, V, "c.mp4", 1)


def test_of_many_that_begin_at_once_no_more_than_the_limit_begin(
    studio: Studio, job_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "JOB_MAX_FILES", 3)

    def begin(number: int) -> bool:
        try:
            return open_upload(studio.jobs, job_id, V, f"{number}.mp4", 9) is not None
        except LimitReachedError:
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(begin, range(12))) == 3


def test_an_abandoned_upload_leaves_nothing_and_a_kept_one_its_file(studio: Studio, job_id: UUID, rain: bytes) -> None:
    upload = append(studio.jobs, studio.media, begun(studio, job_id, rain), rain[:3000])
    assert abandon(studio.jobs, studio.media, job_id, upload.id) == upload
    assert kept_files(studio) == []
    for verb in (
        lambda: abandon(studio.jobs, studio.media, job_id, upload.id),
        lambda: append(studio.jobs, studio.media, upload, rain[3000:]),
        lambda: complete(studio, upload),
    ):
        with pytest.raises(NotFoundError, match="has no upload"):
            verb()
    again = sent(studio, begun(studio, job_id, rain), rain)
    made = complete(studio, again)
    abandon(studio.jobs, studio.media, job_id, again.id)
    check_kept(studio, made, rain)


def test_an_upload_belongs_to_its_job(studio: Studio, order: Callable[..., JobRecord], rain: bytes) -> None:
    upload, other = begun(studio, order().id, rain), order().id
    with pytest.raises(NotFoundError, match="has no upload"):
        studio.jobs.get_upload(other, upload.id)
    with pytest.raises(NotFoundError, match="has no upload"):
        abandon(studio.jobs, studio.media, other, upload.id)
    with pytest.raises(NotFoundError, match="no job"):
        begun(studio, uuid4(), rain)


def test_what_waits_too_long_is_swept_and_nothing_else(
    studio: Studio, job_id: UUID, rain: bytes, database: Database
) -> None:
    lapsed, alive, kept, refused = (begun(studio, job_id, rain, f"{number}.wav") for number in range(4))
    for upload in (lapsed, alive):
        append(studio.jobs, studio.media, upload, rain[:3000])
    made = complete(studio, sent(studio, kept, rain))
    with pytest.raises(MediaError):
        complete(studio, sent(studio, refused, bytes(len(rain))))
    studio.media.append_part(uuid4(), 0, b"of a job that was deleted")
    assert sweep_uploads(studio.jobs, studio.media) == 1
    with database.engine.begin() as connection:
        query = "UPDATE job_uploads SET expires_at = now() - interval '1 second' WHERE id <> :alive"
        connection.execute(text(query), {"alive": alive.id})
    assert sweep_uploads(studio.jobs, studio.media) == 3
    assert sweep_uploads(studio.jobs, studio.media) == 0
    assert studio.jobs.get_uploads(job_id) == [studio.jobs.get_upload(job_id, alive.id)]
    assert studio.jobs.get_job_files(job_id) == [made]
    assert kept_files(studio) == [f".uploads/{alive.id}.part", made.media.key]
    # Its bytes are the sweeper's as long as nothing comes, and no longer.
    assert studio.jobs.drop_lapsed_upload(alive.id) is False


def test_each_block_puts_the_end_off(studio: Studio, job_id: UUID, rain: bytes) -> None:
    upload = begun(studio, job_id, rain, ttl_s=60.0)
    assert (upload.expires_at - upload.updated_at).total_seconds() == pytest.approx(60, abs=5)
    later = append(studio.jobs, studio.media, upload, rain[:10], ttl_s=7200.0)
    assert (later.expires_at - upload.expires_at).total_seconds() > 7000


def test_a_deleted_job_takes_its_uploads_along(studio: Studio, job_id: UUID, rain: bytes) -> None:
    upload = append(studio.jobs, studio.media, begun(studio, job_id, rain), rain[:3000])
    studio.jobs.cancel(job_id)
    discard(studio, job_id)
    with pytest.raises(NotFoundError):
        append(studio.jobs, studio.media, upload, rain[3000:])
    sweep_uploads(studio.jobs, studio.media)
    assert kept_files(studio) == []
