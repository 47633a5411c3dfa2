"""Owns what every painter works with: the pixel grid, the random streams and the light of a picture; hides the tables
of colours. Colours are linear light, about 0 to 1, in the order red, green, blue.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from video_pipeline.domain.scenery import Palette, TimeOfDay, Weather
from video_pipeline.providers.images_procedural.lexicon import DETAILS
from video_pipeline.providers.images_procedural.noise import Field
from video_pipeline.providers.images_procedural.reader import Scenery, stable_number

Colour = npt.NDArray[np.float32]


def colour(code: str) -> Colour:
    """Linear light of an sRGB colour such as "ffb347"."""
    value = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / np.float32(255)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` of `second`."""
    return np.asarray(first + (second - first) * np.float32(share), np.float32)


# deep, shade, middle, light, glow, accent
_PALETTES: dict[Palette, tuple[str, ...]] = {
    Palette.GOLD: ("241a10", "63451f", "b98735", "f2cf7f", "fff1c4", "ffb347"),
    Palette.AMBER: ("24120d", "70331d", "c8622a", "f7a75c", "ffe0b5", "ff8a3c"),
    Palette.ROSE: ("27132b", "6b2f58", "c0607f", "f3a9b0", "ffe3dc", "ff8f8a"),
    Palette.TEAL: ("06222c", "0f4f5c", "2b8f97", "8fd6cf", "e4fbf0", "ffb782"),
    Palette.SAPPHIRE: ("081233", "17357a", "3f6fc0", "93bdf0", "e6f1ff", "ffc98a"),
    Palette.EMERALD: ("071f17", "14503a", "3b8f62", "9bd7a4", "f0fbd8", "ffd27a"),
    Palette.VIOLET: ("170c33", "40277a", "7d57bd", "c3a2ec", "f7e6ff", "ff9ec0"),
    Palette.SILVER: ("12171f", "3a4653", "7d8a96", "c2ccd3", "f6f8f8", "ffd9a8"),
}
# natural colours: top, middle and foot of the sky, light of the sun or moon
_TIMES: dict[TimeOfDay, tuple[str, ...]] = {
    TimeOfDay.DAWN: ("45659c", "a996b4", "f8cba6", "ffd2a0"),
    TimeOfDay.DAY: ("2f6fc0", "7db1e3", "d8e9f2", "fff2da"),
    TimeOfDay.GOLDEN_HOUR: ("47689c", "d39a74", "ffc877", "ffb863"),
    TimeOfDay.DUSK: ("1b2350", "5f4680", "dd8a6c", "ff935f"),
    TimeOfDay.NIGHT: ("050a1c", "0d1b3c", "21395f", "c9d8ff"),
}
# which colours of the palette (0 deep ... 4 glow, 5 accent) stand for the same four
_PALETTE_SKY: dict[TimeOfDay, tuple[int, int, int, int]] = {
    TimeOfDay.DAWN: (2, 3, 4, 4),
    TimeOfDay.DAY: (2, 3, 4, 4),
    TimeOfDay.GOLDEN_HOUR: (2, 3, 4, 5),
    TimeOfDay.DUSK: (1, 2, 5, 5),
    TimeOfDay.NIGHT: (0, 0, 1, 3),
}
_BRIGHTNESS = {
    TimeOfDay.DAWN: 0.8,
    TimeOfDay.DAY: 1.0,
    TimeOfDay.GOLDEN_HOUR: 0.85,
    TimeOfDay.DUSK: 0.5,
    TimeOfDay.NIGHT: 0.25,
}
_DULL = {Weather.MIST: 0.35, Weather.RAIN: 0.55, Weather.SNOW: 0.35}


