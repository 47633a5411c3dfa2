"""Files that are not what they claim to be, or want to harm: each is refused with a clear text, or is harmless."""

from __future__ import annotations

import os
import signal
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from video_pipeline.domain.errors import MachineError, MediaError
from video_pipeline.ffmpeg import tools
from video_pipeline.ffmpeg.sound.tracks import SILENCE
from video_pipeline_tests.ffmpeg.material import Workshop, detailed_picture, music, write_sound

PLAYLIST = "#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


def hostile_sounds(folder: Path) -> dict[str, tuple[Path, str]]:
    whole = write_sound(folder / "whole.flac", music(3, 1)).read_bytes()
    picture = detailed_picture(folder / "small.png", 1, (64, 64)).read_bytes()
    hidden = b"ID3\x04\x00\x00\x00\x00\x00\x00" + PLAYLIST.encode() * 3
    contents = {
        "empty.mp3": (b"", "has only 0 bytes"),
        "text.mp3": (b"this is no music at all, just words", "is no sound file"),
        "playlist.mp3": (PLAYLIST.encode(), "is no sound file"),
        "concat.mp3": (f"ffconcat version 1.0\nfile {folder}/whole.flac\n".encode(), "is no sound file"),
        "picture.flac": (picture, "is no sound file"),
        "cut_off.flac": (whole[: len(whole) // 2], "damaged|failed"),
        "noise.flac": (b"fLaC" + bytes(range(256)) * 20, "damaged|failed|no sound"),
        "playlist_behind_id3.mp3": (hidden, "damaged|failed|no sound"),
        "moov_missing.m4a": (b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42" + bytes(100), "failed"),
    }
    for name, (content, _) in contents.items():
        (folder / name).write_bytes(content)
    return {name: (folder / name, complaint) for name, (_, complaint) in contents.items()}


def test_what_is_no_sound_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    for name, (path, complaint) in hostile_sounds(tmp_path).items():
        with pytest.raises(MediaError, match=complaint) as caught:
            workshop.tools.audio_facts(path)
        assert name in str(caught.value)


def crash(*_arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def test_a_sound_that_crashes_the_worker_is_named(
    fresh: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sound(tmp_path / "crashes.flac", music(1, 1))
    monkeypatch.setattr(tools, "prepare_track", crash)
    for measure in (fresh.tools.audio_facts, lambda sound: fresh.tools.waveform(sound, tmp_path / "wave.png")):
        with pytest.raises(MachineError, match=r"died twice before it had measured crashes\.flac"):
            measure(path)
    monkeypatch.undo()
    assert fresh.tools.audio_facts(path).samples == 48_000


def test_sound_with_values_that_are_no_numbers_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    samples = music(1, 1)
    samples[1000] = np.nan
    with pytest.raises(MediaError, match="no numbers"):
        workshop.tools.audio_facts(write_sound(tmp_path / "nan.wav", samples))


@pytest.mark.parametrize("name", ["-y.flac", "concat:a.flac", "pic%03d.flac", "a b'\"[];,.flac", "http:x.flac"])
def test_strange_names_are_only_names(workshop: Workshop, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(write_sound(tmp_path / "plain.flac", music(1, 1)).read_bytes())
    assert workshop.tools.audio_facts(path).samples == 48_000


def png_header_only(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def test_what_is_no_picture_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    whole = detailed_picture(tmp_path / "whole.png", 1, (320, 180)).read_bytes()
    contents = {
        "empty.png": b"",
        "text.png": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        "cut_off.png": whole[: len(whole) // 2],
        "sound.png": write_sound(tmp_path / "s.flac", music(1, 1)).read_bytes(),
        "bomb.png": png_header_only(20_000, 13_000),
        "larger_bomb.png": png_header_only(10_000, 9_000),
        "endless.png": png_header_only(2**31 - 1, 2**31 - 1),
    }
    for name, content in contents.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(MediaError, match=name):
            workshop.tools.image_facts(path)


def test_what_is_no_video_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    for name, content in {
        "text.mp4": b"not a video at all",
        "empty.webm": b"",
        "half.mp4": b"\0\0\0\x14ftypisom" * 9,
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        for look in (workshop.tools.inspect, workshop.tools.black_frames):
            with pytest.raises(MediaError, match=name):
                look(path)
        with pytest.raises(MediaError):
            workshop.tools.poster(path, 0.0, tmp_path / "poster.jpg")
    assert not list(tmp_path.glob("poster*"))


def test_facts_of_sound(workshop: Workshop, tmp_path: Path) -> None:
    samples = music(6, 2)
    samples[48_000 : 48_000 + 100_800] = SILENCE / 2
    mono = tmp_path / "mono.wav"
    soundfile.write(mono, samples[::2, 0], 24_000)
    facts = workshop.tools.audio_facts(mono)
    assert (facts.channels, facts.samples) == (1, 6 * 48_000)
    stereo = workshop.tools.audio_facts(write_sound(tmp_path / "stereo.flac", samples))
    assert (stereo.channels, stereo.samples) == (2, 6 * 48_000)
    assert stereo.longest_silence_s == pytest.approx(2.1, abs=0.021)
    integrated, peak = workshop.loudness(tmp_path / "stereo.flac")
    assert stereo.loudness.integrated_lufs == pytest.approx(integrated, abs=0.1)
    assert stereo.loudness.true_peak_dbtp == pytest.approx(peak, abs=0.15)  # ffmpeg prints one digit


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cd.mp3", "-c:a libmp3lame -b:a 192k -ar 44100"),
        ("plain.mp3", "-c:a libmp3lame -b:a 128k -id3v2_version 0 -write_xing 0"),
        ("tune.ogg", "-c:a libvorbis -q:a 5"),
        ("voice.opus", "-c:a libopus -b:a 96k"),
        ("song.m4a", "-c:a aac -b:a 192k"),
        ("raw.aac", "-c:a aac -b:a 192k -f adts"),
        ("deep.wav", "-c:a pcm_s24le -ar 96000"),
        ("old.aiff", "-c:a pcm_s16be"),
    ],
)
def test_usual_kinds_of_sound_are_taken(workshop: Workshop, tmp_path: Path, name: str, options: str) -> None:
    source = write_sound(tmp_path / "source.flac", music(5, 1))
    workshop.run("-v", "error", "-i", str(source), *options.split(), str(tmp_path / name))
    facts = workshop.tools.audio_facts(tmp_path / name)
    # Bare MP3 and AAC streams cannot say that the encoder put some silence in front and behind.
    assert facts.samples == pytest.approx(5 * 48_000, abs=4000)
    assert facts.channels == 2
    assert facts.loudness.integrated_lufs == pytest.approx(
        workshop.loudness(source)[0], abs=0.8
    )  # low bit rates drop noise
