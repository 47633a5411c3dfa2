"""Owns the melody: motifs, phrases and how they develop; hides how a motif becomes pitches over a chord.

A motif is a rhythm of two bars with offsets in scale steps. Each phrase of four bars states it, moves it to the next
chord, and ends in a long note and a rest; phrases rise to a peak and fall, and later visits ornament what came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from video_pipeline.providers.music_procedural.ensemble import Role, Seat
from video_pipeline.providers.music_procedural.form import Kind, Section
from video_pipeline.providers.music_procedural.score import Note, Plan
from video_pipeline.providers.music_procedural.theory import Chord, nearest, pitches


@dataclass(frozen=True, slots=True)
class Tick:
    """One note of a motif."""

    beat: float
    beats: float  # its length
    offset: int  # scale steps from the chord tone that anchors the bar


@dataclass(frozen=True, slots=True)
class Motif:
    """Two bars of rhythm and contour, and the bar that closes a phrase."""

    first: tuple[Tick, ...]
    second: tuple[Tick, ...]
    close: tuple[Tick, ...]


def make_motif(beats: int, count: float, rng: np.random.Generator) -> Motif:
    """A motif with about `count` notes a bar."""
    first = _cell(beats, count, rng)
    # The second bar answers the first: often the same rhythm turned around, else a sparser one.
    if rng.random() < 0.5:
        second = tuple(Tick(tick.beat, tick.beats, -tick.offset) for tick in first)
    else:
        second = _cell(beats, max(count - 1, 1), rng)
    hold = Tick(0.0, beats - (1.0 if beats > 2 else 0.5), 0)
    if count >= 2 and beats >= 3 and rng.random() < 0.5:
        return Motif(first, second, (Tick(0.0, 1.0, 1), Tick(1.0, beats - 1.5, 0)))
    return Motif(first, second, (hold,))


def _cell(beats: int, count: float, rng: np.random.Generator) -> tuple[Tick, ...]:
    slots = 2 * beats
    weights = np.where(np.arange(slots) % 2 == 0, 2.2, 0.9)
    weights[0] = 5.0
    notes = int(np.clip(np.floor(count + rng.random()), 1, slots))
    onsets = sorted(rng.choice(slots, size=notes, replace=False, p=weights / weights.sum()) / 2)
    ends = [*onsets[1:], float(beats)]
    offsets, here, way = [], 0, int(rng.choice([-1, 1]))
    for _ in onsets:
        offsets.append(here)
        leap = rng.random() < 0.24
        # After a leap the line turns back; a step rather goes on, because scales are what melodies are made of.
        turn = -way if abs(here) > 2 or rng.random() < 0.35 else way
        way = turn
        here += turn * (int(rng.integers(2, 4)) if leap else 1)
        here = int(np.clip(here, -3, 4))
    return tuple(
        Tick(float(start), float(end - start), offset) for start, end, offset in zip(onsets, ends, offsets, strict=True)
    )


def lead(plan: Plan, seat: Seat) -> tuple[Note, ...]:
    """The melody over the whole piece."""
    rng = plan.stream("melody", str(seat.role), seat.rank)
    # At fast tempi a bar is short; the number of notes a second is what the ear counts.
    count = (1.5 + 3.6 * plan.movement) * float(np.clip(plan.clock.bar_s / 3.4, 0.6, 1.35))
    if seat.profile.sustained:
        count *= 0.8
    motifs = {kind: make_motif(plan.clock.beats, count, rng) for kind in (Kind.A, Kind.B)}
    motifs[Kind.C] = motifs[Kind.OUTRO] = motifs[Kind.INTRO] = motifs[Kind.A]
    solo = not any(other.role in {Role.FIGURE, Role.HARMONY, Role.SPARKLE} for other in plan.seats)
    singer = _Singer(plan, seat)
    notes: list[Note] = []
    for section in plan.sections:
        if section.kind is Kind.INTRO and not solo:
            continue
        notes += singer.sing(section, motifs[section.kind], rng)
    notes.append(singer.farewell())
    return tuple(notes)


class _Singer:
    """Turns motifs into notes and remembers the last pitch, so that lines connect."""

    def __init__(self, plan: Plan, seat: Seat) -> None:
        self.plan, self.seat, self.profile = plan, seat, seat.profile
        self.centre = self.profile.lead + round(4 * plan.character.brightness)
        self.last = self.centre
        self.repeats = 0

    def sing(self, section: Section, motif: Motif, rng: np.random.Generator) -> list[Note]:
        """All phrases of a section."""
        notes: list[Note] = []
        quiet = section.kind in {Kind.C, Kind.OUTRO, Kind.INTRO}
        for bar in range(section.start, section.end):
            place = (bar - section.start) % 4
            last_bar = place == 3 or bar == section.end - 1
            if quiet and place in {1, 3} and section.bars > 1:
                continue
            cell = motif.close if last_bar else (motif.first, motif.second)[place % 2]
            if quiet:
                cell = cell[:2]
            elif section.visit and not last_bar:
                cell = _vary(cell, section.visit, rng)
            peak = 6.0 if section.kind is Kind.B else 4.5
            # Second phrases climb higher than first ones.
            arc = np.sin(np.pi * (place + 0.6) / 4.2) * peak * (1.0 + 0.35 * ((bar - section.start) // 4 % 2))
            lift = 3 if section.kind is Kind.B else 0
            notes += self._bar(bar, cell, self.centre + lift + float(arc) - 1.5, section, rng)
        return notes

    def _bar(
        self, bar: int, cell: Sequence[Tick], target: float, section: Section, rng: np.random.Generator
    ) -> list[Note]:
        chord = self.plan.chords[bar]
        near = 0.65 * target + 0.35 * self.last
        anchor = self.plan.key.step(nearest(self._choices(chord), near))
        notes = []
        for tick in cell:
            strong = tick.beat % 1 == 0 and (tick.beats >= 1.0 or tick.beat == 0)
            pitch = self._pitch(anchor + tick.offset, chord, strong=strong)
            accent = 0.08 if tick.beat == 0 else 0.03 if strong else -0.05
            velocity = 0.46 + 0.34 * section.intensity + accent + 0.004 * (pitch - self.centre)
            notes.append(self._note(bar, tick, pitch, velocity + 0.04 * rng.standard_normal(), rng))
        return notes

    def _choices(self, chord: Chord) -> list[int]:
        return pitches(chord.tones, self.profile.low + 2, self.profile.high - 2)

    def _pitch(self, step: int, chord: Chord, *, strong: bool) -> int:
        pitch = self.plan.key.pitch(step)
        if strong and pitch % 12 not in chord.classes:
            pitch = nearest(pitches(chord.classes, pitch - 4, pitch + 4), pitch + 0.1 * (self.last - pitch))
        while pitch - self.last > 9:
            pitch -= 12
        while self.last - pitch > 9:
            pitch += 12
        while pitch > self.profile.high:
            pitch -= 12
        while pitch < self.profile.low:
            pitch += 12
        self.repeats = self.repeats + 1 if pitch == self.last else 0
        if self.repeats >= 2:
            others = [choice for choice in self._choices(chord) if choice != pitch]
            pitch = nearest(others, self.centre)
            self.repeats = 0
        self.last = pitch
        return pitch

    def _note(self, bar: int, tick: Tick, pitch: int, velocity: float, rng: np.random.Generator) -> Note:
        clock = self.plan.clock
        start = clock.at(bar, swung(tick.beat, self.plan.character.swing))
        length = tick.beats * clock.beat_s * (1.02 if self.profile.sustained else 1.25)
        return Note(max(start + 0.006 * float(rng.standard_normal()), 0.0), length, pitch, _clip(velocity))

    def farewell(self) -> Note:
        """The last note: the tonic, nearest to where the line ended."""
        clock = self.plan.clock
        tonic = pitches((self.plan.chords[-1].tones[0],), self.profile.low, self.profile.high)
        length = (clock.starts[-1] - clock.starts[-2]) * 0.6
        return Note(clock.starts[-2] + 0.02, length, nearest(tonic, self.last), 0.38)


def _vary(cell: tuple[Tick, ...], visit: int, rng: np.random.Generator) -> tuple[Tick, ...]:
    """The cell with a passing note, a missing note or a new ending; the more, the later the visit."""
    ticks = list(cell)
    index = int(rng.integers(len(ticks)))
    tick = ticks[index]
    throw = rng.random()
    if throw < 0.25 * visit and tick.beats >= 1.0:
        half = tick.beats / 2
        ticks[index : index + 1] = [
            Tick(tick.beat, half, tick.offset),
            Tick(tick.beat + half, half, tick.offset + int(rng.choice([-1, 1]))),
        ]
    elif throw < 0.6 and index:
        ticks[index] = Tick(tick.beat, tick.beats, tick.offset + int(rng.choice([-1, 1, 2])))
    elif throw < 0.75 and len(ticks) > 2:
        before = ticks[index - 1] if index else None
        if before is not None:
            ticks[index - 1 : index + 1] = [Tick(before.beat, before.beats + tick.beats, before.offset)]
    return tuple(ticks)


def counter(plan: Plan, seat: Seat) -> tuple[Note, ...]:
    """A slow second line: guide tones that move by step under full sections and answer the ends of phrases."""
    rng = plan.stream("counter", seat.rank)
    profile, clock = seat.profile, plan.clock
    last = profile.lead - 3
    notes: list[Note] = []
    for section in plan.sections:
        if section.kind in {Kind.INTRO, Kind.OUTRO} or (section.kind is Kind.A and section.visit == 0):
            continue
        for bar in range(section.start, section.end):
            chord = plan.chords[bar]
            guides = pitches((*chord.tones[1:], *chord.colours), profile.low + 2, profile.lead + 7)
            pull = 0.7 * last + 0.3 * (profile.lead - 2)
            # A line that stays on one note is no line: the last pitch counts as three semitones further away.
            pitch = min(guides, key=lambda guide: (abs(guide - pull) + 3 * (guide == last), guide))
            halves = 2 if (bar - section.start) % 4 == 3 and rng.random() < 0.5 + 0.4 * plan.movement else 1
            for half in range(halves):
                beats = clock.beats / halves
                start = clock.at(bar, half * beats) + 0.03 + 0.008 * float(rng.standard_normal())
                velocity = 0.38 + 0.3 * section.intensity + 0.04 * float(rng.standard_normal())
                notes.append(Note(max(start, 0.0), beats * clock.beat_s * 1.03, pitch, _clip(velocity)))
                last = pitch
                pitch = nearest([guide for guide in guides if guide != pitch] or guides, pitch + 1)
    final = pitches(plan.chords[-1].tones, profile.low, profile.high)
    notes.append(Note(clock.starts[-2] + 0.05, 0.5 * (clock.starts[-1] - clock.starts[-2]), nearest(final, last), 0.34))
    return tuple(notes)


def swung(beat: float, swing: float) -> float:
    """`beat` with its off-beat eighths late by `swing` of the way to a triplet."""
    return beat + swing / 6 if beat % 1 == 0.5 else beat


def _clip(velocity: float) -> float:
    return float(min(max(velocity, 0.12), 1.0))
