"""Reading files of quotes, and when each quote is on the screen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.quotes import (
    EDGE_S,
    QUOTE_CHARACTERS,
    QUOTES_MOST,
    REST_S,
    Quote,
    parted,
    placed,
    read_quotes,
)
from video_pipeline.domain.timebase import FPS_30, FrameRate

MINUTE = 60 * 30


def test_paragraphs_authors_and_times() -> None:
    found = read_quotes(
        "\ufeffThe mountains are calling\r\nand I must go.\r\n— John  Muir\r\n\r\n"
        "[00:01:30 +12s] Stillness is where everything begins.\n\n\n"
        "[2:05]\nListen.\n– Anonymous\n\n"
        "[3:00 - 3:07.5] «Il faut cultiver notre jardin.» — Voltaire\n"
    )
    assert found == (
        Quote("The mountains are calling\nand I must go.", "John Muir"),
        Quote("Stillness is where everything begins.", at_s=90, seconds=12),
        Quote("Listen.", "Anonymous", at_s=125),
        Quote("«Il faut cultiver notre jardin.»", "Voltaire", at_s=180, seconds=7.5),
    )


def test_verse_keeps_its_lines_and_prose_does_not() -> None:
    verse, prose = read_quotes("An old silent pond\nA frog jumps\nSplash\n\n" + "word " * 15 + "\nand the rest of it")
    assert verse.text == "An old silent pond\nA frog jumps\nSplash"
    assert "\n" not in prose.text


def test_a_file_without_empty_lines_has_a_quote_a_line() -> None:
    found = read_quotes("Be here now.\nWalk slowly.\n— Thich Nhat Hanh\nBreathe.")
    assert found == (Quote("Be here now."), Quote("Walk slowly.", "Thich Nhat Hanh"), Quote("Breathe."))


def test_times_in_a_paragraph_begin_another_quote() -> None:
    found = read_quotes("[0:10] One.\n— A\n[0:30] Two,\nmore of two.")
    assert found == (Quote("One.", "A", at_s=10), Quote("Two,\nmore of two.", at_s=30))


def test_dashes_and_brackets_in_the_words_stay() -> None:
    (found,) = read_quotes("Wait -- listen — the rain [softly] begins: 12 o'clock.")
    assert found == Quote("Wait -- listen — the rain [softly] begins: 12 o'clock.")


def test_what_looks_like_a_filter_is_only_words() -> None:
    words = r"'%{pts}':x=0,drawtext=textfile=/etc/passwd[a];[a]\:"
    assert read_quotes(words) == (Quote(words),)


def test_subrip() -> None:
    found = read_quotes(
        "1\n00:00:05,500 --> 00:00:09,000\n<i>Slow</i> {\\an8}down.\n\n2\n00:01:00,000 --> 00:01:04,000\nTwo\nlines\n"
    )
    assert found == (Quote("Slow down.", at_s=5.5, seconds=3.5), Quote("Two\nlines", at_s=60, seconds=4))


def test_webvtt() -> None:
    found = read_quotes(
        "WEBVTT - of calm\n\nSTYLE\n::cue { color: red }\n\nNOTE nothing\n\nfirst\n00:05.000 --> 00:09.000 line:0\n"
        "<v.loud Rumi>Silence &amp; <c.b>light</c>\n\n01:00:00.000 --> 01:00:04.250\n1 &lt; 2\n"
    )
    assert found == (Quote("Silence & light", "Rumi", 5, 4), Quote("1 < 2", at_s=3600, seconds=4.25))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no quote"),
        ("\n \n", "there is no quote"),
        ("fine\n\n" + "x" * (QUOTE_CHARACTERS + 1), "line 3: the quote has 301 characters; at most 300"),
        ("fine\n\nshort\n— " + "n" * 81, "line 3: the name has 81 characters"),
        ("fine\n\n— Nobody", "line 3: '— Nobody' names who said something"),
        ("a\n\n[1:75] b", "line 3: '1:75' is no time"),
        ("a\n\n[12 monkeys] b", r"line 3: \[12 monkeys\] is no time; write \[00:01:30\]"),
        ("[1:00 +0s] a", "line 1: a quote can be seen for up to 600 s, not 0 s"),
        ("[1:00 +601] a", "not 601 s"),
        ("[2:00 - 1:00] a", "line 1: the quote ends before it begins"),
        ("[0:10]", "line 1: there are no words"),
        ("a\n\n\u3164 \uffa0\u115f\u1160\n\u2800", "line 3: there are no words"),
        ("a\n\nb\u202ec", r"line 3: U\+202E is no character that is seen"),
        ("a\nb\x1b[31m", r"line 2: U\+001B"),
        ("WEBVTT\n\nwords without a time", "line 3: a time such as"),
        ("\n\n".join(["again"] * (QUOTES_MOST + 1)), "holds 501 quotes; at most 500"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read_quotes(text)


@given(st.text(max_size=400))
def test_no_text_breaks_it(text: str) -> None:
    try:
        found = read_quotes(text)
    except InvalidInputError:
        return
    assert all(quote.text.strip() for quote in found)


def test_a_caption_carries_the_author() -> None:
    quote = Quote("Two\nlines", "Rumi")
    assert quote.lettering == "Two\nlines\n— Rumi"
    assert parted(quote.lettering) == ("Two\nlines", "Rumi")
    assert parted("Two\nlines") == ("Two\nlines", "")
    assert parted("— Rumi") == ("— Rumi", "")


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
