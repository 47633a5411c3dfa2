"""Owns quotes: how a file of them is read, and when each is on the screen; hides the arithmetic of reading time.

A file holds one quote a paragraph. A last line that begins with a dash names who said it, and a time in brackets says
when it is to be seen; what has no time is spread evenly over what is left:

    The mountains are calling and I must go.
    — John Muir

    [00:01:30 +12s] Stillness is where everything begins.

Short lines are verse and stay as they are; longer ones are prose and are broken where they fit. A file without an
empty line holds one quote a line. SubRip (.srt) and WebVTT (.vtt) files are read as well; their cues have times.
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from video_pipeline.domain.characters import first_unshown, is_seen, lines_of
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.timebase import FrameRate, clock
from video_pipeline.domain.timeline import Caption

QUOTES_MOST = 500
QUOTE_CHARACTERS, AUTHOR_CHARACTERS = 300, 80
"""The most of one quote, which is what fits on a small screen, and of the name below it."""

VERSE_CHARACTERS = 45
"""A paragraph whose lines are no longer than this keeps them."""

READING_CHARACTERS_A_SECOND, READING_START_S, READING_LEAST_S = 15, 2, 5
"""How long words stay: subtitling guides allow 12 to 20 characters a second (Netflix: 17; BBC: 160 words a minute,
which is 15); 2 s are for noticing them, and for their fades."""

EDGE_S, REST_S = 3, 1
"""No untimed quote is seen in the first and the last seconds, nor so soon after another one."""

SECONDS_MOST = 600
"""A quote that stays longer than ten minutes is no quote but part of the picture."""

_DASHES = "—–―"
_BYLINE = re.compile(rf"\s*(?:[{_DASHES}]|--?\s)\s*(?P<name>\S.*)")
_QUOTED = re.compile(rf"(?P<words>[\"“„«‚'‘].+[\"”“»’'])\s*(?:[{_DASHES}]|--?\s)\s*(?P<name>\S.*)", re.DOTALL)
_TAG = re.compile(r"\s*\[(?P<tag>[\d][^\]\n]*)\]\s*")
_CLOCK = r"(?:(?:(?P<{0}h>\d{{1,3}}):)?(?P<{0}m>\d{{1,3}}):)?(?P<{0}s>\d{{1,5}}(?:[.,]\d{{1,6}})?)"
_MOMENT = re.compile(
    _CLOCK.format("a")
    + r"s?(?:\s*\+\s*(?P<seconds>\d{1,4}(?:[.,]\d{1,6})?)\s*s?|\s*(?:-->|[-–])\s*"
    + _CLOCK.format("b")
    + r"s?)?"
)
_CUE = re.compile(r"\s*" + _CLOCK.format("a") + r"\s*-->\s*" + _CLOCK.format("b") + r"(?:\s.*)?")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+(?P<name>[^>]+)>")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,200}>|<\d[\d:.]*>|\{\\[^{}]{0,200}\}")
_NO_CUES = ("WEBVTT", "NOTE", "STYLE", "REGION")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words, who said them, and when they are seen where that is given; seconds of the programme."""

    text: str
    author: str = ""
    at_s: float | None = None
    seconds: float | None = None

    @property
    def lettering(self) -> str:
        """The words as a caption has them: the author on a last line, behind a dash."""
        return f"{self.text}\n— {self.author}" if self.author else self.text

    @property
    def reading_s(self) -> float:
        """How long the words take to be read, in seconds."""
        return max(len(self.lettering) / READING_CHARACTERS_A_SECOND + READING_START_S, READING_LEAST_S)


def parted(lettering: str) -> tuple[str, str]:
    """The words and the author of a caption's text; see `Quote.lettering`. The author is "" when nobody is named."""
    words, _, last = lettering.rstrip().rpartition("\n")
    byline = _BYLINE.fullmatch(last)
    return (words, byline["name"].strip()) if words.strip() and byline else (lettering, "")


