"""Owns one piece of music on its way into the programme: decoded once, measured once; hides where both are kept."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.media import AudioFacts, Loudness
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.program.command import (
    FLAC_CHECKS,
    LONGEST_TRACK_S,
    MUSIC_DECODERS,
    NO_REFERENCES,
    UNLENT,
    decode_command,
)
from video_pipeline.ffmpeg.program.runner import run
from video_pipeline.ffmpeg.program.sniff import audio_demuxer
from video_pipeline.ffmpeg.sound.loudness import CELL, STEP, Meter, Powers, Sound, loudness_of
from video_pipeline.ffmpeg.work.aside import beside
from video_pipeline.ffmpeg.work.cache import Session, key_of
from video_pipeline.ffmpeg.work.crew import StopFlag

ANALYSIS_VERSION = 3

SILENCE = 10 ** (-60 / 20)
"""A sample below -60 dBFS is silent."""

_BLOCK = 100 * STEP  # 10 s
_DECODE_LIMIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a piece measures, and what the loudness of a mix with it is predicted from."""

    facts: AudioFacts
    powers: Powers  # of each 100 ms
    tops: NDArray[np.float32]  # the highest sample in each 10 ms


def analysis_key(sha256: str) -> str:
    """Where the analysis of a file is kept."""
    return key_of(["analysis", ANALYSIS_VERSION, sha256])


Pcm = NDArray[np.float32] | NDArray[np.int16]
"""Decoded sound, shape (samples, 2): full scale is 1 for floating point, 32768 for integers."""


def pcm_path(session: Session, sha256: str) -> Path:
    """Where the decoded file is kept while the session lasts: 48 kHz, stereo, interleaved; perhaps not there yet."""
    exact, real = (session.own / f"{sha256}{suffix}" for suffix in _TYPES)
    return exact if exact.exists() else real


EXACT = ".s16"
_TYPES: dict[str, type[np.generic]] = {EXACT: np.int16, ".f32": np.float32}


def load_pcm(path: Path) -> Pcm:
    """The decoded file, read from the disk as needed."""
    if path.stat().st_size == 0:
        raise MediaError(f"{path.name} holds no sound")
    pcm: Pcm = np.memmap(path, _TYPES[path.suffix], "r").reshape(-1, 2)
    return pcm


def scale_of(pcm: Pcm) -> float:
    """The factor that brings decoded sound to a full scale of 1."""
    return 1 / 32768 if pcm.dtype == np.int16 else 1.0


def prepare_track(binary: Path, audio: Path, sha256: str, session: Session, stop: StopFlag) -> None:
    """Decode a file for mixing and measure it unless that was done before. Runs in a worker."""
    stop.check()
    pcm = pcm_path(session, sha256)
    if not pcm.exists():
        part = beside(session.own / sha256)
        pcm = session.own / f"{sha256}{decode(binary, audio, part, stop.is_up)}"
        part.replace(pcm)
    if load_analysis(session, sha256) is None:
        # Nothing but stereo is taken as it is.
        channels = 2 if pcm.suffix == EXACT else _channels(audio)
        analysis = analyse(load_pcm(pcm), channels, stop.check, name=audio.name)
        stored = {"facts": asdict(analysis.facts)} | {
            name: base64.b64encode(getattr(analysis, name).astype(np.float32).tobytes()).decode()
            for name in ("powers", "tops")
        }
        session.add_json(analysis_key(sha256), stored)


def decode(binary: Path, audio: Path, out: Path, is_stopped: Callable[[], bool] = lambda: False) -> str:
    """Decode a sound file to raw samples, and say which by the suffix of `load_pcm`.

    Raises MediaError when the file is damaged, empty, too long or no sound.
    """
    demuxer = audio_demuxer(audio)
    if demuxer in _PLAIN and _copied(audio, demuxer, out, is_stopped):
        return EXACT
    command = decode_command(binary, audio, demuxer, out)
    said = run(command, limit_s=_DECODE_LIMIT_S, is_stopped=is_stopped)
    complaints = [line for line in said.splitlines() if not any(words in line for words in UNLENT)]
    if complaints:
        # ffmpeg reports success after skipping what it could not decode.
        raise MediaError(f"{audio.name} is damaged: {complaints[0]}")
    samples = out.stat().st_size // 8
    if samples == 0:
        raise MediaError(f"{audio.name} holds no sound")
    if samples >= LONGEST_TRACK_S * SAMPLE_RATE:
        raise MediaError(f"{audio.name} is longer than {LONGEST_TRACK_S // 3600} hours")
    return ".f32"


_PLAIN = ("flac", "wav")


