"""What words mean to the offline painter."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.scenery import Motif, Palette, TimeOfDay, Weather
from video_pipeline.providers.images_procedural.lexicon import (
    DETAIL_WORDS,
    DETAILS,
    MOTIF_WORDS,
    PALETTE_WORDS,
    TIME_WORDS,
    WEATHER_WORDS,
)
from video_pipeline.providers.images_procedural.reader import Scenery, read_prompt


@pytest.mark.parametrize("motif", Motif)
def test_every_word_of_the_vocabulary_is_understood_in_every_combination(motif: Motif) -> None:
    for time in TimeOfDay:
        for weather in Weather:
            for palette in Palette:
                read = read_prompt(f"16:9 background of a {motif} at {time}, {weather}, {palette} tones")
                assert (read.motif, read.time_of_day, read.weather, read.palette) == (motif, time, weather, palette)


@pytest.mark.parametrize("motif", Motif)
def test_every_detail_is_understood_beside_its_motif_and_changes_nothing_else(motif: Motif) -> None:
    assert len(DETAILS[motif]) >= 4
    for detail in DETAILS[motif]:
        read = read_prompt(f"16:9 background of a {motif} at dusk, mist, teal tones, {detail}")
        assert (read.motif, read.time_of_day, read.weather, read.palette) == (
            motif, TimeOfDay.DUSK, Weather.MIST, Palette.TEAL,
        )  # fmt: skip
        assert detail in read.details


@pytest.mark.parametrize(
    ("text", "motif", "time"),
    [
        ("A beautiful sunset over mountains", Motif.MOUNTAINS, TimeOfDay.GOLDEN_HOUR),
        ("castle ballroom with chandeliers, golden accents", Motif.CANDLE_HALL, None),
        ("grand ballroom with chandeliers, golden accents, warm lighting", Motif.CANDLE_HALL, None),
        ("a throne room by candlelight at midnight", Motif.CANDLE_HALL, TimeOfDay.NIGHT),
        ("Ocean waves on a tropical beach at noon", Motif.SEA, TimeOfDay.DAY),
        ("a far galaxy with a purple nebula", Motif.SPACE, None),
        ("starry night sky over a lake", Motif.LAKE, TimeOfDay.NIGHT),
        ("early morning in the woods", Motif.FOREST, TimeOfDay.DAWN),
        ("log house in a snowy village, blue hour", Motif.WINTER_CABIN, TimeOfDay.DUSK),
        ("raindrops on a window of a coffee shop", Motif.RAINY_WINDOW, None),
        ("cyberpunk street with neon", Motif.CITY_NIGHT, None),
        ("Sahara desert under a full moon", Motif.DUNES, TimeOfDay.NIGHT),
        ("clouds", Motif.SKY, None),
        ("ethereal meditation", Motif.ABSTRACT, None),
        ("old bookshop with a hearth", Motif.LIBRARY, None),
        ("lavender fields", Motif.MEADOW, None),
    ],
)
def test_people_say_it_in_their_own_words(text: str, motif: Motif, time: TimeOfDay | None) -> None:
    read = read_prompt(text)
    assert read.motif is motif
    assert time is None or read.time_of_day is time


def test_the_longest_phrase_uses_up_its_words() -> None:
    """ "golden hour" is a light and no colour; "a frozen lake" beside a cabin is a detail and no lake."""
    assert read_prompt("a silver sea at golden hour").palette is Palette.SILVER
    read = read_prompt("a frozen lake before a cabin")
    assert read.motif is Motif.WINTER_CABIN
    assert read.details == ("a frozen lake",)


def test_words_inside_other_words_do_not_count() -> None:
    assert read_prompt("forest, seasoned travellers, brainy").motif is Motif.FOREST
    assert read_prompt("forest at noon, brainy").weather is not Weather.RAIN


def test_aurora_and_stars_need_the_night_unless_a_time_is_named() -> None:
    assert read_prompt("aurora over a lake").time_of_day is TimeOfDay.NIGHT
    assert read_prompt("aurora over a lake at dusk").time_of_day is TimeOfDay.DUSK


NAUGHTY = [
    "",
    " ",
    "\x00",
    "🌊🏔️" * 50,
    "غروب الشمس فوق الجبال",
    "\u202eevil",
    "x" * 10_000,
    "lake " * 2_000,
    "'; DROP TABLE images;--",
    "%s%n{0}",
    "../../etc/passwd",
    "\ud800",
    "Ａ ｌａｋｅ",
    "\n\r\t",
]


@pytest.mark.parametrize("text", NAUGHTY)
def test_no_text_is_refused(text: str) -> None:
    read = read_prompt(text)
    assert isinstance(read, Scenery)
    assert read == read_prompt(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_one_scenery_with_details_of_its_motif(text: str) -> None:
    read = read_prompt(text)
    assert read == read_prompt(text)
    assert set(read.details) <= set(DETAILS[read.motif])


def test_texts_that_name_nothing_fall_on_many_motifs() -> None:
    motifs = {read_prompt(f"zzz {number}").motif for number in range(200)}
    assert motifs == set(Motif)


def test_another_process_reads_the_same() -> None:
    text = "something nameless, number 42"
    code = f"from video_pipeline.providers.images_procedural import read_prompt; print(read_prompt({text!r}))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(read_prompt(text))


def test_the_lexicon_is_consistent() -> None:
    """Each table covers its enumeration with its own words; extra detail words belong to a detail that exists."""
    for enum, table in (
        (Motif, MOTIF_WORDS),
        (TimeOfDay, TIME_WORDS),
        (Weather, WEATHER_WORDS),
        (Palette, PALETTE_WORDS),
    ):
        assert set(table) == set(enum)
        for member in enum:
            assert member.value in table[member]
    known = {detail for details in DETAILS.values() for detail in details}
    assert set(DETAIL_WORDS) <= known
    for table in (MOTIF_WORDS, TIME_WORDS, WEATHER_WORDS, PALETTE_WORDS):
        for words in table.values():
            assert all(word == " ".join(word.casefold().split()) for word in words)
