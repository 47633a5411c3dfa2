"""Owns making a foreign video footage: silent, upright, at a programme's rate, a loop if asked; hides its codec.

    look     in a cell of its own: what it is, whether it is too much
    picture  decoded, brought to shape, size, rate and colour, encoded well and quick to decode
    seam     the last half second fades into the first one, and only the first group of pictures is encoded again

    taken    0 ........................... N-k ... N        k: the frames of the seam
    shown    (N-k..N faded into 0..k) k ... N-k             after its last frame comes N-k, that is its first one

Every group of pictures begins with a key frame at a multiple of its length and holds no frames out of order, so a
reader reaches any frame quickly, and the file may be cut behind any packet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, islice
from math import ceil
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from video_pipeline.domain.delivery import MASTER, AspectRatio
from video_pipeline.domain.errors import InvalidInputError, MediaError
from video_pipeline.domain.media import FootageFacts
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.foreign.conform import OURS, SQUARE, Frame
from video_pipeline.ffmpeg.foreign.picture import encode_picture
from video_pipeline.ffmpeg.foreign.survey import Footage, survey
from video_pipeline.ffmpeg.foreign.workpiece import Workpiece, seldom
from video_pipeline.ffmpeg.picture.canvas import Planes, Size
from video_pipeline.ffmpeg.picture.footage import FootageFile
from video_pipeline.ffmpeg.picture.transitions import blend, shares
from video_pipeline.ffmpeg.program.binary import FfmpegBinary
from video_pipeline.ffmpeg.program.command import Coding, Raw, raw_picture_command
from video_pipeline.ffmpeg.program.probe import open_video
from video_pipeline.ffmpeg.work.aside import aside, not_made
from video_pipeline.ffmpeg.work.cache import Cache
from video_pipeline.ports import IsCancelled, ReportProgress

SEAM_SECONDS = Fraction(1, 2)
"""How long the end of a loop fades into its beginning."""

GROUP_SECONDS = 1
"""Distance of key frames: a reader decodes no more than that for nothing."""

_SMALLEST = 64
"""Lines and columns: encoders make no smaller pictures."""

_BITS_A_PIXEL = 1
"""The ceiling: 62 Mbit/s for 1080p at 30 frames a second, which grain and water reach; cameras record with less."""

_PICTURE, _SEAM = (0.02, 0.95), (0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Demand:
    """What footage is wanted of `video`."""

    video: Path
    rate: FrameRate
    aspect: AspectRatio
    loop: bool
    most_frames: int | None  # taken of it; None: all
    out: Path


def conform(
    binary: FfmpegBinary, cache: Cache, demand: Demand, report: ReportProgress, cancelled: IsCancelled
) -> FootageFacts:
    """Make `demand.out`, written aside and renamed; see ports.MediaTools.conform_footage."""
    _check(demand)
    report(0.0, "looking at the video")
    is_stopped = seldom(cancelled)
    footage = _as_taken(survey(demand.video, is_stopped), demand)
    size = size_for(footage, demand.aspect)
    with cache.session() as session:
        work = Workpiece(
            binary=binary.path,
            video=demand.video,
            aim="footage",
            frame=Frame(size.width, size.height, crop=True, rate=demand.rate),
            footage=footage,
            own=session.own,
            report=report,
            is_stopped=is_stopped,
        )
        coding = _coding(size, demand)
        try:
            work.check()
            coded = int(_bit_rate(size, demand.rate) * footage.duration_s / 8)
            between = coded + (_raw_head_bytes(size, demand.rate) if demand.loop else 0)
            work.check_room(demand.out.parent, between=between, coded=coded)
            with aside(demand.out) as part:
                facts = _made(work, size, coding, demand, part)
                work.check()
        except (OSError, av.FFmpegError) as error:
            raise not_made(demand.out, error) from error
    report(1.0, "finished")
    return facts


def frames_expected(video: Path, rate: FrameRate) -> int:
    """About how many frames `conform` will make of a foreign video as a loop; at least 1. MediaError as it."""
    frames = int(Fraction(survey(video).duration_s) * rate.fraction)
    return max(frames - _seam(frames, rate), 1)


def _check(demand: Demand) -> None:
    """InvalidInputError when no such file can be made, whatever the video is."""
    if not demand.out.parent.is_dir():
        raise InvalidInputError(f"there is no directory {demand.out.parent} to write {demand.out.name} to")
    if demand.out.exists() and (not demand.out.is_file() or demand.out.samefile(demand.video)):
        raise InvalidInputError(f"{demand.out} cannot be written: it is the video itself, or no file")
    if demand.most_frames is not None and demand.most_frames <= 0:
        raise InvalidInputError(f"footage of {demand.most_frames} frames would show nothing; ask for at least one")


def _as_taken(found: Footage, demand: Demand) -> Footage:
    """What is taken of the video."""
    seconds = found.duration_s
    if demand.most_frames is not None:
        seconds = min(seconds, float(demand.rate.seconds(demand.most_frames)))
    return replace(found, duration_s=seconds)


def size_for(footage: Footage, aspect: AspectRatio) -> Size:
    """The size of what covers a frame of `aspect`: with the finest detail of the video, but no more than 1080p has.

    Nothing is enlarged, except that pixels which are not square become so by their longer side.
    """
    most = MASTER.rung_for(aspect)
    shape = Fraction(most.width, most.height)
    width, height, pixel = footage.upright
    # Of the picture so many columns and rows are left when what sticks out is cut off.
    columns = min(Fraction(width), height * shape / pixel)
    rows = min(Fraction(height), width * pixel / shape)
    lines = max(rows, columns / shape)
    if lines >= most.height:
        return Size(most.width, most.height)
    lines = max(lines, Fraction(_SMALLEST), _SMALLEST / shape)
    return Size(2 * round(lines * shape / 2), 2 * round(lines / 2))


def _group(rate: FrameRate) -> int:
    return max(rate.frames_in(GROUP_SECONDS), 1)


def _bit_rate(size: Size, rate: FrameRate) -> int:
    return ceil(_BITS_A_PIXEL * size.width * size.height * rate.fraction)


def _raw_head_bytes(size: Size, rate: FrameRate) -> int:
    """Of the first group of pictures while a loop is closed: 93 MB of 1080p at 30 frames a second."""
    return _group(rate) * size.width * size.height * 3 // 2


def _coding(size: Size, demand: Demand) -> Coding:
    rate, group = demand.rate, _group(demand.rate)
    bits = _bit_rate(size, rate)
    options = {
        "preset": "veryfast",
        # No CABAC and no loop filter: 1080p decodes in two thirds of the time, for a ninth more bytes.
        "tune": "fastdecode",
        # What is encoded again loses what it does not have; at 14 the loss is below that of any rendition.
        "crf": "14",
        "maxrate": str(bits),
        "bufsize": str(2 * bits),
        "profile:v": "high",
        "bf": "0",
        "g": str(group),
        "keyint_min": str(group),
        "sc_threshold": "0",
        **_ticks(rate),
    }
    return Coding("mp4", "libx264", options)


def _ticks(rate: FrameRate) -> dict[str, str]:
    """Times in a file are whole numbers of these, so that each is exact."""
    return {"video_track_timescale": str(rate.numerator)}


def _made(work: Workpiece, size: Size, coding: Coding, demand: Demand, part: Path) -> FootageFacts:
    whole = work.own / "whole.mp4" if demand.loop else part
    most = {} if demand.most_frames is None else {"frames:v": str(demand.most_frames)}
    frames = encode_picture(work, replace(coding, options={**coding.options, **most}), whole, _PICTURE)
    seam = _seam(frames, demand.rate) if demand.loop else 0
    if seam:
        shown = frames - seam
        _close(work, _Loop(FootageFile(whole, size, demand.rate), shown, seam), coding, part)
    elif demand.loop:
        whole.replace(part)
        work.note(f"its {frames} frames are too few to fade from the last one to the first one")
    return FootageFacts(frames - seam, size.width, size.height, seamless=seam > 0, notes=tuple(work.notes))


@dataclass(frozen=True, slots=True)
class _Loop:
    """The first `frames` frames of `whole`; `seam` frames after them fade into its beginning."""

    whole: FootageFile
    frames: int
    seam: int

    @property
    def group(self) -> int:
        """Frames up to the second key frame; all of them when there is none."""
        return min(_group(self.whole.rate), self.frames)


def _seam(frames: int, rate: FrameRate) -> int:
    """How many of `frames` frames the end of a loop fades into its beginning."""
    return min(rate.frames_in(SEAM_SECONDS), frames // 4)


def _close(work: Workpiece, loop: _Loop, coding: Coding, out: Path) -> None:
    """Write `loop` to `out`."""
    size, raw, head = loop.whole.size, work.own / "head.yuv", work.own / "head.mp4"
    with raw.open("wb") as file:
        for planes in _head(loop):
            work.check()
            file.write(planes.tobytes())
    # By the same program with the same options, so that what describes the stream is the same to the last bit.
    frames = Raw(raw, size.width, size.height, loop.whole.rate)
    work.run(raw_picture_command(work.binary, frames, (SQUARE, OURS), coding, head), _SEAM, "closing the loop")
    raw.unlink()
    with open_video(head) as first, open_video(loop.whole.path) as rest:
        _join(first, rest, loop, out)


def _head(loop: _Loop) -> Iterator[Planes]:
    """The first group of pictures."""
    with loop.whole.open() as head:
        with loop.whole.open() as tail:
            for number, share in zip(range(loop.seam), shares(loop.seam), strict=True):
                yield blend(tail.frame(loop.frames + number), head.frame(number), share)
        for number in range(loop.seam, loop.group):
            yield head.frame(number)


def _join(first: InputContainer, rest: InputContainer, loop: _Loop, out: Path) -> None:
    """All packets of `first`, which is a group, and those of `rest` behind its own first group."""
    one, other = first.streams.video[0], rest.streams.video[0]
    if bytes(one.codec_context.extradata or b"") != bytes(other.codec_context.extradata or b""):
        raise MediaError("two encodings of one video came out with different headers; a loop cannot be joined of them")
    packets = chain(_packets(first, one), islice(_packets(rest, other), loop.group, None))
    rate = loop.whole.rate
    written = 0
    with av.open(f"file:{out.absolute()}", "w", format="mp4", options=_ticks(rate)) as joined:
        stream = joined.add_stream_from_template(other)
        for number, packet in enumerate(islice(packets, loop.frames)):
            if number == loop.group and not packet.is_keyframe:
                raise MediaError(f"frame {number} of the encoded video is no key frame; a loop cannot be joined there")
            copied = _copied(packet, number, rate)
            copied.stream = stream
            joined.mux(copied)
            written += 1
    if written != loop.frames:
        raise MediaError(f"a loop of {loop.frames} frames came out with {written}")


def _packets(file: InputContainer, stream: VideoStream) -> Iterator[av.Packet[VideoStream]]:
    return (packet for packet in file.demux(stream) if packet.size)


def _copied(packet: av.Packet[VideoStream], number: int, rate: FrameRate) -> av.Packet[Any]:
    """A packet of its own, shown as frame `number`; muxing one rewrites its times."""
    copied: av.Packet[Any] = av.Packet(bytes(packet))
    copied.time_base = 1 / rate.fraction
    copied.pts = copied.dts = number
    copied.duration, copied.is_keyframe = 1, packet.is_keyframe
    return copied
