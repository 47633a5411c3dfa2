"""How often one may ask."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError, TooManyRequestsError
from video_pipeline.domain.pace import Allowance, Bucket, Pace, draw


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@given(
    st.integers(1, 50),
    st.floats(0.01, 100),
    st.lists(st.floats(0, 20), min_size=1, max_size=200),
)
def test_in_any_span_at_most_burst_and_rate_times_span_are_let_through(
    burst: int, per_s: float, gaps_s: list[float]
) -> None:
    allowance, bucket, now_s = Allowance(burst, per_s), None, 0.0
    granted_at = []
    for gap_s in gaps_s:
        now_s += gap_s
        bucket, verdict = draw(allowance, bucket, now_s)
        if verdict.granted:
            granted_at.append(now_s)
    for first, began_s in enumerate(granted_at):
        for last in range(first, len(granted_at)):
            assert last - first + 1 <= burst + per_s * (granted_at[last] - began_s) + 1e-6


@given(st.integers(1, 50), st.floats(0.01, 100), st.integers(1, 120))
def test_who_waits_as_long_as_told_is_let_through(burst: int, per_s: float, requests: int) -> None:
    allowance, bucket, now_s = Allowance(burst, per_s), None, 0.0
    for _ in range(requests):
        bucket, verdict = draw(allowance, bucket, now_s)
        if not verdict.granted:
            assert verdict.left == 0
            assert verdict.wait_s > 0
            now_s += verdict.wait_s * (1 + 1e-9) + 1e-9
            bucket, verdict = draw(allowance, bucket, now_s)
            assert verdict.granted


def test_a_clock_that_goes_back_gives_nothing() -> None:
    allowance = Allowance(1, 1)
    bucket, verdict = draw(allowance, Bucket(0.0, 100.0), 50.0)
    assert not verdict.granted
    assert bucket == Bucket(0.0, 100.0)


def test_what_is_left_is_told() -> None:
    pace = Pace(Allowance(3, 0.5), clock=Clock())
    assert [(v.granted, v.left, v.wait_s) for v in (pace.ask("a") for _ in range(4))] == [
        (True, 2, 0.0),
        (True, 1, 0.0),
        (True, 0, 2.0),
        (False, 0, 2.0),
    ]


def test_each_has_a_pace_of_its_own() -> None:
    clock = Clock()
    pace = Pace(Allowance(1, 0.1), clock=clock)
    pace.require("a")
    with pytest.raises(TooManyRequestsError, match=r"wait 10\.0 seconds") as refused:
        pace.require("a")
    assert refused.value.retry_after_s == pytest.approx(10)
    pace.require("b")
    clock.now_s += 10.001
    pace.require("a")


def test_only_so_many_are_remembered_and_the_longest_silent_is_forgotten() -> None:
    pace = Pace(Allowance(1, 0.001), clock=Clock(), size=3)
    for who in ("a", "b", "c"):
        assert pace.ask(who).granted
    assert not pace.ask("a").granted  # and so it is the latest
    assert pace.ask("d").granted  # in the place of b
    assert not pace.ask("a").granted
    assert not pace.ask("c").granted
    assert pace.ask("b").granted
    for who in range(1000):
        pace.ask(who)
    assert len(pace._buckets) == 3


def test_threads_share_one_burst() -> None:
    pace = Pace(Allowance(100, 0.000001), clock=Clock())
    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(lambda _: pace.ask("a").granted, range(1000)))
    assert sum(granted) == 100


@pytest.mark.parametrize(("burst", "per_s"), [(0, 1), (-1, 1), (1, 0), (1, -1), (1, math.inf), (1, math.nan)])
def test_an_allowance_that_allows_nothing_or_everything_is_refused(burst: int, per_s: float) -> None:
    with pytest.raises(InvalidInputError, match="must be allowed"):
        Allowance(burst, per_s)
