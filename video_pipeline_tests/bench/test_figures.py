"""The arithmetic of comparisons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.bench.figures import extrapolated, json_ready, median_of, paired_ratios, shares, spread

SECONDS = st.lists(st.floats(0.01, 1e4), min_size=1, max_size=9)


def test_ratios_are_paired_repeat_by_repeat() -> None:
    """A slow minute of the machine hits both sides of a pair and leaves their ratio alone."""
    assert paired_ratios([10, 20, 40], [1, 2, 4]) == [10, 10, 10]


def test_what_ran_once_is_paired_with_every_repeat() -> None:
    assert paired_ratios([100], [10, 20, 25]) == [10, 5, 4]
    assert paired_ratios([10, 20], [5]) == [2, 4]


def test_there_is_no_ratio_without_both_sides() -> None:
    assert paired_ratios([], [1]) == []
    assert paired_ratios([1], []) == []
    assert paired_ratios([1], [0.0]) == []


@given(SECONDS)
def test_a_spread_encloses_its_figures(figures: list[float]) -> None:
    found = spread(figures)
    assert found is not None
    assert found.least <= found.median <= found.most
    assert (found.least, found.most, found.count) == (min(figures), max(figures), len(figures))


def test_a_spread_of_nothing_is_nothing() -> None:
    assert spread([]) is None


def test_a_slice_stands_for_the_whole_in_proportion() -> None:
    assert extrapolated(170.0, 5684, 108_000) == pytest.approx(3230.1, abs=0.1)
    with pytest.raises(ValueError, match="needs frames"):
        extrapolated(1.0, 0, 10)


def test_stages_become_shares_and_medians() -> None:
    assert shares({"mix": 1.0, "sound": 3.0}) == {"mix": 0.25, "sound": 0.75}
    assert shares({"mix": 0.0}) == {"mix": 0.0}
    assert median_of([{"mix": 1.0}, {"mix": 3.0, "sound": 5.0}, {"mix": 2.0}]) == {"mix": 2.0, "sound": 5.0}


def test_json_has_no_noise_digits() -> None:
    assert json_ready({"a": [1.23456789, 7, "x"], "b": (0.1 + 0.2,)}) == {"a": [1.2346, 7, "x"], "b": [0.3]}