def read_quotes(text: str) -> tuple[Quote, ...]:
    """The quotes in a file's text, in its order; InvalidInputError names the line of what cannot be used."""
    lines = lines_of(text)
    for number, line in enumerate(lines, start=1):
        if (strange := first_unshown(line)) is not None:
            raise _refused(number, f"U+{ord(strange):04X} is no character that is seen; delete it")
    subtitles = lines[0].startswith("WEBVTT") or any(_CUE.fullmatch(line) for line in lines)
    quotes = tuple(_cues(lines) if subtitles else _paragraphs(lines))
    if not quotes:
        raise InvalidInputError("there is no quote in the file: write one a paragraph, with an empty line after each")
    if len(quotes) > QUOTES_MOST:
        raise InvalidInputError(f"the file holds {len(quotes)} quotes; at most {QUOTES_MOST} can be shown")
    return quotes


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
    if len(blocks) == 1 and not any(_TAG.match(line) for line in blocks[0].lines[1:]):
        blocks = list(_one_a_line(blocks[0]))
    for block in (each for whole in blocks for each in _at_times(whole)):
        yield _quote(block)


def _one_a_line(block: _Block) -> Iterator[_Block]:
    """Each line, together with a line below it that says who said it."""
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
    return _checked(_signed(lines, block.number), block.number, at_s, seconds)


def _signed(lines: Sequence[str], number: int) -> Quote:
    """The words of `lines` and who said them."""
    first = _BYLINE.fullmatch(lines[0])
    if first and len(lines) == 1:
        raise _refused(number, f"{lines[0].strip()[:60]!r} names who said something, but no words stand above it")
    byline = _BYLINE.fullmatch(lines[-1]) if len(lines) > 1 else None
    if byline:
        return Quote(_joined(lines[:-1]), " ".join(byline["name"].split()))
    words = _joined(lines)
    if said := _QUOTED.fullmatch(words):
        return Quote(said["words"].strip(), " ".join(said["name"].split()))
    return Quote(words)


def _joined(lines: Sequence[str]) -> str:
    plain = [unicodedata.normalize("NFC", " ".join(line.split())) for line in lines]
    return ("\n" if all(len(line) <= VERSE_CHARACTERS for line in plain) else " ").join(filter(None, plain))


def _checked(quote: Quote, number: int, at_s: float | None, seconds: float | None) -> Quote:
    if not is_seen(quote.text):
        raise _refused(number, "there are no words to show")
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


def _cues(lines: Sequence[str]) -> Iterator[Quote]:
    """The cues of a SubRip or WebVTT file (W3C WebVTT, section 4), without their styles and places."""
    for block in _blocks(lines):
        place = next((place for place, line in enumerate(block.lines[:2]) if _CUE.fullmatch(line)), None)
        if place is None:
            if block.lines[0].startswith(_NO_CUES):
                continue
            raise _refused(block.number, "a time such as 00:01:30,000 --> 00:01:42,000 is missing before these words")
        number = block.number + place
        cue = _CUE.fullmatch(block.lines[place])
        assert cue
        at_s = _seconds(cue, "a", number)
        seconds = _between(at_s, _seconds(cue, "b", number), number)
        spoken = block.lines[place + 1 :]
        if words := [plain for line in spoken if (plain := html.unescape(_MARKUP.sub("", line)).strip())]:
            quote = _signed(words, number + 1)
            voice = next((found["name"].strip() for line in spoken if (found := _VOICE.search(line))), "")
            yield _checked(replace(quote, author=quote.author or voice), number, at_s, seconds)


def _refused(number: int, why: str) -> InvalidInputError:
    return InvalidInputError(f"quotes, line {number}: {why}")


def placed(
    quotes: Sequence[Quote], frames: int, rate: FrameRate, seconds_each: float | None = None
) -> tuple[Caption, ...]:
    """The captions of a programme of `frames` frames: timed quotes at their time, the others spread evenly between.

    Each is seen as long as it says, else for `seconds_each`, else as long as it takes to read. InvalidInputError when
    two would be seen at once, when one would be seen after the end, or when there is no room for all of them.
    """
    spans = {number: _length(quote, rate, seconds_each) for number, quote in enumerate(quotes)}
    timed = sorted((number for number in spans if quotes[number].at_s is not None), key=lambda n: quotes[n].at_s or 0.0)
    fixed = [Caption(quotes[n].lettering, rate.frames_in(_exact(quotes[n].at_s or 0.0)), spans.pop(n)) for n in timed]
    _check_fixed(fixed, frames, rate)
    starts = _spread(list(spans.values()), _free(fixed, frames, rate), rate)
    loose = [Caption(quotes[n].lettering, start, spans[n]) for n, start in zip(spans, starts, strict=True)]
    return tuple(sorted([*fixed, *loose], key=lambda caption: caption.start))


