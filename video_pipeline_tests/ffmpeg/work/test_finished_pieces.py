"""Pieces of work of two files, killed between them: what had appeared is not made again by who comes after."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from video_pipeline.ffmpeg.picture.canvas import Size
from video_pipeline.ffmpeg.picture.layers import keep_words
from video_pipeline.ffmpeg.sound.voice import AudioCodec, Voice, chunks_of, encode_chunk
from video_pipeline.ffmpeg.work import cache as cache_module
from video_pipeline.ffmpeg.work.cache import Cache, Session
from video_pipeline.ffmpeg.work.crew import StopFlag

Work = Callable[[Session], object]


class Killed(BaseException):
    """What no code of the product can catch, as SIGKILL."""


@pytest.fixture
def sound(tmp_path: Path) -> Work:
    mix = tmp_path / "mix"
    mix.write_bytes(np.random.default_rng(3).integers(-9000, 9000, (48_000, 2), np.int16).tobytes())
    voice, flag = Voice(AudioCodec.AAC, 192_000), StopFlag(tmp_path / "stop")
    (chunk,) = chunks_of(48_000, voice, 48_000)
    return lambda session: encode_chunk(mix, chunk, voice, session, flag)


@pytest.fixture
def words(tmp_path: Path) -> Work:
    flag = StopFlag(tmp_path / "stop")
    return lambda session: keep_words("Late rain", Size(320, 180), session, flag)


def entries(cache: Cache) -> dict[str, int]:
    """The pieces that are there, each with its inode."""
    return {path.name: path.stat().st_ino for path in cache.root.glob("entries/*/*")}


def killed_at(number: int, cache: Cache, work: Work) -> bool:
    """Whether `work` was killed as it had let its piece of that number, from 0, appear; False once it has no more."""
    appeared = count()
    link = cache_module._link

    def deadly(source: Path, target: Path) -> None:
        link(source, target)
        if "entries" in target.parts and next(appeared) == number:
            raise Killed

    with pytest.MonkeyPatch.context() as patch, cache.session() as session:
        patch.setattr(cache_module, "_link", deadly)
        try:
            work(session)
        except Killed:
            return True
        return False


@pytest.mark.parametrize("kind", ["sound", "words"])
def test_what_had_appeared_at_a_kill_is_kept(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    work: Work = request.getfixturevalue(kind)
    kills = 0
    while killed_at(kills, cache := Cache(tmp_path / str(kills)), work):
        before = entries(cache)
        assert len(before) == kills + 1
        for path in cache.root.glob("entries/*/*"):
            os.link(path, tmp_path / path.name)  # the number of a file that is gone may be given to the next one
        with cache.session() as session:
            work(session)
        assert before.items() <= entries(cache).items()
        for name in before:
            (tmp_path / name).unlink()
        kills += 1
    assert kills == len(entries(cache)) == 2
    assert os.listdir(cache.root / "sessions") == []
