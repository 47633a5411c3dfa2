"""A file on its way to its name: it is in nobody's way, and nobody is in its."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import av
import pytest

from video_pipeline.domain.errors import MediaError
from video_pipeline.ffmpeg.work.aside import aside, beside, not_made


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_two_writers_of_one_file_do_not_meet_and_files_of_similar_names_stay(tmp_path: Path) -> None:
    out, own = tmp_path / "film.mp4", tmp_path / "film.mp4.part"
    own.write_bytes(b"the user's")
    with aside(out) as one:
        one.write_bytes(b"one")
        with aside(out) as two:
            two.write_bytes(b"two")
        assert (out.read_bytes(), one.read_bytes()) == (b"two", b"one")
        assert one.name.startswith(".film.mp4.")
    assert out.read_bytes() == b"one"
    assert own.read_bytes() == b"the user's"
    assert names(tmp_path) == {"film.mp4", "film.mp4.part"}


def test_what_failed_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "film.mp4"
    out.write_bytes(b"old")

    def write() -> None:
        with aside(out) as part:
            part.write_bytes(b"half")
            raise MediaError("broken")

    with pytest.raises(MediaError):
        write()
    assert out.read_bytes() == b"old"
    assert names(tmp_path) == {"film.mp4"}


def test_the_longest_name_has_room_beside_it(tmp_path: Path) -> None:
    out = tmp_path / ("ä" * 125 + ".mp4")  # 254 bytes
    with aside(out) as part:
        part.write_bytes(b"whole")
    assert out.read_bytes() == b"whole"
    assert beside(out, ".flac").suffix == ".flac"


@pytest.mark.parametrize("kind", [OSError, av.FFmpegError])
def test_only_a_full_disk_is_called_full(kind: type[OSError | av.FFmpegError]) -> None:
    for number, full in ((errno.ENOSPC, True), (errno.EDQUOT, True), (errno.ENOENT, False), (errno.EMFILE, False)):
        told = str(not_made(Path("/films/film.mp4"), kind(number, os.strerror(number))))
        assert told.startswith("cannot make film.mp4: ")
        assert os.strerror(number) in told
        assert ("make room" in told) is full