def _length(quote: Quote, rate: FrameRate, seconds_each: float | None) -> int:
    seconds = quote.seconds or seconds_each or quote.reading_s
    if not 0 < seconds <= SECONDS_MOST:
        raise InvalidInputError(f"a quote can be seen for up to {SECONDS_MOST} s, not {seconds:g} s")
    return max(rate.frames_in(_exact(seconds)), 1)


def _exact(seconds: float) -> Fraction:
    """Microseconds are what subtitles and people write; a float is a little beside them."""
    return Fraction(seconds).limit_denominator(1_000_000)


def _check_fixed(fixed: Sequence[Caption], frames: int, rate: FrameRate) -> None:
    for caption in fixed:
        if caption.end > frames:
            raise InvalidInputError(
                f"the quote {_begun(caption)} would be seen until {clock(rate.seconds(caption.end))}, but the video "
                f"ends at {clock(rate.seconds(frames))}; give it an earlier time"
            )
    for before, after in pairwise(fixed):
        if after.start < before.end:
            raise InvalidInputError(
                f"the quote {_begun(after)} at {clock(rate.seconds(after.start))} begins while {_begun(before)} is "
                f"seen, until {clock(rate.seconds(before.end))}; give it a later time"
            )


def _begun(caption: Caption) -> str:
    words = " ".join(caption.text.split())
    return repr(words if len(words) <= 40 else f"{words[:40]}...")


@dataclass(slots=True)
class _Gap:
    """Frames [start, end) in which nothing is seen yet, and what is to be seen in them."""

    start: int
    end: int
    lengths: list[int]

    def takes(self, length: int, rest: int) -> bool:
        """True when there is room for one more of `length`, with rests between them."""
        return sum(self.lengths) + length + rest * len(self.lengths) <= self.end - self.start

    def starts(self) -> Iterator[int]:
        """Where each begins: the same distance before, between and after them."""
        spare, count, shown = self.end - self.start - sum(self.lengths), len(self.lengths) + 1, 0
        for number, length in enumerate(self.lengths, start=1):
            yield self.start + shown + spare * number // count
            shown += length


def _free(fixed: Iterable[Caption], frames: int, rate: FrameRate) -> list[_Gap]:
    edge, rest = rate.frames_in(EDGE_S), rate.frames_in(REST_S)
    gaps, start = [], edge
    for caption in fixed:
        gaps.append(_Gap(start, min(caption.start - rest, frames - edge), []))
        start = max(start, caption.end + rest)
    return [gap for gap in [*gaps, _Gap(start, frames - edge, [])] if gap.end > gap.start]


def _spread(lengths: Sequence[int], gaps: Sequence[_Gap], rate: FrameRate) -> list[int]:
    """Where untimed quotes of these lengths begin, in their order.

    The middle of each one's share of the room says to which gap it belongs. A later gap takes it where that one is
    full, and an earlier one where all that follow could not hold the rest.
    """
    rest, room = rate.frames_in(REST_S), sum(gap.end - gap.start for gap in gaps)
    firsts = _firsts(lengths, gaps, rest)
    if firsts[0]:
        raise _no_room(lengths, rest, room, rate)
    number = reached = 0
    for gap, first_after in zip(gaps, firsts[1:], strict=True):
        reached += gap.end - gap.start
        while number < len(lengths) and gap.takes(lengths[number], rest):
            if number >= first_after and Fraction(2 * number + 1, 2 * len(lengths)) * room > reached:
                break
            gap.lengths.append(lengths[number])
            number += 1
    return [start for gap in gaps for start in gap.starts()]


def _firsts(lengths: Sequence[int], gaps: Sequence[_Gap], rest: int) -> list[int]:
    """For each gap, and for behind the last one: the first quote from which on all fit into it and those after it."""
    firsts, number = [len(lengths)], len(lengths)
    for gap in reversed(gaps):
        trial = _Gap(gap.start, gap.end, [])
        while number and trial.takes(lengths[number - 1], rest):
            number -= 1
            trial.lengths.append(lengths[number])
        firsts.append(number)
    return firsts[::-1]


def _no_room(lengths: Sequence[int], rest: int, room: int, rate: FrameRate) -> InvalidInputError:
    needed = math.ceil(rate.seconds(sum(lengths) + rest * (len(lengths) - 1)))
    return InvalidInputError(
        f"there is no room for {len(lengths)} quotes: they take {needed} s to read, with {REST_S} s between them, and "
        f"{clock(rate.seconds(max(room, 0)))} of the video are free; use fewer of them, a longer video, or less time "
        "for each"
    )
