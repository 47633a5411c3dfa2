"""Files in the media store: complete or not there, inside or refused."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from uuid import uuid4

import pytest

from video_pipeline.domain.errors import CancelledError, InvalidInputError, MachineError, MediaError, NotFoundError
from video_pipeline.domain.media import MediaReference
from video_pipeline.store import LocalMediaStore


def made(path: Path, content: bytes = b"sound") -> Path:
    """A finished file somewhere."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def tree(media: LocalMediaStore) -> set[str]:
    """All files under the root."""
    return {str(path.relative_to(media.root)) for path in media.root.rglob("*") if not path.is_dir()}


HOLD = """
import sys
from pathlib import Path
from video_pipeline.store import LocalMediaStore
with LocalMediaStore(Path(sys.argv[1])).lock("exports/1/a.mp4"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_keeps_other_processes_out_until_its_holder_is_gone(media: LocalMediaStore) -> None:
    entered = threading.Event()

    def enter() -> None:
        with media.lock("exports/1/a.mp4"):
            entered.set()

    arguments = [sys.executable, "-c", HOLD, str(media.root)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with media.lock("exports/1/b.mp4"):
            pass  # another key is free
        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.3)
        holder.kill()
        assert entered.wait(30)
        waiting.join()


def test_who_waits_for_a_lock_can_be_cancelled(media: LocalMediaStore) -> None:
    """An export that was cancelled while another one rendered went on waiting for hours."""
    asked: list[bool] = []

    def enter(answers: list[bool]) -> None:
        with media.lock("exports/1/a.mp4", lambda: bool(asked.append(True)) or answers.pop(0)):
            pass

    enter([])  # nobody is asked where nobody waits
    assert not asked
    with media.lock("exports/1/a.mp4"), pytest.raises(CancelledError, match=r"exports/1/a\.mp4 was cancelled"):
        enter([False, True])
    assert len(asked) == 2
    enter([])
    assert tree(media) == set()


def test_of_many_threads_one_holds_a_lock(media: LocalMediaStore) -> None:
    inside, most, count, guard = 0, 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most, count
        for _ in range(40):
            with media.lock("k"):
                with guard:
                    inside += 1
                    most = max(most, inside)
                count += 1
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, count) == (1, 320)
    assert tree(media) == set()


def test_keys_are_listed_by_how_they_begin(media: LocalMediaStore, tmp_path: Path) -> None:
    assert media.keys("jobs/") == []
    for key in ("jobs/1/music/02.flac", "jobs/1/music/01.flac", "jobs/1/master-a1.mp4", "jobs/11/master-a1.mp4"):
        media.adopt(made(tmp_path / "out"), key)
    assert media.keys("jobs/1/music/") == ["jobs/1/music/01.flac", "jobs/1/music/02.flac"]
    assert media.keys("jobs/1/master-") == ["jobs/1/master-a1.mp4"]
    assert media.keys("jobs/1/") == ["jobs/1/master-a1.mp4", "jobs/1/music/01.flac", "jobs/1/music/02.flac"]
    assert len(media.keys("jobs")) == 4
    with media.scratch(uuid4()) as scratch:
        made(scratch / "jobs")
        assert len(media.keys("jobs")) == 4
    for prefix in ("", "/", "../", "jobs//", "jobs/../"):
        with pytest.raises(InvalidInputError):
            media.keys(prefix)


def test_a_file_is_adopted_under_its_key(media: LocalMediaStore, tmp_path: Path) -> None:
    source = made(tmp_path / "out.flac")
    reference = media.adopt(source, "jobs/1/music/01.flac")
    assert reference == MediaReference("jobs/1/music/01.flac", hashlib.sha256(b"sound").hexdigest(), 5)
    assert not source.exists()
    assert media.locate(reference).read_bytes() == b"sound"
    assert media.holds(reference)
    replaced = media.adopt(made(tmp_path / "out.flac", b"better"), reference.key)
    assert media.holds(replaced)
    assert not media.holds(reference)
    assert tree(media) == {reference.key}


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../outside",
        "jobs/../../outside",
        "jobs/..",
        "jobs/./x",
        "jobs//x",
        "jobs/",
        "a\x00b",
        "a\nb",
        "..\\outside",
        "C:\\x",
        ".scratch/x",
        ".hidden",
        "a/" * 600 + "x",
        "x" * 256,
        "é" * 128,
        "\ud800",
    ],
)
def test_keys_that_are_none_are_refused(media: LocalMediaStore, tmp_path: Path, key: str) -> None:
    source = made(tmp_path / "out.flac")
    reference = MediaReference(key, "0" * 64, 5)
    calls = (
        lambda: media.path(key),
        lambda: media.adopt(source, key),
        lambda: media.remove(key),
        lambda: media.locate(reference),
        lambda: media.duplicate(media.adopt(made(tmp_path / "other"), "a"), key),
    )
    for call in calls:
        with pytest.raises(InvalidInputError, match="media key"):
            call()
    assert source.exists()


def test_links_do_not_lead_out(media: LocalMediaStore, tmp_path: Path) -> None:
    secret = made(tmp_path / "secret" / "key", b"hunter2")
    media.root.mkdir()
    (media.root / "jobs").symlink_to(secret.parent)
    (media.root / "link").symlink_to(secret)
    for key in ("jobs/key", "link", "jobs/new"):
        for call in (media.path, media.remove, lambda key: media.adopt(made(tmp_path / "out"), key)):
            with pytest.raises(InvalidInputError, match="leads out"):
                call(key)
    assert secret.read_bytes() == b"hunter2"
    assert not (secret.parent / "new").exists()


def test_a_checksum_that_the_maker_took_is_believed_of_a_file_that_is_only_renamed(
    media: LocalMediaStore, tmp_path: Path
) -> None:
    claimed = "ab" * 32
    reference = media.adopt(made(tmp_path / "out.mp4"), "a.mp4", sha256=claimed)
    assert reference.sha256 == claimed
    assert not media.holds(reference)  # who asks is told the truth
    with pytest.raises(MediaError, match="empty"):
        media.adopt(made(tmp_path / "empty", b""), "b.mp4", sha256=claimed)


def test_a_link_is_not_adopted(media: LocalMediaStore, tmp_path: Path) -> None:
    secret = made(tmp_path / "secret", b"hunter2")
    link = tmp_path / "out.flac"
    link.symlink_to(secret)
    with pytest.raises(MediaError, match="not a plain file"):
        media.adopt(link, "a")
    assert tree(media) == set()


def test_a_file_that_is_in_its_place_already_stays(media: LocalMediaStore, tmp_path: Path) -> None:
    reference = media.adopt(made(tmp_path / "out.flac"), "a")
    assert media.adopt(media.path("a"), "a") == reference
    assert media.holds(reference)


def test_a_file_with_a_second_name_is_copied(media: LocalMediaStore, tmp_path: Path) -> None:
    """Whoever holds the other name could change the bytes after they were recorded."""
    source = made(tmp_path / "out.flac")
    os.link(source, tmp_path / "twin")
    reference = media.adopt(source, "a")
    made(tmp_path / "twin", b"noise")
    assert media.holds(reference)
    assert not source.exists()


def test_nothing_and_too_little_is_refused(media: LocalMediaStore, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        media.adopt(tmp_path / "missing", "a")
    with pytest.raises(MediaError, match="empty"):
        media.adopt(made(tmp_path / "empty", b""), "a")
    with pytest.raises(MediaError, match="not a plain file"):
        media.adopt(tmp_path, "a")
    assert tree(media) == set()


def test_what_is_recorded_is_checked(media: LocalMediaStore, tmp_path: Path) -> None:
    reference = media.adopt(made(tmp_path / "out", b"12345"), "a/b")
    assert media.holds(reference)
    media.path("a/b").write_bytes(b"54321")
    assert not media.holds(reference)  # the same size, another content
    media.path("a/b").write_bytes(b"1")
    with pytest.raises(MediaError, match="has 1 bytes, recorded are 5"):
        media.locate(reference)
    media.remove("a/b")
    media.remove("a/b")
    media.remove("a/b/c")
    with pytest.raises(NotFoundError):
        media.locate(reference)
    assert not media.holds(reference)
    with pytest.raises(InvalidInputError):
        media.remove("a")
    with pytest.raises(MediaError, match="not a file"):
        media.locate(MediaReference("a", "0" * 64, 5))


def test_a_second_name_shares_the_bytes_and_outlives_the_first(media: LocalMediaStore, tmp_path: Path) -> None:
    master = media.adopt(made(tmp_path / "out"), "jobs/1/master.mp4")
    for _ in range(2):
        export = media.duplicate(master, "exports/1/mp4_high.mp4")
    assert export == MediaReference("exports/1/mp4_high.mp4", master.sha256, master.bytes)
    assert media.path(export.key).samefile(media.path(master.key))
    media.adopt(made(tmp_path / "out", b"another"), master.key)
    assert media.holds(export)
    with pytest.raises(MediaError):
        media.duplicate(MediaReference(export.key, "0" * 64, 5), "b")
    with pytest.raises(NotFoundError):
        media.duplicate(MediaReference("gone", "0" * 64, 5), "b")
    assert not media.path("b").exists()


def test_without_hard_links_a_second_name_is_a_copy(
    media: LocalMediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    master = media.adopt(made(tmp_path / "out"), "a")
    monkeypatch.setattr(os, "link", refuse)
    export = media.duplicate(master, "b")
    assert media.holds(export)
    assert not media.path("a").samefile(media.path("b"))


def test_files_come_from_other_file_systems(media: LocalMediaStore) -> None:
    elsewhere = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path("/tmp")
    source = made(elsewhere / f"vp-{uuid4().hex}")
    reference = media.adopt(source, "a/b")
    assert media.holds(reference)
    assert not source.exists()
    assert tree(media) == {"a/b"}


def test_scratch_is_private_and_goes_away(media: LocalMediaStore) -> None:
    job = uuid4()
    with media.scratch(job) as first, media.scratch(job) as second:
        assert first != second
        made(first / "deep" / "file")
        assert first.stat().st_dev == media.root.stat().st_dev
    with pytest.raises(ZeroDivisionError):
        fail_in(media)
    assert tree(media) == set()
    assert list((media.root / ".scratch").iterdir()) == []


def fail_in(media: LocalMediaStore) -> None:
    """An attempt that ends with an error."""
    with media.scratch(uuid4()) as scratch:
        made(scratch / "file")
        raise ZeroDivisionError


def test_many_threads_share_a_store(media: LocalMediaStore, tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                with media.scratch(uuid4()) as scratch:
                    reference = media.adopt(made(scratch / "x", b"%d" % number), f"jobs/{number}/{turn}")
                    assert media.holds(reference)
        except BaseException as error:  # noqa: BLE001 - told to the test below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(tree(media)) == 30


KILLED = """
import os, signal, sys
from pathlib import Path
from uuid import uuid4
from video_pipeline.store import LocalMediaStore
media = LocalMediaStore(Path(sys.argv[1]))
with media.scratch(uuid4()) as scratch:
    (scratch / "half.mp4").write_bytes(b"half")
    print(scratch, flush=True)
    sys.stdin.readline()
