"""Owns what each instrument can do and who does what in a piece; hides the rules of assignment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from video_pipeline.domain.storyboard import Instrument


class Role(StrEnum):
    """A job within the music."""

    LEAD = "lead"  # the melody
    COUNTER = "counter"  # a second line under or between the melody's phrases
    FIGURE = "figure"  # broken chords
    SPARKLE = "sparkle"  # a few high notes
    HARMONY = "harmony"  # held chords
    BASS = "bass"
    GROOVE = "groove"  # drums
    AIR = "air"  # noise and breath


@dataclass(frozen=True, slots=True)
class Profile:
    """What an instrument can play; pitches are MIDI numbers."""

    low: int
    high: int
    lead: int  # centre of its melodies
    figure: int  # lowest note of its broken chords
    roles: frozenset[Role]  # in addition to those of LEAD
    sustained: bool = False


_R = Role
_KEYS = frozenset({_R.LEAD, _R.FIGURE, _R.BASS})
_PLUCK = frozenset({_R.LEAD, _R.FIGURE, _R.BASS})
_MALLET = frozenset({_R.LEAD, _R.FIGURE, _R.SPARKLE})
_CHORAL = frozenset({_R.LEAD, _R.HARMONY, _R.BASS})
_PAD = frozenset({_R.HARMONY, _R.BASS})

PROFILES: dict[Instrument, Profile] = {
    Instrument.PIANO: Profile(33, 96, 74, 50, _KEYS),
    Instrument.FELT_PIANO: Profile(33, 91, 73, 50, _KEYS),
    Instrument.HARP: Profile(33, 96, 74, 50, _PLUCK | {_R.SPARKLE}),
    Instrument.LUTE: Profile(38, 86, 71, 50, _PLUCK),
    Instrument.GUITAR: Profile(40, 86, 71, 48, _PLUCK),
    Instrument.STRINGS: Profile(36, 91, 74, 52, _CHORAL, sustained=True),
    Instrument.CELLO: Profile(36, 72, 57, 43, frozenset({_R.LEAD, _R.COUNTER, _R.BASS}), sustained=True),
    Instrument.FLUTE: Profile(60, 93, 77, 67, frozenset({_R.LEAD, _R.COUNTER}), sustained=True),
    Instrument.CHOIR: Profile(43, 84, 71, 52, _CHORAL, sustained=True),
    Instrument.ORGAN: Profile(36, 88, 72, 52, _CHORAL, sustained=True),
    Instrument.PAD: Profile(36, 84, 70, 52, _PAD, sustained=True),
    Instrument.GLASS_PAD: Profile(48, 91, 76, 58, _PAD, sustained=True),
    Instrument.BELLS: Profile(60, 96, 79, 67, _MALLET),
    Instrument.MUSIC_BOX: Profile(64, 100, 82, 67, _MALLET),
    Instrument.KALIMBA: Profile(55, 93, 74, 60, _MALLET),
    Instrument.VIBRAPHONE: Profile(53, 91, 74, 57, _MALLET),
    Instrument.ELECTRIC_PIANO: Profile(33, 91, 74, 48, _KEYS),
    Instrument.BASS: Profile(28, 55, 43, 31, frozenset({_R.BASS}), sustained=False),
    Instrument.BRUSHES: Profile(0, 127, 60, 60, frozenset({_R.GROOVE})),
    Instrument.HAND_DRUM: Profile(0, 127, 60, 60, frozenset({_R.GROOVE})),
    Instrument.TEXTURE: Profile(36, 84, 60, 48, frozenset({_R.AIR}), sustained=True),
}


@dataclass(frozen=True, slots=True)
class Seat:
    """One instrument in one role; `rank` counts the seats of the same role before it."""

    instrument: Instrument
    role: Role
    rank: int = 0

    @property
    def profile(self) -> Profile:
        """What the instrument can play."""
        return PROFILES[self.instrument]


def seats(instruments: Sequence[Instrument]) -> tuple[Seat, ...]:
    """Who does what; the first instrument that can carry a melody leads, and somebody always plays."""
    players = list(dict.fromkeys(instruments))
    lead = next((each for each in players if Role.LEAD in PROFILES[each].roles), None)
    taken: list[tuple[Instrument, Role]] = [(lead, Role.LEAD)] if lead else []
    for each in players:
        if each != lead:
            taken.append((each, _role(each, taken, len(players))))
    filled = {role for _, role in taken}
    if lead and not filled & {Role.FIGURE, Role.HARMONY}:
        taken += [(lead, role) for role in (Role.FIGURE, Role.HARMONY) if role in PROFILES[lead].roles]
    elif lead and Role.FIGURE not in filled and Role.FIGURE in PROFILES[lead].roles:
        # A keyboard or a harp over pads still has a left hand.
        taken.append((lead, Role.FIGURE))
    filled = {role for _, role in taken}
    if Role.BASS not in filled:
        taken += [(each, Role.BASS) for each in _basses(taken)[:1]]
    counts: dict[Role, int] = {}
    result = []
    for instrument, role in taken:
        result.append(Seat(instrument, role, counts.get(role, 0)))
        counts[role] = counts.get(role, 0) + 1
    return tuple(result)


def _role(instrument: Instrument, taken: Sequence[tuple[Instrument, Role]], players: int) -> Role:
    roles = PROFILES[instrument].roles
    filled = [role for _, role in taken]
    for only in (Role.GROOVE, Role.AIR, Role.HARMONY):
        if only in roles:
            return only
    if roles == {Role.BASS}:
        return Role.BASS
    if Role.COUNTER in roles:
        low = PROFILES[instrument].low < 48
        return Role.BASS if low and players < 3 and Role.BASS not in filled else Role.COUNTER
    # Bells beside a piano or a harp ornament it; beside a flute they have to carry the harmony.
    mallet = Role.SPARKLE in roles and Role.BASS not in roles
    two_hands = any({Role.FIGURE, Role.BASS} <= PROFILES[leader].roles for leader, _ in taken[:1])
    if (mallet and two_hands) or (Role.FIGURE in filled and Role.SPARKLE in roles):
        return Role.SPARKLE
    return Role.FIGURE


def _basses(taken: Sequence[tuple[Instrument, Role]]) -> list[Instrument]:
    """Who could play the missing bass, the best first: a left hand that is free, then whoever reaches lowest."""
    able = [(instrument, role) for instrument, role in taken if Role.BASS in PROFILES[instrument].roles]
    able.sort(key=lambda each: (each[1] is not Role.FIGURE, PROFILES[each[0]].low))
    return [instrument for instrument, _ in able]
