"""Owns how parts become a mix: tones placed in time, levels by role, panorama and the send to the room; hides caching.

One tone is rendered once and placed wherever it is needed. Parts of one role come out equally loud on every
instrument, because each stem is measured before it is added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from video_pipeline.domain.storyboard import Instrument
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.metering import block_powers, integrated_lufs
from video_pipeline.providers.music_procedural.ensemble import Role, Seat
from video_pipeline.providers.music_procedural.score import Note, Part
from video_pipeline.providers.music_procedural.voices import VOICES
from video_pipeline.providers.music_procedural.voices.tone import LAYERS, Timbre, Tone, Wave, ramp

_CHUNK = 2**18


@dataclass(frozen=True, slots=True)
class Place:
    """Where a role stands."""

    level_db: float  # against the melody
    send: float  # share that goes to the room
    pan: float  # -1 left to 1 right, for the first seat; the second one stands opposite
    spread: float  # how far high and low notes stand apart


_PLACES: dict[Role, Place] = {
    Role.LEAD: Place(0.0, 0.34, 0.04, 0.25),
    Role.COUNTER: Place(-4.5, 0.36, -0.28, 0.1),
    Role.FIGURE: Place(-4.5, 0.3, -0.22, 0.4),
    Role.SPARKLE: Place(-9.0, 0.55, 0.36, 0.3),
    Role.HARMONY: Place(-6.5, 0.34, 0.0, 0.0),
    Role.BASS: Place(-6.0, 0.06, 0.0, 0.0),
    Role.GROOVE: Place(-8.5, 0.14, 0.06, 0.0),
    Role.AIR: Place(-14.0, 0.3, 0.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Mix:
    """What leaves the desk: the dry sum and what the room hears."""

    dry: Wave
    send: npt.NDArray[np.float32]


def mix(parts: Sequence[Part], samples: int, timbre: Timbre, space: float) -> Mix:
    """All parts at their levels; the loudest one is near -20 LUFS."""
    dry, send = np.zeros((2, samples), np.float32), np.zeros(samples, np.float32)
    stem = np.empty((2, samples), np.float32)
    for part in parts:
        if not part.notes:
            continue
        perform(part, stem, timbre)
        place = _PLACES[part.seat.role]
        loudness = integrated_lufs(block_powers(stem))
        gain = np.float32(10 ** ((-20.0 + place.level_db - loudness) / 20)) if loudness > -69 else np.float32(1)
        wet = np.float32(place.send * (0.55 + 1.0 * space) * 0.5)
        for start in range(0, samples, _CHUNK):
            piece = stem[:, start : start + _CHUNK]
            piece *= gain
            dry[:, start : start + _CHUNK] += piece
            send[start : start + _CHUNK] += wet * (piece[0] + piece[1])
    return Mix(dry, send)


def perform(part: Part, stem: Wave, timbre: Timbre) -> None:
    """Overwrite `stem` with the part, each different tone rendered once."""
    stem.fill(0)
    voice = VOICES[part.seat.instrument]
    groups: dict[tuple[int, int, float], list[tuple[int, Note]]] = defaultdict(list)
    for index, note in enumerate(part.notes):
        layer = min(int(note.velocity * LAYERS), LAYERS - 1)
        groups[note.pitch, layer, voice.span(note.length_s)].append((index, note))
    for (pitch, layer, span), notes in groups.items():
        tone = voice.tone(pitch, layer, span, timbre)
        gains = _gains(part.seat, pitch)
        for index, note in notes:
            _put(stem, tone, note, gains * np.float32(note.velocity**1.35), index)


def _gains(seat: Seat, pitch: int) -> npt.NDArray[np.float32]:
    """Left and right at constant power."""
    place = _PLACES[seat.role]
    side = -1 if seat.rank % 2 else 1
    where = side * place.pan
    if seat.instrument not in {Instrument.BRUSHES, Instrument.HAND_DRUM}:
        centre = seat.profile.lead if seat.role is not Role.FIGURE else seat.profile.figure + 10
        where += place.spread * (pitch - centre) / 30
    elif pitch % 8:
        where += 0.12 * (pitch % 8 - 1.5)
    angle = (min(max(where, -0.8), 0.8) + 1) * np.pi / 4
    return np.array([[np.cos(angle)], [np.sin(angle)]], dtype=np.float32) * np.float32(2**0.5)


def _put(stem: Wave, tone: Tone, note: Note, gains: npt.NDArray[np.float32], index: int) -> None:
    start = int(note.start_s * SAMPLE_RATE)
    body = max(int(note.length_s * SAMPLE_RATE), 64)
    length = min(body + tone.release, stem.shape[1] - start)
    if not tone.looped:
        length = min(length, tone.wave.shape[1])
    if length <= 0:
        return
    piece = _read(tone.wave, length, index, looped=tone.looped) * gains
    if tone.opened is not None:
        # A held tone opens towards its middle, as players lean into it.
        swell = 0.8 * np.square(np.sin(np.linspace(0, np.pi, length, dtype=np.float32)))
        piece += (_read(tone.opened, length, index, looped=True) * gains - piece) * swell
    # A pad may take its time, a melody on the same voice may not.
    rise = min(tone.attack, int(0.3 * body), length)
    if rise:
        piece[:, :rise] *= ramp(rise)
    # What the note does not reach of its release was cut by the end of the piece or of the tone, which both fade.
    if length > body:
        piece[:, body:] *= ramp(tone.release)[::-1][: length - body]
    stem[:, start : start + length] += piece


def _read(wave: Wave, length: int, index: int, *, looped: bool) -> Wave:
    if not looped:
        return wave[:, :length]
    # Each note enters the loop elsewhere, so that repeated chords do not sound stamped.
    at = (index * 65_537) % wave.shape[1]
    pieces = []
    while length > 0:
        piece = wave[:, at : at + length]
        pieces.append(piece)
        length -= piece.shape[1]
        at = 0
    return np.concatenate(pieces, axis=1)