"""


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_uses_is_not(media: LocalMediaStore) -> None:
    def start() -> tuple[subprocess.Popen[str], Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(media.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    (killed, left), (living, used) = start(), start()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert (left / "half.mp4").exists()
    with media.scratch(uuid4()):
        assert not left.exists()
        assert (used / "half.mp4").exists()
    living.communicate("\n")
    assert living.returncode == 0
    assert tree(media) == set()


@pytest.mark.parametrize("step", ["read", "flush", "rename"])
def test_a_crash_leaves_the_old_file_or_the_new_one(
    media: LocalMediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    old = media.adopt(made(tmp_path / "out", b"old"), "a")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    name = {"read": (hashlib, "file_digest"), "flush": (os, "fsync"), "rename": (Path, "replace")}[step]
    with monkeypatch.context() as patch:
        patch.setattr(*name, crash)
        with pytest.raises(KeyboardInterrupt):
            media.adopt(made(tmp_path / "out", b"new"), "a")
    assert media.holds(old)
    assert tree(media) == {"a"}
    assert media.holds(media.adopt(tmp_path / "out", "a"))  # what was made is still there


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_return(
    media: LocalMediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media.root.mkdir()
    source = made(tmp_path / "out")
    happened: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def spy_fsync(descriptor: int) -> None:
        happened.append(f"flush {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        fsync(descriptor)

    def spy_replace(self: Path, target: Path) -> Path:
        happened.append(f"rename to {target.name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(Path, "replace", spy_replace)
    media.adopt(source, "jobs/1/a.flac")
    assert happened == ["flush out", "rename to a.flac", "flush 1", "flush jobs", "flush media"]


def test_a_disk_that_refuses_is_the_machines_fault(
    media: LocalMediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match="No space left"):
        media.adopt(made(tmp_path / "out"), "a")
    assert tree(media) == set()
