"""When each quote is on the screen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.captions import EDGE_S, REST_S, placed
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.quotes import Quote, read_quotes
from video_pipeline.domain.timebase import FPS_30, FrameRate

MINUTE = 60 * 30


def test_reading_takes_its_time() -> None:
    (short,) = placed([Quote("Breathe.")], MINUTE, FPS_30)
    (long,) = placed([Quote("x" * 300)], MINUTE, FPS_30)
    (told,) = placed([Quote("Breathe.")], MINUTE, FPS_30, 8.0)
    (own,) = placed([Quote("Breathe.", seconds=7)], MINUTE, FPS_30, 8.0)
    assert [short.frames, long.frames, told.frames, own.frames] == [5 * 30, 22 * 30, 8 * 30, 7 * 30]


def test_untimed_quotes_are_spread_evenly() -> None:
    shown = placed([Quote(f"Quote {number}") for number in range(4)], 10 * MINUTE, FPS_30)
    edges = [EDGE_S * 30, *(each for caption in shown for each in (caption.start, caption.end)), (600 - EDGE_S) * 30]
    rests = [after - before for before, after in zip(edges[::2], edges[1::2], strict=True)]
    assert max(rests) - min(rests) <= 1
    assert [caption.text for caption in shown] == [f"Quote {number}" for number in range(4)]


def test_timed_quotes_keep_their_time_and_the_others_stand_around_them() -> None:
    quotes = [Quote("a"), Quote("b"), Quote("noon", at_s=30, seconds=10), Quote("c"), Quote("early", at_s=0)]
    shown = placed(quotes, 2 * MINUTE, FrameRate(30000, 1001))
    at = {caption.text: caption for caption in shown}
    assert (at["noon"].start, at["noon"].frames, at["early"].start) == (899, 300, 0)
    assert [each.text for each in shown if each.text in "abc"] == ["a", "b", "c"]


def test_a_late_time_leaves_the_room_before_it_to_the_others() -> None:
    quotes = [Quote("a" * 200), Quote("b" * 200), Quote("end", at_s=40, seconds=19)]
    assert [each.text[0] for each in placed(quotes, MINUTE, FPS_30)] == ["a", "b", "e"]


@pytest.mark.parametrize(
    ("quotes", "said"),
    [
        ([Quote("late", at_s=58)], "'late' would be seen until 1:03, but the video ends at 1:00"),
        ([Quote("one", at_s=5), Quote("two", at_s=9)], "'two' at 0:09 begins while 'one' is seen, until 0:10"),
        ([Quote("x" * 300)] * 3, "no room for 3 quotes: they take 68 s to read"),
        ([Quote("all", at_s=0, seconds=60), Quote("none")], "no room for 1 quotes"),
    ],
)
def test_what_has_no_room_is_refused(quotes: list[Quote], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        placed(quotes, MINUTE, FPS_30)


TIMED = st.builds(Quote, st.just("t"), at_s=st.floats(0, 300), seconds=st.floats(0.5, 20))
LOOSE = st.builds(Quote, st.text("abc ", min_size=1, max_size=300))


@given(st.lists(TIMED | LOOSE, max_size=12), st.sampled_from([FPS_30, FrameRate(24000, 1001), FrameRate(60)]))
def test_no_two_are_seen_at_once(quotes: list[Quote], rate: FrameRate) -> None:
    frames = rate.frames_in(330)
    try:
        shown = placed(quotes, frames, rate)
    except InvalidInputError:
        return
    assert len(shown) == len(quotes)
    assert shown[0].start >= 0 if shown else True
    assert all(before.end <= after.start for before, after in pairwise(shown))
    loose = [caption for caption in shown if caption.text != "t"]
    assert [caption.text for caption in loose] == [quote.text for quote in quotes if quote.at_s is None]
    rest, edge = rate.frames_in(REST_S), rate.frames_in(EDGE_S)
    assert all(edge <= caption.start and caption.end <= frames - edge for caption in loose)
    for before, after in pairwise(shown):
        if before.text != "t" or after.text != "t":
            assert after.start - before.end >= rest


@pytest.mark.parametrize("rate", [FPS_30, FrameRate(24000, 1001), FrameRate(25)])
def test_cues_that_follow_each_other_without_a_gap_keep_their_ends(rate: FrameRate) -> None:
    """Starts and lengths were rounded once: of many files every second cue was refused."""
    stops = [0, *(number * 1717 + 333 for number in range(1, 30))]
    stamps = [f"00:{ms // 60_000:02}:{ms // 1000 % 60:02},{ms % 1000:03}" for ms in stops]
    cues = "\n\n".join(f"{start} --> {end}\nwords" for start, end in pairwise(stamps))
    shown = placed(read_quotes(cues), rate.frames_in(60), rate)
    assert [caption.end for caption in shown[:-1]] == [caption.start for caption in shown[1:]]


def test_where_there_is_little_room_the_rests_between_quotes_come_first() -> None:
    quotes = [Quote("early", at_s=0, seconds=2), *[Quote("x", seconds=4)] * 3, Quote("late", at_s=18.5, seconds=2)]
    shown = placed(quotes, 21 * 30, FPS_30)
    assert [caption.text for caption in shown] == ["early", "x", "x", "x", "late"]
    rests = [after.start - before.end for before, after in pairwise(shown)]
    assert rests[1:3] == [30, 30]
    assert min(rests) >= 30
