"""Owns the ambiences that can lie beneath a programme; hides nothing. How each sounds, its provider knows."""

from __future__ import annotations

from enum import StrEnum


class Ambience(StrEnum):
    """What is heard all around."""

    RAIN = "rain"
    FIRE = "fire"
    WIND = "wind"
    SEA = "sea"
    NIGHT = "night"  # crickets, an owl far away
    CAFE = "cafe"  # voices without words, cups

    @property
    def shown(self) -> str:
        """For people."""
        return {"fire": "Fireplace", "sea": "Sea waves", "night": "Summer night", "cafe": "Café"}.get(
            self, self.capitalize()
        )
