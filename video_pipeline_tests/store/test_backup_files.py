"""The folder of a backup and the files of the media store in it: damage, disks, and somebody who writes meanwhile."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from video_pipeline.domain.errors import InvalidInputError, MachineError
from video_pipeline.domain.uploads import FileType
from video_pipeline.store import LocalMediaStore, PostgresBackups, PostgresJobStore
from video_pipeline.store.backup import copies
from video_pipeline.store.backup import folder as form
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.furnished import held, put
from video_pipeline_tests.store.material import order_album, reference


def test_files_are_told_and_put_back(
    database: Database, media: LocalMediaStore, backups: PostgresBackups, tmp_path: Path
) -> None:
    for name in ("kept", "gone", "changed"):
        put(media, f"jobs/x/{name}.flac", name.encode())
    put(media, "jobs/x/later.flac", b"later")
    media.remove("jobs/x/later.flac")
    backups.make(tmp_path / "full", with_media=True)
    backups.make(tmp_path / "list")
    # The bytes are shared, and what happens to a name in the store does not reach them.
    copy = tmp_path / "full" / "media" / "jobs" / "x" / "kept.flac"
    assert copy.stat().st_ino == media.path("jobs/x/kept.flac").stat().st_ino
    media.remove("jobs/x/gone.flac")
    put(media, "jobs/x/changed.flac", b"Changed")
    for folder in ("list", "full"):
        found = backups.restore(tmp_path / folder)
        assert [each.key for each in found.missing] == ["jobs/x/gone.flac"]
        assert [each.key for each in found.changed] == ["jobs/x/changed.flac"]
        assert found.put_back == ()
    with pytest.raises(InvalidInputError, match="only a list"):
        backups.restore(tmp_path / "list", with_media=True)
    mended = backups.restore(tmp_path / "full", with_media=True)
    assert [each.key for each in mended.put_back] == ["jobs/x/changed.flac", "jobs/x/gone.flac"]
    for name in ("kept", "gone", "changed"):
        assert media.path(f"jobs/x/{name}.flac").read_bytes() == name.encode()
    assert media.path("jobs/x/gone.flac").stat().st_nlink == 1  # none of the backup's own names


def test_a_damaged_copy_spoils_no_other_and_is_told(
    database: Database,
    media: LocalMediaStore,
    backups: PostgresBackups,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = PostgresJobStore(database.engine)
    for name in ("a", "b", "c", "d"):
        put(media, f"jobs/x/{name}.flac", name.encode())
    job = order_album(store)
    monkeypatch.setattr("os.link", refuse)  # another disk, on which copies are damaged alone
    backups.make(tmp_path / "full", with_media=True)
    for name in ("a", "b", "c", "d"):
        media.remove(f"jobs/x/{name}.flac")
    kept = tmp_path / "full" / "media" / "jobs" / "x"
    (kept / "b.flac").write_bytes(b"B")
    (kept / "c.flac").unlink()
    (kept / "d.flac").unlink()
    (kept / "d.flac").mkdir()  # as on a disk that fails, reading is an error
    store.cancel(job.id)
    done = backups.restore(tmp_path / "full", replace=True, with_media=True)
    assert [each.key for each in done.put_back] == ["jobs/x/a.flac"]
    told = {each.key: each.why for each in done.failed}
    assert "is not what was written" in told["jobs/x/b.flac"]
    assert "has no copy" in told["jobs/x/c.flac"]
    assert "directory" in told["jobs/x/d.flac"]
    assert store.get_job(job.id).status is job.status
    assert media.keys("jobs/x/") == ["jobs/x/a.flac"]


def refuse(*_: object) -> None:
    """As a disk that gives no second name to the bytes of another one."""
    raise OSError(18, "Invalid cross-device link")


@pytest.fixture
def full(database: Database, media: LocalMediaStore, backups: PostgresBackups, tmp_path: Path) -> Path:
    """A backup with a file that the store has lost since, while somebody ordered another job."""
    put(media, "jobs/x/a.flac", b"sound")
    backups.make(tmp_path / "full", with_media=True)
    media.remove("jobs/x/a.flac")
    order_album(PostgresJobStore(database.engine))
    return tmp_path / "full"


def test_what_has_no_room_changes_nothing(
    database: Database,
    media: LocalMediaStore,
    backups: PostgresBackups,
    full: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = held(database.engine)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 5, 4))  # type: ignore[attr-defined] # its own name
    with pytest.raises(MachineError, match=r"have 5 bytes.* room for 4"):
        backups.restore(full, replace=True, with_media=True)
    assert held(database.engine) == before
    assert {path.name for path in tmp_path.iterdir()} == {"full", "media"}


def test_files_are_put_back_before_the_books_are(
    database: Database,
    media: LocalMediaStore,
    backups: PostgresBackups,
    full: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever stops it while files are copied has the books of before."""
    before = held(database.engine)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(media, "adopt", interrupted)
    with pytest.raises(KeyboardInterrupt):
        backups.restore(full, replace=True, with_media=True)
    assert held(database.engine) == before


