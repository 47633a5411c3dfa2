"""Owns the vocabulary of pictures; hides nothing. Prompts name these things in words, picture makers read them back."""

from __future__ import annotations

from enum import StrEnum


class Motif(StrEnum):
    """What a picture shows."""

    LAKE = "lake"
    MOUNTAINS = "mountains"
    FOREST = "forest"
    CANDLE_HALL = "candle hall"  # a great hall, ballroom or chapel lit by candles or chandeliers
    CITY_NIGHT = "city at night"
    SEA = "sea"
    SPACE = "space"
    ABSTRACT = "abstract"
    DUNES = "dunes"
    MEADOW = "meadow"
    WINTER_CABIN = "winter cabin"
    RAINY_WINDOW = "rainy window"
    LIBRARY = "library"  # a room with shelves and a fire
    SKY = "sky"  # above the clouds


class TimeOfDay(StrEnum):
    """The light of a picture."""

    DAWN = "dawn"
    DAY = "day"
    GOLDEN_HOUR = "golden hour"
    DUSK = "dusk"
    NIGHT = "night"


class Weather(StrEnum):
    """The air of a picture."""

    CLEAR = "clear"
    MIST = "mist"
    RAIN = "rain"
    SNOW = "snow"
    AURORA = "aurora"
    STARRY = "starry"


class Palette(StrEnum):
    """The colours of a picture."""

    GOLD = "golden"
    AMBER = "amber"
    ROSE = "rose"
    TEAL = "teal"
    SAPPHIRE = "sapphire"
    EMERALD = "emerald"
    VIOLET = "violet"
    SILVER = "silver"
