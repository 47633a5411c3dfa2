"""Owns quotes: how a file of them is read; hides whose words they are, and the forms of subtitles.

A file holds one quote a paragraph. A last line that begins with a dash names who said it, and a time in brackets says
when it is to be seen; what has no time is spread evenly over what is left (see domain.captions):

    The mountains are calling and I must go.
    — John Muir

    [00:01:30 +12s] Stillness is where everything begins.

Short lines are verse and stay as they are; longer ones are prose and are broken where they fit. A file without an
empty line holds one quote a line, or is one list of them. SubRip (.srt) and WebVTT (.vtt) files are read as well; their
cues have times. Several lines that begin with dashes are a list or a dialogue: they name nobody.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from video_pipeline.domain.characters import first_unshown, is_seen, lines_of
from video_pipeline.domain.errors import InvalidInputError

QUOTES_MOST = 500
QUOTE_CHARACTERS, AUTHOR_CHARACTERS = 300, 80
"""The most of one quote, which is what fits on a small screen, and of the name below it."""

LINE_CHARACTERS = 2000
"""The most of one line of a file, with all its markup; it bounds what is searched for in it."""

VERSE_CHARACTERS = 45
"""A paragraph whose lines are no longer than this keeps them."""

READING_CHARACTERS_A_SECOND, READING_START_S, READING_LEAST_S = 15, 2, 5
"""How long words stay: subtitling guides allow 12 to 20 characters a second (Netflix: 17; BBC: 160 words a minute,
which is 15); 2 s are for noticing them, and for their fades."""

SECONDS_MOST = 600
"""A quote that stays longer than ten minutes is no quote but part of the picture."""

_SIGNED = "\n\n— "
_DASHES = "—–―"
_BYLINE = re.compile(rf"\s*(?:[{_DASHES}]|--?\s)\s*(?P<name>\S.*)")
_QUOTED = re.compile(rf"(?P<words>[\"“„«‚'‘].+[\"”“»’'])\s*(?:[{_DASHES}]|--?\s)\s*(?P<name>\S.*)", re.DOTALL)
_BULLET = re.compile(r"\s*--?\s+(?=\S)")
_TAG = re.compile(r"\s*\[(?P<tag>\d{1,5}(?:[.,]\d{1,6})?\s*(?:[:+]|s\b)[^\]\n]*)\]\s*")
"""A number in brackets alone is no time: a year, or a note."""

_CLOCK = r"(?:(?:(?P<{0}h>\d{{1,3}}):)?(?P<{0}m>\d{{1,3}}):)?(?P<{0}s>\d{{1,5}}(?:[.,]\d{{1,6}})?)"
_MOMENT = re.compile(
    _CLOCK.format("a")
    + r"s?(?:\s*\+\s*(?P<seconds>\d{1,4}(?:[.,]\d{1,6})?)\s*s?|\s*(?:-->|[-–])\s*"
    + _CLOCK.format("b")
    + r"s?)?"
)
_CUE = re.compile(r"\s*" + _CLOCK.format("a") + r"\s*-->\s*" + _CLOCK.format("b") + r"(?:\s.*)?")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,100})?[ \t]{1,20}(?P<name>[^<>]{1,200})>")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,200}>|<\d[\d:.]*>|\{\\[^{}]{0,200}\}")
_NO_CUES = re.compile(r"(?:WEBVTT|NOTE)(?:[ \t].*)?|(?:STYLE|REGION)\s*")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words, who said them, and when they are seen where that is given; seconds of the programme."""

    text: str
    author: str = ""
    at_s: float | None = None
    seconds: float | None = None

    @property
    def lettering(self) -> str:
        """The words as a caption has them: the author below an empty line, which the words do not have."""
        return f"{self.text}{_SIGNED}{self.author}" if self.author else self.text

    @property
    def reading_s(self) -> float:
        """How long the words take to be read, in seconds."""
        return max(len(self.lettering) / READING_CHARACTERS_A_SECOND + READING_START_S, READING_LEAST_S)


def parted(lettering: str) -> tuple[str, str]:
    """The words and the author of a caption's text; see `Quote.lettering`. The author is "" when nobody is named."""
    words, _, name = lettering.rpartition(_SIGNED)
    return (words, name.strip()) if words.strip() and name.strip() else (lettering, "")


def begun(text: str) -> str:
    """The first words of a text, by which people know which one is meant."""
    words = " ".join(text.split())
    return repr(words if len(words) <= 40 else f"{words[:40]}...")


