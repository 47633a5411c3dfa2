"""Owns a summer night: crickets near and far, still air, an owl in the distance; hides how each of them sings.

A field cricket sings one pure tone near 4.5 kHz in pulses of 15 ms, three or four to a chirp, some two chirps a second.
A tree cricket holds its trill. The tawny owl calls near 400 Hz: one long hoot, a pause, a trembling one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.ambience_procedural.circle import Chance, Circle, Mono, Wave, between, decibels, place

SECONDS = 80

_CRICKETS = 7
_OWL_CALLS = 2


def night(circle: Circle, chance: Chance) -> Wave:
    """One loop of a night."""
    wave = _air(circle, chance)
    for number in range(_CRICKETS):
        _cricket(circle, chance.stream("cricket", number), wave, near=number < 2)
    wave += _trill(circle, chance)
    far = circle.silence()
    _owl(circle, chance.stream("owl"), far)
    # The edge of a wood answers, and little of the call itself comes over the field.
    wave += 0.35 * far + 0.9 * circle.echoing(far, chance.stream("wood"), decay_s=2.2, brightest_hz=900)
    return wave


def _air(circle: Circle, chance: Chance) -> Wave:
    breath = circle.drift(chance.stream("breath"), 0.15)
    wave = circle.silence()
    for side in range(2):
        low = circle.noise(chance.stream("air", side), between(70, 600, slope=1.5, tilt=0.8))
        leaves = circle.noise(chance.stream("leaves", side), between(1200, 6000, slope=1.5, tilt=0.6))
        wave[side] += 0.0042 * low * decibels(2.0 * breath) + 0.0012 * leaves * decibels(2.5 * breath)
    return wave


def _cricket(circle: Circle, rng: np.random.Generator, wave: Wave, *, near: bool) -> None:
    """One cricket that sings for some seconds, rests, and goes on."""
    hz = float(rng.uniform(4100, 5300))
    chirp = _chirp(rng, hz)
    every_s = float(rng.uniform(0.42, 0.75))
    pan = float(rng.uniform(-0.9, 0.9))
    level = float(rng.uniform(0.03, 0.045) if near else rng.uniform(0.006, 0.016))
    at, end = float(rng.uniform(0, 5)), circle.seconds - 2.0
    while at < end:
        for _ in range(int(rng.integers(8, 26))):
            place(wave, int(at * SAMPLE_RATE), chirp, pan, level * float(rng.uniform(0.8, 1.0)))
            at += every_s * float(rng.normal(1.0, 0.025))
            if at >= end:
                break
        at += float(rng.uniform(0.8, 6.0))


def _chirp(rng: np.random.Generator, hz: float) -> Mono:
    pulses, length_s, every_s = int(rng.integers(3, 5)), 0.016, float(rng.uniform(0.027, 0.034))
    time = np.arange(int((pulses * every_s + 0.01) * SAMPLE_RATE)) / SAMPLE_RATE
    grain = np.zeros(len(time))
    for number in range(pulses):
        inside = (time - number * every_s) / length_s
        bell = np.where((inside > 0) & (inside < 1), np.sin(np.pi * np.clip(inside, 0, 1)) ** 1.5, 0)
        # The wing slows down while it closes: each pulse falls a little in pitch.
        phase = 2 * np.pi * hz * time * (1 - 0.004 * np.clip(inside, 0, 1))
        grain += bell * (0.6 + 0.4 * number / max(pulses - 1, 1)) * (np.sin(phase) + 0.06 * np.sin(2 * phase))
    return np.asarray(grain, np.float32)


def _trill(circle: Circle, chance: Chance) -> Wave:
    """Tree crickets, far away: narrow noise that pulses; both its rates fit into the loop a whole number of times."""
    wave = circle.silence()
    time = np.arange(circle.samples) / circle.rate
    for number in range(3):
        rng = chance.stream("trill", number)
        hz = float(rng.uniform(2500, 3300))
        beats = round(float(rng.uniform(36, 52)) * circle.seconds)
        pulse = np.clip(np.sin(2 * np.pi * beats * time / circle.seconds), 0, None) ** 1.2
        tone = circle.noise(rng, between(hz - 14, hz + 14, slope=30.0))
        swell = decibels(2.5 * circle.drift(rng, 0.1))
        voice = np.asarray(0.0022 * tone * pulse * swell, np.float32)
        angle = (float(rng.uniform(-0.8, 0.8)) + 1) * np.pi / 4
        wave += np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * voice
    return wave


def _owl(circle: Circle, rng: np.random.Generator, wave: Wave) -> None:
    pitch, pan = float(rng.uniform(360, 430)), float(rng.uniform(-0.7, 0.7))
    for call in range(_OWL_CALLS):
        at = circle.seconds * (call + float(rng.uniform(0.2, 0.7))) / _OWL_CALLS
        for start_s, length_s, tremble in ((0.0, 0.9, 0.0), (3.1, 0.25, 0.0), (3.7, 1.9, 1.0)):
            hoot = _hoot(pitch * float(rng.uniform(0.985, 1.015)), length_s, tremble)
            place(wave, int((at + start_s) * SAMPLE_RATE), hoot, pan, 0.011)


def _hoot(hz: float, length_s: float, tremble: float) -> Mono:
    time = np.arange(int(length_s * SAMPLE_RATE)) / SAMPLE_RATE
    rise = np.minimum(time / 0.12, 1) * np.minimum((length_s - time) / min(0.3, length_s / 2), 1)
    shake = 1 - 0.45 * tremble * (0.5 + 0.5 * np.cos(2 * np.pi * 13.0 * time)) * np.clip(1.4 - time / length_s, 0, 1)
    # A call arches: it begins a little low and sinks at its end.
    bend: npt.NDArray[np.float64] = 1 + 0.03 * np.sin(np.pi * time / length_s) - 0.015
    phase = 2 * np.pi * np.cumsum(hz * bend) / SAMPLE_RATE
    return np.asarray(rise**1.5 * shake * (np.sin(phase) + 0.12 * np.sin(2 * phase)), np.float32)
