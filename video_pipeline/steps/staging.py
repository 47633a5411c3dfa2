"""Owns how each scene moves and comes on when the brief leaves it to the plan; hides which words suggest what.

A scene is read by the words of its picture's prompt, the first line of `CUES` that has one of them decides. Of what
that line offers the seed chooses, and never what the scene before has, unless the line offers nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from video_pipeline.domain.brief import MotionWish, TransitionWish
from video_pipeline.domain.scenery import Motif, TimeOfDay, Weather
from video_pipeline.domain.storyboard import item_seed
from video_pipeline.domain.timeline import Motion, TransitionKind

_T = TypeVar("_T")

CUES: tuple[tuple[tuple[str, ...], tuple[Motion, ...]], ...] = (
    (("snow", "snowfall", "snowflakes", "blizzard", str(Motif.WINTER_CABIN)), (Motion.SNOW,)),
    (("fireflies", "glowing mushrooms"), (Motion.FIREFLIES,)),
    # A room with a flame or a lamp: its light is what lives in it.
    (
        (str(Motif.CANDLE_HALL), str(Motif.LIBRARY), "candle", "candles", "candlelight", "chandelier", "fireplace"),
        (Motion.BREATHING_LIGHT, Motion.PARTICLES),
    ),
    # It rains outside, and in the picture already.
    ((str(Motif.RAINY_WINDOW),), (Motion.SLOW_ZOOM, Motion.BREATHING_LIGHT)),
    (("rain", "rainfall", "downpour", "drizzle"), (Motion.RAIN,)),
    (("sunbeams", str(Motif.ABSTRACT)), (Motion.PARTICLES, Motion.DRIFT)),
    (("lanterns", "lantern", "string lights", "bonfire"), (Motion.BREATHING_LIGHT, Motion.DRIFT)),
    ((str(Motif.FOREST),), (Motion.PARTICLES, Motion.SLOW_ZOOM)),
    (
        tuple(map(str, (Motif.MOUNTAINS, Motif.DUNES, Motif.MEADOW, Motif.CITY_NIGHT, Motif.LAKE))),
        (Motion.PAN, Motion.DRIFT, Motion.SLOW_ZOOM),
    ),
    (tuple(map(str, (Motif.SEA, Motif.SKY, Motif.SPACE))), (Motion.DRIFT, Motion.PAN, Motion.SLOW_ZOOM)),
)
"""What suits a scene, by words of its picture; the first line that fits counts."""

ANYWHERE = (Motion.SLOW_ZOOM, Motion.DRIFT, Motion.PAN)
"""What suits a scene that none of the cues fits."""

_DARK = (str(TimeOfDay.NIGHT), str(TimeOfDay.DUSK), str(Weather.STARRY))


def motions(wish: MotionWish, texts: Sequence[str], seed: int) -> tuple[Motion, ...]:
    """The motion of each scene, from the prompts of their pictures; as wished unless that is auto."""
    if wish is not MotionWish.AUTO:
        return (Motion(wish),) * len(texts)
    chosen: list[Motion] = []
    for index, text in enumerate(texts, 1):
        offered = next((fitting for words, fitting in CUES if _names(text, words)), ANYWHERE)
        chosen.append(_choice(offered, chosen[-1:], item_seed(seed, "motion", index)))
    return tuple(chosen)


def transitions(wish: TransitionWish, texts: Sequence[str], seed: int) -> tuple[TransitionKind, ...]:
    """How each scene comes on; as wished unless that is auto.

    Between two dark pictures black is no break; a bright one lets its light break through. Wipes are rare guests.
    """
    if wish is not TransitionWish.AUTO:
        return (TransitionKind(wish),) * len(texts)
    chosen: list[TransitionKind] = []
    for index, text in enumerate(texts, 1):
        lit = TransitionKind.DIP if _names(text, _DARK) else TransitionKind.LUMA
        offered = (TransitionKind.DISSOLVE, TransitionKind.DISSOLVE, lit, lit, TransitionKind.WIPE)
        chosen.append(_choice(offered, chosen[-1:], item_seed(seed, "transition", index)))
    return tuple(chosen)


def _names(text: str, words: Sequence[str]) -> bool:
    plain = f" {' '.join(re.findall(r'[a-z]+', text.casefold()))} "
    return any(f" {word} " in plain for word in words)


def _choice(offered: Sequence[_T], before: Sequence[_T], number: int) -> _T:
    new = [each for each in offered if each not in before] or offered
    return new[number % len(new)]
