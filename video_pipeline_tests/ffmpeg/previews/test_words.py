"""The words of thumbnails: which of a title's are set, how large, and never as boxes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.ffmpeg.lettering.faces import Face, faces_in
from video_pipeline.ffmpeg.lettering.shelf import BOLD, OWN, Shelf
from video_pipeline.ffmpeg.previews import words
from video_pipeline.ffmpeg.previews.words import Style, Wording, can_be_set, set_block, worded
from video_pipeline_tests.ffmpeg.lettering.needed import need

WIDE = Style(1000, 300, 2, 140, 60, is_upper=True)


@pytest.fixture
def only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any other font."""
    shelf = Shelf([*faces_in(BOLD), *faces_in(OWN)])
    monkeypatch.setattr(words, "headline_shelf", lambda: shelf)
    monkeypatch.setattr(words, "installed_shelf", lambda: shelf)


def test_the_first_part_of_a_title_is_its_heading() -> None:
    assert worded("Rainy Library | Cozy Music | 1 Hour") == Wording("Rainy Library", "Cozy Music  ·  1 Hour")
    assert worded("Snow: slow piano (2 hours)").heading == "Snow"
    assert worded("10:30 at Night").heading == "10:30 at Night"
    assert worded(" 🎵 Rain\n🌧 ").heading == "Rain"
    assert worded("Rain 🌧️: 1️⃣ low 👩‍💻 hour") == Wording("Rain", "1 low hour")
    assert worded("می‌خواهم | ශ්‍රී") == Wording("می‌خواهم", "ශ්‍රී")  # joiners that belong to words
    assert worded("雨の夜｜一時間") == Wording("雨の夜", "一時間")
    assert worded("20° № 5™ © Sea® ♪ ★ 🡒") == Wording("20° № 5™ © Sea®", "")  # signs that are written, not ornaments
    assert worded("Sea™️ \u3164\u2800 | \uffa0") == Wording("Sea™", "")  # what is a letter by name only
    assert worded("") == worded(" | ") == Wording("", "")


def test_what_no_font_has_cannot_be_set(only_ours: None) -> None:
    assert can_be_set("Rainy Library")
    assert can_be_set("Дождь")
    assert can_be_set("Νύχτα")  # not in the font of headlines
    assert not can_be_set("静かな図書館")
    assert not can_be_set(" ")
    assert not can_be_set("\u3164")
    with pytest.raises(InvalidInputError, match="no font on this machine"):
        set_block("静かな図書館", WIDE)


def test_short_headings_are_as_large_as_they_may_be_and_long_ones_smaller() -> None:
    short, long = set_block("Snow", WIDE), set_block("Eight hours of rain on the roof of a library", WIDE)
    assert short.em_px == WIDE.largest
    assert (len(short.line_tops), len(long.line_tops)) == (1, 2)
    assert WIDE.smallest <= long.em_px < short.em_px
    assert 0.7 < short.letters_px / short.em_px < 0.9  # the capitals of Oswald
    for block in (short, long):
        assert block.width <= WIDE.width + 2
        assert block.height <= WIDE.height + 2
        assert 0.99 < block.mask.max() <= 1
        # Cut to its ink: something is seen at every side.
        assert all(side.max() > 0 for side in (block.mask[0], block.mask[-1], block.mask[:, 0], block.mask[:, -1]))


@pytest.mark.parametrize("text", ["word " * 60, "W" * 200, "雨" * 5 + " " + "rain" * 60])
def test_what_does_not_fit_is_cut_and_still_fits(text: str) -> None:
    if not can_be_set(text):
        pytest.skip("this machine has no font for it")
    block = set_block(text, WIDE)
    assert block.width <= WIDE.width + 2
    assert len(block.line_tops) <= 2
    assert block.em_px >= WIDE.smallest - 0.01


def test_cut_words_end_with_points() -> None:
    """The three points are the last ink of the last line, at its base."""
    block = set_block("word " * 60, Style(1000, 100, 1, 60, 60))
    tail = block.mask[:, -14:].max(axis=1) > 0.5
    base = np.flatnonzero(block.mask[:, : block.width // 2].max(axis=1) > 0.5).max()
    assert tail.any()
    assert np.flatnonzero(tail).min() > base - 16


def test_leaning_letters_are_shifted_with_their_height() -> None:
    upright, leaning = (set_block("H", Style(400, 300, 1, 200, 200, skew=skew)).mask for skew in (0.0, 0.2))
    assert leaning.shape[1] - upright.shape[1] == pytest.approx(0.2 * upright.shape[0], abs=3)
    assert np.flatnonzero(leaning[2] > 0.5).mean() > np.flatnonzero(leaning[-3] > 0.5).mean() + 15


def test_each_line_begins_where_it_is_said() -> None:
    block = set_block("Rain falls on every roof of the town", Style(420, 500, 4, 120, 100, leading=1.3))
    assert len(block.line_tops) >= 3
    for first, end in zip(block.line_tops, [*block.line_tops[1:], block.height], strict=True):
        assert block.mask[first:end].sum() > 100
    for top in block.line_tops[1:]:
        assert block.mask[top - 1 : top + 1].max() < 0.1  # between the lines there is no ink


class NoCapitals(Shelf):
    """Fonts that have all letters but the capitals of Cyrillic, as most have none of Georgian."""

    def face_for(self, cluster: str, before: Face | None, locale: str) -> Face | None:
        return None if "А" <= cluster[0] <= "Я" else super().face_for(cluster, before, locale)


def test_capitals_that_no_font_has_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A title that could be set was refused when its capitals were drawn, and all thumbnails of the job were lost."""
    shelf = NoCapitals([*faces_in(BOLD), *faces_in(OWN)])
    monkeypatch.setattr(words, "headline_shelf", lambda: shelf)
    assert can_be_set("дождь")
    small, capital = (set_block("дождь", replace(WIDE, is_upper=is_upper)).mask for is_upper in (False, True))
    assert np.array_equal(small, capital)


def test_what_is_read_needs_a_font_for_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "installed_shelf", lambda: Shelf(faces_in(BOLD)))
    assert can_be_set("Rain")
    assert not can_be_set("Νύχτα")


def test_letters_are_as_wide_as_they_were_measured() -> None:
    """They were measured for the largest size and cut for the size at which they are drawn."""
    style = Style(700, 400, 1, 200, 30, is_heavy=False)
    text = "Hundred hours of rain on the roof"
    em, (row,) = words._fitted(text, style) or (0.0, [])
    assert em < 0.4 * style.largest
    assert set_block(text, style).width == pytest.approx(sum(row.widths) * em, rel=0.01)


def test_every_line_of_hebrew_begins_at_the_right() -> None:
    """One that begins with a foreign word, and so ends at the left with one, stood at the left."""
    text = "שלום Dagster עולם של גשם וגם מוזיקה"
    need("שלום")
    block = set_block(text, Style(490, 400, 4, 140, 62, is_heavy=False))
    tops = [*block.line_tops, block.height]
    rights = [np.flatnonzero(block.mask[a:b].max(axis=0) > 0.5).max() for a, b in pairwise(tops)]
    assert len(rights) > 1
    assert max(rights) - min(rights) < 12
