"""Which texts may stand in a storyboard, and which order its scenes may have."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.editing import (
    REWORDED,
    check_order,
    check_rewordable,
    checked_description,
    checked_prompt,
    in_order,
    piece_of,
    recomposed,
    refinement_seed,
    repainted,
    scene_of,
)
from video_pipeline.domain.errors import ConflictError, InvalidInputError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.storyboard import Song, SourceFile, Storyboard, item_seed, seed_of
from video_pipeline_tests.store.material import storyboard

JOB = UUID(int=7)


@pytest.mark.parametrize(
    "text",
    [
        "0123456789",
        "x" * 2000,
        "a family \U0001f468\u200d\U0001f469\u200d\U0001f467 by the sea",
        "the flag of England: \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\u06a9\u062a\u0627\u0628\u200c\u0647\u0627\u06cc \u0642\u062f\u06cc\u0645\u06cc",
        "\u05e0\u05de\u05dc \u05d1\u05d3\u05de\u05d3\u05d5\u05de\u05d9\u05dd\u200f!",
        "\u591c\u306e\u6e2f\u306b\u96e8\u304c\u964d\u3063\u3066\u3044\u308b",
        "'; DROP TABLE images; -- {0} %s $(x) ../../etc",
        "Z\u0351\u036b\u0343a\u035cl\u0321go by the harbour",
        "\U0001fae9 a face that Python does not know yet",
    ],
)
def test_plain_text_of_any_script_is_taken_as_it_is(text: str) -> None:
    assert checked_prompt(text) == text


def test_white_space_becomes_one_line() -> None:
    assert checked_prompt("  a harbour\n\tat   dusk\u2028 in rain ") == "a harbour at dusk in rain"
    assert checked_description("\r\na quiet quay\r\n") == "a quiet quay"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has 0 characters; 10 to 2000"),
        ("         x", "has 1 characters"),
        ("x" * 2001, "has 2001 characters"),
        ("a harbour\x00 at dusk", "control characters"),
        ("a harbour\x1b[31m at dusk", "control characters"),
        ("a harbour \ud800 at dusk", "control characters"),
        ("a harbour \u202etsud ta", "control characters"),
        ("<script>alert(1)</script>", "< or >"),
        ("\u200b" * 12, "nothing to be seen"),
    ],
)
def test_what_is_no_plain_text_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        checked_prompt(text)


@pytest.mark.parametrize("length", [9, 1001])
def test_a_description_has_limits_of_its_own(length: int) -> None:
    with pytest.raises(InvalidInputError, match="10 to 1000"):
        checked_description("x" * length)


@given(st.text(max_size=3000))
def test_any_text_is_taken_or_refused(text: str) -> None:
    try:
        taken = checked_prompt(text)
    except InvalidInputError:
        return
    assert checked_prompt(taken) == taken
    assert 10 <= len(taken) <= 2000
    assert taken.splitlines() == [taken]


def test_only_one_scene_is_repainted() -> None:
    before = storyboard(3)
    after = repainted(before, 2, prompt="A lighthouse", seed=5)
    assert after.scenes[::2] == before.scenes[::2]
    visual = after.scenes[1].visual
    assert (visual.text, visual.seed, visual.description) == ("A lighthouse", 5, "Harbour 2")
    assert repainted(before, 2) == before
    for number in (0, 4, -1):
        with pytest.raises(InvalidInputError, match="has scenes 1 to 3"):
            scene_of(before, number)


def test_each_refinement_has_a_seed_of_its_own() -> None:
    seeds = {refinement_seed(seed, scene, count) for seed in (1, 2) for scene in range(1, 21) for count in range(5)}
    seeds |= {item_seed(seed, "image", scene) for seed in (1, 2) for scene in range(1, 21)}
    assert len(seeds) == 2 * 20 * 6
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert refinement_seed(7, 2, 0) == refinement_seed(7, 2, 0)


def test_a_seed_that_nobody_chose_leaves_no_trace() -> None:
    plan = storyboard(2)
    assert "seed" not in json.dumps(plan.to_json())
    pinned = repainted(plan, 1, seed=5)
    assert pinned.to_json()["scenes"][0]["visual"]["seed"] == 5
    assert Storyboard.from_json(pinned.to_json()) == pinned
    assert seed_of(pinned.scenes[0].visual, 7) == 5
    assert seed_of(plan.scenes[1].visual, 7) == item_seed(7, "image", 2)
    assert seed_of(plan.scenes[1].music, 7) == item_seed(7, "music", 2)


@given(st.permutations(range(1, 8)))
def test_scenes_in_another_order_keep_what_decides_their_look_and_sound(order: list[int]) -> None:
    before = storyboard(7)
    after = in_order(before, order)
    assert [scene.order_index for scene in after.scenes] == list(range(1, 8))
    assert [scene.music for scene in after.scenes] == [before.scenes[number - 1].music for number in order]
    assert [scene.visual for scene in after.scenes] == [before.scenes[number - 1].visual for number in order]
    assert in_order(after, [order.index(number) + 1 for number in range(1, 8)]) == before


@given(st.lists(st.integers(-2, 9), max_size=9))
def test_an_order_is_right_or_says_what_is_wrong(order: list[int]) -> None:
    if sorted(order) == [1, 2, 3, 4]:
        check_order(order, 4)
        return
    with pytest.raises(InvalidInputError, match=r"missing|named twice or more|unknown"):
        check_order(order, 4)


@pytest.mark.parametrize("making", REWORDED)
def test_other_words_are_for_a_job_that_failed_over_what_they_are_for(making: JobStatus) -> None:
    check_rewordable(JOB, JobStatus.FAILED, making, making)
    for failed_from in {*JobStatus} - {making}:
        with pytest.raises(ConflictError, match=f"is failed in {failed_from}"):
            check_rewordable(JOB, JobStatus.FAILED, failed_from, making)
    for status in {*JobStatus} - {JobStatus.FAILED}:
        with pytest.raises(ConflictError, match=f"is {status};"):
            check_rewordable(JOB, status, None, making)


def test_other_words_change_nothing_but_the_words() -> None:
    before = storyboard(3)
    after = recomposed(before, 2, "Slow strings in a quiet hall")
    assert after.pieces[1] == replace(before.pieces[1], text="Slow strings in a quiet hall")
    assert recomposed(after, 2, before.pieces[1].text) == before
    for number in (0, 4, -1):
        with pytest.raises(InvalidInputError, match="pieces 1 to 3"):
            piece_of(before, number)


def test_music_that_was_there_first_is_not_made_of_words() -> None:
    song = Song(1, "Harbour", SourceFile("harbour.wav", "0" * 64), 48_000)
    with pytest.raises(InvalidInputError, match="was there before the plan"):
        recomposed(replace(storyboard(2), songs=(song,)), 1, "Slow strings in a quiet hall")
