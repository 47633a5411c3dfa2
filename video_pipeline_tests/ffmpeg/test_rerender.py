"""What is kept between renders, and what is left behind when one is stopped: finished stretches, and nothing else."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import CancelledError, MediaError
from video_pipeline.domain.timeline import Motion
from video_pipeline.ffmpeg import FfmpegBinary, FfmpegTools
from video_pipeline.ffmpeg.work.cache import Cache
from video_pipeline_tests.ffmpeg.material import Workshop, detailed_picture


def test_second_render_encodes_nothing_and_is_the_same_file(fresh: Workshop, tmp_path: Path) -> None:
    timeline = fresh.album(3)
    first = fresh.render(timeline, "mp4_256x144@1000k", tmp_path / "a.mp4")
    messages: list[str] = []
    second = fresh.render(
        timeline, "mp4_256x144@1000k", tmp_path / "b.mp4", report=lambda share, text: messages.append(text)
    )
    assert (first.stretches_encoded, first.stretches_reused) == (5, 0)
    assert (second.stretches_encoded, second.stretches_reused) == (0, 5)
    assert second.media.sha256 == first.media.sha256
    assert not [text for text in messages if "sound" in text and "encoded" in text]


def test_another_format_with_the_same_codecs_reuses_pictures_and_sound(fresh: Workshop, tmp_path: Path) -> None:
    timeline = fresh.album(2)
    fresh.render(timeline, "mp4_256x144@1000k", tmp_path / "a.mp4")
    report = fresh.render(timeline, "mov_256x144@1000k", tmp_path / "b.mov")
    assert (report.stretches_encoded, report.stretches_reused) == (0, 3)


def test_another_bit_rate_does_not_mix_again(fresh: Workshop, tmp_path: Path) -> None:
    timeline = fresh.album(2)
    fresh.render(timeline, "mp4_256x144@1000k", tmp_path / "a.mp4")
    messages: list[str] = []
    fresh.render(timeline, "webm_256x144@2000k", tmp_path / "b.webm", report=lambda share, text: messages.append(text))
    assert any(text.startswith("encoded sound") for text in messages)
    assert not [text for text in messages if text.startswith(("decoded", "mixed"))]


def test_a_changed_picture_costs_its_still_and_two_dissolves(fresh: Workshop, tmp_path: Path) -> None:
    pictures = [fresh.picture(number) for number in range(4)]
    fresh.render(fresh.album(4, seconds=4, pictures=pictures), "mp4_256x144@1000k", tmp_path / "a.mp4")
    pictures[1] = detailed_picture(fresh.folder / "other.png", 99)
    messages: list[str] = []
    report = fresh.render(
        fresh.album(4, seconds=4, pictures=pictures),
        "mp4_256x144@1000k",
        tmp_path / "a.mp4",
        report=lambda share, text: messages.append(text),
    )
    assert (report.stretches_encoded, report.stretches_reused) == (3, 4)
    assert not [text for text in messages if "sound" in text and "encoded" in text]


def test_a_stretch_that_was_cut_short_on_disk_is_made_again(fresh: Workshop, tmp_path: Path) -> None:
    timeline = fresh.album(2)
    first = fresh.render(timeline, "mp4_256x144@1000k", tmp_path / "a.mp4")
    for entry in (tmp_path / "cache" / "entries").glob("*/*"):
        entry.write_bytes(entry.read_bytes()[:-1])
    second = fresh.render(timeline, "mp4_256x144@1000k", tmp_path / "b.mp4")
    assert second.stretches_encoded == 3
    assert second.media.sha256 == first.media.sha256


@pytest.mark.slow
def test_pieces_damaged_on_disk_are_made_again(fresh: Workshop, tmp_path: Path) -> None:
    """One wrong byte made every later render fail, and the advice named a file that was gone by then."""
    timeline = fresh.album(2, seconds=4)
    first = fresh.render(timeline, "mp4_64x64", tmp_path / "a.mp4")
    for place in (20, 40, -3):  # the checks, the index, the packets
        for entry in (tmp_path / "cache" / "entries").glob("*/*"):
            content = bytearray(entry.read_bytes())
            content[place] ^= 0x55
            entry.write_bytes(content)
        again = fresh.render(timeline, "mp4_64x64", tmp_path / "b.mp4")
        assert again.stretches_encoded == 3
        assert again.media.sha256 == first.media.sha256


def test_the_mix_goes_first_when_the_cache_is_full(fresh: Workshop, tmp_path: Path) -> None:
    """An hour of it pushed hours of pictures out, which take far longer to make."""
    timeline = fresh.album(2, seconds=4)
    fresh.render(timeline, "mp4_64x64", tmp_path / "a.mp4")
    cache = Cache(tmp_path / "cache")
    entries = sorted((cache.root / "entries").glob("*/*"), key=lambda entry: entry.stat().st_size)
    *others, mix = entries
    assert mix.stat().st_size == timeline.samples * 4
    for number, entry in enumerate(entries):
        os.utime(entry, (1e9 + number,) * 2)  # the mix was used last
    Cache(cache.root, sum(entry.stat().st_size for entry in others)).evict()
    assert set((cache.root / "entries").glob("*/*")) == set(others)
    # All that was told of it is there, and what needs it makes it anew.
    report = fresh.render(timeline, "flac_high", tmp_path / "a.flac")
    assert report.loudness.integrated_lufs == pytest.approx(-14, abs=0.5)
    assert fresh.render(timeline, "mp4_64x64", tmp_path / "b.mp4").stretches_encoded == 0
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


CHILD = """
import pickle, sys
from pathlib import Path
from video_pipeline.cores import Cores
from video_pipeline.domain.delivery import MASTER
from video_pipeline.ffmpeg import FfmpegTools
if __name__ == "__main__":
    binary, timeline, material, cache, out = pickle.loads(Path(sys.argv[1]).read_bytes())
    tools = FfmpegTools(binary, Cores(2), cache)
    tools.render(timeline, MASTER, out, locate=lambda m: material / m.key, report=lambda s, t: print(t, flush=True),
                 cancelled=lambda: False)
