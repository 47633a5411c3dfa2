"""Owns how a piece of music is put into words; hides the templates and the order of the sentences.

A text opens with form, players and key, gives the tempo, says how it feels in a few sentences of varying order, and
ends with the length: "Elegant waltz for harp and strings in D major. Tempo: 96 BPM, ... Duration: 3:04."
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from video_pipeline.domain.storyboard import Instrument, MusicPrompt
from video_pipeline.domain.timebase import SAMPLE_RATE, clock
from video_pipeline.providers.grammar.album import Part, Piece
from video_pipeline.providers.grammar.dice import Dice
from video_pipeline.providers.grammar.forms import FORMS
from video_pipeline.providers.grammar.wording import a, and_list, sentence, words_of
from video_pipeline.providers.grammar.world import listed

_PLURAL = frozenset({Instrument.STRINGS, Instrument.BELLS, Instrument.BRUSHES})

_OPENINGS = (
    "{adjective} {form} for {players} in {key}",
    "{adjective} {form} with {players} in {key}",
    "{adjective} {form} in {key}, led by {lead}, with {others}",
    "{a_adjective} {form} in {key} for {players}",
    "{adjective} {form} in {key}: {players}",
)

_TEXTURES = (
    (
        0.22,
        listed(
            """bare and slow, with long rests between the notes | a few notes at a time, each left to ring out |
            mostly silence and resonance | nothing hurried, nothing filled in |
            as little as possible, and well spaced"""
        ),
    ),
    (
        0.36,
        listed(
            """sparse, with room around every phrase | thin texture, long decays | open voicings and plenty of air |
            short phrases, long pauses | lightly scored, never two ideas at once"""
        ),
    ),
    (
        0.5,
        listed(
            """balanced texture, one idea at a time | a steady flow with space around the tune |
            moderate movement, soft attacks | clear melody over quiet movement | even motion without surprises"""
        ),
    ),
    (
        1.1,
        listed(
            """full but gentle, with moving inner voices | rich texture held at a low volume |
            busy hands, quiet dynamics | layered lines that stay out of each other's way |
            flowing and generous, never loud"""
        ),
    ),
)

_ROLES = (
    "[lead carries/carry] the melody over [bed]",
    "[lead leads/lead], and [bed answers/answer] softly",
    "[bed holds/hold] long notes while [lead wanders/wander]",
    "melody in [lead], harmony in [bed]",
    "[lead enters/enter] alone, and [bed joins/join] a few bars later",
    "[bed lays/lay] the ground and [lead decorates/decorate] it",
    "[lead speaks/speak] in short phrases above [bed]",
    "[lead and bed] share one long line",
)

_PARTS = {
    Part.ARRIVAL: listed(
        """begins almost in silence | a first invitation, quietly made | opens the door and waits |
        takes its time to arrive | settles the listener in the first minute"""
    ),
    Part.BUILD: listed(
        """grows a little with every phrase | a second voice arrives halfway | warms up slowly, without a climax |
        lets the rhythm come forward | adds color in the second half | a touch more motion than the piece before |
        brightens toward the end"""
    ),
    Part.CALM: listed(
        """stays on one level from start to end | keeps perfectly level | no peaks, no breaks |
        rests in its own circle |
        holds its calm throughout | changes only in the details | lingers where it is"""
    ),
    Part.CLOSE: listed(
        """thins out toward the end | each phrase a little softer than the last | lets go note by note |
        sinks slowly into stillness | ends on a long fade | leaves the last chord to ring |
        slows down over the final minute"""
    ),
}

_IMAGINE = ("think of {image}", "like {image}", "the scene is {image}", "picture {image}", "suggests {image}")

_WORDLESS = ("instrumental, no vocals", "no vocals", "purely instrumental", "instrumental throughout")
_CHOIR = ("wordless choir only, no lyrics", "voices on open vowels, no lyrics", "the choir hums, no lyrics")


class MusicWriter:
    """Writes the music prompts of one job; draws every phrase from a bag, so that a job repeats itself little."""

    def __init__(self, *, adjectives: Sequence[str], images: Sequence[str], moods: Sequence[str], dice: Dice) -> None:
        self._dice = dice
        self._moods = moods
        self._adjectives = dice.bag(adjectives)
        self._images = dice.bag(images)
        self._openings = dice.bag(_OPENINGS)
        self._roles = dice.bag(_ROLES)
        self._imagine = dice.bag(_IMAGINE)
        self._feels = {name: dice.bag(form.feels) for name, form in FORMS.items()}
        self._wordless = dice.bag(_WORDLESS)
        self._choir = dice.bag(_CHOIR)
        self._textures = [(limit, dice.bag(phrases)) for limit, phrases in _TEXTURES]
        self._parts = {part: dice.bag(phrases) for part, phrases in _PARTS.items()}

    def prompt(self, order_index: int, title: str, piece: Piece, samples: int) -> MusicPrompt:
        """The prompt of one piece."""
        return MusicPrompt(
            order_index=order_index,
            title=title,
            text=self._text(piece, samples),
            tempo_bpm=piece.tempo_bpm,
            tonic=piece.tonic,
            mode=piece.mode,
            instruments=piece.instruments,
            density=piece.density,
            moods=tuple(self._moods),
            samples=samples,
        )

    def _text(self, piece: Piece, samples: int) -> str:
        texture = next(bag for limit, bag in self._textures if piece.density < limit)
        role = _with_players(next(self._roles), piece.instruments[0], piece.instruments[1])
        image = next(self._imagine).format(image=next(self._images))
        feeling = self._dice.shuffled([next(texture), role, next(self._parts[piece.part]), image])
        vocals = next(self._choir if Instrument.CHOIR in piece.instruments else self._wordless)
        sentences = [
            self._opening(piece),
            f"Tempo: {piece.tempo_bpm} BPM, {next(self._feels[piece.form.name])}",
            *feeling[: 3 + self._dice.chance(40)],
            *self._mood(),
            vocals,
            f"Duration: {clock(samples // SAMPLE_RATE)}",
        ]
        return " ".join(sentence(each) for each in sentences)

    def _opening(self, piece: Piece) -> str:
        adjective = _fitting(self._adjectives, f"{piece.form.name} {' '.join(piece.instruments)}")
        return next(self._openings).format(
            adjective=adjective,
            a_adjective=a(adjective),
            form=piece.form.name,
            key=f"{piece.tonic} {piece.mode}",
            players=and_list(piece.instruments),
            lead=piece.instruments[0],
            others=and_list(piece.instruments[1:]),
        )

    def _mood(self) -> list[str]:
        """The ordered mood words in half of the prompts, as the brief says them."""
        if not self._moods or self._dice.chance(50):
            return []
        return [f"Mood: {', '.join(self._dice.shuffled(self._moods)[:3])}"]


def _fitting(adjectives: Iterator[str], taken: str) -> str:
    """The next adjective that repeats no word of `taken` ("slow waltz", "soft bass")."""
    used = set(words_of(taken))
    return next(word for word in adjectives if not used & set(words_of(word)))


def _with_players(template: str, lead: Instrument, bed: Instrument) -> str:
    """`template` with the instruments in place of [lead ...] and [bed ...], verbs in the right number."""
    names = {"lead": lead, "bed": bed}

    def spoken(match: re.Match[str]) -> str:
        player, singular, plural = match.groups()
        name = f"the {names[player]}"
        return f"{name} {plural if names[player] in _PLURAL else singular}" if singular else name

    together = template.replace("[lead and bed]", f"the {lead} and the {bed}")
    return re.sub(r"\[(lead|bed)(?: (\w+)/(\w+))?\]", spoken, together)
