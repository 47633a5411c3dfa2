"""Owns which chord sounds in which bar, and how voices move between chords; hides the progressions of each mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product

import numpy as np

from video_pipeline.domain.storyboard import Mode
from video_pipeline.providers.music_procedural.form import Kind, Section
from video_pipeline.providers.music_procedural.randomness import choose
from video_pipeline.providers.music_procedural.theory import Chord, Key, pitches

# Four chords a line, as degrees counted from 1. Themes start at home, contrasts start away from it.
_THEMES: dict[Mode, tuple[str, ...]] = {
    Mode.MAJOR: ("1564", "1645", "1345", "1465", "1415", "1625", "1264", "1364"),
    Mode.MINOR: ("1637", "1673", "1767", "1374", "1461", "1643", "1574", "1367"),
    Mode.DORIAN: ("1414", "1741", "1473", "1341", "1474", "1437"),
    Mode.PHRYGIAN: ("1212", "1232", "1721", "1612", "1272", "1321"),
    Mode.LYDIAN: ("1212", "1251", "1526", "1623", "1252", "1532"),
    Mode.MIXOLYDIAN: ("1741", "1474", "1541", "1714", "1274", "1547"),
    Mode.PENTATONIC: ("1514", "1425", "1351", "1541", "1254", "1435"),
}
_CONTRASTS: dict[Mode, tuple[str, ...]] = {
    Mode.MAJOR: ("6415", "4536", "2516", "4125", "6345", "4165"),
    Mode.MINOR: ("6711", "4167", "6371", "4736", "3741", "6437"),
    Mode.DORIAN: ("4174", "3741", "4371", "7414"),
    Mode.PHRYGIAN: ("6217", "4121", "3216", "7612"),
    Mode.LYDIAN: ("6251", "2165", "5261", "3625"),
    Mode.MIXOLYDIAN: ("7417", "4174", "2714", "5741"),
    Mode.PENTATONIC: ("5414", "4251", "5254", "3514"),
}
_CADENCES: dict[Mode, tuple[str, ...]] = {
    # The two bars that lead home.
    Mode.MAJOR: ("45", "25", "15", "44"),
    Mode.MINOR: ("67", "47", "45", "44"),
    Mode.DORIAN: ("47", "74", "34"),
    Mode.PHRYGIAN: ("32", "72", "62"),
    Mode.LYDIAN: ("52", "25", "22"),
    Mode.MIXOLYDIAN: ("74", "57", "47"),
    Mode.PENTATONIC: ("54", "24", "44"),
}
_RELATIVES = {1: 6, 4: 2, 6: 4, 5: 3}  # a third apart: two common tones


def plan_chords(
    key: Key, sections: Sequence[Section], bar_s: float, richness: float, rng: np.random.Generator
) -> tuple[Chord, ...]:
    """One chord for each bar and a last one, the tonic, for the final chord."""
    theme, contrast = choose(rng, _THEMES[key.mode]), choose(rng, _CONTRASTS[key.mode])
    second = choose(rng, _THEMES[key.mode])
    # Short bars would make the harmony hurry: each chord then holds for two of them.
    hold = 2 if bar_s < 1.9 else 1
    degrees: list[int] = []
    for section in sections:
        lines = {
            Kind.INTRO: (theme[0] + theme[0] + theme[-1] + theme[0],),
            Kind.A: (theme, theme if section.visit % 2 == 0 else second),
            Kind.B: (contrast, contrast),
            Kind.C: (theme[0] + contrast[0], theme[0] + theme[2]),
            Kind.OUTRO: (theme[0] + theme[-1],),
        }[section.kind]
        slow = 2 if section.kind in {Kind.C, Kind.OUTRO} and bar_s < 4.2 else 1
        degrees += _section(section, "".join(lines), hold * slow, choose(rng, _CADENCES[key.mode]), rng)
    chords = [_coloured(key, degree, index, richness, rng) for index, degree in enumerate(degrees)]
    return (*_held(chords), _home(key, richness))


def _section(section: Section, line: str, hold: int, cadence: str, rng: np.random.Generator) -> list[int]:
    degrees = [int(line[(bar // hold) % len(line)]) for bar in range(section.bars)]
    if section.visit and section.kind is not Kind.C:
        for bar in range(1, section.bars - 2):
            if bar % 4 and degrees[bar] in _RELATIVES and rng.random() < 0.14 * min(section.visit, 2):
                degrees[bar] = _RELATIVES[degrees[bar]]
    if (section.kind in {Kind.A, Kind.B} and section.bars >= 4) or section.kind is Kind.OUTRO:
        tail = min(2, section.bars)
        degrees[-tail:] = [int(letter) for letter in cadence[-tail:]]
    return degrees


def _coloured(key: Key, degree: int, bar: int, richness: float, rng: np.random.Generator) -> Chord:
    steps = len(key.scale)
    inverted = bool(bar % 4 in {1, 3} and rng.random() < 0.22)
    chord = key.chord((degree - 1) % steps, inverted=inverted)
    kept = tuple(colour for colour in chord.colours if rng.random() < richness)
    # One colour is a shade, two are jazz, three hide which chord it is.
    return replace(chord, colours=kept[: 2 if richness > 0.6 else 1])


def _held(chords: list[Chord]) -> list[Chord]:
    """The same chords, where neighbours on one degree are one and the same chord."""
    held: list[Chord] = []
    for chord in chords:
        held.append(held[-1] if held and held[-1].degree == chord.degree else chord)
    return held


def _home(key: Key, richness: float) -> Chord:
    chord = key.chord(0)
    ninth = tuple(colour for colour in chord.colours if (colour - chord.tones[0]) % 12 == 2)
    return replace(chord, colours=ninth if richness > 0.45 else ())


def voicings(chords: Sequence[Chord], voices: int, low: int, high: int) -> list[tuple[int, ...]]:
    """`voices` pitches for each chord between `low` and `high`, rising, each moving as little as possible."""
    centre = (low + high) / 2
    found: list[tuple[int, ...]] = []
    for chord in chords:
        if found and chord is chords[len(found) - 1]:
            found.append(found[-1])
            continue
        options = _options(chord, voices, low, high)
        before = found[-1] if found else None
        found.append(min(options, key=lambda option: (_effort(option, before, centre), option)))
    return found


def _options(chord: Chord, voices: int, low: int, high: int) -> list[tuple[int, ...]]:
    classes = (*chord.tones, *chord.colours)
    # Third first, then root, then colours, then the fifth, which harmony misses least.
    order = dict.fromkeys((chord.tones[1], chord.tones[0], *chord.colours[:2], chord.tones[2], *classes))
    # Roots and fifths may be doubled; a doubled third is what makes a chord sound thick.
    chosen = [*order, chord.tones[0], chord.tones[2], chord.tones[1], *order][:voices]
    if voices >= 3 and chord.tones[0] not in chosen:
        chosen[-1] = chord.tones[0]
    places = [pitches((each,), low, high) for each in chosen]
    options = {tuple(sorted(combination)) for combination in product(*places)}
    spread = [option for option in options if all(_spaced(a, b) for a, b in pairwise(option))]
    return sorted(spread or options)


def _spaced(lower: int, upper: int) -> bool:
    # Below C4 closer intervals than a minor third turn to mud.
    return 12 >= upper - lower >= (3 if lower < 60 else 2)


def _effort(option: tuple[int, ...], before: tuple[int, ...] | None, centre: float) -> float:
    drift = abs(sum(option) / len(option) - centre)
    if before is None:
        return drift
    moves = [abs(new - old) for new, old in zip(option, before, strict=True)]
    effort = sum(moves) + 0.35 * drift + 2.0 * max(moves, default=0) / 4
    for (a, b), (c, d) in zip(pairwise(before), pairwise(option), strict=True):
        parallel = (b - a) % 12 == (d - c) % 12 and (b - a) % 12 in {0, 7}
        effort += 3.0 * (parallel and a != c)
    return effort
