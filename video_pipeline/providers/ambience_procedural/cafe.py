"""Owns a café: people who talk without a word to be understood, cups, spoons, the room; hides how a voice is made.

A voice is a buzz with the melody of a sentence, through resonances that wander from vowel to vowel at the pace of
syllables; there are no consonants but breath. A dozen talk at once and the room blurs them. All of it is made at
16 kHz, because a room of people has next to nothing above 4 kHz.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.fft

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.ambience_procedural.circle import Chance, Circle, Mono, Wave, between, decibels, place

SECONDS = 72

_VOICE_RATE = 16_000
_TALKERS = 13
_PHRASES = 44
_FRAME, _HOP = 1024, 512
"""64 ms of a voice are shaped at once."""

_VOWELS = np.array(
    [
        (730, 1090, 2440),
        (530, 1840, 2480),
        (270, 2290, 3010),
        (570, 840, 2410),
        (300, 870, 2240),
        (640, 1190, 2390),
        (490, 1350, 1690),
    ],
    np.float64,
)
"""Resonances in Hz of a, e, i, o, u, the u of cup, the er of bird (Peterson and Barney, 1952)."""


def cafe(circle: Circle, chance: Chance) -> Wave:
    """One loop of a café."""
    wave = _murmur(circle, chance)
    table = circle.silence()
    _cups(circle, chance.stream("cups"), table)
    wave += table + 0.5 * circle.echoing(table, chance.stream("room", "cups"), decay_s=0.7, brightest_hz=5000)
    breath = decibels(1.0 * circle.drift(chance.stream("machines"), 0.1))
    for side in range(2):
        wave[side] += 0.012 * breath * circle.noise(chance.stream("tone", side), between(60, 500, slope=1.5, tilt=0.9))
    return wave


def _murmur(circle: Circle, chance: Chance) -> Wave:
    slow = Circle(circle.samples * _VOICE_RATE // SAMPLE_RATE, _VOICE_RATE)
    people = slow.silence()
    bank = [_phrase(chance.stream("phrase", number)) for number in range(_PHRASES)]
    for talker in range(_TALKERS):
        rng = chance.stream("talker", talker)
        # A person has one voice: every third of the bank is high, and each talker draws from a few.
        own = rng.choice(_PHRASES, 6, replace=False)
        pan, level = float(rng.uniform(-0.9, 0.9)), float(rng.uniform(0.3, 1.0))
        at = float(rng.uniform(0, 3))
        while at < slow.seconds - 1:
            phrase = bank[int(rng.choice(own))]
            place(people, int(at * _VOICE_RATE), phrase, pan, level * float(rng.uniform(0.7, 1.0)))
            at += len(phrase) / _VOICE_RATE + float(rng.exponential(1.3)) + 0.15
    blurred = 0.4 * people + 0.9 * slow.echoing(people, chance.stream("room"), decay_s=0.9, brightest_hz=1800)
    blurred = slow.filtered(blurred, between(110, 3200, slope=2.0))
    return slow.raised(blurred, SAMPLE_RATE) * np.float32(0.06 / np.sqrt(np.square(blurred).mean()))


def _phrase(rng: np.random.Generator) -> Mono:
    """Some syllables on one breath, effective level about 1 where it is loud."""
    syllables = int(rng.integers(4, 15))
    lengths = rng.uniform(0.13, 0.27, syllables)
    ends = np.cumsum(lengths)
    time = np.arange(int(ends[-1] * _VOICE_RATE)) / _VOICE_RATE
    deep = rng.random() < 0.5
    pitch = float(rng.uniform(95, 135) if deep else rng.uniform(170, 230))
    # A sentence sinks, stressed syllables rise out of it.
    knots = pitch * (1.15 - 0.28 * ends / ends[-1]) * rng.normal(1.0, 0.07, syllables)
    hz = np.interp(time, ends - lengths / 2, knots)
    turns = np.cumsum(hz) / _VOICE_RATE
    buzz = 2 * (turns % 1.0) - 1 + 0.12 * rng.standard_normal(len(time))
    loud = np.full(len(time), 0.0)
    for end, length, weight in zip(ends, lengths, rng.uniform(0.35, 1.0, syllables), strict=True):
        inside = (time - (end - length)) / length
        loud += np.where((inside > 0) & (inside < 1), weight * np.sin(np.pi * np.clip(inside, 0, 1)) ** 0.7, 0)
    spoken = _through_mouth(buzz * loud, ends - lengths / 2, rng, 1.0 if deep else 1.16)
    return np.asarray(spoken / (np.sqrt(np.square(spoken).mean()) + 1e-9), np.float32)


def _through_mouth(
    buzz: npt.NDArray[np.float64], centres_s: npt.NDArray[np.float64], rng: np.random.Generator, scale: float
) -> npt.NDArray[np.float64]:
    """`buzz` shaped by vowels, one at each of `centres_s`; `scale` is that of a shorter throat."""
    targets = _VOWELS[rng.integers(0, len(_VOWELS), len(centres_s))] * scale
    padded = np.pad(buzz, (_FRAME, _FRAME))
    starts = np.arange(0, len(padded) - _FRAME, _HOP)
    middles = (starts - _FRAME / 2) / _VOICE_RATE
    formants = np.stack([np.interp(middles, centres_s, column) for column in targets.T], axis=1)
    hz = scipy.fft.rfftfreq(_FRAME, 1 / _VOICE_RATE)
    shape = np.full((len(starts), len(hz)), 0.02)
    for column, (width, level) in enumerate(((90, 1.0), (120, 0.5), (180, 0.25))):
        shape += level / (1 + np.square((hz - formants[:, column, None]) / width))
    window = np.hanning(_FRAME + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[starts] * window
    shaped = scipy.fft.irfft(scipy.fft.rfft(frames, axis=1, workers=1) * shape, _FRAME, axis=1, workers=1)
    spoken = np.zeros(len(padded))
    for start, frame in zip(starts, shaped, strict=True):
        spoken[start : start + _FRAME] += frame
    return spoken[_FRAME:-_FRAME]


def _cups(circle: Circle, rng: np.random.Generator, wave: Wave) -> None:
    """Cups put on saucers, and now and then a spoon that stirs."""
    for at in circle.moments(rng, 0.4):
        pan, level = float(rng.uniform(-0.8, 0.8)), float(rng.uniform(0.004, 0.022))
        china = _clink(rng)
        place(wave, int(at), china, pan, level)
        if rng.random() < 0.6:  # it does not stand at once
            place(wave, int(at) + int(rng.uniform(0.05, 0.16) * SAMPLE_RATE), china, pan, 0.5 * level)
    for at in circle.moments(rng, 0.05):
        pan, spoon = float(rng.uniform(-0.7, 0.7)), _clink(rng)
        for turn in range(int(rng.integers(5, 11))):
            later = int((turn * 0.19 + float(rng.normal(0, 0.012))) * SAMPLE_RATE)
            place(wave, int(at) + later, spoon, pan, float(rng.uniform(0.002, 0.006)))


def _clink(rng: np.random.Generator) -> Mono:
    """China that is touched: some tones that fit no scale, the high ones gone first."""
    time = np.arange(int(0.35 * SAMPLE_RATE)) / SAMPLE_RATE
    lowest = float(rng.uniform(1900, 3400))
    grain = rng.standard_normal(len(time)) * np.exp(-time / 0.0012) * 0.5
    for ratio in (1.0, 1.52, 2.11, 2.87, 3.6):
        hz = lowest * ratio * float(rng.uniform(0.97, 1.03))
        decay_s = float(rng.uniform(0.03, 0.07)) / ratio**0.7
        grain += np.sin(2 * np.pi * hz * time + rng.uniform(0, 6.28)) * np.exp(-time / decay_s) / ratio
    return np.asarray(grain * np.minimum(time / 0.0002, 1) * np.minimum((time[-1] - time) / 0.05, 1), np.float32)