@pytest.mark.parametrize("links", [True, False])
def test_what_is_being_written_is_not_in_a_backup(
    media: LocalMediaStore, backups: PostgresBackups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """A preview on its way was in one, with the checksum of its first half: no backup beside work could be restored."""
    if not links:
        monkeypatch.setattr("os.link", refuse)
    for name in ("whole.png", "growing.png", "bad.png"):
        put(media, f"jobs/x/sheets/{name}", b"12345")
    (media.root / "jobs/x/sheets/.preview.mp4.0a.part").write_bytes(b"half of i")
    grows, chunks = media.path("jobs/x/sheets/growing.png"), copies._chunks

    def meanwhile(file: BinaryIO) -> Iterator[bytes]:
        yield from chunks(file)
        if os.fstat(file.fileno()).st_ino == grows.stat().st_ino:
            with grows.open("ab") as more:
                more.write(b"6")

    opened = Path.open

    def failing(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self.name == "bad.png":
            raise OSError(errno.EIO, "Input/output error", str(self))
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(copies, "_chunks", meanwhile)
    bad = media.adopt(media.path("jobs/x/sheets/bad.png"), "jobs/x/sheets/bad.png")
    with monkeypatch.context() as disk:
        disk.setattr(Path, "open", failing)
        facts = backups.make(tmp_path / "backup", with_media=True)
        assert copies.compare(LocalMediaStore(media.root), [bad]) == ((), (bad,))
    assert facts.files == 1
    assert {each.key: each.why for each in facts.lacking} == {
        "jobs/x/sheets/growing.png": "somebody wrote to it while it was read",
        "jobs/x/sheets/bad.png": "it cannot be read: Input/output error",
    }
    names = {path.relative_to(tmp_path / "backup").as_posix() for path in (tmp_path / "backup").rglob("*.*")}
    assert {name for name in names if name.startswith("media/")} == {"media/jobs/x/sheets/whole.png"}
    assert backups.check(tmp_path / "backup") == facts
    test_sha256sum_reads_the_sums(tmp_path / "backup")


def test_what_the_books_name_and_the_store_has_not_is_told(
    database: Database, media: LocalMediaStore, backups: PostgresBackups, tmp_path: Path
) -> None:
    """Files that were lost before the backup are in no list of it, and were all there after a restore."""
    store = PostgresJobStore(database.engine)
    job = order_album(store).id
    put(media, "other.txt", b"another text")
    for name in ("lost.txt", "other.txt"):
        store.add_file(job, FileType.QUOTES, name, reference(name))
    told = [(each.key, each.why) for each in backups.make(tmp_path / "backup").lacking]
    assert told == [
        ("lost.txt", "the books name this upload, and it was not in the media store"),
        ("other.txt", "it is not the upload that the books name"),
    ]


def test_only_its_owner_may_look_into_a_backup(intact: Path, tmp_path: Path) -> None:
    made = [path for path in intact.rglob("*") if path.is_file() and "media" not in path.relative_to(intact).parts]
    assert len(made) > 20
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}


def test_what_a_killed_backup_left_goes_with_the_next_one(backups: PostgresBackups, tmp_path: Path) -> None:
    left, other = tmp_path / ".backup.0123456789ab", tmp_path / ".backup.notes"
    for folder in (left, other):
        (folder / "database").mkdir(parents=True)
    with form.written_aside(tmp_path / "backup") as running:
        backups.make(tmp_path / "backup")
        assert running.is_dir()
        assert not left.exists()
        shutil.move(tmp_path / "backup", tmp_path / "made")  # the running one would find it in its way
    assert other.is_dir()


def test_sha256sum_reads_the_sums(intact: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--quiet", form.SUMS], cwd=intact, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
