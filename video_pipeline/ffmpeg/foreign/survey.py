"""Owns what a foreign video is: its facts, its limits, the rate it will have; hides where containers keep them.

What a file says about itself is only believed as far as it limits the work; the finished file is measured again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.foreign.cell import alone
from video_pipeline.ffmpeg.program.command import MUSIC_DECODERS
from video_pipeline.ffmpeg.program.sniff import foreign_demuxer

LONGEST_VIDEO_S = 12 * 3600
"""YouTube takes no longer ones (support.google.com/youtube/answer/71673)."""

MAX_PIXELS = 8192 * 4352
"""The largest frame that is decoded: 8K with a little room."""

MOST_PIXELS = 3840 * 2160 * 30 * LONGEST_VIDEO_S
"""Of a whole video: twelve hours of 4K at 30 frames a second; decoding them takes two cores more than a day."""

HIGHEST_RATE = 60

VIDEO_DECODERS = (
    *("h264", "hevc", "vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d", "libaom-av1"),
    *("mpeg4", "mpeg2video", "mpeg1video", "h263", "msmpeg4v2", "msmpeg4", "vc1", "wmv3"),
    *("mjpeg", "prores", "dnxhd", "dvvideo", "cfhd", "ffv1", "huffyuv", "utvideo", "rawvideo", "v210"),
)
"""What cameras, phones, editors and screen recorders write; ffmpeg knows 300 more, most of them never attacked yet."""

AUDIO_DECODERS = (
    *MUSIC_DECODERS,
    *("aac_latm", "mp2", "mp2float", "dca", "pcm_bluray", "adpcm_ima_qt", "amrnb", "amrwb"),
)

DECODERS = (*VIDEO_DECODERS, *AUDIO_DECODERS)

_LOOK_S = 60.0
_SECONDS_PER_GIB = 60.0  # reading a slow disk to the end
_SAMPLED_FRAMES = 12
_STRANGEST_PIXEL = (Fraction(1, 8), Fraction(8))
_CHAPTERS = 500
_TITLE_CHARACTERS = 200
_USUAL_RATES = tuple(
    Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60")
)


@dataclass(frozen=True, slots=True)
class Colour:
    """Code points of ITU-T H.273; 2 is unspecified (in `span`: 1 limited, 2 full, 0 unspecified)."""

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    span: int = 0


@dataclass(frozen=True, slots=True)
class ForeignChapter:
    """One chapter; positions in milliseconds."""

    start_ms: int
    end_ms: int
    title: str


@dataclass(frozen=True, slots=True)
class Footage:
    """What a foreign video is, as far as making it ours depends on it."""

    demuxer: str
    codec: str
    width: int  # as coded, before rotation
    height: int
    pixel_format: str
    colour: Colour
    interlaced: bool
    rate: FrameRate  # the constant rate that it will have
    duration_s: float  # of the picture
    channels: int  # 0: it has no sound
    picture_late_s: float  # how long after the beginning a stream starts, where ffmpeg does not see to it
    sound_late_s: float
    chapters: tuple[ForeignChapter, ...]
    sample_aspect: Fraction = Fraction(1)  # width to height of a pixel as coded
    turned: bool = False  # it lies on its side until it is turned upright

    @property
    def upright(self) -> tuple[int, int, Fraction]:
        """Width, height and shape of the pixels when it is upright."""
        if self.turned:
            return self.height, self.width, 1 / self.sample_aspect
        return self.width, self.height, self.sample_aspect


def survey(video: Path, is_stopped: Callable[[], bool] = lambda: False) -> Footage:
    """Look at `video` in a process of its own; MediaError when it is no usable video or larger than the limits."""
    demuxer = foreign_demuxer(video)
    if demuxer == "avi":
        _check_riff(video)
    limit_s = _LOOK_S + _SECONDS_PER_GIB * video.stat().st_size / 2**30
    found = alone(_look, str(video), demuxer, name=video.name, limit_s=limit_s, is_stopped=is_stopped)
    try:
        footage = _footage(found)
    except (KeyError, TypeError, ValueError) as error:
        raise MediaError(f"{video.name} confuses the program that looks at it: {error!r}") from error
    check_limits(footage, video.name)
    return footage


def _check_riff(video: Path) -> None:
    """Of an AVI file that ends early ffmpeg takes the length from what is there, so that it looks whole."""
    with video.open("rb") as file:
        size = int.from_bytes(file.read(8)[4:], "little") + 8
    if size > video.stat().st_size:
        raise MediaError(f"{video.name} is cut off: it says {size} bytes and holds {video.stat().st_size}")


def check_limits(footage: Footage, name: str) -> None:
    """MediaError when making `footage` ours would take more than is allowed, before anything is done."""
    pixels = footage.width * footage.height
    if pixels > MAX_PIXELS:
        raise MediaError(
            f"{name} has frames of {footage.width} x {footage.height}; at most {MAX_PIXELS:,} pixels are decoded"
        )
    if footage.duration_s > LONGEST_VIDEO_S:
        hours = footage.duration_s / 3600
        raise MediaError(f"{name} says that it lasts {hours:,.1f} hours; at most {LONGEST_VIDEO_S // 3600} are taken")
    total = pixels * footage.duration_s * float(footage.rate.fraction)
    if total > MOST_PIXELS:
        raise MediaError(
            f"{name} has {total:.3g} pixels in all ({footage.width} x {footage.height}, {footage.duration_s:.0f} s); "
            f"at most {MOST_PIXELS:.3g} are decoded: make it smaller or cut it"
        )


def steady_rate(average: Fraction | None, nominal: Fraction | None, *, interlaced: bool = False) -> FrameRate:
    """The constant rate for a video: its own one if it is steady, capped at 60 by leaving out whole frames.

    `average` counts frames, `nominal` is the finest step of their times. A wavering rate (phones, screen recorders)
    becomes the nominal one if that is a usual one, else the next usual one upwards, so that no frame is lost.
    """
    rate = average or nominal or Fraction(30)
    if average is not None and average != nominal:
        near = [usual for usual in _USUAL_RATES if abs(usual - average) <= average / 100]
        above = [usual for usual in _USUAL_RATES if usual > average]
        if nominal in (near or above) and not interlaced:
            rate = nominal
        elif near:
            rate = min(near, key=lambda usual: abs(usual - average))
        elif above:
            rate = above[0]
    rate /= math.ceil(rate / HIGHEST_RATE)
    rate = max(rate, Fraction(1)).limit_denominator(1001)
    return FrameRate(rate.numerator, rate.denominator)


def _look(video: str, demuxer: str) -> dict[str, Any]:
    """The facts as JSON. Runs in a cell."""
    name = Path(video).name
    try:
        options = {"protocol_whitelist": "file", "codec_whitelist": ",".join(DECODERS)}
        path = f"file:{Path(video).absolute()}"
        # Titles of old files are Latin-1 as often as UTF-8, and nothing here depends on them.
        with av.open(path, format=demuxer, options=options, metadata_errors="replace") as file:
            return _facts(file, name) | {"demuxer": demuxer}
    except (av.FFmpegError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise MediaError(f"{name} cannot be read: {error}") from error


def _facts(file: InputContainer, name: str) -> dict[str, Any]:
    pictures = [stream for stream in file.streams.video if not stream.disposition & Disposition.attached_pic]
    if not pictures:
        raise MediaError(f"{name} has no picture stream")
    picture = pictures[0]
    context = picture.codec_context
    _check_decoder(context.name, VIDEO_DECODERS, name)
    sound = file.streams.audio[0] if file.streams.audio else None
    if sound is not None:
        _check_decoder(sound.codec_context.name, AUDIO_DECODERS, name)
    width, height = context.width, context.height
    if width <= 0 or height <= 0:
        raise MediaError(f"{name} does not say how large its frames are, or they are too large")
    # A frame that is too large is refused by its size alone; it is not decoded.
    frames = list(islice(file.decode(picture), _SAMPLED_FRAMES)) if width * height <= MAX_PIXELS else []
    interlaced = any(frame.interlaced_frame for frame in frames)
    rate = steady_rate(picture.average_rate, picture.base_rate, interlaced=interlaced)
    return {
        "codec": context.name,
        "width": width,
        "height": height,
        "pixel_format": (frames[0].format.name if frames else context.pix_fmt) or "",
        "colour": _colour(frames[0] if frames else context),
        "interlaced": interlaced,
        "rate": [rate.numerator, rate.denominator],
        "duration_s": _duration_s(file, picture, sound, name),
        "channels": sound.codec_context.channels if sound else 0,
        "picture_late_s": _late_s(file, picture),
        "sound_late_s": _late_s(file, sound) if sound else 0.0,
        "chapters": _chapters(file),
        "sample_aspect": _sample_aspect(picture),
        "turned": bool(frames) and round(frames[0].rotation / 90) % 2 == 1,
    }


def _sample_aspect(picture: VideoStream) -> list[int]:
    """The shape of a pixel; square when the file says nothing, or what no camera has."""
    said = picture.sample_aspect_ratio
    if not said or not _STRANGEST_PIXEL[0] <= said <= _STRANGEST_PIXEL[1]:
        return [1, 1]
    return [said.numerator, said.denominator]


def _colour(source: av.VideoFrame | av.VideoCodecContext) -> list[int]:
    return [int(each) for each in (source.color_primaries, source.color_trc, source.colorspace, source.color_range)]


def _check_decoder(codec: str, known: tuple[str, ...], name: str) -> None:
    if codec not in known:
        raise MediaError(f"{name} is encoded with {codec}, which is not accepted")


def _duration_s(file: InputContainer, picture: VideoStream, sound: AudioStream | None, name: str) -> float:
    """How long the picture is shown; a container that does not say it is read to its end."""
    said = file.duration / 1_000_000 if file.duration else None
    if picture.duration and picture.time_base:
        start = (picture.start_time or 0) * picture.time_base - Fraction(file.start_time or 0, 1_000_000)
        return float(picture.duration * picture.time_base + max(start, Fraction(0)))
    if said is not None and said > LONGEST_VIDEO_S:
        return said
    ends = _ends(file, [picture, sound] if sound else [picture])
    if picture.index not in ends:
        raise MediaError(f"{name} has no picture in its picture stream")
    if said is not None and max(ends.values()) < 0.9 * said - 1:
        raise MediaError(f"{name} is cut off: it says {said:.1f} s and holds {max(ends.values()):.1f} s")
    return ends[picture.index]


def _late_s(file: InputContainer, stream: VideoStream | AudioStream) -> float:
    """ffmpeg lets a transport stream begin with the first of the streams that are used, and here that is one."""
    if file.format.name != "mpegts" or stream.start_time is None or not stream.time_base:
        return 0.0
    late = stream.start_time * stream.time_base - Fraction(file.start_time or 0, 1_000_000)
    return float(max(late, Fraction(0)))


def _ends(file: InputContainer, streams: list[VideoStream | AudioStream]) -> dict[int, float]:
    file.seek(0)
    start = Fraction(file.start_time or 0, 1_000_000)
    ends: dict[int, Fraction] = {}
    for packet in file.demux(*streams):
        if packet.pts is not None and packet.time_base:
            end = (packet.pts + (packet.duration or 0)) * packet.time_base - start
            ends[packet.stream.index] = max(ends.get(packet.stream.index, Fraction(0)), end)
    return {index: float(end) for index, end in ends.items()}


def _chapters(file: InputContainer) -> list[list[Any]]:
    found = []
    for chapter in file.chapters()[:_CHAPTERS]:
        base = chapter["time_base"] or Fraction(1, 1000)
        start, end = (round(chapter[edge] * base * 1000) for edge in ("start", "end"))
        title = "".join(each for each in chapter["metadata"].get("title", "") if each.isprintable())
        found.append([max(start, 0), max(end, 0), title[:_TITLE_CHARACTERS].strip()])
    return found


def _footage(facts: Mapping[str, Any]) -> Footage:
    numerator, denominator = facts["rate"]
    return Footage(
        **{
            **facts,
            "colour": Colour(*facts["colour"]),
            "rate": FrameRate(numerator, denominator),
            "sample_aspect": Fraction(*facts["sample_aspect"]),
            "chapters": tuple(ForeignChapter(*chapter) for chapter in facts["chapters"]),
        }
    )
