"""Owns the order in which a script is written; hides which book each of its words comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from video_pipeline.domain.brief import Brief, MusicVideoBrief, StoryboardBrief
from video_pipeline.domain.scenery import Palette
from video_pipeline.domain.storyboard import MusicPrompt, Song, VisualPrompt
from video_pipeline.ports import Script
from video_pipeline.providers.grammar.album import Piece, outline
from video_pipeline.providers.grammar.atlas import Niche, read_niche
from video_pipeline.providers.grammar.commission import commissioned
from video_pipeline.providers.grammar.dice import Dice
from video_pipeline.providers.grammar.moods import Shade, shade_of
from video_pipeline.providers.grammar.music import MusicWriter
from video_pipeline.providers.grammar.publication import Facts, description, tags, video_title
from video_pipeline.providers.grammar.songs import of_songs
from video_pipeline.providers.grammar.titles import piece_titles
from video_pipeline.providers.grammar.visuals import VisualWriter, views
from video_pipeline.providers.grammar.wording import plain

MOOD_MAX_CHARACTERS = 40
MOODS_MAX = 8


class GrammarWriter:
    """Writes prompts from tables and templates; the same brief always gives the same script."""

    name = "grammar"
    price_usd = Decimal(0)
    stand_in = None

    def write(
        self, brief: Brief, samples: Sequence[int], *, songs: Sequence[Song] = (), pictures: int | None = None
    ) -> Script:
        """Prompts for `len(samples)` pieces and `pictures` pictures; never fails, whatever niche and moods say."""
        niche = read_niche(brief.niche_label)
        words = [plain(mood, MOOD_MAX_CHARACTERS) for mood in brief.moods]
        moods = tuple(dict.fromkeys(word for word in words if word))[:MOODS_MAX] or niche.world.adjectives[:2]
        shade = shade_of(moods)
        dice = _Cups(brief, niche.label, moods)
        shown = len(samples) if pictures is None else pictures
        pieces = outline(niche.world, shade, dice("outline"), max(len(samples), shown))
        visuals = _visuals(brief, niche, shade, pieces[:shown], dice("visuals"))
        if songs:
            return of_songs(brief, songs, visuals, moods)
        titles = piece_titles(niche.world, pieces, dice("titles"))
        leads = Counter(piece.instruments[0] for piece in pieces)
        facts = Facts(niche, moods, _seconds(brief), titles, tuple(lead for lead, _ in leads.most_common()))
        return Script(
            title=video_title(facts, dice("title")),
            description=description(facts, dice("description")),
            tags=tags(facts, dice("tags")),
            music=_music(niche, shade, tuple(zip(pieces, titles, samples, strict=True)), moods, dice("music")),
            visuals=visuals,
        )


class _Cups:
    """Dice for each part of a script, so that a change in one part leaves the others as they were."""

    def __init__(self, brief: Brief, label: str, moods: Sequence[str]) -> None:
        self._words = (brief.seed, label.casefold(), *moods)

    def __call__(self, part: str) -> Dice:
        return Dice(part, *self._words)


def _seconds(brief: Brief) -> int:
    """The ordered length."""
    if isinstance(brief, StoryboardBrief):
        return brief.scene_count * brief.scene_seconds
    return brief.target_duration_minutes * 60


def _music(
    niche: Niche, shade: Shade, course: Sequence[tuple[Piece, str, int]], moods: Sequence[str], dice: Dice
) -> tuple[MusicPrompt, ...]:
    """`course` is the piece, the title and the length of each scene."""
    writer = MusicWriter(
        adjectives=tuple(dict.fromkeys((*shade.adjectives, *niche.world.adjectives))),
        images=niche.world.images,
        moods=moods,
        dice=dice,
    )
    return tuple(writer.prompt(index, title, piece, length) for index, (piece, title, length) in enumerate(course, 1))


def _visuals(brief: Brief, niche: Niche, shade: Shade, pieces: Sequence[Piece], dice: Dice) -> tuple[VisualPrompt, ...]:
    palettes = _palettes(niche, shade, dice)
    if isinstance(brief, StoryboardBrief | MusicVideoBrief) and brief.prompt:
        return commissioned(
            brief.prompt, len(pieces), dice, style=brief.style, aspect=brief.aspect_ratio, palettes=palettes
        )
    writer = VisualWriter(niche.world, dice, brief.aspect_ratio)
    scenes = views(niche.world, palettes, [piece.time for piece in pieces], dice)
    return tuple(writer.prompt(index, view) for index, view in enumerate(scenes, 1))


def _palettes(niche: Niche, shade: Shade, dice: Dice) -> list[Palette]:
    """Three palettes of a job: the world's and the moods', some more often than others."""
    choices = list(dict.fromkeys((*niche.world.palettes, *shade.palettes[:2])))
    main, *others = dice.shuffled(choices)[:3]
    return [main, main, *others]
