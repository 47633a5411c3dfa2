"""Owns which thumbnails there are, and the estimate of how well one does; hides nothing.

The estimate is a weighted mean of what can be measured on a picture. Nobody's clicks went into it: the weights are
judgement, informed by what YouTube and its channels advise (few things, strong contrast, words that can be read when
small). It ranks a job's thumbnails; it is no rate of clicks. `docs/adr/0018` says more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MODEL = "appeal-2 (an estimate)"
"""Name and version of the model; raised whenever a part or a weight changes."""


class Design(StrEnum):
    """A way to make a thumbnail of a job's pictures and its title."""

    PLAIN = "plain"  # the picture, without words
    BOLD_TEXT = "bold_text"  # the title large beside the subject
    CLOSE_UP = "close_up"  # the subject, near
    ACTION_SHOT = "action_shot"  # tilted, rushing towards the subject, the title on a slanted band
    MINIMAL = "minimal"  # a calm leaf with the title beside the picture
    COLLAGE = "collage"  # several pictures, or several views of one
    DARK = "dark"  # night, with light left where the subject is

    @property
    def needs_words(self) -> bool:
        """True when it is nothing without its words; the others are drawn without them as well."""
        return self is Design.BOLD_TEXT


class Part(StrEnum):
    """What is measured of a picture as small as it is seen in a list; each from 0 to 1, more is better.

    That is 168 pixels wide; subject and calm are found on 160, where the eye's way over the picture is looked for.
    """

    LEGIBILITY = "legibility"  # height of the capitals of the heading, and their contrast to what is around them
    CONTRAST = "contrast"  # spread of the luma
    COLOUR = "colour"  # colourfulness
    SUBJECT = "subject"  # how much of what draws the eye is in one place; faces are not looked for
    EXPOSURE = "exposure"  # neither dark nor pale
    CALM = "calm"  # few edges


WEIGHTS: dict[Part, float] = {
    Part.LEGIBILITY: 0.25,
    Part.CONTRAST: 0.20,
    Part.COLOUR: 0.20,
    Part.SUBJECT: 0.15,
    Part.EXPOSURE: 0.10,
    Part.CALM: 0.10,
}
"""How much each part counts. A picture without words has no legibility: the other parts then count for all."""


@dataclass(frozen=True, slots=True)
class Appeal:
    """How much a picture promises at a glance, by MODEL."""

    parts: Mapping[Part, float]  # 0 to 1 each

    @property
    def value(self) -> float:
        """The weighted mean of the parts that there are, 0 to 1; 0 without any."""
        total = sum(WEIGHTS[part] for part in self.parts)
        mean = sum(WEIGHTS[part] * worth for part, worth in self.parts.items()) / total if total else 0.0
        return min(max(mean, 0.0), 1.0)
