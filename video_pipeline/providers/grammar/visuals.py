"""Owns how a picture is put into words; hides the templates and which light, air and things go together.

Every text names exactly one motif, time of day, weather and palette in the words of `domain.scenery`, and one to three
things that the offline painter draws, so that the picture shows what the text says whoever makes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from video_pipeline.domain.scenery import Motif, Palette, TimeOfDay, Weather
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.providers.grammar.dice import Dice
from video_pipeline.providers.grammar.wording import a, and_list, sentence
from video_pipeline.providers.grammar.world import World, listed
from video_pipeline.providers.images_procedural.lexicon import DETAILS

_M, _T, _W = Motif, TimeOfDay, Weather

_INDOORS = frozenset({_M.CANDLE_HALL, _M.LIBRARY, _M.RAINY_WINDOW})

_TIME_PHRASES: Mapping[TimeOfDay, tuple[str, ...]] = {
    _T.DAWN: listed("at dawn | just before dawn | as dawn comes up"),
    _T.DAY: listed("by day | in the middle of the day | on a quiet day"),
    _T.GOLDEN_HOUR: listed("at golden hour | in the last of the golden hour"),
    _T.DUSK: listed("at dusk | as dusk settles | in the last light of dusk"),
    _T.NIGHT: listed("at night | deep in the night | on a still night"),
}
_CITY_PHRASES: Mapping[TimeOfDay, tuple[str, ...]] = {
    **_TIME_PHRASES,
    _T.DUSK: listed("just after dusk | with dusk not quite gone"),
    _T.NIGHT: listed("in the small hours | after the last tram"),
}
_PLACELESS_PHRASES: Mapping[TimeOfDay, tuple[str, ...]] = {
    time: (f"in the colors of {time}", f"lit as if by {time}") for time in TimeOfDay
}
_OUTDOOR_AIR: Mapping[Weather, tuple[str, ...]] = {
    _W.CLEAR: listed("clear and windless | clear and still"),
    _W.MIST: listed("mist | thin mist | drifting mist"),
    _W.RAIN: listed("light rain | steady rain | soft rain"),
    _W.SNOW: listed("falling snow | slow snow"),
    _W.AURORA: listed("aurora overhead | a slow aurora"),
    _W.STARRY: listed("starry heavens | a starry vault above"),
}
_INDOOR_AIR: Mapping[Weather, tuple[str, ...]] = {
    _W.CLEAR: listed("clear panes | clear and still outside"),
    _W.MIST: listed("mist outside | mist against the panes"),
    _W.RAIN: listed("rain outside | rain on the glass | soft rain against the panes"),
    _W.SNOW: listed("snow outside | snow on the sill"),
    _W.AURORA: listed("aurora outside"),
    _W.STARRY: listed("starry heavens outside"),
}
_AIRS: Mapping[Motif, tuple[Weather, ...]] = {
    **dict.fromkeys(Motif, tuple(Weather)),
    _M.RAINY_WINDOW: (_W.RAIN,),
    _M.CANDLE_HALL: (_W.CLEAR, _W.MIST, _W.RAIN, _W.SNOW, _W.STARRY),
    _M.LIBRARY: (_W.CLEAR, _W.MIST, _W.RAIN, _W.SNOW, _W.STARRY),
    _M.SKY: (_W.CLEAR, _W.MIST, _W.STARRY, _W.AURORA),
    _M.SPACE: (_W.STARRY, _W.CLEAR, _W.MIST),
    _M.ABSTRACT: (_W.CLEAR, _W.MIST, _W.STARRY),
    _M.DUNES: (_W.CLEAR, _W.STARRY, _W.MIST),
}
"""The air in which a motif makes sense."""

_LIT_BY_DARKNESS = frozenset({_W.STARRY, _W.AURORA})
_DARK = (_T.DUSK, _T.NIGHT)

_ONLY_WHEN: Mapping[str, tuple[TimeOfDay, ...]] = {
    "fireflies": _DARK,
    "glowing mushrooms": (*_DARK, _T.DAWN),
    "floating lanterns": _DARK,
    "sky lanterns": _DARK,
    "string lights": (*_DARK, _T.GOLDEN_HOUR),
    "city lights": _DARK,
    "a crescent moon": (*_DARK, _T.DAWN),
    "sunbeams": (_T.DAWN, _T.DAY, _T.GOLDEN_HOUR),
    "flying birds": (_T.DAWN, _T.DAY, _T.GOLDEN_HOUR, _T.DUSK),
}
"""Things that belong to some times of day only; the others fit always."""

_ONLY_IN: Mapping[str, tuple[str, ...]] = {
    "a hot air balloon": listed("steampunk | garden | mountains | cozy cabin"),
    "floating islands": listed("fantasy tavern | enchanted forest | deep sleep | steampunk"),
    "a distant castle": listed(
        "royal court | medieval town | fantasy tavern | celtic | enchanted forest | dark academia"
    ),
    "glowing mushrooms": listed("enchanted forest | fantasy tavern"),
    "palm leaves": ("ocean",),
    "a camel caravan": ("desert",),
    "distant pyramids": ("desert",),
    "an oasis": ("desert",),
    "a lone tent": listed("desert | space | ocean"),
    "neon signs": listed("night city | lo-fi study | jazz cafe | rain"),
    "an elevated train": listed("night city | lo-fi study | rain"),
    "city lights": listed("night city | lo-fi study | jazz cafe | rain | library"),
    "string lights": listed("cozy cabin | winter | jazz cafe | deep sleep"),
    "sky lanterns": listed("lo-fi study | jazz cafe | steampunk"),
    "floating lanterns": listed("zen garden | enchanted forest | royal court | lo-fi study | garden"),
    "a long red carpet": listed("royal court | jazz cafe | dark academia | medieval town"),
    "checkered marble floor": listed("royal court | dark academia | desert | jazz cafe"),
    "a grand chandelier": listed("royal court | dark academia | library | jazz cafe | steampunk"),
    "hanging banners": listed("royal court | medieval town | fantasy tavern"),
    "a lighthouse": listed("ocean | celtic | deep sleep | night city"),
    "a windmill": listed("royal court | medieval town | garden | deep sleep"),
    "a wooden jetty": listed(
        "lo-fi study | cozy cabin | celtic | ocean | mountains | garden | rain | viking | deep sleep"
    ),
}
"""Things that would be strangers elsewhere, by the names of the worlds that have them; the others fit everywhere."""

_LIFELESS = frozenset({"flying birds", "pine silhouettes", "reeds", "a small boat"})
"""What no other planet has."""

_FINISHES = listed(
    """painterly brushwork and soft edges | wide composition with an empty center | low contrast and gentle light |
    fine film grain | matte painting with deep perspective | watercolor washes | storybook illustration |
    oil on canvas | the stillness of a long exposure | slow and even light | layered depth | delicate linework |
    a soft focus toward the horizon | a generous empty foreground | muted contrast | quiet symmetry |
    a low viewpoint | a distant viewpoint | hand-painted texture | a theatrical stage light"""
)

_TEMPLATES = (
    "16:9 background of {setting} {time}, {air}, {palette} tones, with {details}; {finish}; no people, no text",
    "16:9 background of {setting} {time}, {palette} tones and {air}, {details}; {finish}; no people, no text",
    "16:9 background of {setting} with {details}, {time}, {air}; {palette} tones, {finish}; no people, no text",
    "Quiet 16:9 background of {setting} {time}: {details}, {air}, {palette_light}; {finish}; no people, no text",
    "Wide 16:9 background of {setting}, {air}, {time}, with {details}; {palette_light}, {finish}; no people, no text",
)


@dataclass(frozen=True, slots=True)
class View:
    """What one picture shows."""

    motif: Motif
    time: TimeOfDay
    weather: Weather
    palette: Palette
    details: tuple[str, ...]  # of the painter's DETAILS, in their order


def views(world: World, palettes: Sequence[Palette], times: Sequence[TimeOfDay], dice: Dice) -> tuple[View, ...]:
    """One view for each of `times`, no two alike, at least four motifs among them, neighbours of different motif."""
    motifs = dice.bag(_motifs_of_job(world, dice))
    colors = dice.bag(palettes)
    chosen: list[View] = []
    for time in times:
        before = [view.motif for view in chosen[-1:]]
        fitting = (motif for motif in motifs if _possible(motif, time) and [motif] != before)
        made = (_view(world, motif, time, next(colors), dice) for motif in fitting)
        chosen.append(next(view for view in made if view not in chosen))
    return tuple(chosen)


def _motifs_of_job(world: World, dice: Dice) -> list[Motif]:
    """The world's first motif and three or four others: jobs of one channel do not visit the same places."""
    first, *others = world.settings
    return [first, *dice.shuffled(others)[: 3 + dice.below(2)]]


