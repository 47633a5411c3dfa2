"""Owns media that really decode, the same for the same prompt; hides codecs and how little of a file is encoded."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Any

import av
import numpy as np
import soundfile
from PIL import Image

RATE = 44_100
FPS = 24
_MP3_FRAME = 1152
_LOOP_FRAMES = 96  # 2.5 seconds of MP3, and 108 whole frames of AAC
_PILLOW = {
    "png": ("PNG", {"compress_level": 1}),
    "jpg": ("JPEG", {"quality": 88}),
    "webp": ("WEBP", {"quality": 80, "method": 0}),
}
_TYPES = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "aac": "audio/aac",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "mp4": "video/mp4",
}


def seed_of(*parts: object) -> int:
    """A number that stands for these words."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big")


@dataclass(frozen=True, slots=True)
class Music:
    """A quiet chord, 44.1 kHz in stereo."""

    seed: int
    length_s: float
    format: str  # mp3, wav or aac
    bitrate: int = 128  # kbit/s
    silent: bool = False

    def render(self) -> bytes:
        """The file."""
        return _music(self)


@dataclass(frozen=True, slots=True)
class Picture:
    """Clouds of colour."""

    seed: int
    width: int
    height: int
    format: str  # png, jpg or webp
    black: bool = False

    def render(self) -> bytes:
        """The file."""
        return _picture(self)


@dataclass(frozen=True, slots=True)
class Video:
    """A picture that drifts, 24 frames a second without sound; each second is the first again."""

    seed: int
    width: int
    height: int
    length_s: int
    format: str = "mp4"
    shows: bytes = field(default=b"", repr=False)  # a file; without one clouds of colour
    closes: bool = True  # its end runs into its beginning

    def render(self) -> bytes:
        """The file."""
        return _video(self)


Medium = Music | Picture | Video


def content_type(medium: Medium) -> str:
    """What a vendor calls it."""
    return _TYPES[medium.format]


def disguised(picture: Picture) -> Picture:
    """The same picture in another format than it will be called."""
    return replace(picture, format="jpg" if picture.format == "png" else "png")


def _chord(seed: int, samples: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Tones that come round after `samples`, so that a loop has no seam."""
    chance = np.random.default_rng(seed)
    lowest = float(chance.uniform(110, 220))
    turn = np.arange(samples, dtype=np.float64) * (2 * np.pi / samples)
    sides = []
    for ratios in ((1, 1.25, 1.5), (1, 1.2, 2)):
        # Each tone begins somewhere: two pieces that happen to have the same lowest one are no copies.
        tones = [
            np.sin(turn * round(lowest * ratio * samples / RATE) + chance.uniform(0, 2 * np.pi)) for ratio in ratios
        ]
        sides.append(sum(tones) * 0.1)
    return np.stack(sides, axis=1).astype(np.float32)


@lru_cache(maxsize=32)
def _music(music: Music) -> bytes:
    loop = _chord(music.seed, _LOOP_FRAMES * _MP3_FRAME) * (0 if music.silent else 1)
    if music.format == "wav":
        samples = round(music.length_s * RATE)
        out = io.BytesIO()
        soundfile.write(out, np.resize(loop, (samples, 2)), RATE, format="WAV", subtype="PCM_16")
        return out.getvalue()
    if music.format == "mp3":
        return _compressed(loop, music, "libmp3lame", "mp3", _MP3_FRAME)
    return _compressed(loop, music, "aac", "adts", 1024)


def _compressed(loop: np.ndarray[Any, Any], music: Music, codec: str, container: str, frame: int) -> bytes:
    """The loop is encoded once, and its packets are written as often as the length needs: five minutes in 0.3 s."""
    # A decoder may leave out the last part of a frame; a vendor never gives less than was asked for.
    wanted = ceil(music.length_s * RATE / frame) + 1
    packets = _sound_packets(loop, min(wanted, len(loop) // frame), codec, frame, music.bitrate)
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream: Any = file.add_stream(codec, rate=RATE, layout="stereo")
        stream.bit_rate = music.bitrate * 1000
        for number in range(wanted):
            packet = av.Packet(packets[number % len(packets)])
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = number * frame
            file.mux(packet)
    return out.getvalue()


def _sound_packets(loop: np.ndarray[Any, Any], count: int, codec: str, frame: int, bitrate: int) -> list[bytes]:
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "stereo", "fltp"
    encoder.bit_rate = bitrate * 1000
    # Without this an MP3 frame borrows bytes of the ones before it, and could not follow another.
    encoder.options = {"reservoir": "0", "compression_level": "9"} if codec == "libmp3lame" else {}
    warm_up = 3
    samples = np.resize(loop, ((count + 2 * warm_up) * frame, 2)).T
    packets = []
    for start in range(0, samples.shape[1], frame):
        block = np.ascontiguousarray(samples[:, start : start + frame])
        sound = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        sound.sample_rate, sound.pts = RATE, start
        packets += [bytes(packet) for packet in encoder.encode(sound)]
    return packets[warm_up : warm_up + count]


def _clouds(seed: int, width: int, height: int) -> Image.Image:
    cells = np.random.default_rng(seed).integers(24, 256, (5, 8, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC)


@lru_cache(maxsize=32)
def _picture(picture: Picture) -> bytes:
    size = (picture.width, picture.height)
    image = Image.new("RGB", size) if picture.black else _clouds(picture.seed, *size)
    name, options = _PILLOW[picture.format]
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


@lru_cache(maxsize=16)
def _video(video: Video) -> bytes:
    """One second is encoded once, and its packets are written again and again."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = video.width, video.height, "yuv420p"
        # No frame may lean on one that comes later: the last of a second is followed by another first.
        stream.options = {"preset": "ultrafast", "bf": "0", "g": str(FPS), "sc_threshold": "0"}
        frames = list(_drifting(video))
        packets = [packet for frame in (*frames, None) for packet in stream.encode(frame)]
        second = [(bytes(packet), packet.is_keyframe) for packet in packets]
        for number in range(video.length_s * FPS):
            data, key = second[number % FPS]
            packet = av.Packet(data)
            packet.stream, packet.time_base, packet.is_keyframe = stream, packets[0].time_base, key
            packet.pts = packet.dts = round(number / FPS / packets[0].time_base)
            file.mux(packet)
    return out.getvalue()


def _drifting(video: Video) -> Iterable[av.VideoFrame]:
    size = (video.width, video.height)
    if video.shows:
        with Image.open(io.BytesIO(video.shows)) as shown:
            picture = np.asarray(shown.convert("RGB").resize(size))
    else:
        picture = np.asarray(_clouds(video.seed, *size))
    span = 6 + video.seed % 16
    for number in range(FPS):
        shift = round(span * (1 - np.cos(2 * np.pi * number / FPS) if video.closes else number / 4))
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.roll(picture, shift, axis=1)), format="rgb24")
        frame.pts = number
        yield frame
