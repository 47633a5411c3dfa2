"""Owns the written music: notes, parts and the plan they are written from; hides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from video_pipeline.domain.storyboard import MusicPrompt
from video_pipeline.providers.music_procedural import character, form, harmony
from video_pipeline.providers.music_procedural.character import Character
from video_pipeline.providers.music_procedural.ensemble import PROFILES, Role, Seat, seats
from video_pipeline.providers.music_procedural.form import Clock, Section
from video_pipeline.providers.music_procedural.randomness import stream
from video_pipeline.providers.music_procedural.theory import Chord, Key


@dataclass(frozen=True, slots=True)
class Note:
    """One sound; for drums `pitch` names the stroke."""

    start_s: float
    length_s: float
    pitch: int
    velocity: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Part:
    """What one seat plays."""

    seat: Seat
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the players agree on before they play."""

    prompt: MusicPrompt
    seed: int
    character: Character
    key: Key
    clock: Clock
    sections: tuple[Section, ...]
    chords: tuple[Chord, ...]  # one a bar, then the final one
    seats: tuple[Seat, ...] = field(default=())

    def stream(self, *names: str | int) -> np.random.Generator:
        """The random numbers of one concern of this piece."""
        return stream(self.prompt, self.seed, *names)

    def section_at(self, bar: int) -> Section:
        """The section of a bar; the last one for the final chord."""
        return next((each for each in self.sections if bar < each.end), self.sections[-1])

    @property
    def movement(self) -> float:
        """0 to 1: how many notes fit a bar, from the density and the energy of the moods."""
        return min(max(self.prompt.density + 0.06 * self.character.energy, 0.0), 1.0)


def make_plan(prompt: MusicPrompt, seed: int) -> Plan:
    """Key, time, form, harmony and seats of a piece."""
    mood = character.varied(character.read(prompt.moods), stream(prompt, seed, "character"))
    key = Key.named(prompt.tonic, prompt.mode)
    beats = 3 if stream(prompt, seed, "meter").random() < mood.triple else 4
    held = any(PROFILES[each].roles & {Role.HARMONY, Role.AIR} for each in prompt.instruments)
    clock = form.clock(prompt.duration_s, prompt.tempo_bpm, beats, 7.0 if held else 5.2)
    parts = form.sections(clock, mood.energy, stream(prompt, seed, "form"))
    chords = harmony.plan_chords(key, parts, clock.bar_s, mood.richness, stream(prompt, seed, "harmony"))
    return Plan(prompt, seed, mood, key, clock, parts, chords, seats(prompt.instruments))
