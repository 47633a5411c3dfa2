"""YouTube's limits, counted as YouTube counts."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.publishing import chapter_lines, check_texts


@given(starts=st.lists(st.floats(0, 20_000, allow_nan=False), max_size=30), sort=st.booleans(), zero=st.booleans())
def test_chapters_are_always_acceptable_or_absent(starts: list[float], sort: bool, zero: bool) -> None:
    starts = [0.0, *starts] if zero else starts
    starts = sorted(starts) if sort else starts
    lines = chapter_lines(starts, [f"Chapter {index}" for index in range(len(starts))])
    if not lines:
        return
    times = []
    for line in lines:
        written = re.fullmatch(r"(?:(\d+):(?=\d\d:))?(\d{1,2}):(\d\d) Chapter \d+", line)
        assert written
        hours, minutes, seconds = (int(part or 0) for part in written.groups())
        times.append(hours * 3600 + minutes * 60 + seconds)
    assert len(lines) == len(starts) >= 3
    assert times[0] == 0
    assert all(later - earlier >= 10 for earlier, later in pairwise(times))


def test_usual_chapters_are_written() -> None:
    assert chapter_lines([0, 65.9, 3700.2], ["a", "b", "c"]) == ("0:00 a", "1:05 b", "1:01:40 c")


@pytest.mark.parametrize(
    "starts", [[], [0], [0, 60], [1, 60, 120], [0, 60, 69.99], [0, 120, 60], [0, 9.99, 60]], ids=str
)
def test_what_youtube_would_not_show_is_left_out(starts: list[float]) -> None:
    assert chapter_lines(starts, [""] * len(starts)) == ()


@pytest.mark.parametrize(
    ("title", "description", "tags"),
    [
        ("x" * 100, "", ()),
        ("🌲" * 100, "", ()),
        ("t", "x" * 5000, ()),
        ("t", "夜" * 1666 + "xx", ()),
        ("t", "", ("x" * 500,)),
        ("t", "", ("x" * 249, "x" * 250)),
        ("t", "", ("x " * 249,)),
    ],
)
def test_texts_at_the_limit_pass(title: str, description: str, tags: tuple[str, ...]) -> None:
    check_texts(title, description, tags)


@pytest.mark.parametrize(
    ("title", "description", "tags", "complaint"),
    [
        ("", "", (), "the title has 0 characters"),
        ("x" * 101, "", (), "the title has 101 characters"),
        ("t", "x" * 5001, (), "5001 bytes; at most 5000"),
        ("t", "夜" * 1667, (), "5001 bytes"),
        ("t", "", ("x" * 501,), "the tags have 501 characters"),
        ("t", "", ("x" * 250, "x" * 250), "the tags have 501 characters"),
        ("t", "", ("x " * 249 + "x",), "the tags have 501 characters"),
        ("a < b", "", (), "< or >"),
        ("t", "<b>", (), "< or >"),
        ("t", "", ("a>",), "< or >"),
    ],
)
def test_texts_over_the_limit_are_refused(title: str, description: str, tags: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        check_texts(title, description, tags)
