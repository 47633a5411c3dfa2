"""Owns broken chords, held chords, bass lines, high ornaments and air; hides their patterns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np

from video_pipeline.providers.music_procedural.ensemble import Role, Seat
from video_pipeline.providers.music_procedural.form import Kind, Section
from video_pipeline.providers.music_procedural.harmony import voicings
from video_pipeline.providers.music_procedural.melody import swung
from video_pipeline.providers.music_procedural.randomness import choose
from video_pipeline.providers.music_procedural.score import Note, Plan
from video_pipeline.providers.music_procedural.theory import Chord, nearest, pitches

_SHAPES = (
    # Rungs of the ladder of chord tones, one per slot of the bar.
    (0, 2, 4, 3, 5, 4, 3, 2),
    (0, 1, 2, 3, 4, 3, 2, 1),
    (0, 3, 2, 4, 3, 5, 4, 3),
    (0, 2, 3, 2, 4, 2, 3, 2),
    (0, 4, 2, 5, 3, 4, 2, 3),
    (0, 2, 1, 3, 2, 4, 3, 5),
    (0, 3, 4, 5, 4, 3, 4, 2),
    (0, 1, 3, 4, 5, 4, 3, 1),
)


def figure(plan: Plan, seat: Seat) -> tuple[Note, ...]:
    """Broken chords: a pattern for each kind of section, thinned to the density, with small changes in every bar."""
    rng = plan.stream("figure", str(seat.instrument), seat.rank)
    styles = {kind: _Style(plan, seat, kind, rng) for kind in Kind}
    notes: list[Note] = []
    for section in plan.sections:
        if seat.rank and section.intensity < 0.45 and plan.clock.bars > 8:
            continue
        for bar in range(section.start, section.end):
            notes += styles[section.kind].bar(bar, section, rng)
    return (*notes, *_rolled(plan, seat, rng))


class _Style:
    """How one kind of section is broken up."""

    def __init__(self, plan: Plan, seat: Seat, kind: Kind, rng: np.random.Generator) -> None:
        self.plan, self.seat = plan, seat
        self.shape = choose(rng, _SHAPES)
        # Some sections are strummed instead of broken: a change of texture is what makes a new section new.
        self.strummed = bool(rng.random() < {Kind.B: 0.4, Kind.C: 0.45}.get(kind, 0.12))
        beats, beat_s = plan.clock.beats, plan.clock.beat_s
        # Sixteenths only where they are no faster than six a second.
        self.per_beat = 4 if plan.movement > 0.75 and beat_s > 0.68 else 2
        slots = beats * self.per_beat
        share = {Kind.INTRO: 0.6, Kind.A: 0.9, Kind.B: 1.1, Kind.C: 0.55, Kind.OUTRO: 0.55}[kind]
        per_second = (0.45 + 3.3 * plan.movement**1.3) * (0.7 if seat.rank else 1.0)
        wanted = share * per_second * beats * beat_s
        keys = np.arange(slots)
        weight = np.where(keys % self.per_beat == 0, 2.0, 1.0) + np.where(keys == 0, 6.0, 0.0) + 1.4 * rng.random(slots)
        if seat.rank:
            weight[0] = 0.0  # the second player speaks between the first one's notes
        count = int(np.clip(round(wanted), 1, slots))
        self.slots = sorted(int(slot) for slot in np.argsort(-weight, kind="stable")[:count])

    def bar(self, bar: int, section: Section, rng: np.random.Generator) -> list[Note]:
        """The notes of one bar."""
        rungs = ladder(self.plan.chords[bar], self._bottom(section), self.seat.profile.high, spare=8)
        notes: list[Note] = []
        slots = self.slots[:: 2 if len(self.slots) > 4 else 1] if self.strummed else self.slots
        for index, slot in enumerate(slots):
            if index and rng.random() < 0.07:
                continue
            if self.strummed and (index or len(slots) == 1):
                notes += self._strum(bar, slot, rungs, section, rng)
                continue
            rung = self.shape[(slot * 8 // (self.plan.clock.beats * self.per_beat) if len(slots) > 6 else index) % 8]
            pitch = rungs[min(rung + int(rng.random() < 0.08), len(rungs) - 1)]
            if notes and pitch == notes[-1].pitch:
                pitch = rungs[max(rungs.index(pitch) - 1, 0)]
            notes.append(self._note(bar, slot, pitch, section, rng))
        return notes

    def _strum(
        self, bar: int, slot: int, rungs: list[int], section: Section, rng: np.random.Generator
    ) -> Iterator[Note]:
        """Three neighbouring rungs from the bottom up, as a thumb plays them."""
        lowest = 1 + int(rng.random() < 0.4)
        for order, pitch in enumerate(rungs[lowest : lowest + 3]):
            note = self._note(bar, slot, pitch, section, rng)
            soft = 0.85 - 0.06 * order
            yield replace(note, start_s=note.start_s + 0.019 * order, velocity=_clip(note.velocity * soft))

    def _note(self, bar: int, slot: int, pitch: int, section: Section, rng: np.random.Generator) -> Note:
        clock = self.plan.clock
        beat = slot / self.per_beat
        accent = 0.07 if slot == 0 else 0.02 if slot % self.per_beat == 0 else -0.03
        velocity = 0.36 + 0.34 * section.intensity + accent + 0.045 * float(rng.standard_normal())
        start = clock.at(bar, swung(beat, self.plan.character.swing)) + 0.007 * float(rng.standard_normal())
        # Notes ring until the chord changes, as under a pedal.
        left = (clock.beats - beat) * clock.beat_s
        return Note(max(start, 0.0), max(left, 0.6 * clock.beat_s), pitch, _clip(velocity))

    def _bottom(self, section: Section) -> int:
        lift = 7 if section.kind is Kind.C else 0
        return self.seat.profile.figure + round(2 * self.plan.character.brightness) + lift + 5 * bool(self.seat.rank)


def ladder(chord: Chord, bottom: int, high: int, *, spare: int) -> list[int]:
    """Chord tones from the root up; colours only above C4, where they do not blur.

    It ends `spare` semitones below `high`, or two octaves above its root when that is more, and never above `high`.
    """
    low = pitches((chord.tones[0],), bottom - 5, bottom + 6)[0]
    rungs = [low]
    for pitch in pitches(chord.classes, low + 1, min(max(high - spare, low + 24), high)):
        plain = pitch % 12 in chord.tones
        gap = 5 if len(rungs) == 1 else 3 if pitch < 60 else 2
        if pitch - rungs[-1] >= gap and (plain or pitch >= 60):
            rungs.append(pitch)
    return rungs


def _rolled(plan: Plan, seat: Seat, rng: np.random.Generator) -> Iterator[Note]:
    """The final chord, rolled upwards and slower and slower."""
    rungs = ladder(plan.chords[-1], seat.profile.figure, seat.profile.high, spare=6)
    at = plan.clock.starts[-2]
    end = plan.clock.starts[-1]
    latest = max(end - 0.2, at)
    for index, rung in enumerate((0, 1, 2, 3, 4, 6)[: 4 if seat.rank else 6]):
        yield Note(at, max(end - at, 0.3), rungs[min(rung, len(rungs) - 1)], _clip(0.38 - 0.025 * index))
        at = min(at + (0.09 + 0.05 * index) * (1 + 0.1 * float(rng.standard_normal())), latest)


def held(plan: Plan, seat: Seat) -> tuple[Note, ...]:
    """Held chords with the smallest possible movement; a higher and thinner layer for the second seat."""
    rng = plan.stream("held", str(seat.instrument), seat.rank)
    shift = 7 * min(seat.rank, 1) + round(2 * plan.character.brightness)
    low, high = max(seat.profile.low, 52 + shift), min(seat.profile.high, 74 + shift)
    voices = 4 if not seat.rank and plan.character.richness > 0.35 else 3
    chosen = voicings(plan.chords, voices, low, high)
    solo = len({each.instrument for each in plan.seats}) == 1
    notes: list[Note] = []
    for bar, bars in _spans(plan):
        section = plan.section_at(bar)
        if seat.rank and section.intensity < 0.42 and not solo and bar < plan.clock.bars:
            continue
        start = plan.clock.at(bar)
        end = _ring_end(plan) if bar >= plan.clock.bars else plan.clock.at(bar + bars)
        for index, pitch in enumerate(chosen[bar]):
            if index == 0 and section.kind is Kind.INTRO and voices > 3:
                continue
            # Outer voices carry the chord, inner ones only fill it.
            weight = 0.05 if index in {0, voices - 1} else -0.04
            velocity = 0.34 + 0.4 * section.intensity + weight + 0.03 * float(rng.standard_normal())
            delay = 0.025 * index * float(rng.random())
            notes.append(Note(start + delay, end - start, pitch, _clip(velocity)))
    return tuple(_tied(notes))


_BREATH_S = 11.0  # the longest note that a choir or a bow holds without a break


def _tied(notes: list[Note]) -> list[Note]:
    """The same notes, where a voice that stays on its pitch is held over instead of struck again."""
    kept: list[Note] = []
    last: dict[int, int] = {}
    for note in notes:
        index = last.get(note.pitch)
        before = kept[index] if index is not None else None
        end = note.start_s + note.length_s
        if (
            index is not None
            and before is not None
            and abs(before.start_s + before.length_s - note.start_s) < 0.12
            and abs(before.velocity - note.velocity) < 0.12
            and end - before.start_s <= _BREATH_S
        ):
            kept[index] = replace(before, length_s=end - before.start_s)
        else:
            last[note.pitch] = len(kept)
            kept.append(note)
    return kept


def _spans(plan: Plan) -> Iterator[tuple[int, int]]:
    """Stretches of bars on one chord, cut at sections and every four bars so that long ones breathe."""
    keys = [(id(chord), plan.section_at(bar).start, bar // 4) for bar, chord in enumerate(plan.chords)]
    keys[-1] = (-1, -1, -1)
    bar = 0
    for _, group in groupby(keys):
        bars = len(list(group))
        yield bar, bars
        bar += bars


def _ring_end(plan: Plan) -> float:
    final, end = plan.clock.starts[-2:]
    return final + 0.68 * (end - final)


def bass(plan: Plan, seat: Seat) -> tuple[Note, ...]:
    """Roots and fifths that lead to the next root; silent in the intro when others already play low."""
    rng = plan.stream("bass", str(seat.instrument))
    low = max(seat.profile.low, 33)
    last = low + 7
    alone = len(plan.seats) == 1
    hand = any(other.instrument == seat.instrument and other.role is not Role.BASS for other in plan.seats)
    notes: list[Note] = []
    for bar in range(plan.clock.bars):
        section, chord = plan.section_at(bar), plan.chords[bar]
        if section.kind is Kind.INTRO and not alone and bar < section.start + section.bars // 2:
            continue
        root = nearest(pitches((chord.bass,), low, low + 16), 0.6 * last + 0.4 * (low + 5))
        last = root
        for beat, beats, pitch, soft in _walk(plan, bar, root, hand=hand, rng=rng):
            velocity = 0.42 + 0.3 * section.intensity - soft + 0.03 * float(rng.standard_normal())
            start = plan.clock.at(bar, beat) + 0.004 * float(rng.standard_normal())
            notes.append(Note(max(start, 0.0), beats * plan.clock.beat_s * 0.98, pitch, _clip(velocity)))
    home = nearest(pitches((plan.chords[-1].tones[0],), low, low + 14), last)
    final, end = plan.clock.starts[-2:]
    notes.append(Note(final, 0.6 * (end - final), home, 0.38))
    return tuple(notes)


def _walk(
    plan: Plan, bar: int, root: int, *, hand: bool, rng: np.random.Generator
) -> list[tuple[float, float, int, float]]:
    """(beat, beats, pitch, softer by) of one bar."""
    beats, section = plan.clock.beats, plan.section_at(bar)
    busy = plan.movement * (0.5 + 0.7 * section.intensity)
    if hand or beats < 3 or rng.random() > busy + 0.12 or section.kind in {Kind.INTRO, Kind.OUTRO, Kind.C}:
        return [(0.0, float(beats), root, 0.0)]
    upper = root + 7 if (root + 7) % 12 in plan.chords[bar].tones else root + 12
    upper = upper if upper <= 50 else root
    turn = 2.0 if beats == 4 else 1.0
    walk = [(0.0, turn, root, 0.0), (turn, beats - turn, upper, 0.08)]
    if busy > 0.45 and rng.random() < busy:
        goal = nearest(pitches((plan.chords[bar + 1].bass,), 31, 52), root)
        approach = plan.key.pitch(plan.key.step(goal) + (1 if goal < root else -1))
        walk[-1] = (turn, beats - turn - 1.0, upper, 0.08)
        walk.append((beats - 1.0, 1.0, approach, 0.1))
    return [step for step in walk if step[1] > 0]


def sparkle(plan: Plan, seat: Seat) -> tuple[Note, ...]:
    """A few high chord tones, mostly where the melody rests: the ends of phrases."""
    rng = plan.stream("sparkle", str(seat.instrument), seat.rank)
    profile, clock = seat.profile, plan.clock
    centre = profile.lead + 3
    notes: list[Note] = []
    for section in plan.sections:
        for bar in range(section.start, section.end):
            place = (bar - section.start) % 4
            likely = (0.35 + 0.5 * plan.movement) if place in {1, 3} else 0.25 * section.intensity
            if section.kind is Kind.INTRO:
                likely = 0.6
            if rng.random() > likely:
                continue
            count = 1 + int(rng.integers(0, 2 + round(2 * plan.movement)))
            offset = float(choose(rng, (1.0, 1.5, 2.0))) if clock.beats > 2 else 0.0
            options = pitches(plan.chords[bar].classes, centre - 7, min(centre + 12, profile.high))
            pitch = nearest(options, centre + float(rng.normal(0, 4)))
            for index in range(count):
                start = clock.at(bar, offset + 0.5 * index) + 0.006 * float(rng.standard_normal())
                velocity = 0.4 + 0.25 * section.intensity - 0.05 * index
                notes.append(Note(max(start, 0.0), 2.5, pitch, _clip(velocity)))
                rung = options.index(pitch) + int(choose(rng, (-1, 1, 1, 2)))
                pitch = options[min(max(rung, 0), len(options) - 1)]
    tonic = pitches((plan.chords[-1].tones[0],), centre - 6, centre + 6)
    notes.append(Note(clock.starts[-2] + 1.1 * clock.beat_s, 3.0, nearest(tonic, centre + 3), 0.36))
    return tuple(notes)


def air(plan: Plan, seat: Seat) -> tuple[Note, ...]:
    """Breath that follows the harmony: two tones of each chord, swelling and overlapping."""
    rng = plan.stream("air", seat.rank)
    notes: list[Note] = []
    for bar, bars in _spans(plan):
        chord, section = plan.chords[bar], plan.section_at(bar)
        start = max(plan.clock.at(bar) - 0.4, 0.0)
        end = _ring_end(plan) if bar >= plan.clock.bars else plan.clock.at(bar + bars)
        for pitch_class in (chord.tones[0], chord.tones[2]):
            pitch = nearest(pitches((pitch_class,), 55, 72), 62 + float(rng.normal(0, 2)))
            velocity = 0.45 + 0.35 * section.intensity + 0.06 * float(rng.standard_normal())
            notes.append(Note(start, end - start + 0.4, pitch, _clip(velocity)))
    return tuple(notes)


def _clip(velocity: float) -> float:
    return float(min(max(velocity, 0.12), 1.0))
