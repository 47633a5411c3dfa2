"""The cache of finished pieces: bounded, safe while others use it, whole pieces or nothing."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from video_pipeline.domain.errors import TransientError
from video_pipeline.ffmpeg.work.cache import Cache, bulky, key_of
from video_pipeline.ffmpeg.work.coded import Coded, is_whole, read_coded, read_facts, write_coded


def fill(cache: Cache, names: list[str], size: int = 1000) -> None:
    with cache.session() as session:
        for name in names:
            session.add(key_of(name), lambda path: path.write_bytes(bytes(size)))
            entry = cache.root / "entries" / key_of(name)[:2] / key_of(name)
            os.utime(entry, (time.time() - 1000 + names.index(name),) * 2)


def holds(cache: Cache, name: str) -> bool:
    with cache.session() as session:
        return session.find(key_of(name)) is not None


def test_least_recently_used_pieces_go_first(tmp_path: Path) -> None:
    generous, tight = Cache(tmp_path, 10_000), Cache(tmp_path, 2500)
    fill(generous, ["a", "b", "c", "d"])
    with generous.session() as session:
        assert session.find(key_of("a"))  # used now
    tight.evict()
    assert [name for name in "abcd" if holds(generous, name)] == ["a", "d"]


def test_bulky_pieces_go_before_all_others(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 10_000)
    fill(cache, ["a", "b"])
    with cache.session() as session:
        session.add(bulky(key_of("mix")), lambda path: path.write_bytes(bytes(2000)))
        Cache(tmp_path, 2500).evict()
        assert session.find(bulky(key_of("mix"))) is not None
    with cache.session() as session:
        assert session.find(bulky(key_of("mix"))) is None
    assert holds(cache, "a")
    assert holds(cache, "b")


def test_what_cannot_be_removed_stays_and_costs_no_render(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A session that a dead process of another user left behind made every finished render fail at its end."""
    (tmp_path / "sessions" / "dead" / "lock").mkdir(parents=True)  # like a file of root's it cannot be opened
    stuck = tmp_path / "entries" / "aa" / "a"
    stuck.mkdir(parents=True)
    os.utime(stuck, (1, 1))
    fill(Cache(tmp_path), ["a", "b", "c"])
    with Cache(tmp_path, stuck.stat().st_size + 1500).session():
        pass
    assert [name for name in "abc" if holds(Cache(tmp_path), name)] == ["c"]
    told = " ".join(record.getMessage() for record in caplog.records)
    assert f"cannot remove {tmp_path}/sessions/dead" in told
    assert f"cannot remove {stuck}" in told


def test_a_piece_that_the_cache_cannot_keep_is_there_for_its_session(tmp_path: Path) -> None:
    cache, key = Cache(tmp_path), key_of("a")
    (tmp_path / "entries").mkdir()
    (tmp_path / "entries" / key[:2]).write_text("no directory")
    with cache.session() as session:
        assert session.add(key, lambda path: path.write_bytes(b"whole")).read_bytes() == b"whole"
        assert session.find(key) is not None


def test_two_threads_that_find_a_piece_at_once_both_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, real = Cache(tmp_path), os.link
    fill(kept, ["a"])

    def overtaken(source: Path, target: Path) -> None:
        real(source, target)
        real(source, target)

    monkeypatch.setattr(os, "link", overtaken)
    with kept.session() as session:
        found = session.find(key_of("a"))
        assert found is not None
        assert found.read_bytes() == bytes(1000)


def test_a_piece_in_use_survives_eviction(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 10_000)
    fill(cache, ["a"])
    with cache.session() as session:
        used = session.find(key_of("a"))
        Cache(tmp_path, 0).evict()
        assert used is not None
        assert used.read_bytes() == bytes(1000)
    assert not holds(cache, "a")


