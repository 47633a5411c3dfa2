"""Owns pictures that somebody asked for in words of their own; hides how one wish becomes many views of it."""

from __future__ import annotations

from collections.abc import Sequence

from video_pipeline.domain.scenery import Palette
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.domain.wishes import PROMPT_CHARACTERS
from video_pipeline.providers.grammar.dice import Dice
from video_pipeline.providers.grammar.wording import a, plain, sentence, shortened
from video_pipeline.providers.grammar.world import listed

_STYLE_CHARACTERS, _CAPTION_CHARACTERS = 255, 600

_SHOTS = listed(
    """a wide establishing view | a closer view | a view from above | a low viewpoint looking up | a distant viewpoint |
    a view through a foreground frame | a quiet detail | a view from the side | a view along the middle |
    a view into the depth | a reflection | a silhouette against the light"""
)
_HOURS = listed(
    """in the first light | in the morning | in the middle of the day | in the late afternoon | at golden hour |
    at dusk | in the blue hour | at night"""
)
_FINISHES = listed(
    """soft edges and gentle light | fine film grain | slow and even light | layered depth | muted contrast |
    a soft focus toward the horizon | hand-painted texture"""
)


def commissioned(
    wish: str, count: int, dice: Dice, *, style: str, aspect: str, palettes: Sequence[Palette]
) -> tuple[VisualPrompt, ...]:
    """`count` different views of one wish, in the style asked for; the hours of the day follow each other.

    A wish is shortened to what its view, its palette and its style leave of a prompt.
    """
    longest = PROMPT_CHARACTERS.stop - 1
    subject = plain(wish, longest).rstrip(".") or "a quiet place"
    shots, colors, finishes = dice.bag(_SHOTS), dice.bag(palettes), dice.bag(_FINISHES)
    made = []
    for number in range(count):
        shot, hour = next(shots), _HOURS[number * len(_HOURS) // count]
        look = plain(style, _STYLE_CHARACTERS) or next(finishes)
        view = f", view {number // len(_SHOTS) + 1}" if count > len(_SHOTS) else ""
        head = f"{aspect} picture: "
        tail = f"; {shot}{view}, {hour}, {a(next(colors))} palette; {look}; no text, no lettering."
        text = f"{head}{shortened(subject, longest - len(head) - len(tail))}{tail}"
        caption = f"{shortened(subject, _CAPTION_CHARACTERS)}: {shot}, {hour}"
        made.append(VisualPrompt(number + 1, sentence(text), sentence(caption)))
    return tuple(made)
