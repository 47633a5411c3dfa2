"""A script as its readers see it: whole, distinct, honest, inside every limit, and the same every time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import combinations, pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.brief import AlbumBrief, StoryboardBrief
from video_pipeline.domain.publishing import check_texts
from video_pipeline.domain.scenery import Motif
from video_pipeline.domain.timebase import SAMPLE_RATE, clock
from video_pipeline.ports import Script
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.providers.grammar.album import signature_of
from video_pipeline.providers.grammar.atlas import NAMELESS, WORLDS, read_niche
from video_pipeline.providers.grammar.forms import FORMS
from video_pipeline.providers.grammar.publication import length_words
from video_pipeline.providers.grammar.wording import words_of
from video_pipeline.providers.images_procedural.reader import read_prompt

SAMPLES = tuple((170 + 3 * index) * SAMPLE_RATE for index in range(20))
NICHES = (
    "Royal Court Ambience",
    "Medieval Fantasy Ambience",
    "Lo-Fi Study Beats",
    "Rainy Jazz Cafe",
    "Deep Sleep Space Drone",
    "Quantum Bakery",
)
NASTY = (
    "<script>alert('x')</script>",
    "🌲🔥🌊",
    '"Quotes", \'more\' & "“typographic”"',
    "x" * 255,
    "word " * 51,
    "موسيقى هادئة للنوم",
    "夜の東京 " * 50,
    "!!! ??? ...",
    "<><><>",
    "- | : ;",
    "🎻" * 255,
)


def brief(
    niche: str = NICHES[0], moods: str = "elegant, classical, serene", seed: int = 1, minutes: int = 60
) -> AlbumBrief:
    return AlbumBrief(
        channel_id=UUID(int=1), niche_label=niche, mood_keywords=moods, target_duration_minutes=minutes, seed=seed
    )


def script(
    niche: str = NICHES[0], moods: str = "elegant, classical, serene", seed: int = 1, minutes: int = 60
) -> Script:
    return GrammarWriter().write(brief(niche, moods, seed, minutes), SAMPLES)


def assert_usable(made: Script, count: int = 20) -> None:
    check_texts(made.title, made.description, made.tags)
    assert 12 <= len(made.tags) <= 20
    assert len({tag.casefold() for tag in made.tags}) == len(made.tags)
    for texts in (
        [music.text for music in made.music],
        [music.title for music in made.music],
        [visual.text for visual in made.visuals],
    ):
        assert len({text.casefold() for text in texts}) == count
        assert all(text.isprintable() and not set("<>") & set(text) for text in texts)
    assert all(10 <= len(prompt.text) <= 2000 for prompt in (*made.music, *made.visuals))
    assert [music.order_index for music in made.music] == list(range(1, count + 1))
    assert [visual.order_index for visual in made.visuals] == list(range(1, count + 1))


@pytest.mark.parametrize("niche", [*NICHES, *NASTY])
def test_any_niche_gives_a_usable_script(niche: str) -> None:
    assert_usable(script(niche))


@settings(max_examples=60, deadline=None)
@given(
    niche=st.text(min_size=1, max_size=255).filter(lambda text: text.strip() and " ".join(text.split()).isprintable()),
    moods=st.text(min_size=1, max_size=400).filter(lambda text: text.strip() and " ".join(text.split()).isprintable()),
    seed=st.integers(0, 2**31 - 1),
    minutes=st.integers(60, 90),
)
def test_no_brief_that_can_be_ordered_breaks_the_limits(niche: str, moods: str, seed: int, minutes: int) -> None:
    assert_usable(script(niche, moods, seed, minutes))


@settings(max_examples=40, deadline=None)
@given(world=st.sampled_from(WORLDS), seed=st.integers(0, 2**31 - 1), count=st.integers(1, 60))
def test_storyboards_of_any_number_of_scenes_are_written(world, seed: int, count: int) -> None:
    order = StoryboardBrief(
        channel_id=UUID(int=1),
        niche_label=world.name,
        mood_keywords="calm",
        seed=seed,
        scene_count=count,
        scene_seconds=10,
    )
    made = GrammarWriter().write(order, (14 * SAMPLE_RATE,) * count)
    assert len(made.music) == len(made.visuals) == count
    assert len({visual.text for visual in made.visuals}) == count
    assert len({music.title for music in made.music}) == count


def test_a_wish_of_every_length_fits_into_its_prompts_with_the_longest_style() -> None:
    order = StoryboardBrief(
        channel_id=UUID(int=1), niche_label="Rain", mood_keywords="calm", seed=3, scene_count=60, scene_seconds=20,
        prompt="river " * 333, style="oil" * 85,
    )  # fmt: skip
    made = GrammarWriter().write(order, SAMPLES[:1] * 60)
    assert_usable(made, 60)
    assert max(len(visual.text) for visual in made.visuals) > 1980  # no more of it is lost than must be
    assert all(order.style in visual.text for visual in made.visuals)


def test_the_same_brief_gives_the_same_script_in_another_process() -> None:
    code = (
        "from video_pipeline_tests.providers.grammar.test_writer import script; import hashlib;"
        "print(hashlib.sha256(repr(script()).encode()).hexdigest())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": salt},
        ).stdout
        for salt in ("1", "2")
    }
    assert len(answers) == 1


def test_lengths_are_taken_and_named() -> None:
    for music, samples in zip(script().music, SAMPLES, strict=True):
        assert music.samples == samples
        assert music.text.endswith(f"Duration: {clock(samples // SAMPLE_RATE)}.")


@pytest.mark.parametrize("niche", NICHES)
def test_the_text_says_what_the_fields_say(niche: str) -> None:
    for music in script(niche).music:
        assert f"{music.tonic} {music.mode}" in music.text
        assert f"Tempo: {music.tempo_bpm} BPM" in music.text
        assert all(instrument in music.text for instrument in music.instruments)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_keys_of_neighbors_are_related_and_the_album_comes_home(world) -> None:
    for seed in range(8):
        keys = [(music.tonic, music.mode) for music in script(world.name, seed=seed).music]
        signatures = [signature_of(*key) for key in keys]
        assert all(first != second for first, second in pairwise(keys))
        assert all(abs(first - second) <= 1 for first, second in pairwise(signatures))
        assert signatures[0] == signatures[-1]


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_the_lead_changes_from_piece_to_piece_and_the_end_is_quieter_than_the_build(world) -> None:
    made = script(world.name, seed=5)
    leads = [music.instruments[0] for music in made.music]
    assert all(first is not second for first, second in pairwise(leads))
    build = [music.density for music in made.music[5:9]]
    close = [music.density for music in made.music[16:]]
    assert sum(close) < 0.8 * sum(build)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_the_tempo_suits_the_form(world) -> None:
    for moods in ("sleepy, calm", "lively, upbeat"):
        for music in script(world.name, moods).music:
            named = [form for form in FORMS.values() if re.search(rf"\b{form.name}\b", music.text.partition(".")[0])]
            form = max(named, key=lambda each: len(each.name))
            assert form.tempo[0] <= music.tempo_bpm <= form.tempo[1], music.text


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_no_two_pictures_of_a_job_show_the_same_and_at_least_four_places_are_seen(world) -> None:
    seen = [read_prompt(visual.text) for visual in script(world.name, seed=3).visuals]
    shown = {(each.motif, each.time_of_day, each.weather, each.palette, each.details) for each in seen}
    assert len(shown) == 20
    assert len({each.motif for each in seen}) >= 4
    assert {each.motif for each in seen} <= set(read_niche(world.name).world.settings)
    assert all(first.motif is not second.motif for first, second in pairwise(seen))


def test_the_light_moves_forward_only() -> None:
    for world in WORLDS:
        times = [world.times.index(read_prompt(visual.text).time_of_day) for visual in script(world.name).visuals]
        assert times == sorted(times), world.name
        assert set(times) == set(range(len(world.times)))


def similarity(one: Script, other: Script) -> float:
    """Mean Jaccard similarity of the words of prompts in the same place."""
    scores = [
        len(first & second) / len(first | second)
        for mine, theirs in ((one.music, other.music), (one.visuals, other.visuals))
        for first, second in ((set(words_of(a.text)), set(words_of(b.text))) for a, b in zip(mine, theirs, strict=True))
    ]
    return sum(scores) / len(scores)


@pytest.mark.parametrize("niche", NICHES)
def test_two_jobs_of_one_channel_do_not_read_alike(niche: str) -> None:
    jobs = [script(niche, seed=seed) for seed in (1, 2, 3)] + [script(niche, "dark, mysterious", seed=1)]
    for one, other in combinations(jobs, 2):
        assert one.description != other.description
        for mine, theirs in ((one.music, other.music), (one.visuals, other.visuals)):
            assert not {prompt.text for prompt in mine} & {prompt.text for prompt in theirs}
        assert len({music.title for music in one.music} & {music.title for music in other.music}) <= 4
        assert similarity(one, other) < 0.36


def test_the_title_names_niche_mood_and_length() -> None:
    for seed in range(20):
        title = script("Royal Court Ambience", "elegant, serene", seed=seed, minutes=75).title
        assert "Royal Court Ambience" in title
        assert "Elegant" in title
        assert "1 Hour 15 Minutes" in title


def test_a_niche_of_255_characters_gives_way_to_mood_and_length() -> None:
    title = script("Somewhere " * 25, "elegant", minutes=90).title
    assert len(title) <= 100
    assert title.startswith("Somewhere Somewhere")
    assert "Elegant" in title
    assert title.endswith("1 Hour 30 Minutes")


def test_the_description_says_that_music_and_pictures_are_generated() -> None:
    for seed in range(8):
        paragraphs = script(seed=seed).description.split("\n\n")
        assert len(paragraphs) == 3
        assert "generated" in paragraphs[-1]
        assert "0:00" not in script(seed=seed).description


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (10, "10 seconds"),
        (60, "1 minute"),
        (95, "1 minute 35 seconds"),
        (3599, "1 hour"),
        (3660, "1 hour 1 minute"),
        (5400, "1 hour 30 minutes"),
    ],
)
def test_lengths_are_said_in_words(seconds: int, written: str) -> None:
    assert length_words(seconds) == written


def test_the_description_begins_its_sentence_with_the_length() -> None:
    assert "One hour and one minute of elegant" in script(minutes=61).description


def test_an_unknown_niche_keeps_its_own_words() -> None:
    made = script("Quantum Bakery")
    assert not read_niche("Quantum Bakery").known
    assert any("Quantum Bakery" in music.text for music in made.music)
    assert any({"quantum", "bakery"} & set(words_of(music.title)) for music in made.music)
    assert "bakery" in made.tags


@pytest.mark.parametrize(
    ("niche", "world"),
    [
        ("Royal Court Ambience", "royal court"),
        ("Medieval Fantasy Tavern", "fantasy tavern"),
        ("Lo-Fi Study Beats", "lo-fi study"),
        ("Rainy Jazz Cafe", "jazz cafe"),
        ("Dark Academia Library", "dark academia"),
        ("Enchanted Forests", "enchanted forest"),
        ("Zen Garden & Tea", "zen garden"),
        ("Vikings of the North", "viking"),
        ("Gregorian Monks", "monastery"),
        ("Steampunk Airship", "steampunk"),
        ("Ocean Waves", "ocean"),
    ],
)
def test_niches_are_read(niche: str, world: str) -> None:
    assert read_niche(niche).world.name == world


def test_a_niche_without_a_word_gets_a_plain_name() -> None:
    assert read_niche("!!! <> ...").label == NAMELESS


def test_every_motif_is_at_home_somewhere() -> None:
    assert {motif for world in WORLDS for motif in world.settings} == set(Motif)
