"""Owns how the delivered pieces and pictures become a timeline; hides the arithmetic of their real lengths.

A vendor may deliver a piece that is longer or shorter than the plan asked for. The pieces are laid end to end with the
planned overlap, and every cut follows from where the crossfades fall.

    piece 1   |==================[~~~]
    piece 2                      [~~~]================[~~~]
    piece 3                                           [~~~]===========|
    cuts                           ^ c1                 ^ c2          floor to a whole frame

A cut is the middle of its crossfade, rounded once to a frame. A crossfade never takes more than half of either piece,
so the two crossfades of a short piece cannot meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from video_pipeline.domain.brief import MotionWish
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.records import ImageRecord, TrackRecord
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, TimeRange
from video_pipeline.domain.timeline import Motion, Overlay, PictureClip, SoundClip, Timeline, Transition, TransitionKind

PIECE_MIN_S = 10
"""A shorter piece is a failed delivery, not music."""


def album_timeline(
    storyboard: Storyboard,
    tracks: Sequence[TrackRecord],
    images: Sequence[ImageRecord],
    wish: MotionWish,
    title: str,
    *,
    overlay: Overlay = Overlay.NONE,
) -> Timeline:
    """The programme of the delivered `tracks` and `images`, which are paired by order_index.

    The storyboard says how each scene moves; a scene of an older one moves as the brief's `wish` says.
    Raises InvalidInputError when they do not pair up 1 to n, or when a piece is shorter than 10 s.
    """
    by_order = sorted(tracks, key=lambda track: track.order_index)
    pictures = sorted(images, key=lambda image: image.order_index)
    count = len(storyboard.scenes)
    _check_complete("tracks", [track.order_index for track in by_order], count)
    _check_complete("images", [image.order_index for image in pictures], count)
    for track in by_order:
        if track.facts.samples < PIECE_MIN_S * SAMPLE_RATE:
            raise InvalidInputError(
                f"track {track.order_index} lasts {track.facts.duration_s:.1f} s; "
                f"at least {PIECE_MIN_S} s are needed, so generate it again"
            )
    lengths = [track.facts.samples for track in by_order]
    overlaps = _overlaps(lengths, storyboard.crossfade_samples)
    starts = _starts(lengths, overlaps)
    cuts = _cuts(lengths, overlaps, starts)
    frames = scene_lengths(lengths, storyboard.crossfade_samples)
    names = [f"{scene.order_index:02} {scene.music.title}" for scene in storyboard.scenes]
    return Timeline(
        name=title,
        rate=FPS_30,
        pictures=tuple(
            PictureClip(name, image.media, length, scene.motion or _plain(wish))
            for name, image, length, scene in zip(names, pictures, frames, storyboard.scenes, strict=True)
        ),
        transitions=_transitions(
            frames, [scene.transition for scene in storyboard.scenes[1:]], storyboard.dissolve_frames
        ),
        sounds=tuple(
            SoundClip(name, track.media, _source(span, start), TimeRange(0, track.facts.samples))
            for name, track, span, start in zip(names, by_order, pairwise(cuts), starts, strict=True)
        ),
        crossfades=tuple(TimeRange(start, overlap) for start, overlap in zip(starts[1:], overlaps, strict=True)),
        overlay=overlay,
    )


def scene_lengths(lengths: Sequence[int], crossfade_samples: int) -> list[int]:
    """How many frames each scene fills, cut to cut, when pieces of these `lengths` in samples follow each other."""
    overlaps = _overlaps(lengths, crossfade_samples)
    return [end - start for start, end in pairwise(_cuts(lengths, overlaps, _starts(lengths, overlaps)))]


def _check_complete(name: str, indexes: list[int], count: int) -> None:
    if indexes != list(range(1, count + 1)):
        raise InvalidInputError(f"the {name} must be numbered 1 to {count}, each once, not {indexes}")


def _overlaps(lengths: Sequence[int], wanted: int) -> list[int]:
    """The length of each crossfade in samples: as planned, but at most half of either piece, and at least one frame.

    A cut falls on a frame, the end of a piece need not: without a frame of overlap there could be a gap at the cut.
    """
    frame = FPS_30.samples_at(1)
    return [max(min(wanted, before // 2, after // 2), frame) for before, after in pairwise(lengths)]


def _starts(lengths: Sequence[int], overlaps: Sequence[int]) -> list[int]:
    """Where each piece becomes audible, in samples of the programme."""
    starts = [0]
    for length, overlap in zip(lengths, overlaps, strict=False):
        starts.append(starts[-1] + length - overlap)
    return starts


def _cuts(lengths: Sequence[int], overlaps: Sequence[int], starts: Sequence[int]) -> list[int]:
    """The cuts in frames: 0, the frame nearest to the middle of each crossfade, the last whole frame of sound."""
    inner = [FPS_30.frame_at(start + overlap // 2) for start, overlap in zip(starts[1:], overlaps, strict=True)]
    sound_end = starts[-1] + lengths[-1]
    end = FPS_30.frame_at(sound_end)
    if FPS_30.samples_at(end) > sound_end:
        end -= 1
    return [0, *inner, end]


def _source(span: tuple[int, int], start: int) -> TimeRange:
    """What a piece that becomes audible at `start` plays between two cuts, in its own samples."""
    first, after = FPS_30.samples_at(span[0]), FPS_30.samples_at(span[1])
    return TimeRange(first - start, after - first)


def _plain(wish: MotionWish) -> Motion:
    """The motion of a scene for which nobody chose one."""
    return Motion.STILL if wish is MotionWish.AUTO else Motion(wish)


def _transitions(frames: Sequence[int], kinds: Sequence[TransitionKind], wanted: int) -> tuple[Transition, ...]:
    """A transition centred on each cut, at most half as long as either scene."""
    made = []
    for (before, after), asked in zip(pairwise(frames), kinds, strict=True):
        length = 0 if asked is TransitionKind.CUT else min(wanted, before // 2, after // 2)
        kind = asked if length else TransitionKind.CUT
        made.append(Transition(kind, length // 2, length - length // 2))
    return tuple(made)
