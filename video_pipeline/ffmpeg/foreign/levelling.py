"""Owns bringing one long sound to the target loudness: one gain and a limiter, no compression; hides blocks.

The sound lies on the disk as raw 32-bit float, 48 kHz, stereo. It is read and changed in blocks, in place, so that
twelve hours need no more memory than one minute and no second file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.delivery import LOUDNESS
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.media import Loudness
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.sound.forecast import FIRST_CEILING_DBTP, Trim
from video_pipeline.ffmpeg.sound.limiter import CONTEXT, limiting_gain
from video_pipeline.ffmpeg.sound.loudness import LOUDEST_BOOST_DB, SILENT_LUFS, STEP, Meter, Sound, loudness_of
from video_pipeline.ffmpeg.sound.mixing import EDGE

_BLOCK = 100 * STEP  # 10 s
_BYTES = 8  # of one stereo sample
_ROUNDS = 5
_CLOSE_LU = 0.05

Check = Callable[[], None]
"""Called between blocks; raises CancelledError to stop."""


def fit_length(pcm: Path, samples: int) -> None:
    """Cut the sound to `samples`, or add silence; silence takes no room on the disk."""
    with pcm.open("ab") as file:
        file.truncate(samples * _BYTES)


def settled_trim(pcm: Path, check: Check) -> Trim:
    """The trim with which the sound has the target loudness after limiting; no gain for silence."""
    samples = np.memmap(pcm, np.float32, "r").reshape(-1, 2)
    loudness = _measured(_trimmed(samples, Trim(0.0, np.inf)), check)
    if loudness.integrated_lufs <= SILENT_LUFS:
        return Trim(0.0, FIRST_CEILING_DBTP)
    gain = LOUDNESS.integrated_lufs - loudness.integrated_lufs
    for _ in range(_ROUNDS):
        gain = min(gain, LOUDEST_BOOST_DB)
        if loudness.true_peak_dbtp + gain <= FIRST_CEILING_DBTP:
            break
        limited = _measured(_trimmed(samples, Trim(gain, FIRST_CEILING_DBTP)), check)
        missing = LOUDNESS.integrated_lufs - limited.integrated_lufs
        if abs(missing) <= _CLOSE_LU:
            break
        gain += missing
    return Trim(gain, FIRST_CEILING_DBTP)


def next_trim(found: Loudness, last: Trim) -> Trim | None:
    """What is to be changed after encoding came out as `found`; None when it is as promised, or silence."""
    excess = found.true_peak_dbtp - LOUDNESS.true_peak_dbtp
    missing = LOUDNESS.integrated_lufs - found.integrated_lufs
    silent = found.integrated_lufs <= SILENT_LUFS or last.gain_db >= LOUDEST_BOOST_DB
    if excess <= 0 and (silent or abs(missing) <= LOUDNESS.tolerance_lu / 2):
        return None
    return Trim(0.0 if silent else missing, last.ceiling_dbtp - max(excess + 0.1, 0.0))


def missed(found: Loudness) -> str:
    """What of the promised loudness was not reached, for people; empty when all was, or there is silence only."""
    if found.integrated_lufs <= SILENT_LUFS:
        return ""
    short = abs(LOUDNESS.integrated_lufs - found.integrated_lufs) > LOUDNESS.tolerance_lu
    if not short and found.true_peak_dbtp <= LOUDNESS.true_peak_dbtp:
        return ""
    return (
        f"the sound has {found.integrated_lufs:.1f} LUFS and {found.true_peak_dbtp:.1f} dBTP instead of "
        f"{LOUDNESS.integrated_lufs:.1f} and at most {LOUDNESS.true_peak_dbtp:.1f}: levelling it did not get nearer"
    )


def apply_trim(pcm: Path, trim: Trim, check: Check) -> None:
    """Change the sound in place."""
    raw = np.memmap(pcm, np.float32, "r+")
    samples = raw.reshape(-1, 2)
    position = 0
    for block in _trimmed(samples, trim):
        check()
        samples[position : position + block.shape[1]] = block.T
        position += block.shape[1]
    raw.flush()


def soften_edges(pcm: Path) -> None:
    """Fade the first and the last 30 ms: AAC without an edit list aliases its first 21, and a cut would click."""
    raw = np.memmap(pcm, np.float32, "r+")
    samples = raw.reshape(-1, 2)
    edge = min(EDGE, len(samples) // 2)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)[:, None]
    samples[:edge] *= ramp
    samples[len(samples) - edge :] *= ramp[::-1]
    raw.flush()


def encoded_loudness(file: Path, check: Check) -> Loudness:
    """What an encoded sound of ours measures when it is decoded."""
    try:
        with av.open(f"file:{file.absolute()}") as opened:
            return _measured(_in_blocks(_decoded(opened)), check)
    except av.FFmpegError as error:
        raise MediaError(f"the sound that was just encoded cannot be decoded: {error}") from error


def _decoded(file: av.container.InputContainer) -> Iterator[Sound]:
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE)
    for frame in file.decode(audio=0):
        for piece in resampler.resample(frame):
            yield np.asarray(piece.to_ndarray(), np.float32)


def _in_blocks(pieces: Iterator[Sound]) -> Iterator[Sound]:
    kept: list[Sound] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += piece.shape[1]
        if length >= _BLOCK:
            joined = np.concatenate(kept, axis=1)
            yield joined[:, :_BLOCK]
            kept, length = [joined[:, _BLOCK:]], length - _BLOCK
    if kept:
        yield np.concatenate(kept, axis=1)


def _trimmed(samples: NDArray[np.float32], trim: Trim) -> Iterator[Sound]:
    """The blocks of the sound with the trim applied; a block may be overwritten as soon as it was given out."""
    gain, ceiling = np.float32(10 ** (trim.gain_db / 20)), 10 ** (trim.ceiling_dbtp / 20)
    before = np.zeros((0, 2), np.float32)
    for start in range(0, len(samples), _BLOCK):
        end = min(start + _BLOCK, len(samples))
        raw = np.concatenate([before, samples[start : end + CONTEXT]])
        # What is no number would stay none, whatever it is multiplied with.
        sound = np.nan_to_num(raw.T, copy=False, nan=0.0, posinf=0.0, neginf=0.0) * gain
        first = len(before)
        before = np.array(samples[max(end - CONTEXT, 0) : end])
        limiting = limiting_gain(sound, ceiling)
        if limiting is not None:
            sound *= limiting
        yield np.ascontiguousarray(sound[:, first : first + end - start])


def _measured(blocks: Iterator[Sound], check: Check) -> Loudness:
    meter = Meter()
    for block in blocks:
        check()
        meter.add(block)
    return loudness_of(meter.powers, meter.peak)
