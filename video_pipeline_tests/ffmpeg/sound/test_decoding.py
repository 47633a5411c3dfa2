"""Decoding pieces of music: both ways give the very samples, and neither lets damage or a trap pass."""

from __future__ import annotations

import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.media import AudioFacts, Loudness, MediaReference
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, TimeRange
from video_pipeline.domain.timeline import PictureClip, SoundClip, Timeline
from video_pipeline.ffmpeg.sound.forecast import predicted_limiting, predicted_powers
from video_pipeline.ffmpeg.sound.loudness import CELL, STEP
from video_pipeline.ffmpeg.sound.tracks import EXACT, Analysis, decode, load_pcm, scale_of
from video_pipeline_tests.ffmpeg.material import Workshop, music, write_sound


def decoded(workshop: Workshop, audio: Path, folder: Path) -> tuple[str, NDArray[np.float64]]:
    raw = folder / f"{audio.name}.raw"
    suffix = decode(workshop.ffmpeg, audio, raw)
    pcm = load_pcm(raw.rename(raw.with_suffix(suffix)))
    return suffix, np.asarray(pcm, np.float64) * scale_of(pcm)


@pytest.mark.parametrize(
    ("name", "subtype", "exact"),
    [
        ("a.flac", "PCM_16", True),
        ("a.wav", "PCM_16", True),
        ("a.flac", "PCM_24", False),
        ("a.wav", "PCM_24", False),
        ("a.wav", "FLOAT", False),
    ],
)
def test_every_sample_is_that_of_the_file(
    workshop: Workshop, tmp_path: Path, name: str, subtype: str, exact: bool
) -> None:
    audio = write_sound(tmp_path / name, music(3.3, 5), subtype)
    suffix, samples = decoded(workshop, audio, tmp_path)
    assert (suffix == EXACT) is exact
    np.testing.assert_array_equal(samples, soundfile.read(audio, dtype="float32")[0].astype(np.float64))


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_flac_with_a_flipped_bit_is_refused(workshop: Workshop, tmp_path: Path, subtype: str) -> None:
    whole = write_sound(tmp_path / "whole.flac", music(2, 3), subtype).read_bytes()
    for place in np.linspace(10_000, len(whole) - 3_000, 12).astype(int):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        audio = tmp_path / f"flipped{place}.flac"
        audio.write_bytes(damaged)
        with pytest.raises(MediaError, match=audio.name):
            decode(workshop.ffmpeg, audio, tmp_path / "out.raw")


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_flac_that_was_cut_off_is_refused(workshop: Workshop, tmp_path: Path, subtype: str) -> None:
    audio = write_sound(tmp_path / "cut.flac", music(2, 3), subtype)
    whole = audio.read_bytes()
    audio.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(MediaError, match=r"cut\.flac"):
        decode(workshop.ffmpeg, audio, tmp_path / "out.raw")


@pytest.mark.parametrize("name", ["old.wav", "old.flac", "old.aiff", "old.ogg"])
def test_tags_in_an_old_encoding_do_no_harm(workshop: Workshop, tmp_path: Path, name: str) -> None:
    source = write_sound(tmp_path / "source.flac", music(2, 1), "PCM_16")
    options = ["-c:a", "libvorbis"] if name.endswith("ogg") else []
    tagged = tmp_path / name
    workshop.run("-v", "error", "-i", str(source), *options, "-metadata", "title=QQQQ", str(tagged))
    content = tagged.read_bytes()
    assert b"QQQQ" in content
    # "Café" in Latin-1; the length stays, and an Ogg page without its checksum would be another test.
    if not name.endswith("ogg"):
        tagged.write_bytes(content.replace(b"QQQQ", b"Caf\xe9"))
    assert workshop.tools.audio_facts(tagged).samples == pytest.approx(2 * SAMPLE_RATE, abs=2000)


def png_bomb(side: int) -> bytes:
    """Some megabytes that decode to `side` x `side` pixels of eight bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer, row = zlib.compressobj(9), bytes(side * 8 + 1)
    pixels = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def with_cover(flac: bytes, picture: bytes, side: int) -> bytes:
    """`flac` with a picture in its tags (metadata block 6), behind the block that has to be the first one."""
    mime = b"image/png"
    block = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">I", 0)
    block += struct.pack(">IIIII", side, side, 64, 0, len(picture)) + picture
    after = 4 + 4 + 34
    return flac[:after] + bytes([6]) + len(block).to_bytes(3, "big") + block + flac[after:]


_MEASURE = """
import re, resource, sys
from pathlib import Path
from video_pipeline.ffmpeg.sound.tracks import _channels, decode
decode(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
assert _channels(Path(sys.argv[2])) == 2
# getrusage would say of this process what its parent had when it started it.
own = re.search(r"VmHWM:\\s*([0-9]+) kB", Path("/proc/self/status").read_text())[1]
print(max(int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024)
"""


@pytest.mark.parametrize("subtype", ["PCM_16", pytest.param("PCM_24", marks=pytest.mark.slow)])
def test_a_picture_in_the_tags_stays_closed(workshop: Workshop, tmp_path: Path, subtype: str) -> None:
    side = 11_000  # 970 MB of pixels
    audio = write_sound(tmp_path / "covered.flac", music(2, 1), subtype)
    audio.write_bytes(with_cover(audio.read_bytes(), png_bomb(side), side))
    words = [str(workshop.ffmpeg), str(audio), str(tmp_path / "out.raw")]
    peak = subprocess.run([sys.executable, "-c", _MEASURE, *words], check=True, capture_output=True, text=True)
    assert int(peak.stdout) < 400  # MiB


def one_long_piece(hours: int) -> tuple[Timeline, list[Analysis]]:
    samples, frames = hours * 3600 * SAMPLE_RATE, hours * 3600 * 30
    media = MediaReference("long", "0" * 64, 1)
    sound = SoundClip("long", media, TimeRange(0, samples), TimeRange(0, samples))
    timeline = Timeline("long", FPS_30, (PictureClip("long", media, frames),), (), (sound,), ())
    facts = AudioFacts(samples, 2, Loudness(-20.0, -3.0, 5.0), 0.0)
    levels = np.full(samples // CELL, 0.3, np.float32)
    return timeline, [Analysis(facts, np.full(samples // STEP, 1e-3), levels)]


def test_foreseeing_a_long_piece_takes_little_memory() -> None:
    timeline, analyses = one_long_piece(10)
    tracemalloc.start()
    try:
        powers = predicted_powers(timeline, analyses, [3.0])
        limiting = predicted_limiting(timeline, analyses, [3.0], -2.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(powers) == len(limiting) == 10 * 3600 * 10
    assert peak < 300e6  # a number for each sample would be 7 GB