@dataclass(frozen=True, slots=True)
class Mood:
    """The colours of one picture."""

    deep: Colour
    shade: Colour
    middle: Colour
    light: Colour
    glow: Colour
    accent: Colour
    sky_top: Colour
    sky_middle: Colour
    sky_foot: Colour
    sun: Colour  # light of the sun or moon, with its strength
    ambient: Colour  # light of the sky, with its strength
    fog: Colour
    darkness: float  # 0 day to 1 night
    dull: float  # 0 clear to 1 heavy weather


def mood_of(scenery: Scenery) -> Mood:
    """Natural colours of the time of day, drawn towards the palette and, in bad weather, towards grey."""
    palette = [colour(code) for code in _PALETTES[scenery.palette]]
    natural = [colour(code) for code in _TIMES[scenery.time_of_day]]
    night = scenery.time_of_day is TimeOfDay.NIGHT
    share = 0.3 if night else 0.38
    mixed = [
        mix(own, palette[index], share) for own, index in zip(natural, _PALETTE_SKY[scenery.time_of_day], strict=True)
    ]
    bright = _BRIGHTNESS[scenery.time_of_day]
    if night:
        mixed[0] *= np.float32(0.45)
        mixed[1] *= np.float32(0.9)
    dull = _DULL.get(scenery.weather, 0.0)
    grey = mix(mixed[1], mixed[2], 0.5)
    top, middle, foot = (mix(each, grey, 0.75 * dull) for each in mixed[:3])
    ambient = mix(top, middle, 0.6) * np.float32(0.55) + palette[2] * np.float32(0.05 * bright)
    deep, shade, middle_tone, light, glow, accent = palette
    return Mood(
        deep=deep,
        shade=shade,
        middle=middle_tone,
        light=light,
        glow=glow,
        accent=accent,
        sky_top=top,
        sky_middle=middle,
        sky_foot=foot,
        sun=np.asarray(mixed[3] * np.float32(bright * (1 - 0.6 * dull) * (0.5 if night else 1.6)), np.float32),
        ambient=np.asarray(ambient, np.float32),
        fog=mix(middle, foot, 0.42),
        darkness={TimeOfDay.NIGHT: 1.0, TimeOfDay.DUSK: 0.55, TimeOfDay.DAWN: 0.15}.get(scenery.time_of_day, 0.0),
        dull=dull,
    )


@dataclass(frozen=True)
class Stage:
    """One picture being painted."""

    scenery: Scenery
    seed: int
    width: int
    height: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @cached_property
    def unit(self) -> float:
        """The length in pixels that sizes are counted in: the height of a 16:9 picture of the same area."""
        return 0.75 * float(np.sqrt(self.width * self.height))

    @cached_property
    def x(self) -> Field:
        """Columns as (1, w), counted in units from the middle."""
        return (np.arange(self.width, dtype=np.float32)[None, :] - self.width / 2) / np.float32(self.unit)

    @cached_property
    def y(self) -> Field:
        """Rows as (h, 1), from 0 at the top to 1."""
        return (np.arange(self.height, dtype=np.float32)[:, None] + np.float32(0.5)) / np.float32(self.height)

    @cached_property
    def mood(self) -> Mood:
        """The colours."""
        return mood_of(self.scenery)

    def rng(self, name: str) -> np.random.Generator:
        """The stream of random numbers of this name; streams do not disturb each other."""
        return np.random.default_rng(stable_number(self.seed, self.scenery.variant, self.scenery.motif, name))

    def pick(self, name: str, low: float, high: float) -> float:
        """A number from `low` to `high` of its own stream."""
        return float(self.rng(name).uniform(low, high))

    def chance(self, name: str, share: float) -> bool:
        """True in `share` of all pictures."""
        return float(self.rng(name).uniform()) < share

    def has(self, detail: str) -> bool:
        """True when the detail is named; when none is named, the seed chooses two."""
        if self.scenery.details:
            return detail in self.scenery.details
        names = DETAILS[self.scenery.motif]
        chosen = self.rng("details").choice(len(names), size=min(2, len(names)), replace=False)
        return detail in [names[index] for index in chosen]
