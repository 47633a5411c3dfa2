"""Owns what mood words do to an album: pace, brightness, fullness, colors, adjectives; hides the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from video_pipeline.domain.scenery import Palette
from video_pipeline.providers.grammar.world import listed

_P = Palette


@dataclass(frozen=True, slots=True)
class Shade:
    """What one group of mood words, or all moods of a brief together, change."""

    pace: float = 0.0  # added to the tempo, as a share of it
    light: int = 0  # -2 dark modes to +2 bright ones
    fullness: float = 0.0  # added to the density
    palettes: tuple[Palette, ...] = ()
    adjectives: tuple[str, ...] = ()


def _shade(pace: float, light: int, fullness: float, palettes: tuple[Palette, ...], adjectives: str) -> Shade:
    return Shade(pace, light, fullness, palettes, listed(adjectives))


_TABLE: tuple[tuple[str, Shade], ...] = (
    (
        "calm|serene|peaceful|relaxing|relaxed|tranquil|quiet|soothing|gentle|soft|still|slow|chill|mellow",
        _shade(-0.06, 0, -0.06, (_P.TEAL, _P.SAPPHIRE), "calm | tranquil | unhurried | soft-spoken | restful"),
    ),
    (
        "elegant|refined|classical|regal|royal|noble|graceful|stately|majestic|luxurious",
        _shade(0.02, 1, 0.02, (_P.GOLD, _P.ROSE), "elegant | graceful | stately | refined | poised"),
    ),
    (
        "cozy|cosy|warm|homely|comforting|hygge|inviting|snug",
        _shade(-0.02, 1, 0.0, (_P.AMBER, _P.GOLD), "warm | cozy | homely | mellow | softly glowing"),
    ),
    (
        "dark|gothic|brooding|ominous|sinister|haunting|haunted|eerie|spooky|scary",
        _shade(-0.05, -2, -0.04, (_P.VIOLET, _P.SAPPHIRE), "brooding | shadowy | haunting | hushed | somber"),
    ),
    (
        "mysterious|mystical|mystic|enigmatic|secret|arcane|occult|magical|enchanted|magic|whimsical",
        _shade(0.0, -1, 0.0, (_P.VIOLET, _P.EMERALD), "mysterious | spellbound | veiled | curious | enchanted"),
    ),
    (
        "melancholic|melancholy|sad|wistful|nostalgic|bittersweet|longing|lonely|sorrowful|lonesome|tearful",
        _shade(-0.06, -2, -0.04, (_P.SAPPHIRE, _P.SILVER), "wistful | melancholy | tender | bittersweet | pensive"),
    ),
    (
        "happy|bright|uplifting|joyful|hopeful|cheerful|sunny|optimistic|positive|merry|playful",
        _shade(0.06, 2, 0.06, (_P.GOLD, _P.ROSE), "bright | lighthearted | hopeful | sunlit | cheerful"),
    ),
    (
        "epic|heroic|grand|adventurous|cinematic|powerful|triumphant|dramatic",
        _shade(0.04, 0, 0.1, (_P.AMBER, _P.SAPPHIRE), "broad | heroic | sweeping | proud | far-reaching"),
    ),
    (
        "romantic|tender|loving|intimate|sensual|love",
        _shade(-0.02, 1, 0.0, (_P.ROSE, _P.GOLD), "romantic | tender | intimate | affectionate | glowing"),
    ),
    (
        "dreamy|ethereal|floating|celestial|airy|weightless|surreal|otherworldly|hypnotic",
        _shade(-0.06, 1, -0.06, (_P.VIOLET, _P.TEAL), "dreamy | weightless | floating | translucent | hazy"),
    ),
    (
        "focus|focused|study|studying|concentration|productive|work|deep work|reading",
        _shade(0.0, 0, 0.02, (_P.TEAL, _P.AMBER), "steady | even | unobtrusive | clear-headed | patient"),
    ),
    (
        "sleepy|sleep|deep sleep|drowsy|bedtime|resting|rest|night",
        _shade(-0.14, 0, -0.14, (_P.SAPPHIRE, _P.VIOLET), "drowsy | hushed | slow-breathing | heavy-lidded | soft"),
    ),
    (
        "lively|energetic|upbeat|festive|dancing|groovy|fun|jolly|rousing",
        _shade(0.12, 2, 0.14, (_P.AMBER, _P.ROSE), "lively | spirited | nimble | buoyant | festive"),
    ),
    (
        "spiritual|sacred|holy|prayerful|divine|healing|meditative|mindful|reverent|zen",
        _shade(-0.1, 0, -0.08, (_P.GOLD, _P.VIOLET), "reverent | contemplative | inward | luminous | meditative"),
    ),
    (
        "cold|icy|winter|wintry|frozen|snowy|frosty",
        _shade(-0.04, -1, -0.06, (_P.SILVER, _P.SAPPHIRE), "crystalline | frosted | pale | glassy | bare"),
    ),
    (
        "rainy|rain|stormy|gray|grey|misty|foggy|moody",
        _shade(-0.04, -1, -0.02, (_P.SILVER, _P.TEAL), "rain-soaked | blurred | pensive | moody | low-lit"),
    ),
    (
        "natural|organic|earthy|rustic|pastoral|green|fresh|folk|wild",
        _shade(0.0, 1, 0.0, (_P.EMERALD, _P.AMBER), "rustic | earthy | open-air | plainspoken | fresh"),
    ),
    (
        "ancient|old|medieval|historic|vintage|retro|timeless|antique",
        _shade(-0.02, 0, 0.0, (_P.AMBER, _P.SILVER), "timeworn | antique | old-world | weathered | faded"),
    ),
    (
        "futuristic|cosmic|electronic|synth|neon|cyberpunk|space|digital",
        _shade(0.02, 0, 0.04, (_P.VIOLET, _P.TEAL), "neon-lit | cosmic | gliding | electric | orbiting"),
    ),
)

_BY_WORD: dict[str, Shade] = {word: shade for words, shade in _TABLE for word in words.split("|")}


def shade_of(moods: Sequence[str]) -> Shade:
    """What the mood words change together; a word that is not in the table changes nothing."""
    found = list(dict.fromkeys(shade for mood in moods if (shade := _shade_of_word(mood))))
    if not found:
        return Shade()
    return Shade(
        pace=max(min(sum(shade.pace for shade in found), 0.15), -0.2),
        light=max(min(sum(shade.light for shade in found), 2), -2),
        fullness=max(min(sum(shade.fullness for shade in found), 0.16), -0.18),
        palettes=tuple(dict.fromkeys(palette for shade in found for palette in shade.palettes)),
        adjectives=tuple(dict.fromkeys(word for shade in found for word in shade.adjectives)),
    )


def _shade_of_word(mood: str) -> Shade | None:
    """The shade of a mood, or of the first known word in it ("very calm")."""
    return next((_BY_WORD[word] for word in (mood, *mood.split()) if word in _BY_WORD), None)
