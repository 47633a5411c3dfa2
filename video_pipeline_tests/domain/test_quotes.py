"""Reading files of quotes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.quotes import (
    LINE_CHARACTERS,
    QUOTE_CHARACTERS,
    QUOTES_MOST,
    Quote,
    parted,
    read_quotes,
)


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


def test_a_time_above_the_only_quote_of_a_file() -> None:
    assert read_quotes("[0:10]\nListen.\n— A") == (Quote("Listen.", "A", at_s=10),)


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
        ("a\n\n[12:monkeys] b", r"line 3: \[12:monkeys\] is no time; write \[00:01:30\]"),
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
    assert quote.lettering == "Two\nlines\n\n— Rumi"
    assert parted(quote.lettering) == ("Two\nlines", "Rumi")
    assert parted("Two\nlines") == ("Two\nlines", "")
    assert parted("— Rumi") == ("— Rumi", "")


@pytest.mark.parametrize(
    "words",
    [
        "— Who are you?\n— I am the wind.",
        "Are you the wind?\n— I am the wind.",
        "Remember:\n- breathe\n- walk",
        "Remember:\n- breathe",
        "– One\n– Two\n– Three",
    ],
)
def test_lists_and_dialogues_name_nobody(words: str) -> None:
    for file in (words, f"First.\n\n{words}\n\nLast."):
        assert Quote(words) in read_quotes(file)
    assert parted(words) == (words, "")


@pytest.mark.parametrize(
    "name", ["Rumi.", "Marcus Aurelius.", "Martin Luther King, Jr.", "anon.", "Walt Whitman, 1855"]
)
def test_a_name_may_end_with_a_point(name: str) -> None:
    assert read_quotes(f"Be still.\n— {name}") == (Quote("Be still.", name),)


def test_a_list_is_a_quote_a_line() -> None:
    assert read_quotes("- Be here now.\n- Walk slowly.") == (Quote("Be here now."), Quote("Walk slowly."))


def test_people_who_talk_in_subtitles_are_no_authors() -> None:
    cue = "00:00:05,000 --> 00:00:09,000\n"
    assert read_quotes(f"{cue}- Hello.\n- Good evening") == (Quote("- Hello.\n- Good evening", at_s=5, seconds=4),)
    assert read_quotes(f"{cue}- Hello.") == (Quote("- Hello.", at_s=5, seconds=4),)


@pytest.mark.parametrize("note", ["[1984]", "[12 monkeys]", "[1 Cor 13:4]", "[3 songs]", "[10]"])
def test_a_number_in_brackets_is_no_time(note: str) -> None:
    assert read_quotes(f"a\n\n{note} It was a bright cold day.")[1].text == f"{note} It was a bright cold day."


@pytest.mark.parametrize(("tag", "seconds"), [("[90s]", 90), ("[90 +5]", 90), ("[1:30 - 1:35]", 90), ("[0:07.5]", 7.5)])
def test_what_is_a_time(tag: str, seconds: float) -> None:
    assert read_quotes(f"{tag} It was a bright cold day.")[0].at_s == seconds


def test_words_of_subtitles_that_begin_like_a_note_are_not_lost() -> None:
    cue = "1\n00:00:05,000 --> 00:00:09,000\nFirst\n\n"
    for lost in ("NOTES from a train", "STYLE", "NOTE"):
        with pytest.raises(InvalidInputError, match="line 5: a time such as"):
            read_quotes(f"{cue}{lost}")
    with pytest.raises(InvalidInputError, match="line 7: a time such as"):
        read_quotes(f"WEBVTT\n\n{cue}NOTEBOOKS")
    assert len(read_quotes(f"WEBVTT - x\n\n{cue}NOTE of it\n\nREGION\nid:fred")) == 1


def test_characters_written_as_numbers_are_checked_as_others_are() -> None:
    cue = "00:05.000 --> 00:09.000\n"
    for written, code in (("a&#x202e;b", "202E"), ("<v &#x202e;Rumi>b", "202E"), ("a&#x81;b", "0081")):
        with pytest.raises(InvalidInputError, match=rf"line 4: U\+{code}"):
            read_quotes(f"WEBVTT\n\n{cue}{written}")
    assert read_quotes(f"WEBVTT\n\n{cue}<v A &amp; B>&lt;3 &amp;amp;") == (Quote("<3 &amp;", "A & B", 5, 4),)
    assert read_quotes(f"00:0{cue}R&amp;B &#x202e;")[0].text == "R&amp;B &#x202e;"


def test_a_line_may_not_be_endless() -> None:
    with pytest.raises(InvalidInputError, match=f"line 2: it has 2001 characters; at most {LINE_CHARACTERS}"):
        read_quotes("fine\n" + "x" * (LINE_CHARACTERS + 1))


@pytest.mark.parametrize("piece", ["<v ", "<v.", '"x” ', "[1", "{\\", "— ", " ", "1:1:1 -->", "<a"])
def test_what_is_strange_costs_little(piece: str) -> None:
    """Names were searched for in quadratic time: a line of 60 000 characters took a minute."""
    line = (piece * LINE_CHARACTERS)[:LINE_CHARACTERS]
    began = time.process_time()
    for head in ("", "WEBVTT\n\n", "00:00:05,000 --> 00:00:09,000\n", "[1:00] "):
        try:
            read_quotes(head + f"\n{line}" * 20)
        except InvalidInputError:
            continue
    assert time.process_time() - began < 2
