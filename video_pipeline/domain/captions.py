"""Owns when each quote is on the screen; hides the arithmetic of reading time, rests and room."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.quotes import SECONDS_MOST, Quote, begun
from video_pipeline.domain.timebase import FrameRate, clock
from video_pipeline.domain.timeline import Caption

EDGE_S, REST_S = 3, 1
"""No untimed quote is seen in the first and the last seconds, nor so soon after another one."""


def placed(
    quotes: Sequence[Quote], frames: int, rate: FrameRate, seconds_each: float | None = None
) -> tuple[Caption, ...]:
    """The captions of a programme of `frames` frames: timed quotes at their time, the others spread evenly between.

    Each is seen as long as it says, else for `seconds_each`, else as long as it takes to read. InvalidInputError when
    two would be seen at once, when one would be seen after the end, or when there is no room for all of them.
    """
    spans = {number: _length(quote, seconds_each) for number, quote in enumerate(quotes)}
    timed = sorted((number for number in spans if quotes[number].at_s is not None), key=lambda n: quotes[n].at_s or 0.0)
    fixed = [_at(quotes[n], spans.pop(n), rate) for n in timed]
    _check_fixed(fixed, frames, rate)
    lengths = [max(rate.frames_in(seconds), 1) for seconds in spans.values()]
    starts = _spread(lengths, _free(fixed, frames, rate), rate)
    loose = [
        Caption(quotes[n].lettering, start, length) for n, start, length in zip(spans, starts, lengths, strict=True)
    ]
    return tuple(sorted([*fixed, *loose], key=lambda caption: caption.start))


def _at(quote: Quote, seconds: Fraction, rate: FrameRate) -> Caption:
    """A timed quote; its ends are rounded, not its length, or cues that follow each other would overlap by a frame."""
    begin = _exact(quote.at_s or 0.0)
    start, end = rate.frames_in(begin), rate.frames_in(begin + seconds)
    return Caption(quote.lettering, start, max(end - start, 1))


def _length(quote: Quote, seconds_each: float | None) -> Fraction:
    seconds = quote.seconds or seconds_each or quote.reading_s
    if not 0 < seconds <= SECONDS_MOST:
        raise InvalidInputError(f"a quote can be seen for up to {SECONDS_MOST} s, not {seconds:g} s")
    return _exact(seconds)


def _exact(seconds: float) -> Fraction:
    """Microseconds are what subtitles and people write; a float is a little beside them."""
    return Fraction(seconds).limit_denominator(1_000_000)


def _check_fixed(fixed: Sequence[Caption], frames: int, rate: FrameRate) -> None:
    for caption in fixed:
        if caption.end > frames:
            raise InvalidInputError(
                f"the quote {begun(caption.text)} would be seen until {clock(rate.seconds(caption.end))}, but the "
                f"video ends at {clock(rate.seconds(frames))}; give it an earlier time"
            )
    for before, after in pairwise(fixed):
        if after.start < before.end:
            raise InvalidInputError(
                f"the quote {begun(after.text)} at {clock(rate.seconds(after.start))} begins while "
                f"{begun(before.text)} is seen, until {clock(rate.seconds(before.end))}; give it a later time"
            )


@dataclass(slots=True)
class _Gap:
    """Frames [start, end) in which nothing is seen yet, and what is to be seen in them."""

    start: int
    end: int
    lengths: list[int]

    def takes(self, length: int, rest: int) -> bool:
        """True when there is room for one more of `length`, with rests between them."""
        return sum(self.lengths) + length + rest * len(self.lengths) <= self.end - self.start

    def starts(self, rest: int) -> Iterator[int]:
        """Where each begins: the same distance before, between and after them, and `rest` between them at least."""
        spare, count, shown = self.end - self.start - sum(self.lengths), len(self.lengths) + 1, 0
        for number, length in enumerate(self.lengths, start=1):
            distance = spare * number // count
            if spare < rest * count:
                distance = (spare - rest * (count - 2)) // 2 + rest * (number - 1)
            yield self.start + shown + distance
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
    return [start for gap in gaps for start in gap.starts(rest)]


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
