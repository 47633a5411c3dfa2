"""Owns joining finished packets into one file; hides timestamps, parameter sets and PyAV's traps.

Picture k of the programme is shown at k frames, whatever stretch it comes from; decoding times just count packets.
A packet object is made fresh for each use, since muxing rewrites its timestamps.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from heapq import merge
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.codecs import VIDEO, Container, VideoCodec
from video_pipeline.ffmpeg.coded import read_coded
from video_pipeline.ffmpeg.iso import ENTRIES, SHAPES, write_iso
from video_pipeline.ffmpeg.matroska import write_webm
from video_pipeline.ffmpeg.reel import Label, PictureTrack, Reel, Shelf, SoundTrack, stretches_of
from video_pipeline.ffmpeg.voice import AudioCodec
from video_pipeline.ffmpeg.vp9 import BT709, LIMITED_RANGE

_POLL_EVERY = 5000
"""Packets between two looks at whether to stop; 277,000 packets take about 1 s."""

REORDERED = 1
"""Frames by which decoding runs ahead of showing: a B-frame waits for one later frame, B-frames are no references."""

NO_LABEL = Label()

_WEBM = ("webm", VideoCodec.VP9, AudioCodec.OPUS)


def write_file(
    out: Path,
    container: Container,
    picture: PictureTrack | None,
    sound: SoundTrack,
    poll: Callable[[], None],
    *,
    label: Label = NO_LABEL,
) -> str:
    """Join the tracks to `out` and return its SHA-256; without `picture` it is a file of sound alone.

    The same tracks and label make the same bytes. MediaError when stretches do not fit together.
    """
    known = sound.voice.codec is AudioCodec.AAC and (picture is None or picture.form.codec in ENTRIES)
    if known and container.muxer in SHAPES:
        return write_iso(out, SHAPES[container.muxer], Reel(picture, sound, label), poll)
    if picture is not None and (container.muxer, picture.form.codec, sound.voice.codec) == _WEBM:
        return write_webm(out, picture, Reel(picture, sound, label), poll)
    return _write_by_muxer(out, container, Reel(picture, sound, label), poll)


def _write_by_muxer(out: Path, container: Container, reel: Reel, poll: Callable[[], None]) -> str:
    picture, sound = reel.picture, reel.sound
    options = dict(container.options)
    with av.open(f"file:{out.absolute()}", "w", format=container.muxer, options=options | _REPEATABLE) as target:
        video = _video_stream(target, picture) if picture else None
        audio = _audio_stream(target, sound)
        describe(target, container, reel.label)
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


def describe(target: OutputContainer, container: Container, label: Label) -> None:
    """Give an open file its title and chapters."""
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
    start = 0
    shelf = Shelf()
    for path, facts, turns in stretches_of(picture):
        ends = [0, *accumulate(facts.sizes)]
        for turn in turns:
            payload = shelf.payload(path)
            for place in range(turn):
                packet = av.Packet(payload[ends[place] : ends[place + 1]])
                packet.time_base = step
                packet.dts = start + place - REORDERED
                packet.pts = start + facts.order[place]
                packet.duration = 1
                packet.is_keyframe = place == 0
                yield float((start + place) * step), packet
            start += turn


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
