"""Owns where a song becomes another one, and all of its rhythm together; hides how novelty is measured.

Novelty is Foote's (Automatic Audio Segmentation Using a Measure of Audio Novelty, ICME 2000): a checkerboard is moved
along the diagonal of the matrix of how like each moment is to each other one. With a likeness that is a product, and a
board that is one too, that is the difference between what is before and what comes after, squared: it takes no matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.rhythm import Rhythm
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.listening.onsets import HOP, TIMBRE_STEPS, listened, sample_at
from video_pipeline.ffmpeg.listening.pulse import pulse_of
from video_pipeline.ffmpeg.sound.tracks import Pcm, load_pcm, pcm_path
from video_pipeline.ffmpeg.work.cache import Session, key_of
from video_pipeline.ffmpeg.work.crew import StopFlag

RHYTHM_VERSION = 3

_STEP = TIMBRE_STEPS * HOP
"""Samples of one description of the timbre."""

_REACH = 8 * SAMPLE_RATE // _STEP
"""What is compared: eight seconds before and after."""

_NOVEL_DB = 5.0
"""Difference of the bands from which on something else may begin; what also has to stand out from the rest of the song
by its standard deviation, or every swell of a swelling song would be a section."""

_APART = 8 * SAMPLE_RATE // _STEP

_LOUD_DB = 60.0
"""What is so far below the loudest is not heard beside it: silence is no timbre of its own."""


def rhythm_of(pcm: Pcm, bpm: float | None = None, check: Callable[[], None] = lambda: None) -> Rhythm:
    """The tempo, beats and sections of decoded sound of shape (samples, 2); at about `bpm` if that is known."""
    heard = listened(pcm, check)
    bounds = section_bounds(heard.timbre)
    pulse = pulse_of(heard.onsets, bpm, check)
    if pulse is None:
        return Rhythm(None, (), tuple(bounds), 0.0)
    beats = sorted({sample for place in pulse.places if (sample := sample_at(place)) < len(pcm)})
    return Rhythm(round(pulse.tempo_bpm, 2), tuple(beats), _on_beats(bounds, beats), round(pulse.confidence, 3))


def _on_beats(bounds: list[int], beats: list[int]) -> tuple[int, ...]:
    """Each bound moved to its nearest beat, if there is one within a second."""
    known = np.array(beats)
    moved = set()
    for bound in bounds:
        nearest = int(known[np.argmin(np.abs(known - bound))])
        moved.add(nearest if abs(nearest - bound) < SAMPLE_RATE else bound)
    return tuple(sorted(moved))


def section_bounds(timbre: NDArray[np.float32]) -> list[int]:
    """The samples at which something else begins, by the levels of bands each quarter of a second."""
    if len(timbre) < 2 * _APART:
        return []
    levels = np.maximum(timbre, timbre.max() - _LOUD_DB)
    # One half of the board: what comes after counts, what was before is taken away, what is near counts more.
    bell = np.exp(-np.square((np.arange(_REACH) + 0.5) / (0.5 * _REACH)) / 2)
    board = np.concatenate([bell, -bell[::-1]]) / bell.sum()
    padded = np.pad(levels, ((_REACH, _REACH), (0, 0)), mode="edge")
    # Value i compares what is before description i with what comes from it on.
    moved = np.stack([np.convolve(column, board, "valid") for column in padded.T], axis=1)[: len(levels)]
    novelty = np.sqrt(np.square(moved).mean(axis=1))
    found: list[int] = []
    least = max(_NOVEL_DB, float(novelty.mean() + novelty.std()))
    for place in np.argsort(-novelty, kind="stable"):
        if novelty[place] < least:
            break
        inside = _APART <= place <= len(novelty) - _APART
        if inside and all(abs(place - other) >= _APART for other in found):
            found.append(int(place))
    return sorted(place * _STEP for place in found)


def prepare_rhythm(sha256: str, bpm: float | None, session: Session, stop: StopFlag) -> None:
    """Measure the rhythm of a file that is decoded in this session, unless that was done before. Runs in a worker."""
    if load_rhythm(session, sha256, bpm) is None:
        rhythm = rhythm_of(load_pcm(pcm_path(session, sha256)), bpm, stop.check)
        session.add_json(_rhythm_key(sha256, bpm), asdict(rhythm))


def load_rhythm(session: Session, sha256: str, bpm: float | None) -> Rhythm | None:
    """The kept rhythm of a file; None when there is none yet."""
    stored = session.find_json(_rhythm_key(sha256, bpm))
    if stored is None:
        return None
    return Rhythm(**{**stored, "beats": tuple(stored["beats"]), "sections": tuple(stored["sections"])})


def _rhythm_key(sha256: str, bpm: float | None) -> str:
    return key_of(["rhythm", RHYTHM_VERSION, sha256, bpm])
