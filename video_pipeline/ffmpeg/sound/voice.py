"""Owns encoding a programme's sound in chunks that join without a seam; hides priming and pre-roll.

A lossy encoder needs time to settle: a chunk is encoded from some packets before its first one, which are dropped.
How many was measured at the seams: from 32 packets of AAC on, a seam has no more noise than the same place in a single
encode (with 4 up to 4 dB more, without any 33 dB more); from 16 of Opus on 0.1 dB.
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
from video_pipeline.ffmpeg.sound.loudness import STEP, Meter, Powers, Sound
from video_pipeline.ffmpeg.work.cache import Session, key_of
from video_pipeline.ffmpeg.work.coded import Coded, is_whole, write_coded
from video_pipeline.ffmpeg.work.crew import StopFlag

VOICE_VERSION = 3


class AudioCodec(StrEnum):
    """How sound is encoded."""

    AAC = "aac"
    OPUS = "opus"
    FLAC = "flac"


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
        "aac", "aac", "fltp", frame=1024, delay=1024, early=0, pre_roll=64, decoder_needs_header=True
    ),
    # A WebM file says in its header that the first 312 samples are to be skipped.
    AudioCodec.OPUS: VoiceCodec(
        "libopus", "opus", "flt", frame=960, delay=312, early=312, pre_roll=16, decoder_needs_header=False
    ),
    # Nothing is lost, so nothing has to settle.
    AudioCodec.FLAC: VoiceCodec(
        "flac", "flac", "s16", frame=4608, delay=0, early=0, pre_roll=0, decoder_needs_header=True
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
        if self.codec is AudioCodec.FLAC:
            return {}
        if self.codec is AudioCodec.OPUS:
            # Unconstrained, 192k become 205k from level 7 on. Level 7 takes a sixth longer than 5 for 0.2 dB less noise
            # over the mask, level 10 a third for 0.3 dB.
            return {"vbr": "constrained", "compression_level": "5", "application": "audio"}
        # Without noise substitution, and at high rates without intensity stereo, the fast coder leaves less noise over
        # the mask than twoloop does: at 256k -6.2 dB, not -3.5 dB, in 55 % of the time (see docs/benchmarks).
        return {"aac_coder": "fast", "aac_pns": "0", "aac_is": "0" if self.bit_rate >= 224_000 else "1"}

    def __str__(self) -> str:
        words = [f"-{name} {value}" for name, value in self.options.items()]
        rate = [] if self.codec is AudioCodec.FLAC else [f"-b:a {self.bit_rate}"]
        return " ".join([f"-c:a {self.facts.encoder}", *rate, *words])


@dataclass(frozen=True, slots=True)
class Chunk:
    """Packets [first, end) of a file; `start` and `stop` is the range of programme samples to measure."""

    first: int
    end: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished chunk: its cache key, empty when it is not kept, and what it measures when decoded again."""

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
    settling = min(_SETTLE, lead)
    first = skipped - settling
    sound = _decoded(packets[first:], header, facts, flag)
    measured = _measure(sound, begin + first * facts.frame - facts.delay, chunk, settling * facts.frame)
    # The small piece first: who is killed between them leaves nothing that has to be made again.
    session.add_json(summary, {"powers": measured.powers.tolist(), "peak": measured.peak})
    session.add(key, lambda path: write_coded(Coded(header, own, tuple(range(len(own)))), path))
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
    for first in range(0, frames, _AT_ONCE):
        flag.check()
        begin, end = (number * voice.facts.frame for number in (first, min(first + _AT_ONCE, frames)))
        packets += map(bytes, encoder.encode(_frame(pcm[begin:end], begin, end, voice.facts)))
    packets += map(bytes, encoder.encode(None))
    return bytes(encoder.extradata or b""), packets


_AT_ONCE = 64
"""Frames handed to the encoder, and packets decoded, in one go: one by one, Python takes a sixth of the time."""


def _frame(piece: NDArray[np.int16], begin: int, end: int, facts: VoiceCodec) -> av.AudioFrame:
    """Samples [begin, end) as the encoder wants them, silence behind those of `piece`."""
    planar = facts.sample_format == "fltp"
    samples = np.zeros((2, end - begin) if planar else (end - begin, 2), np.float32)
    by_channel = samples if planar else samples.T
    np.multiply(piece.T, np.float32(1 / 32768), out=by_channel[:, : len(piece)])
    frame = av.AudioFrame.from_ndarray(samples if planar else samples.reshape(1, -1), facts.sample_format, "stereo")
    frame.sample_rate = SAMPLE_RATE
    frame.pts = begin
    return frame


def _decoded(packets: list[bytes], header: bytes, facts: VoiceCodec, flag: StopFlag) -> Iterator[Sound]:
    decoder = av.CodecContext.create(facts.decoder, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = SAMPLE_RATE, "stereo"
    if facts.decoder_needs_header:
        decoder.extradata = header
    for first in range(0, len(packets), _AT_ONCE):
        flag.check()
        frames = [frame for packet in packets[first : first + _AT_ONCE] for frame in decoder.decode(av.Packet(packet))]
        sound = np.empty((2, sum(frame.samples for frame in frames)), np.float32)
        end = 0
        for frame in frames:
            begin, end = end, end + frame.samples
            # Straight from the planes: `to_ndarray` would double the time of decoding.
            for channel, plane in zip(sound, frame.planes, strict=True):
                channel[begin:end] = np.frombuffer(memoryview(plane), np.float32, frame.samples)
        yield sound


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
