"""Owns scales, chords and the arithmetic of pitch; hides how a chord is stacked in each mode.

Pitches are MIDI note numbers (69 = A4 = 440 Hz); a *step* counts notes of the scale from the tonic at the bottom of the
MIDI range; a pitch class is a pitch modulo 12.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from video_pipeline.domain.storyboard import TONICS, Mode

SCALES: dict[Mode, tuple[int, ...]] = {
    Mode.MAJOR: (0, 2, 4, 5, 7, 9, 11),
    Mode.MINOR: (0, 2, 3, 5, 7, 8, 10),
    Mode.DORIAN: (0, 2, 3, 5, 7, 9, 10),
    Mode.PHRYGIAN: (0, 1, 3, 5, 7, 8, 10),
    Mode.LYDIAN: (0, 2, 4, 6, 7, 9, 11),
    Mode.MIXOLYDIAN: (0, 2, 4, 5, 7, 9, 10),
    Mode.PENTATONIC: (0, 2, 4, 7, 9),
}

_PENTATONIC_STACKS = (
    # steps of the chord tones, then of the colours; thirds do not exist on every step, so D and G are suspended
    ((0, 2, 3), (1, 4)),
    ((1, 3, 4), (0,)),
    ((2, 3, 0), (4,)),
    ((3, 1, 4), (0,)),
    ((4, 0, 2), (3,)),
)


@dataclass(frozen=True, slots=True)
class Chord:
    """Harmony of one or more bars."""

    degree: int  # step of the root within the scale, 0 is the tonic
    tones: tuple[int, ...]  # pitch classes, root first
    colours: tuple[int, ...]  # pitch classes that may be added: sevenths, ninths, sixths
    bass: int  # pitch class of the lowest voice

    @property
    def classes(self) -> frozenset[int]:
        """All pitch classes that sound good on this chord."""
        return frozenset(self.tones + self.colours)


@dataclass(frozen=True, slots=True)
class Key:
    """Tonic and mode."""

    tonic: int  # pitch class
    mode: Mode

    @classmethod
    def named(cls, tonic: str, mode: Mode) -> Key:
        """The key of a prompt; `tonic` is one of TONICS."""
        return cls(TONICS.index(tonic), mode)

    @property
    def scale(self) -> tuple[int, ...]:
        """Semitones above the tonic."""
        return SCALES[self.mode]

    def pitch(self, step: int) -> int:
        """The pitch of a step."""
        octave, index = divmod(step, len(self.scale))
        return 12 * octave + self.tonic + self.scale[index]

    def step(self, pitch: float) -> int:
        """The step nearest to `pitch`."""
        guess = int((pitch - self.tonic) // 12) * len(self.scale)
        return min(range(guess - 1, guess + len(self.scale) + 2), key=lambda step: abs(self.pitch(step) - pitch))

    def chord(self, degree: int, *, inverted: bool = False) -> Chord:
        """The chord on a degree, with every colour that does not clash; `inverted` puts its third in the bass."""
        if self.mode is Mode.PENTATONIC:
            stack, colours = _PENTATONIC_STACKS[degree % 5]
            tones = tuple(self.pitch(step) % 12 for step in stack)
            return Chord(degree % 5, tones, tuple(self.pitch(step) % 12 for step in colours), tones[inverted])
        root, third, fifth, seventh, ninth, sixth = (self.pitch(degree + up) for up in (0, 2, 4, 6, 8, 5))
        tones = (root % 12, third % 12, fifth % 12)
        if fifth - root == 6:
            # A diminished fifth sounds like an accident in ambient music; the sixth makes it a chord of the dominant.
            tones = (root % 12, third % 12, sixth % 12)
        found = [seventh % 12] if fifth - root != 6 else []
        if ninth - root == 14:
            found.append(ninth % 12)
        if third - root == 4 and sixth - root == 9:
            found.append(sixth % 12)
        return Chord(degree % 7, tones, tuple(found), tones[inverted])


def pitches(classes: Iterable[int], low: int, high: int) -> list[int]:
    """All pitches of the given classes from `low` to `high`, rising."""
    wanted = frozenset(classes)
    return [pitch for pitch in range(low, high + 1) if pitch % 12 in wanted]


def nearest(candidates: Iterable[int], target: float) -> int:
    """The candidate closest to `target`; the lower one of two that are equally close."""
    return min(candidates, key=lambda pitch: (abs(pitch - target), pitch))


def hertz(pitch: float) -> float:
    """Frequency in equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))
