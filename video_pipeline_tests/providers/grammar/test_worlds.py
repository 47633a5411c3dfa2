"""The vocabulary itself: complete, free of words that would mislead a painter, and plain English."""

from __future__ import annotations

from itertools import pairwise

import pytest

from video_pipeline.providers.grammar.album import outline
from video_pipeline.providers.grammar.atlas import WORLDS
from video_pipeline.providers.grammar.dice import Dice
from video_pipeline.providers.grammar.forms import FORMS
from video_pipeline.providers.grammar.moods import Shade, shade_of
from video_pipeline.providers.grammar.music import MusicWriter
from video_pipeline.providers.grammar.titles import piece_titles
from video_pipeline.providers.grammar.visuals import VisualWriter, views
from video_pipeline.providers.grammar.wording import a, and_list, plain, shortened, titled, words_of
from video_pipeline.providers.images_procedural.lexicon import DETAILS
from video_pipeline.providers.images_procedural.reader import read_prompt

by_name = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
BRITISH = {"colour", "colours", "grey", "harbour", "centre", "neighbour", "neighbours", "metre", "theatre", "favourite"}


def test_there_are_at_least_eighteen_worlds_and_no_word_names_one_twice() -> None:
    assert len(WORLDS) >= 18
    assert len({world.name for world in WORLDS}) == len(WORLDS)
    for world in WORLDS:
        assert len(set(world.synonyms)) == len(world.synonyms)


@by_name
def test_a_world_is_complete(world) -> None:
    assert len(world.settings) >= 4
    assert all(motif.value in phrase for motif, phrases in world.settings.items() for phrase in phrases)
    assert len(set(world.leads)) >= 3
    assert len(set(world.beds)) >= 3
    assert len(set(world.things)) >= 16
    assert len(set(world.tails)) >= 16
    named = {thing.casefold() for thing in world.things}
    assert not named & {guest.casefold() for guest in world.guests}
    assert not named & {tail.partition(" ")[2].casefold() for tail in world.tails}
    for name in world.forms:
        form = FORMS[name]
        assert max(form.tempo[0], world.tempo[0]) <= min(form.tempo[1], world.tempo[1]), name


@by_name
def test_the_offline_painter_reads_back_exactly_what_is_said(world) -> None:
    for seed in range(6):
        dice = Dice("round trip", seed)
        pieces = outline(world, Shade(), dice, 20)
        writer = VisualWriter(world, dice)
        for index, view in enumerate(views(world, world.palettes, [piece.time for piece in pieces], dice), 1):
            text = writer.prompt(index, view).text
            read = read_prompt(text)
            assert (read.motif, read.time_of_day, read.weather, read.palette) == (
                view.motif,
                view.time,
                view.weather,
                view.palette,
            ), text
            assert set(read.details) == set(view.details), text
            assert set(view.details) <= set(DETAILS[view.motif])
            assert 1 <= len(view.details) <= 3


@by_name
def test_texts_are_plain_american_english(world) -> None:
    for seed in range(4):
        dice = Dice("english", seed)
        pieces = outline(world, shade_of(["calm"]), dice, 20)
        music = MusicWriter(adjectives=world.adjectives, images=world.images, moods=["calm"], dice=dice)
        visual = VisualWriter(world, dice)
        texts = [music.prompt(index, "x", piece, 48_000 * 200).text for index, piece in enumerate(pieces, 1)]
        texts += [
            visual.prompt(index, view).text
            for index, view in enumerate(views(world, world.palettes, [piece.time for piece in pieces], dice), 1)
        ]
        for text in texts:
            words = words_of(text)
            assert all(first != second for first, second in pairwise(words)), text
            assert not BRITISH & set(words), text
            for article, word in pairwise(words):
                assert article not in ("a", "an") or a(word) == f"{article} {word}", text
            assert not set("{}[]|") & set(text), text


@by_name
def test_titles_are_short_and_do_not_repeat_themselves(world) -> None:
    for seed in range(4):
        dice = Dice("titles", seed)
        titles = piece_titles(world, outline(world, Shade(), dice, 20), dice)
        assert len({title.casefold() for title in titles}) == 20
        assert all(3 <= len(title) <= 60 for title in titles)
        assert all(title[0].isupper() or title[0].isdigit() for title in titles), titles


def test_moods_shift_pace_light_and_fullness() -> None:
    assert shade_of(["sleepy"]).pace < shade_of(["calm"]).pace < 0 < shade_of(["lively"]).pace
    assert shade_of(["dark"]).light < 0 < shade_of(["joyful"]).light
    assert shade_of(["very calm"]) == shade_of(["calm"])
    assert shade_of(["xyzzy"]) == Shade()


def test_dark_moods_bring_more_dark_modes_than_bright_ones() -> None:
    def dark(moods: list[str]) -> int:
        pieces = [outline(WORLDS[0], shade_of(moods), Dice("modes", seed), 20) for seed in range(10)]
        return sum(piece.mode in ("minor", "phrygian", "dorian") for album in pieces for piece in album)

    assert dark(["dark", "sad"]) > 1.5 * dark(["joyful"])


def test_wording() -> None:
    assert [a(word) for word in ("elegant", "waltz", "unhurried", "hour", "one", "urbane")] == [
        "an elegant",
        "a waltz",
        "an unhurried",
        "an hour",
        "a one",
        "an urbane",
    ]
    assert and_list(["a"]) == "a"
    assert and_list(["a", "b", "c"]) == "a, b, and c"
    assert titled("waltz for the lo-fi king's men") == "Waltz for the Lo-Fi King's Men"
    assert plain("a\u0007b <c>", 20) == "a b c"
    assert plain(" .!? ", 20) == ""
    assert shortened("several words here", 12) == "several…"


def test_dice_do_not_depend_on_anything_but_their_words() -> None:
    assert [Dice("a", 1).below(1000) for _ in range(2)] == [Dice("a", 1).below(1000)] * 2
    dice = Dice("a", 1)
    # Fixed numbers: every storyboard ever planned depends on them.
    assert [dice.below(1000) for _ in range(6)] == [985, 48, 913, 273, 568, 642]
    assert sorted(Dice("b").shuffled(range(50))) == list(range(50))
    bag = Dice("c").bag("abcd")
    drawn = [next(bag) for _ in range(400)]
    assert all(set(drawn[at : at + 4]) == set("abcd") for at in range(0, 400, 4))
    assert all(first != second for first, second in pairwise(drawn))
