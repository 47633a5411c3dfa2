"""Owns the vocabulary of ambience: sounds of places that lie under the music; hides nothing."""

from __future__ import annotations

from enum import StrEnum


class Ambience(StrEnum):
    """A sound that can go on for hours."""

    RAIN = "rain"
    FIRE = "fire"
    WIND = "wind"
    SEA = "sea"
    NIGHT = "night"
    CAFE = "cafe"

    @property
    def label(self) -> str:
        """Its name for people."""
        return _LABELS[self]


_LABELS = {
    Ambience.RAIN: "Steady rain",
    Ambience.FIRE: "Crackling fire",
    Ambience.WIND: "Wind in the open",
    Ambience.SEA: "Waves on a beach",
    Ambience.NIGHT: "Summer night with crickets",
    Ambience.CAFE: "Quiet café",
}