"""


@pytest.mark.slow
def test_what_a_killed_render_finished_is_not_done_again(fresh: Workshop, tmp_path: Path, binary: FfmpegBinary) -> None:
    timeline = fresh.album(4, seconds=4)
    cache, out = tmp_path / "cache", tmp_path / "out.mp4"
    (tmp_path / "order").write_bytes(pickle.dumps((binary, timeline, fresh.folder, cache, out)))
    (tmp_path / "child.py").write_text(CHILD)
    child = subprocess.Popen(
        [sys.executable, str(tmp_path / "child.py"), str(tmp_path / "order")], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child.stdout as lines:
        seen = 0
        while seen < 3:  # stretches of picture
            seen += next(lines).startswith("encoded picture")
        family = psutil.Process(child.pid).children(recursive=True)
        child.send_signal(signal.SIGKILL)
        child.wait()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    assert not out.exists()
    report = fresh.render(timeline, "mp4_high", out)
    assert report.stretches_reused >= 3
    assert report.stretches_encoded + report.stretches_reused == 7
    assert list((cache / "sessions").iterdir()) == []


def test_cancelling_leaves_no_file_and_no_process(workshop: Workshop, tmp_path: Path, binary: FfmpegBinary) -> None:
    timeline = workshop.album(4, motion=Motion.SLOW_ZOOM)
    out, cache = tmp_path / "out" / "a.mp4", tmp_path / "cache"
    out.parent.mkdir()
    progressed: list[float] = []
    with Cores() as cores:
        shop = Workshop(workshop.folder, FfmpegTools(binary, cores, cache), workshop.ffmpeg)
        with pytest.raises(CancelledError):
            shop.render(
                timeline,
                "mp4_high",
                out,
                report=lambda share, text: progressed.append(share),
                cancelled=lambda: len(progressed) > 4,
            )
        assert not [p for p in psutil.Process().children(recursive=True) if p.name().startswith("ffmpeg")]
        # The workers are free for the next render at once.
        began = cores.submit(os.getpid)
        assert began.result(timeout=30) > 0
    assert list(out.parent.iterdir()) == []
    assert list((cache / "sessions").iterdir()) == []
    assert 0 < progressed[-1] < 1


def test_a_failing_stretch_fails_the_render_and_leaves_nothing(fresh: Workshop, tmp_path: Path) -> None:
    broken = fresh.folder / "broken.png"
    broken.write_bytes(fresh.picture(0).read_bytes()[:5000])
    out = tmp_path / "out" / "a.mp4"
    out.parent.mkdir()
    with pytest.raises(MediaError, match=r"broken\.png"):
        fresh.render(fresh.album(2, pictures=[fresh.picture(0), broken]), "mp4_256x144@1000k", out)
    assert list(out.parent.iterdir()) == []


def test_an_existing_file_stays_until_the_new_one_is_whole(fresh: Workshop, tmp_path: Path) -> None:
    out, neighbour = tmp_path / "a.mp4", tmp_path / "a.mp4.part"
    out.write_bytes(b"the old one")
    neighbour.write_bytes(b"the user's own")
    with pytest.raises(CancelledError):
        fresh.render(fresh.album(2), "mp4_256x144@1000k", out, cancelled=lambda: True)
    assert out.read_bytes() == b"the old one"
    assert neighbour.read_bytes() == b"the user's own"