def test_a_piece_that_failed_half_way_does_not_appear(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    cache = Cache(tmp_path)
    with cache.session() as session:
        with pytest.raises(OSError, match="disk full"):
            session.add(key_of("a"), write)
        assert session.find(key_of("a")) is None
        assert [path.name for path in session.own.iterdir()] == ["lock"]


def test_session_of_a_killed_process_is_swept_and_its_pieces_stay(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from video_pipeline.ffmpeg.work.cache import Cache, key_of\n"
        "with Cache(Path(sys.argv[1])).session() as session:\n"
        "    session.add(key_of('a'), lambda path: path.write_bytes(b'whole'))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=60)
    assert done.returncode == -9
    assert len(list((tmp_path / "sessions").iterdir())) == 1
    cache = Cache(tmp_path)
    with cache.session() as session:
        cache.evict()
        assert list((tmp_path / "sessions").iterdir()) == [session.own]
    assert holds(cache, "a")


def test_two_writers_of_one_piece_do_not_disturb_each_other(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with cache.session() as one, cache.session() as two:
        paths = [session.add(key_of("a"), lambda path: path.write_bytes(b"same")) for session in (one, two)]
        assert [path.read_bytes() for path in paths] == [b"same", b"same"]


def test_the_limit_holds_and_pieces_in_use_stay_while_many_sessions_add_and_evict(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 5000)

    def work(worker: int) -> None:
        for turn in range(5):
            with cache.session() as session:
                keys = [key_of([worker, turn, number]) for number in range(4)]
                paths = [session.add(key, lambda path: path.write_bytes(bytes([worker]) * 1000)) for key in keys]
                cache.evict()
                assert all(path.read_bytes() == bytes([worker]) * 1000 for path in paths)
                assert all(session.find(key) == path for key, path in zip(keys, paths, strict=True))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    left = [path.stat().st_size for path in (tmp_path / "entries").glob("*/*")]
    assert 0 < sum(left) <= 5000
    assert list((tmp_path / "sessions").iterdir()) == []


def test_damaged_json_counts_as_missing(tmp_path: Path) -> None:
    with Cache(tmp_path).session() as session:
        for damage in (b'{"whole": 1', b'{"whole": 1}', b"00000000\n{}", b""):
            session.add(key_of("a"), lambda path, damage=damage: path.write_bytes(damage))
            assert session.find_json(key_of("a")) is None
        session.add_json(key_of("a"), {"whole": 1})
        assert session.find_json(key_of("a")) == {"whole": 1}
        kept = session.find(key_of("a"))
        assert kept is not None
        kept.write_bytes(kept.read_bytes().replace(b"1}", b"2}"))
        assert session.find_json(key_of("a")) is None


def test_packets_come_back_as_they_were_and_damage_is_noticed(tmp_path: Path) -> None:
    coded = Coded(b"\x00head\n", (b"one\n", b"", b"three" * 100), (0, 2, 1))
    path = tmp_path / "coded"
    write_coded(coded, path)
    assert read_coded(path) == coded
    assert is_whole(path)
    content = path.read_bytes()
    index_end = content.index(b"}")
    for place in (0, 20, 30, index_end - 3, index_end, len(content) - 1):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert not is_whole(path), place
        with pytest.raises(TransientError, match="coded were damaged"):
            read_coded(path)
        if place <= index_end and place != 30:  # the check of the packets
            with pytest.raises(TransientError, match="coded were damaged"):
                read_facts(path)
    for rest in (content[:-1], content[:40], content + b"X", b""):
        path.write_bytes(rest)
        assert not is_whole(path)


def test_session_that_is_swept_before_it_holds_its_lock_opens_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process swept between opening and locking; the session then worked in a directory that was gone."""
    cache, real, swept = Cache(tmp_path), fcntl.flock, []

    def late(lock: IO[str], operation: int) -> None:
        if not swept:
            swept.append(lock.name)
            shutil.rmtree(Path(lock.name).parent)
        real(lock, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with cache.session() as session:
        session.add("ab" * 32, lambda path: path.write_bytes(b"piece"))
    assert swept
    assert [path.read_bytes() for path in (tmp_path / "entries" / "ab").iterdir()] == [b"piece"]
