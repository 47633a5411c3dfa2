"""Owns encoding a programme's sound in chunks that join without a seam; hides priming and pre-roll.

A lossy encoder needs time to settle: a chunk is encoded from some packets before its first one, which are dropped.
How many was measured at the seams: 128 for AAC (with 4, the seam has 33 dB instead of 39 dB); 8 for Opus, of which
twice as many also let the loudness filters settle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.cache import Session, key_of
from video_pipeline.ffmpeg.coded import Coded, is_whole, write_coded
from video_pipeline.ffmpeg.crew import StopFlag
from video_pipeline.ffmpeg.loudness import STEP, Meter, Powers, Sound

VOICE_VERSION = 1


class AudioCodec(StrEnum):
    """How sound is encoded."""

    AAC = "aac"
    OPUS = "opus"


@dataclass(frozen=True, slots=True)
class VoiceCodec:
    """Facts about one audio codec; positions in samples at 48 kHz."""

    encoder: str
    decoder: str
    sample_format: str
    frame: int  # samples in a packet
    delay: int  # what decoding the first packet of an encoder starts before the first sample encoded
    early: int  # how much before the programme the first packet of a file starts
    pre_roll: int  # packets
    decoder_needs_header: bool


VOICES: dict[AudioCodec, VoiceCodec] = {
    # The priming packet is left out, so sound starts at 0 without an edit list; see mixing.EDGE.
    AudioCodec.AAC: VoiceCodec(
        "aac", "aac", "fltp", frame=1024, delay=1024, early=0, pre_roll=128, decoder_needs_header=True
    ),
    # A WebM file says in its header that the first 312 samples are to be skipped.
    AudioCodec.OPUS: VoiceCodec(
        "libopus", "opus", "flt", frame=960, delay=312, early=312, pre_roll=16, decoder_needs_header=False
    ),
}

_SETTLE = 48
"""Packets before a chunk that are decoded with it for measuring: one second for the loudness filters."""

_MEASURED_AT_ONCE = 100 * STEP

_BEYOND = 2
"""Packets after a chunk that are encoded with it: the encoders look ahead."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How the sound of one rendition is encoded."""

    codec: AudioCodec
    bit_rate: int

    @property
    def facts(self) -> VoiceCodec:
        """Of the codec."""
        return VOICES[self.codec]

    @property
    def options(self) -> dict[str, str]:
        """Options of the encoder."""
        if self.codec is AudioCodec.OPUS:
            return {"vbr": "on", "compression_level": "10", "application": "audio"}
        # twoloop leaves noise above the mask in half as many bands at 256k; below 160k fast has the better ratio.
        return {"aac_coder": "twoloop" if self.bit_rate >= 160_000 else "fast"}

    def __str__(self) -> str:
        words = " ".join(f"-{name} {value}" for name, value in self.options.items())
        return f"-c:a {self.facts.encoder} -b:a {self.bit_rate} {words}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Packets [first, end) of a file; `start` and `stop` is the range of programme samples to measure."""

    first: int
    end: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished chunk: its cache key and what it measures when decoded again."""

    key: str
    powers: Powers
    peak: float


def chunks_of(length: int, voice: Voice, span: int) -> tuple[Chunk, ...]:
    """The chunks of a programme of `length` samples; spans lie on the grid of the mix."""
    facts = voice.facts
    # Rounded, not rounded up: half a packet (11 ms) of the faded end is nothing, and the ends stay within a frame.
    total = max(round((length + facts.early) / facts.frame), 1)
    chunks = []
    for start in range(0, length, span):
        stop = min(start + span, length)
        end = total if stop == length else stop // facts.frame
        if start // facts.frame < end:
            chunks.append(Chunk(start // facts.frame, end, start, stop))
    return tuple(chunks)


def encode_chunk(mix: Path, chunk: Chunk, voice: Voice, session: Session, flag: StopFlag) -> Measured:
    """Encode one chunk of the 16-bit mix into the cache, unless the same sound was before. Runs in a worker."""
    flag.check()
    facts = voice.facts
    lead = min(facts.pre_roll, chunk.first)
    begin = (chunk.first - lead) * facts.frame
    frames = lead + chunk.end - chunk.first + 1 + _BEYOND
    pcm: NDArray[np.int16] = np.memmap(mix, np.int16, "r").reshape(-1, 2)[begin : begin + frames * facts.frame]
    content = hashlib.sha256(pcm.data).hexdigest()
    key = key_of(["chunk", VOICE_VERSION, av.library_versions, content, str(voice), asdict(chunk)])
    summary = key_of([key, "measured"])
    kept, known = session.find(key), session.find_json(summary)
    if known is not None and kept is not None and is_whole(kept):
        return Measured(key, np.array(known["powers"]), known["peak"])
    session.drop(key)
    header, packets = _encode(pcm, voice, frames, flag)
    # Packet i of this encoder decodes to the samples from begin + i * frame - delay on.
    skipped = lead + (facts.delay - facts.early) // facts.frame
    own = tuple(packets[skipped : skipped + chunk.end - chunk.first])
    session.add(key, lambda path: write_coded(Coded(header, own, tuple(range(len(own)))), path))
    settling = min(_SETTLE, lead)
    first = skipped - settling
    sound = _decoded(packets[first:], header, facts, flag)
    measured = _measure(sound, begin + first * facts.frame - facts.delay, chunk, settling * facts.frame)
    session.add_json(summary, {"powers": measured.powers.tolist(), "peak": measured.peak})
    return replace(measured, key=key)


def _encode(pcm: NDArray[np.int16], voice: Voice, frames: int, flag: StopFlag) -> tuple[bytes, list[bytes]]:
    """The codec's header and the packets of `frames` frames; sound that ends before them is followed by silence."""
    encoder = av.CodecContext.create(voice.facts.encoder, "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "stereo", voice.facts.sample_format
    encoder.bit_rate = voice.bit_rate
    encoder.thread_count = 1
    encoder.options = voice.options
    packets: list[bytes] = []
    for number in range(frames):
        if number % 256 == 0:
            flag.check()
        piece = pcm[number * voice.facts.frame : (number + 1) * voice.facts.frame]
        packets += map(bytes, encoder.encode(_frame(piece, number, voice.facts)))
    packets += map(bytes, encoder.encode(None))
    return bytes(encoder.extradata or b""), packets


def _frame(piece: NDArray[np.int16], number: int, facts: VoiceCodec) -> av.AudioFrame:
    samples = np.zeros((facts.frame, 2), np.float32)
    np.divide(piece, 32768, out=samples[: len(piece)])
    shaped = samples.reshape(1, -1) if facts.sample_format == "flt" else np.ascontiguousarray(samples.T)
    frame = av.AudioFrame.from_ndarray(shaped, facts.sample_format, "stereo")
    frame.sample_rate = SAMPLE_RATE
    frame.pts = number * facts.frame
    return frame


def _decoded(packets: list[bytes], header: bytes, facts: VoiceCodec, flag: StopFlag) -> Iterator[Sound]:
    decoder = av.CodecContext.create(facts.decoder, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = SAMPLE_RATE, "stereo"
    if facts.decoder_needs_header:
        decoder.extradata = header
    for number, packet in enumerate(packets):
        if number % 256 == 0:
            flag.check()
        for frame in decoder.decode(av.Packet(packet)):
            samples = np.asarray(frame.to_ndarray(), np.float32)
            yield samples if frame.format.is_planar else samples.reshape(-1, 2).T


def _measure(sound: Iterator[Sound], position: int, chunk: Chunk, settling: int) -> Measured:
    """Measure [chunk.start, chunk.stop) of sound that begins at `position`; the filters settle on what is before."""
    steps = max(chunk.start - position, 0) // STEP if settling else 0
    skip = chunk.start - steps * STEP - position
    meter = Meter()
    for block in _in_steps(sound, skip, chunk.stop - chunk.start + steps * STEP):
        meter.add(block)
    return Measured("", meter.powers[steps:], meter.peak)


def _in_steps(sound: Iterator[Sound], skip: int, length: int) -> Iterator[Sound]:
    """`length` samples of `sound` after the first `skip`, in blocks of whole steps except the last; none is empty."""
    held: list[Sound] = []
    count = 0
    for piece in sound:
        kept = piece[:, skip:]
        skip = max(skip - piece.shape[1], 0)
        held.append(kept[:, : length - count])
        count += held[-1].shape[1]
        if sum(part.shape[1] for part in held) >= _MEASURED_AT_ONCE:
            joined = np.concatenate(held, axis=1)
            whole = joined.shape[1] // STEP * STEP
            yield np.ascontiguousarray(joined[:, :whole])
            held = [joined[:, whole:]]
    rest = np.concatenate(held, axis=1)
    if rest.shape[1]:
        yield np.ascontiguousarray(rest)
