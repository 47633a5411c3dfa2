"""Owns joining finished packets into one file; hides timestamps, parameter sets and PyAV's traps.

Picture k of the programme is shown at k frames, whatever stretch it comes from; decoding times just count packets.
A packet object is made fresh for each use, since muxing rewrites its timestamps.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from video_pipeline.domain.chapters import chapters_of
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.codecs import VIDEO, Container, VideoCodec
from video_pipeline.ffmpeg.coded import read_coded
from video_pipeline.ffmpeg.stretch import PictureFormat
from video_pipeline.ffmpeg.voice import Voice
from video_pipeline.ffmpeg.vp9 import BT709, LIMITED_RANGE

_POLL_EVERY = 5000
"""Packets between two looks at whether to stop; 277,000 packets take about 1 s."""

REORDERED = 1
"""Frames by which decoding runs ahead of showing: a B-frame waits for one later frame, B-frames are no references."""


@dataclass(frozen=True, slots=True)
class PictureTrack:
    """Coded stretches in the order of showing and how many frames of each; `form` is what they share."""

    form: PictureFormat
    runs: Sequence[tuple[Path, int]]


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """Coded chunks of sound in order."""

    voice: Voice
    chunks: Sequence[Path]


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter in seconds of the programme, exactly."""

    name: str
    start: Fraction
    end: Fraction


@dataclass(frozen=True, slots=True)
class Label:
    """What a file says about its content."""

    title: str = ""
    marks: tuple[Mark, ...] = ()


def label_of(timeline: Timeline) -> Label:
    """The name of `timeline` and its chapters."""
    at = timeline.rate.seconds
    marks = tuple(Mark(each.name, at(each.start), at(each.end)) for each in chapters_of(timeline))
    return Label(timeline.name, marks)


def write_file(
    out: Path,
    container: Container,
    picture: PictureTrack | None,
    sound: SoundTrack,
    poll: Callable[[], None],
    *,
    label: Label = Label(),
) -> str:
    """Join the tracks to `out` and return its SHA-256; without `picture` it is a file of sound alone.

    The same tracks and label make the same bytes. MediaError when stretches do not fit together.
    """
    options = dict(container.options)
    with av.open(f"file:{out.absolute()}", "w", format=container.muxer, options=options | _REPEATABLE) as target:
        video = _video_stream(target, picture) if picture else None
        audio = _audio_stream(target, sound)
        _describe(target, container, label)
        packets = merge(
            ((time, 0, packet) for time, packet in (_video_packets(picture) if picture else ())),
            ((time, 1, packet) for time, packet in _audio_packets(sound)),
            key=lambda item: item[:2],
        )
        for count, (_, which, packet) in enumerate(packets):
            if count % _POLL_EVERY == 0:
                poll()
            packet.stream = audio if which else video
            target.mux_one(packet)
    with out.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


_REPEATABLE = {"fflags": "+bitexact"}
"""Without it a file names the version of the muxer and gets random numbers."""

_COMMENTED = ("ogg", "opus", "flac")
"""Muxers whose files hold chapters as Vorbis comments."""


def _describe(target: OutputContainer, container: Container, label: Label) -> None:
    notes = {"title": label.title} if label.title else {}
    if container.muxer in _COMMENTED:
        for number, mark in enumerate(label.marks):
            notes[f"CHAPTER{number:03}"] = _clock(mark.start)
            notes[f"CHAPTER{number:03}NAME"] = mark.name
        # Ogg keeps comments in each stream, FLAC in the file.
        holder = target if container.muxer == "flac" else target.streams[0]
        holder.metadata.update(notes)
        return
    target.metadata.update(notes)
    exact = Fraction(1, 1_000_000_000)
    target.set_chapters(
        [
            {
                "id": number,
                "start": round(mark.start / exact),
                "end": round(mark.end / exact),
                "time_base": exact,
                "metadata": {"title": mark.name},
            }
            for number, mark in enumerate(label.marks)
        ]
    )


def _clock(seconds: Fraction) -> str:
    """hh:mm:ss.mmm, as Ogg's chapter comments have it."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"


def _video_stream(target: OutputContainer, picture: PictureTrack) -> VideoStream:
    form = picture.form
    stream: Any
    if form.codec is VideoCodec.H264:
        # The parameter sets must be those of the stretches, in the byte stream form that their packets have.
        first = read_coded(picture.runs[0][0])
        with av.open(io.BytesIO(first.header + first.packets[0]), format="h264") as source:
            stream = target.add_stream_from_template(source.streams.video[0])
    else:
        stream = target.add_stream(VIDEO[form.codec].encoder, rate=form.rate.fraction)
        context = stream.codec_context
        assert isinstance(context, av.VideoCodecContext)
        context.width, context.height, context.pix_fmt = form.rung.width, form.rung.height, "yuv420p"
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED_RANGE
        context.sample_aspect_ratio = Fraction(1)
    stream.time_base = 1 / form.rate.fraction
    assert isinstance(stream, VideoStream)
    return stream


def _video_packets(picture: PictureTrack) -> Iterator[tuple[float, av.Packet[Any]]]:
    step = 1 / picture.form.rate.fraction
    first_header: bytes | None = None
    start = 0
    for path, frames in picture.runs:
        coded = read_coded(path)
        first_header = coded.header if first_header is None else first_header
        if coded.header != first_header:
            raise MediaError(f"stretch {path.name} has other parameter sets than the first one; delete the cache")
        for turn in turns_of(frames, len(coded.packets)):
            for place in range(turn):
                packet = av.Packet(coded.packets[place])
                packet.time_base = step
                packet.dts = start + place - REORDERED
                packet.pts = start + coded.order[place]
                packet.duration = 1
                packet.is_keyframe = place == 0
                yield float((start + place) * step), packet
            start += turn


def turns_of(frames: int, length: int) -> list[int]:
    """How a run of `frames` is made of a stretch of `length`: how many frames are shown each time round.

    A last turn of a single frame would put two key frames next to each other; those would need different numbers
    (idr_pic_id, ITU-T H.264, 7.4.3), and all key frames here have the same. So it borrows a frame.
    """
    whole, rest = divmod(frames, length)
    turns = [length] * whole + ([rest] if rest else [])
    if rest == 1 and whole and length > 2:
        turns[-2:] = [length - 1, 2]
    return turns


def _audio_stream(target: OutputContainer, sound: SoundTrack) -> AudioStream:
    stream = target.add_stream(sound.voice.facts.encoder, rate=SAMPLE_RATE, layout="stereo")
    assert isinstance(stream, AudioStream)
    stream.codec_context.bit_rate = sound.voice.bit_rate
    stream.time_base = Fraction(1, SAMPLE_RATE)
    return stream


def _audio_packets(sound: SoundTrack) -> Iterator[tuple[float, av.Packet[Any]]]:
    start = -sound.voice.facts.early
    for path in sound.chunks:
        for data in read_coded(path).packets:
            packet = av.Packet(data)
            packet.time_base = Fraction(1, SAMPLE_RATE)
            packet.pts = packet.dts = start
            packet.duration = sound.voice.facts.frame
            packet.is_keyframe = True
            yield start / SAMPLE_RATE, packet
            start += sound.voice.facts.frame
