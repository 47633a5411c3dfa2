"""Owns where the words of a programme cut its plan; hides which frames become unique through them.

Words make only those frames new in which they are seen. Over a still scene they fade in, stand still and fade out: two
short stretches and a still, which is repeated like any other. A part of a loop or a transition is shown whole, so one
over which words appear is made whole with them; the others of its kind stay as they are.

    caption            |=== words ===|                        |=== words ===|
    still     Hold Hol Live Hold+ Live Hold     moving  Move0 Live    Live    Move1
                     fade        fade                         over Move1, Move0

With an overlay all frames are unique already: the words are drawn over it within the groups that there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from video_pipeline.domain.timebase import FrameRate
from video_pipeline.domain.timeline import Caption, Overlay, Timeline
from video_pipeline.ffmpeg.picture.plan import Hold, Live, Run, Sight, Stretch, Words, compile_plan

FADE_S = Fraction(9, 10)
"""How long words take to appear and to vanish; a third of their time at most."""

_TAKEN_S = 1
"""How much of a still scene becomes a film so that no frame of it stands alone."""


def captioned_plan(timeline: Timeline) -> tuple[Run, ...]:
    """The runs of `timeline` in order with its words; their frames add up to `timeline.frames`."""
    runs = compile_plan(timeline)
    return tuple(_captioned(runs, timeline.captions, timeline.rate)) if timeline.captions else runs


def texts_of(stretch: Stretch) -> tuple[str, ...]:
    """The words that are seen in a stretch, in their order."""
    if isinstance(stretch, Hold):
        return (stretch.words,) if stretch.words else ()
    return tuple(dict.fromkeys(words.text for words in stretch.words)) if isinstance(stretch, Live) else ()


def fade_frames(caption: Caption, rate: FrameRate) -> int:
    """In how many frames a caption appears, and in as many it vanishes."""
    return min(rate.frames_in(FADE_S), caption.frames // 3)


def _captioned(runs: Sequence[Run], captions: Sequence[Caption], rate: FrameRate) -> Iterator[Run]:
    start = 0
    for run in runs:
        said = _within(captions, start, start + run.frames)
        if not said:
            yield run
        elif isinstance(run.stretch, Hold):
            yield from _still(run.stretch, start, start + run.frames, said, rate)
        else:
            yield from _whole(run, start, said, rate)
        start += run.frames


def _within(captions: Sequence[Caption], start: int, end: int) -> list[Caption]:
    return [caption for caption in captions if caption.start < end and caption.end > start]


def _whole(run: Run, start: int, captions: Sequence[Caption], rate: FrameRate) -> Iterator[Run]:
    """A stretch that is shown whole, once or several times on end, with the words over it."""
    stretch, end = run.stretch, start + run.frames
    while start < end:
        shown = min(stretch.shown, end - start)
        words = tuple(_words(caption, start, rate) for caption in _within(captions, start, start + shown))
        if not words:
            yield Run(stretch, shown)
        elif isinstance(stretch, Live):
            yield Run(replace(stretch, words=words), shown)
        else:
            # Wherever it stands in a programme: what is heard there does not matter.
            yield Run(Live((Sight(stretch, 0, shown),), 0, Overlay.NONE, words), shown)
        start += shown


def _words(caption: Caption, start: int, rate: FrameRate) -> Words:
    """A caption as a stretch from frame `start` on shows it."""
    return Words(caption.text, caption.start - start, caption.frames, fade_frames(caption, rate))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Frames of a still scene, of the programme and half-open: one picture, or a film because words fade in it."""

    first: int
    end: int
    is_film: bool

    @property
    def frames(self) -> int:
        return self.end - self.first


def _still(hold: Hold, start: int, end: int, captions: Sequence[Caption], rate: FrameRate) -> Iterator[Run]:
    """A still scene from frame `start` to `end`, cut where words appear, stand still, vanish and are gone."""
    for piece in _apart(_pieces(start, end, captions, rate), rate):
        said = _within(captions, piece.first, piece.end)
        if piece.is_film:
            words = tuple(_words(caption, piece.first, rate) for caption in said)
            yield Run(Live((Sight(hold, 0, piece.frames),), 0, Overlay.NONE, words), piece.frames)
        else:
            yield Run(replace(hold, words=said[0].text) if said else hold, piece.frames)


def _pieces(start: int, end: int, captions: Sequence[Caption], rate: FrameRate) -> Iterator[_Piece]:
    place = start
    for caption in captions:
        fade = fade_frames(caption, rate)
        for border, is_film in (
            (caption.start, False),
            (caption.start + fade, True),
            (caption.end - fade, False),
            (caption.end, True),
        ):
            if place < min(border, end):
                yield _Piece(place, min(border, end), is_film)
                place = min(border, end)
    if place < end:
        yield _Piece(place, end, False)


def _apart(pieces: Iterable[_Piece], rate: FrameRate) -> list[_Piece]:
    """The pieces, with a film of up to two seconds in place of a single frame and what is around it.

    On its own that frame would be a key frame next to another one.
    """
    taken = rate.frames_in(_TAKEN_S)
    made: list[_Piece] = []
    for piece in pieces:
        if made and 1 in (made[-1].frames, piece.frames):
            before = made.pop()
            first = before.first if before.frames <= taken + 1 else before.end - taken
            end = piece.end if piece.frames <= taken + 1 else piece.first + taken
            parts = (replace(before, end=first), _Piece(first, end, True), replace(piece, first=end))
            made += [part for part in parts if part.frames]
        else:
            made.append(piece)
    return made