def _possible(motif: Motif, time: TimeOfDay) -> bool:
    """A city at night has no day; space and dunes have all of them."""
    return motif is not Motif.CITY_NIGHT or time in _DARK


def _view(world: World, motif: Motif, time: TimeOfDay, palette: Palette, dice: Dice) -> View:
    airs = [air for air in _AIRS[motif] if air not in _LIT_BY_DARKNESS or time in _DARK]
    usual = [air for air in world.weathers if air in airs]
    things = _things(world, motif, time)
    shown = set(dice.shuffled(things)[: 1 + dice.below(3)])
    return View(
        motif=motif,
        time=time,
        weather=dice.pick(usual or airs),
        palette=palette,
        details=tuple(thing for thing in things if thing in shown),
    )


def _things(world: World, motif: Motif, time: TimeOfDay) -> list[str]:
    """The painter's details that fit the hour and, where any do, the world."""
    timely = [thing for thing in DETAILS[motif] if time in _ONLY_WHEN.get(thing, tuple(TimeOfDay))]
    fitting = [thing for thing in timely if world.name in _ONLY_IN.get(thing, (world.name,))]
    if world.name == "space":
        fitting = [thing for thing in fitting if thing not in _LIFELESS]
    return fitting or timely


class VisualWriter:
    """Writes the visual prompts of one job; draws phrases from bags, so that a job repeats itself little."""

    def __init__(self, world: World, dice: Dice, aspect: str = "16:9") -> None:
        self._dice = dice
        self._aspect = aspect
        self._settings = {motif: dice.bag(phrases) for motif, phrases in world.settings.items()}
        self._templates = dice.bag(_TEMPLATES)
        self._finishes = dice.bag(_FINISHES)
        self._times: dict[str, Iterator[str]] = {}

    def prompt(self, order_index: int, view: View) -> VisualPrompt:
        """The prompt of one picture."""
        setting = next(self._settings[view.motif])
        time = self._dice.pick(_time_phrases(view.motif)[view.time])
        airs = _INDOOR_AIR if view.motif in _INDOORS else _OUTDOOR_AIR
        # "a hall with a stage with a chandelier" would be one "with" too many.
        template = next(each for each in self._templates if not (" with " in setting and "{setting} with" in each))
        text = template.replace("16:9", self._aspect).format(
            setting=setting,
            time=time,
            air=self._dice.pick(airs[view.weather]),
            palette=view.palette,
            palette_light=self._dice.pick((f"{view.palette} light", f"{a(view.palette)} palette")),
            details=and_list(view.details),
            finish=next(self._finishes),
        )
        return VisualPrompt(order_index, sentence(text), sentence(f"{setting} {time}, with {and_list(view.details)}"))


def _time_phrases(motif: Motif) -> Mapping[TimeOfDay, tuple[str, ...]]:
    if motif is Motif.CITY_NIGHT:
        return _CITY_PHRASES
    return _PLACELESS_PHRASES if motif in (Motif.SPACE, Motif.ABSTRACT) else _TIME_PHRASES