def _copied(audio: Path, demuxer: str, out: Path, is_stopped: Callable[[], bool]) -> bool:
    """Write the samples of a faultless file of 16 bits, 48 kHz and stereo as they are; False when it is anything else.

    That is what the studio's own pieces are, and half the work and a quarter of the bytes of the general way, which
    also finds the words for what is wrong with a file.
    """
    try:
        with _opened(audio, demuxer) as file, out.open("wb") as raw:
            stream = file.streams.audio[0]
            context = stream.codec_context
            context.options = {"err_detect": FLAC_CHECKS}
            # A WAV file need not say where its two channels belong.
            plain = context.sample_rate == SAMPLE_RATE and context.layout.name in ("stereo", "2 channels")
            wanted = (stream.duration or 0) * (stream.time_base or 0) * SAMPLE_RATE
            if not plain or context.format.name != "s16" or not 0 < wanted < _LONGEST:
                return False
            for number, frame in enumerate(file.decode(stream)):
                if number % 256 == 0 and is_stopped():
                    return False
                raw.write(memoryview(frame.planes[0])[: frame.samples * 4])
            return raw.tell() == wanted * 4
    except (av.FFmpegError, IndexError):
        return False


_LONGEST = LONGEST_TRACK_S * SAMPLE_RATE


def _opened(audio: Path, demuxer: str) -> InputContainer:
    """A file that anybody may have made, with no more than is needed to decode it; its texts may be in any encoding."""
    options = {"protocol_whitelist": "file", "codec_whitelist": ",".join(MUSIC_DECODERS)}
    if demuxer == "mov":
        options |= NO_REFERENCES
    return av.open(f"file:{audio.absolute()}", format=demuxer, options=options, metadata_errors="replace")


def _channels(audio: Path) -> int:
    demuxer = audio_demuxer(audio)
    try:
        with _opened(audio, demuxer) as file:
            return file.streams.audio[0].codec_context.channels
    except (av.FFmpegError, IndexError) as error:
        raise MediaError(f"{audio.name} has no readable sound stream: {error}") from error


def analyse(pcm: Pcm, channels: int, check: Callable[[], None] = lambda: None, *, name: str = "the sound") -> Analysis:
    """Measure decoded sound of shape (samples, 2); MediaError, with its `name`, when some values are no numbers."""
    meter = Meter()
    for block in blocks_of(pcm):
        check()
        if pcm.dtype != np.int16 and not math.isfinite(block.sum(dtype=np.float64)):
            raise MediaError(f"{name} holds values that are no numbers")
        meter.add(block)
    loudness = loudness_of(meter.powers, meter.peak)
    silent = meter.tops[: len(pcm) // CELL] < SILENCE
    facts = AudioFacts(len(pcm), channels, loudness, longest_run(silent) * CELL / SAMPLE_RATE)
    return Analysis(facts, meter.powers, meter.tops)


def blocks_of(pcm: Pcm) -> Iterator[Sound]:
    """The sound in blocks of 10 s, each of shape (2, samples)."""
    for start in range(0, len(pcm), _BLOCK):
        block = pcm[start : start + _BLOCK].T
        # In the memory's order of rows; otherwise the result would be as interleaved as its source.
        yield np.multiply(block, np.float32(scale_of(pcm)), dtype=np.float32, order="C")


def columns_of(pcm: Pcm, columns: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The highest sample and the effective level (RMS) of sound of shape (samples, 2) in each of `columns` parts."""
    peaks, levels = np.zeros(columns, np.float32), np.zeros(columns, np.float32)
    edges = np.linspace(0, len(pcm), columns + 1).astype(int)
    for column, (first, last) in enumerate(pairwise(edges)):
        part = pcm[first:last] * np.float32(scale_of(pcm))
        if part.size:
            peaks[column] = np.abs(part).max()
            levels[column] = np.sqrt(np.mean(np.square(part), dtype=np.float64))
    return peaks, levels


def longest_run(flags: NDArray[np.bool_]) -> int:
    """The number of places in the longest row of true ones."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return int((ends[1::2] - ends[::2]).max(initial=0))


def load_analysis(session: Session, sha256: str) -> Analysis | None:
    """The kept analysis of a file; None when there is none yet."""
    stored = session.find_json(analysis_key(sha256))
    if stored is None:
        return None
    facts = AudioFacts(**{**stored["facts"], "loudness": Loudness(**stored["facts"]["loudness"])})
    powers, tops = (np.frombuffer(base64.b64decode(stored[name]), np.float32) for name in ("powers", "tops"))
    return Analysis(facts, powers.astype(np.float64), tops)
