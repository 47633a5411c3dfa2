"""Owns one piece of music on its way into the programme: decoded once, measured once; hides where both are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.media import AudioFacts, Loudness
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.cache import Session, key_of
from video_pipeline.ffmpeg.command import LONGEST_TRACK_S, decode_command
from video_pipeline.ffmpeg.crew import StopFlag
from video_pipeline.ffmpeg.loudness import STEP, Meter, Powers, Sound, loudness_of
from video_pipeline.ffmpeg.runner import run
from video_pipeline.ffmpeg.sniff import audio_demuxer

ANALYSIS_VERSION = 1

SILENCE = 10 ** (-60 / 20)
"""A sample below -60 dBFS is silent."""

_BLOCK = 100 * STEP  # 10 s
_DECODE_LIMIT_S = 600.0
_SILENCE_STEP = SAMPLE_RATE // 100


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a piece measures, and the power of each 100 ms, from which the loudness of a mix is predicted."""

    facts: AudioFacts
    powers: Powers


def analysis_key(sha256: str) -> str:
    """Where the analysis of a file is kept."""
    return key_of(["analysis", ANALYSIS_VERSION, sha256])


def pcm_path(session: Session, sha256: str) -> Path:
    """Where the decoded file is kept while the session lasts: 32-bit float, 48 kHz, stereo, interleaved."""
    return session.own / f"{sha256}.f32"


def load_pcm(path: Path) -> NDArray[np.float32]:
    """The decoded file as an array of shape (samples, 2), read from the disk as needed."""
    if path.stat().st_size == 0:
        raise MediaError(f"{path.name} holds no sound")
    return np.memmap(path, np.float32, "r").reshape(-1, 2)


def prepare_track(binary: Path, audio: Path, sha256: str, session: Session, stop: StopFlag) -> None:
    """Decode a file for mixing and measure it unless that was done before. Runs in a worker."""
    stop.check()
    pcm = pcm_path(session, sha256)
    if not pcm.exists():
        part = pcm.with_suffix(".part")
        decode(binary, audio, part, stop.is_up)
        part.replace(pcm)
    if load_analysis(session, sha256) is None:
        analysis = analyse(load_pcm(pcm), _channels(audio), stop.check)
        stored = {"facts": asdict(analysis.facts), "powers": analysis.powers.tolist()}
        session.add_json(analysis_key(sha256), stored)


def decode(binary: Path, audio: Path, out: Path, is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Decode a sound file to raw samples; MediaError when it is damaged, empty, too long or no sound."""
    command = decode_command(binary, audio, audio_demuxer(audio), out)
    complaint = run(command, limit_s=_DECODE_LIMIT_S, is_stopped=is_stopped)
    if complaint:
        # ffmpeg reports success after skipping what it could not decode.
        raise MediaError(f"{audio.name} is damaged: {complaint.splitlines()[0]}")
    samples = out.stat().st_size // 8
    if samples == 0:
        raise MediaError(f"{audio.name} holds no sound")
    if samples >= LONGEST_TRACK_S * SAMPLE_RATE:
        raise MediaError(f"{audio.name} is longer than {LONGEST_TRACK_S // 3600} hours")


def _channels(audio: Path) -> int:
    demuxer = audio_demuxer(audio)
    try:
        with av.open(f"file:{audio.absolute()}", format=demuxer, options={"protocol_whitelist": "file"}) as file:
            return file.streams.audio[0].codec_context.channels
    except (av.FFmpegError, IndexError) as error:
        raise MediaError(f"{audio.name} has no readable sound stream: {error}") from error


def analyse(pcm: NDArray[np.float32], channels: int, check: Callable[[], None] = lambda: None) -> Analysis:
    """Measure decoded sound of shape (samples, 2)."""
    meter, silence = Meter(), _SilenceMeter()
    for block in blocks_of(pcm):
        check()
        if not math.isfinite(block.sum(dtype=np.float64)):
            raise MediaError("the sound holds values that are no numbers")
        meter.add(block)
        silence.add(block)
    loudness = loudness_of(meter.powers, meter.peak)
    facts = AudioFacts(len(pcm), channels, loudness, silence.longest * _SILENCE_STEP / SAMPLE_RATE)
    return Analysis(facts, meter.powers)


def blocks_of(pcm: NDArray[np.float32]) -> Iterator[Sound]:
    """The sound in blocks of 10 s, each of shape (2, samples)."""
    for start in range(0, len(pcm), _BLOCK):
        yield np.ascontiguousarray(pcm[start : start + _BLOCK].T)


def columns_of(pcm: NDArray[np.float32], columns: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The highest sample and the effective level (RMS) of sound of shape (samples, 2) in each of `columns` parts."""
    peaks, levels = np.zeros(columns, np.float32), np.zeros(columns, np.float32)
    edges = np.linspace(0, len(pcm), columns + 1).astype(int)
    for column, (first, last) in enumerate(pairwise(edges)):
        part = pcm[first:last]
        if part.size:
            peaks[column] = np.abs(part).max()
            levels[column] = np.sqrt(np.mean(np.square(part), dtype=np.float64))
    return peaks, levels


class _SilenceMeter:
    """Counts the steps of 10 ms in the longest silence."""

    def __init__(self) -> None:
        self.longest = 0
        self._running = 0

    def add(self, block: Sound) -> None:
        whole = block.shape[1] // _SILENCE_STEP * _SILENCE_STEP
        loud = np.abs(block[:, :whole]).reshape(len(block), -1, _SILENCE_STEP).max(axis=(0, 2)) >= SILENCE
        places = np.flatnonzero(loud)
        if not places.size:
            self._running += len(loud)
        else:
            inner = int(np.diff(places).max(initial=1)) - 1
            self.longest = max(self.longest, self._running + int(places[0]), inner)
            self._running = len(loud) - 1 - int(places[-1])
        self.longest = max(self.longest, self._running)


def load_analysis(session: Session, sha256: str) -> Analysis | None:
    """The kept analysis of a file; None when there is none yet."""
    stored = session.find_json(analysis_key(sha256))
    if stored is None:
        return None
    facts = stored["facts"]
    return Analysis(AudioFacts(**{**facts, "loudness": Loudness(**facts["loudness"])}), np.array(stored["powers"]))
