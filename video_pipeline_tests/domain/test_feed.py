"""Readers of a live stream miss nothing, whatever the order in which rows come to be seen."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.feed import Overlap

WINDOW_S = 10.0


@dataclass(frozen=True)
class Seen:
    """A row that took its number at one time and is seen from another on."""

    number: int
    from_s: float


def reader(start: int = 0) -> Overlap[Seen, int, int]:
    """A reader of rows by number."""
    return Overlap(start, place=lambda row: row.number, key=lambda row: row.number, window_s=WINDOW_S)


def read(overlap: Overlap[Seen, int, int], rows: list[Seen], now_s: float, limit: int = 500) -> list[int]:
    """What a store would answer now, given to the reader."""
    there = [row for row in rows if row.from_s <= now_s and row.number > overlap.floor]
    answer = [row for row in sorted(there, key=lambda row: row.number) if row.number not in overlap.given][:limit]
    return [row.number for row in overlap.fresh(answer, now_s)]


def test_a_row_that_is_seen_late_is_given_late_and_once() -> None:
    overlap, rows = reader(), [Seen(1, 0.0), Seen(2, 5.0), Seen(3, 1.0)]
    assert read(overlap, rows, 1.0) == [1, 3]
    assert read(overlap, rows, 2.0) == []
    assert read(overlap, rows, 5.0) == [2]
    assert read(overlap, rows, 100.0) == []


def test_what_lies_back_far_enough_is_forgotten() -> None:
    overlap, rows = reader(), [Seen(number, float(number)) for number in range(1, 1001)]
    for now in range(1, 1001):
        assert read(overlap, rows, float(now)) == [now]
        assert len(overlap.given) <= WINDOW_S + 2
    assert overlap.floor == 990


def test_a_floor_is_where_another_reader_goes_on() -> None:
    first, rows = reader(), [Seen(1, 0.0), Seen(3, 0.0), Seen(2, 4.0)]
    assert read(first, rows, 0.0) == [1, 3]
    second = reader(first.floor)
    assert read(second, rows, 4.0) == [1, 2, 3]


def test_rows_of_the_same_place_are_all_given() -> None:
    """A thousand jobs inserted at once have one time; the next page begins at that time again."""
    rows = [Seen(number, 0.0) for number in range(1000)]
    overlap = Overlap(0, place=lambda row: 7, key=lambda row: row.number, window_s=WINDOW_S)
    given_: list[int] = []
    for now in range(0, 50, 5):
        page = [row for row in rows if row.number not in overlap.given][:150]
        given_ += [row.number for row in overlap.fresh(page, float(now))]
    assert given_ == list(range(1000))


@given(
    lags=st.lists(st.floats(0, WINDOW_S - 0.1), min_size=1, max_size=40),
    gaps=st.lists(st.floats(0, 7), min_size=40, max_size=40),
    every_s=st.floats(0.1, 15),
    limit=st.integers(1, 50),
)
def test_each_row_is_given_once_in_any_order_of_commits(
    lags: list[float], gaps: list[float], every_s: float, limit: int
) -> None:
    taken, rows = 0.0, []
    for number, (lag, gap) in enumerate(zip(lags, gaps, strict=False), start=1):
        taken += gap
        rows.append(Seen(number, taken + lag))
    overlap, found, now = reader(), [], 0.0
    while now <= taken + WINDOW_S + every_s * (len(rows) + 1):
        found += read(overlap, rows, now, limit)
        now += every_s
    assert sorted(found) == [row.number for row in rows]
