"""Owns what the words of a mood mean for the sound; hides the table of word stems."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from video_pipeline.providers.music_procedural.randomness import fraction

_STEMS: dict[str, tuple[float, float, float, float]] = {
    # stem: brightness, energy, harmonic richness, size of the room; each -1 to 1, 0 is neutral
    "bright": (1.0, 0.3, 0.0, 0.0),
    "sun": (0.9, 0.3, 0.0, -0.1),
    "light": (0.6, 0.0, 0.0, 0.1),
    "joy": (0.7, 0.6, 0.0, -0.1),
    "happy": (0.7, 0.6, 0.0, -0.2),
    "hope": (0.5, 0.3, 0.1, 0.1),
    "playful": (0.6, 0.5, 0.0, -0.3),
    "spark": (0.9, 0.2, 0.0, 0.2),
    "crystal": (0.9, 0.0, 0.1, 0.4),
    "morning": (0.5, 0.0, 0.0, 0.0),
    "fresh": (0.6, 0.2, 0.0, -0.1),
    "magic": (0.5, 0.1, 0.3, 0.5),
    "fairy": (0.6, 0.0, 0.2, 0.4),
    "dark": (-1.0, 0.0, 0.2, 0.3),
    "night": (-0.6, -0.2, 0.3, 0.2),
    "midnight": (-0.8, -0.2, 0.4, 0.2),
    "mysteri": (-0.6, 0.0, 0.3, 0.5),
    "melanchol": (-0.5, -0.3, 0.3, 0.2),
    "sad": (-0.5, -0.4, 0.1, 0.1),
    "gloom": (-0.8, -0.3, 0.1, 0.4),
    "somber": (-0.7, -0.3, 0.1, 0.2),
    "deep": (-0.7, -0.2, 0.2, 0.4),
    "shadow": (-0.8, -0.1, 0.2, 0.3),
    "rain": (-0.3, -0.2, 0.4, 0.0),
    "autumn": (-0.3, -0.1, 0.2, 0.0),
    "winter": (0.1, -0.3, 0.1, 0.4),
    "warm": (-0.4, 0.0, 0.3, -0.1),
    "cozy": (-0.4, -0.1, 0.3, -0.5),
    "cosy": (-0.4, -0.1, 0.3, -0.5),
    "soft": (-0.4, -0.4, 0.0, 0.0),
    "calm": (-0.2, -0.5, 0.0, 0.1),
    "seren": (0.1, -0.5, 0.0, 0.3),
    "peace": (0.0, -0.5, 0.0, 0.2),
    "quiet": (-0.3, -0.6, 0.0, 0.0),
    "sleep": (-0.6, -0.8, 0.1, 0.3),
    "dream": (0.0, -0.3, 0.4, 0.6),
    "ether": (0.3, -0.4, 0.3, 0.9),
    "ambient": (-0.1, -0.4, 0.3, 0.6),
    "space": (-0.2, -0.3, 0.4, 0.9),
    "cosmic": (-0.1, -0.2, 0.4, 0.9),
    "vast": (0.0, 0.0, 0.1, 0.9),
    "sacred": (0.0, -0.2, 0.0, 0.9),
    "cathedral": (0.0, 0.0, 0.0, 1.0),
    "epic": (0.1, 0.9, 0.0, 0.6),
    "grand": (0.2, 0.7, 0.0, 0.5),
    "majest": (0.2, 0.6, 0.0, 0.6),
    "regal": (0.3, 0.4, 0.0, 0.4),
    "royal": (0.3, 0.4, 0.0, 0.4),
    "noble": (0.1, 0.3, 0.0, 0.3),
    "triumph": (0.5, 0.9, 0.0, 0.4),
    "energ": (0.4, 1.0, 0.0, -0.2),
    "lively": (0.5, 0.7, 0.0, -0.2),
    "upbeat": (0.5, 0.8, 0.1, -0.3),
    "elegan": (0.2, 0.1, 0.1, 0.1),
    "classic": (0.1, 0.1, -0.3, 0.1),
    "romantic": (-0.1, 0.1, 0.4, 0.2),
    "nostalg": (-0.3, -0.2, 0.4, 0.0),
    "intimate": (-0.3, -0.4, 0.2, -0.6),
    "jazz": (-0.1, 0.2, 1.0, -0.4),
    "lofi": (-0.6, 0.0, 0.9, -0.5),
    "lo-fi": (-0.6, 0.0, 0.9, -0.5),
    "cafe": (0.0, 0.1, 0.8, -0.5),
    "chill": (-0.2, -0.1, 0.6, 0.0),
    "medit": (-0.2, -0.7, 0.1, 0.6),
    "focus": (-0.1, 0.0, 0.2, -0.1),
    "study": (-0.2, 0.0, 0.4, -0.3),
}
_SWINGING = ("jazz", "lofi", "lo-fi", "cafe", "chill")
_DANCING = ("waltz", "lullaby", "ball", "elegan", "regal", "royal", "courtly")


@dataclass(frozen=True, slots=True)
class Character:
    """How a piece feels; every figure follows from the words of its moods."""

    brightness: float = 0.0  # -1 dark to 1 bright: timbre and register
    energy: float = 0.0  # -1 gentle to 1 strong: dynamics and movement
    richness: float = 0.4  # 0 triads to 1 sevenths and ninths everywhere
    space: float = 0.45  # 0 a room to 1 a cathedral
    swing: float = 0.0  # 0 straight to 1 full triplets
    triple: float = 0.18  # probability of three beats a bar


def read(moods: tuple[str, ...]) -> Character:
    """The character that `moods` describe; an unknown word still nudges it, always in the same direction."""
    sums, known = [0.0, 0.0, 0.0, 0.0], 0
    words = [word for mood in moods for word in mood.lower().replace(",", " ").split()]
    for word in words:
        stem = max((stem for stem in _STEMS if word.startswith(stem)), key=len, default=None)
        if stem is not None:
            known += 1
        facts = _STEMS[stem] if stem is not None else _nudge(word)
        sums = [old + new for old, new in zip(sums, facts, strict=True)]
    # The square root keeps two words that agree stronger than one, without ten words shouting.
    scale = 1.0 / max(known, 1) ** 0.5
    brightness, energy, richness, space = (value * scale for value in sums)
    return Character(
        # Darker than this is dull on small loudspeakers.
        brightness=_clip(0.8 * brightness, -0.8, 0.9),
        energy=_clip(energy, -1.0, 1.0),
        richness=_clip(0.4 + 0.5 * richness, 0.0, 1.0),
        space=_clip(0.45 + 0.4 * space, 0.05, 1.0),
        swing=0.55 if any(word.startswith(_SWINGING) for word in words) else 0.0,
        triple=0.55 if any(word.startswith(_DANCING) for word in words) else 0.18,
    )


def varied(character: Character, rng: np.random.Generator) -> Character:
    """The character of one piece among others with the same moods: a little brighter or darker, nearer or further."""
    return replace(
        character,
        brightness=_clip(character.brightness + 0.16 * float(rng.standard_normal()), -0.9, 1.0),
        richness=_clip(character.richness + 0.1 * float(rng.standard_normal()), 0.0, 1.0),
        space=_clip(character.space + 0.1 * float(rng.standard_normal()), 0.05, 1.0),
    )


def _nudge(word: str) -> tuple[float, float, float, float]:
    first, second, third, fourth = (0.3 * (fraction(f"{word}/{index}") - 0.5) for index in range(4))
    return first, second, third, fourth


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
