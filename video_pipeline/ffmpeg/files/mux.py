"""Owns joining finished packets into one file; hides which writer a kind of file has.

MP4, QuickTime and WebM are written here, in one pass and byte by byte known (`iso`, `matroska`); Ogg by PyAV.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.encoding.codecs import VideoCodec
from video_pipeline.ffmpeg.files.containers import Container
from video_pipeline.ffmpeg.files.iso import ENTRIES, SHAPES, write_iso
from video_pipeline.ffmpeg.files.matroska import write_webm
from video_pipeline.ffmpeg.files.reel import Label, PictureTrack, Reel, SoundTrack
from video_pipeline.ffmpeg.sound.voice import AudioCodec
from video_pipeline.ffmpeg.work.coded import read_coded

_POLL_EVERY = 5000
"""Packets between two looks at whether to stop."""

NO_LABEL = Label()

_WEBM = ("webm", VideoCodec.VP9, AudioCodec.OPUS)
_COMMENTED = ("ogg", "opus", "flac")
"""Muxers of sound alone, whose files hold chapters as Vorbis comments."""

REPEATABLE = {"fflags": "+bitexact"}
"""Without it ffmpeg's muxers name their version and draw random numbers."""


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

    The same tracks and label make the same bytes. MediaError when stretches do not fit together, or when this kind of
    file cannot hold the tracks.
    """
    reel = Reel(picture, sound, label)
    aac = sound.voice.codec is AudioCodec.AAC
    if container.muxer in SHAPES and aac and (picture is None or picture.form.codec in ENTRIES):
        return write_iso(out, SHAPES[container.muxer], reel, poll)
    if picture is not None and (container.muxer, picture.form.codec, sound.voice.codec) == _WEBM:
        return write_webm(out, picture, reel, poll)
    if picture is None and container.muxer in _COMMENTED:
        return _write_sound(out, container, reel, poll)
    raise MediaError(f"a file of kind {container.muxer} cannot hold {container.video} and {sound.voice.codec}")


def _write_sound(out: Path, container: Container, reel: Reel, poll: Callable[[], None]) -> str:
    with av.open(f"file:{out.absolute()}", "w", format=container.muxer, options=REPEATABLE) as target:
        stream = target.add_stream(reel.sound.voice.facts.encoder, rate=SAMPLE_RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        stream.codec_context.bit_rate = reel.sound.voice.bit_rate
        stream.time_base = Fraction(1, SAMPLE_RATE)
        describe(target, container, reel.label)
        for count, packet in enumerate(_packets(reel.sound)):
            if count % _POLL_EVERY == 0:
                poll()
            packet.stream = stream
            target.mux_one(packet)
    with out.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _packets(sound: SoundTrack) -> Iterator[av.Packet[Any]]:
    """A packet object is made for each use: muxing rewrites its times."""
    start = -sound.voice.facts.early
    for path in sound.chunks:
        for data in read_coded(path).packets:
            packet = av.Packet(data)
            packet.time_base = Fraction(1, SAMPLE_RATE)
            packet.pts = packet.dts = start
            packet.duration = sound.voice.facts.frame
            packet.is_keyframe = True
            yield packet
            start += sound.voice.facts.frame


def describe(target: OutputContainer, container: Container, label: Label) -> None:
    """Give an open file of sound alone its title and chapters as Vorbis comments; the first stream is there already."""
    notes = {"title": label.title} if label.title else {}
    for number, mark in enumerate(label.marks):
        notes[f"CHAPTER{number:03}"] = _clock(mark.start)
        notes[f"CHAPTER{number:03}NAME"] = mark.name
    # Ogg keeps comments in each stream, FLAC in the file.
    holder = target if container.muxer == "flac" else target.streams[0]
    holder.metadata.update(notes)


def _clock(seconds: Fraction) -> str:
    """hh:mm:ss.mmm, as Ogg's chapter comments have it."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"