def read_quotes(text: str) -> tuple[Quote, ...]:
    """The quotes in a file's text, in its order; InvalidInputError names the line of what cannot be used."""
    lines = lines_of(text)
    for number, line in enumerate(lines, start=1):
        _check_shown(line, number)
        if len(line) > LINE_CHARACTERS:
            raise _refused(number, f"it has {len(line)} characters; at most {LINE_CHARACTERS} stand in one line")
    is_webvtt = lines[0].startswith("WEBVTT")
    is_subtitles = is_webvtt or any(_CUE.fullmatch(line) for line in lines)
    quotes = tuple(_cues(lines, is_webvtt) if is_subtitles else _paragraphs(lines))
    if not quotes:
        raise InvalidInputError("there is no quote in the file: write one a paragraph, with an empty line after each")
    check_number(len(quotes), "the file holds")
    return quotes


def check_number(count: int, whose: str) -> None:
    """InvalidInputError, which begins with the words `whose`, when there are more quotes than one video shows."""
    if count > QUOTES_MOST:
        raise InvalidInputError(f"{whose} {count} quotes; at most {QUOTES_MOST} can be shown in a video")


def _check_shown(text: str, number: int) -> None:
    if (strange := first_unshown(text)) is not None:
        raise _refused(number, f"U+{ord(strange):04X} is no character that is seen; delete it")


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that stand together, and the number of the first one."""

    number: int
    lines: tuple[str, ...]


def _blocks(lines: Sequence[str]) -> list[_Block]:
    blocks: list[_Block] = []
    start = 0
    for number, line in enumerate([*lines, ""]):
        if not line.strip():
            if number > start:
                blocks.append(_Block(start + 1, tuple(lines[start:number])))
            start = number + 1
    return blocks


def _paragraphs(lines: Sequence[str]) -> Iterator[Quote]:
    blocks = _blocks(lines)
    if len(blocks) == 1 and not _is_timed(blocks[0].lines):
        blocks = list(_one_a_line(blocks[0]))
    for block in (each for whole in blocks for each in _at_times(whole)):
        yield _quote(block)


def _is_timed(lines: Sequence[str]) -> bool:
    """True when times part the lines into quotes, or one stands above them."""
    return _TAG.fullmatch(lines[0]) is not None or any(map(_TAG.match, lines[1:]))


def _one_a_line(block: _Block) -> Iterator[_Block]:
    """Each line, together with lines below it that say who said it; a list without its dashes.

    What begins with another dash is a dialogue, which is one quote.
    """
    if all(map(_BULLET.match, block.lines)):
        for number, line in enumerate(block.lines, start=block.number):
            yield _Block(number, (_BULLET.sub("", line, count=1),))
        return
    if _BYLINE.fullmatch(block.lines[0]):
        yield block
        return
    held: list[str] = []
    for number, line in enumerate([*block.lines, ""], start=block.number):
        if held and not (line and _BYLINE.fullmatch(line)):
            yield _Block(number - len(held), tuple(held))
            held = []
        held.append(line)


def _at_times(block: _Block) -> Iterator[_Block]:
    """A paragraph cut where a time begins another quote."""
    starts = [0, *(place for place, line in enumerate(block.lines) if place and _TAG.match(line)), len(block.lines)]
    for first, end in pairwise(starts):
        yield _Block(block.number + first, block.lines[first:end])


def _quote(block: _Block) -> Quote:
    lines = list(block.lines)
    at_s = seconds = None
    if tag := _TAG.match(lines[0]):
        at_s, seconds = _moment(tag["tag"], block.number)
        lines[0] = lines[0][tag.end() :]
        if not lines[0].strip() and len(lines) > 1:
            del lines[0]
    if len(lines) == 1 and _BYLINE.fullmatch(lines[0]):
        why = "names who said something, but no words stand above it; delete its dash if it is the quote"
        raise _refused(block.number, f"{lines[0].strip()[:60]!r} {why}")
    return _checked(_signed(lines), block.number, at_s, seconds)


def _signed(lines: Sequence[str]) -> Quote:
    """The words of `lines` and who said them."""
    if name := _name_below(lines):
        return Quote(_joined(lines[:-1]), name)
    words = _joined(lines)
    # What is longer is refused in any case, and need not be searched.
    said = _QUOTED.fullmatch(words) if len(words) <= 2 * QUOTE_CHARACTERS else None
    if said and (name := _name(said["name"])):
        return Quote(said["words"].strip(), name)
    return Quote(words)


def _name_below(lines: Sequence[str]) -> str:
    """The name on the last of `lines`; "" when it is none, as in a list, a dialogue, or an answer."""
    *above, last = lines
    byline = _BYLINE.fullmatch(last)
    if not above or not byline or above[-1].rstrip().endswith(":") or any(map(_BYLINE.fullmatch, above)):
        return ""
    return _name(byline["name"])


def _name(text: str) -> str:
    """What stands behind a dash as a name; "" when it ends as a sentence does."""
    words = text.split()
    is_sentence = words[-1].rstrip("\"”»’'").endswith(tuple("?!…,;:")) or (
        len(words) > 1 and words[-1].endswith(".") and words[-1][0].islower()
    )
    return "" if is_sentence else " ".join(words)


def _joined(lines: Sequence[str]) -> str:
    plain = [unicodedata.normalize("NFC", " ".join(line.split())) for line in lines]
    return ("\n" if all(len(line) <= VERSE_CHARACTERS for line in plain) else " ").join(filter(None, plain))


def _checked(quote: Quote, number: int, at_s: float | None, seconds: float | None) -> Quote:
    if not is_seen(quote.text):
        raise _refused(number, "there are no words to show")
    _check_shown(quote.lettering.replace("\n", " "), number)  # again: WebVTT writes characters as their numbers
    for what, words, most in (("quote", quote.text, QUOTE_CHARACTERS), ("name", quote.author, AUTHOR_CHARACTERS)):
        if len(words) > most:
            raise _refused(number, f"the {what} has {len(words)} characters; at most {most} fit on the screen")
    if seconds is not None and not 0 < seconds <= SECONDS_MOST:
        raise _refused(number, f"a quote can be seen for up to {SECONDS_MOST} s, not {seconds:g} s")
    return replace(quote, at_s=at_s, seconds=seconds)


def _moment(tag: str, number: int) -> tuple[float, float | None]:
    """When a quote begins and how long it is seen, out of what stands in brackets."""
    found = _MOMENT.fullmatch(tag.strip())
    if not found:
        raise _refused(number, f"[{tag[:40]}] is no time; write [00:01:30], [1:30 +12s] or [1:30 - 1:42]")
    at_s = _seconds(found, "a", number)
    if found["seconds"]:
        return at_s, float(found["seconds"].replace(",", "."))
    return at_s, _between(at_s, _seconds(found, "b", number), number) if found["bs"] else None


def _between(at_s: float, end_s: float, number: int) -> float:
    if end_s <= at_s:
        raise _refused(number, "the quote ends before it begins")
    return round(end_s - at_s, 6)


def _seconds(found: re.Match[str], end: str, number: int) -> float:
    hours, minutes, seconds = found[f"{end}h"], found[f"{end}m"], float(found[f"{end}s"].replace(",", "."))
    if (minutes and seconds >= 60) or (hours and int(minutes) >= 60):
        raise _refused(number, f"{found[0].strip()[:40]!r} is no time: an hour has 60 minutes, a minute 60 seconds")
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + seconds


def _cues(lines: Sequence[str], is_webvtt: bool) -> Iterator[Quote]:
    """The cues of a SubRip or WebVTT file (W3C WebVTT, section 4), without their styles and places."""
    for block in _blocks(lines):
        place = next((place for place, line in enumerate(block.lines[:2]) if _CUE.fullmatch(line)), None)
        if place is None:
            if is_webvtt and _NO_CUES.fullmatch(block.lines[0]):
                continue
            raise _refused(block.number, "a time such as 00:01:30,000 --> 00:01:42,000 is missing before these words")
        number = block.number + place
        cue = _CUE.fullmatch(block.lines[place])
        assert cue
        at_s = _seconds(cue, "a", number)
        seconds = _between(at_s, _seconds(cue, "b", number), number)
        spoken = block.lines[place + 1 :]
        if words := [plain for line in spoken if (plain := _plain(_MARKUP.sub("", line), is_webvtt))]:
            quote = _signed(words)
            voice = next((_plain(found["name"], is_webvtt) for line in spoken if (found := _VOICE.search(line))), "")
            yield _checked(replace(quote, author=quote.author or voice), number + 1, at_s, seconds)


def _plain(text: str, is_webvtt: bool) -> str:
    """What is seen of a cue; only WebVTT writes an ampersand as &amp;."""
    return " ".join((html.unescape(text) if is_webvtt else text).split())


def _refused(number: int, why: str) -> InvalidInputError:
    return InvalidInputError(f"quotes, line {number}: {why}")
