"""Letters, directions and line ends, without any font."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.ffmpeg.lettering.bidi import base_level, in_visual_order, levels
from video_pipeline.ffmpeg.lettering.breaks import Chunk, balanced, chunks, filled, line_ends
from video_pipeline.ffmpeg.lettering.clusters import clusters, is_pictured


@pytest.mark.parametrize(
    "letters",
    [
        ["e\u0301", "a"],
        ["👩‍🚀", "👍🏽", "🇯🇵", "🇺🇦", "❤️", "1️⃣"],
        ["🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "!"],
        ["क", "्".join(["क", "ष"])[0:2], "षि"],
        ["\u1112\u1161\u11ab", "한"],
        ["נָ", "ם"],
        ["a", " ", "\u200b", "b"],
    ],
)
def test_nothing_is_parted_that_belongs_together(letters: list[str]) -> None:
    assert clusters("".join(letters)) == letters


@given(st.text())
def test_letters_joined_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text


@pytest.mark.parametrize(
    ("cluster", "coloured"),
    [("🌊", True), ("❤", False), ("❤️", True), ("✨", True), ("☺", False), ("⌚︎", False), ("7", False), ("🇫🇷", True)],
)
def test_what_is_a_coloured_picture(cluster: str, coloured: bool) -> None:
    assert is_pictured(cluster) is coloured


@pytest.mark.parametrize(
    ("logical", "visual"),
    [
        ("car is אבג now", "car is גבא now"),
        ("אבג 123 דה", "הד 123 גבא"),
        ("אבג car דה", "הד car גבא"),
        ("אבג!", "!גבא"),
        ("قال: 12-5", "5-12 :لاق"),
        ("abc (אבג) 1", "abc (גבא) 1"),
        ("אבג (abc) ד", "ד )abc( גבא"),  # brackets are turned around when they are drawn
        ("אב 10% ג", "ג 10% בא"),
        ("a אב 1, 2 ג", "a ג 2 ,1 בא"),
        ("ا١٫٢", "١٫٢ا"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_lines_of_both_directions(logical: str, visual: str) -> None:
    assert "".join(in_visual_order(logical, levels(logical, base_level(logical)))) == visual


BOTH_WAYS = st.text("abאבجد12٣٤ ,.()[]!-+%$\u05b0\u064b\u200d/:", max_size=20)


@given(BOTH_WAYS)
def test_every_letter_is_shown_once(text: str) -> None:
    depths = levels(text, base_level(text))
    assert sorted(in_visual_order(text, depths)) == sorted(text)
    assert all(base_level(text) <= depth <= base_level(text) + 2 for depth in depths)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["The ", "old ", "pond"], "The old pond"),
        (["slow-", "moving ", "water"], "slow-moving water"),
        (["from ", "3-4 ", "days"], "from 3-4 days"),
        (["« Jardin » : ", "oui !"], "« Jardin » : oui !"),
        (["静", "か", "さ。", "「雨」", "だ"], "静かさ。「雨」だ"),
        (["ちょっ", "と"], "ちょっと"),
        (["고요한 ", "물"], "고요한 물"),
        (["a\u00a0b ", "c"], "a\u00a0b c"),
        (["long\u200b", "word"], "long\u200bword"),
        (["calm ", "🌊", "🌿 ", "sea"], "calm 🌊🌿 sea"),
        (["so — ", "it ", "is"], "so — it is"),
        (["(one) ", "$5"], "(one) $5"),
    ],
)
def test_where_a_line_may_end(parts: list[str], text: str) -> None:
    letters = clusters(text)
    ends = line_ends(letters)
    assert ["".join(letters[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True)] == parts


def test_a_space_at_the_end_of_a_line_takes_no_room() -> None:
    one, two = chunks(list("ab c"), [1.0, 1.0, 0.5, 1.0])
    assert (one.width, one.space, two.width, two.start, two.end) == (2.0, 0.5, 1.0, 3, 4)


WORDS = st.lists(st.floats(0.1, 10), min_size=1, max_size=25)


@given(WORDS, st.floats(10, 40))
def test_balanced_lines_are_as_few_as_can_be_and_none_is_too_long(widths: list[float], room: float) -> None:
    parts = [Chunk(n, n + 1, width, 0.3) for n, width in enumerate(widths)]
    ends = balanced(parts, room)
    assert len(ends) == len(filled(parts, room))
    assert ends[-1] == len(parts)
    starts = [0, *ends[:-1]]
    assert all(start < end for start, end in zip(starts, ends, strict=True))
    lengths = [sum(widths[a:b]) + 0.3 * (b - a - 1) for a, b in zip(starts, ends, strict=True)]
    assert max(lengths) <= room + 1e-9
    greedy = filled(parts, room)
    before = [sum(widths[a:b]) + 0.3 * (b - a - 1) for a, b in zip([0, *greedy[:-1]], greedy, strict=True)]
    assert sum(x * x for x in lengths) <= sum(x * x for x in before) + 1e-6


def test_no_word_is_left_alone_below_a_full_line() -> None:
    parts = [Chunk(n, n + 1, 1.0, 0.25) for n in range(9)]
    assert filled(parts, 10.0) == [8, 9]
    assert balanced(parts, 10.0) in ([4, 9], [5, 9])


@pytest.mark.parametrize("width", [6.299999999999999, 9.2, 2.65, 0.1 + 0.2 + 0.3])
def test_a_line_that_just_fits_is_no_longer_when_its_parts_are_added_in_another_order(width: float) -> None:
    """Two lines of one word and one with all others, out of the picture, were the most even way."""
    for words, space in (([0.1, 2.3, 2.3, 0.3, 0.1] * 3, 0.3), ([0.2, 2.3, 2.3, 2.3] * 3, 0.7), ([0.1] * 30, 0.0)):
        parts = [Chunk(n, n + 1, word, space) for n, word in enumerate(words)]
        ends = balanced(parts, width)
        lines = [sum(words[a:b]) + space * (b - a - 1) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        assert max(lines) <= max(width, *words) + 1e-9
        assert len(ends) == len(filled(parts, width))


def test_the_most_even_lines_are_found_among_all() -> None:
    """By trying every way of a small paragraph."""
    chance = random.Random(3)
    for _ in range(60):
        widths = [chance.choice([0.5, 1.0, 2.5, 4.0]) for _ in range(9)]
        parts = [Chunk(n, n + 1, width, 0.25) for n, width in enumerate(widths)]
        ends = balanced(parts, 5.0)
        ways = [[*cuts, 9] for cuts in combinations(range(1, 9), len(ends) - 1)]

        def lengths(way: list[int], widths: list[float] = widths) -> list[float]:
            return [sum(widths[a:b]) + 0.25 * (b - a - 1) for a, b in zip([0, *way[:-1]], way, strict=True)]

        squares = [sum(x * x for x in lengths(way)) for way in ways if max(lengths(way)) <= 5.0]
        assert sum(x * x for x in lengths(ends)) == pytest.approx(min(squares))
