"""Owns how the delivered pieces and pictures become a timeline; hides the arithmetic of their real lengths.

A vendor may deliver a piece that is longer or shorter than the plan asked for. The pieces are laid end to end with the
planned overlap, and every cut follows from where the crossfades fall.

    piece 1   |==================[~~~]
    piece 2                      [~~~]================[~~~]
    piece 3                                           [~~~]===========|
    cuts                           ^ c1                 ^ c2          floor to a whole frame

A cut is the middle of its crossfade, rounded once to a frame. A crossfade never takes more than half of either piece,
so the two crossfades of a short piece cannot meet.

Where the music was there first, the songs are laid end to end in the same way, and the scenes follow each other as the
plan says, from the first one again when the plan is shorter than the music.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle, pairwise

from video_pipeline.domain.brief import Brief, MotionWish
from video_pipeline.domain.delivery import AspectRatio
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.records import BedRecord, ImageRecord, TrackRecord, Works
from video_pipeline.domain.storyboard import Scene, Storyboard
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, TimeRange
from video_pipeline.domain.timeline import (
    Bed,
    Caption,
    Motion,
    Overlay,
    PictureClip,
    SoundClip,
    Timeline,
    Transition,
    TransitionKind,
)

PIECE_MIN_S = 10
"""A shorter piece is a failed delivery, not music."""


SONG_MIN_S = 1
"""A shorter song is no music to make a video of."""


def programme_of(storyboard: Storyboard, works: Works, brief: Brief) -> Timeline:
    """The programme of a job, from what was delivered for it; see `timeline_of`."""
    return timeline_of(
        storyboard,
        works.tracks,
        works.images,
        brief.motion,
        storyboard.title,
        overlay=brief.overlay,
        aspect=brief.aspect_ratio,
        beds=works.beds,
    )


def timeline_of(
    storyboard: Storyboard,
    tracks: Sequence[TrackRecord],
    images: Sequence[ImageRecord],
    wish: MotionWish,
    title: str,
    *,
    overlay: Overlay = Overlay.NONE,
    aspect: AspectRatio = AspectRatio.WIDE,
    beds: Sequence[BedRecord] = (),
) -> Timeline:
    """The programme of the delivered `tracks` and `images`, paired by order_index where each scene has its own music.

    The storyboard says how each scene moves; a scene of an older one moves as the brief's `wish` says.
    Raises InvalidInputError when something is missing, or when a piece is shorter than 10 s, a song than 1 s.
    """
    by_order = sorted(tracks, key=lambda track: track.order_index)
    pictures = {image.order_index: image for image in images}
    _check_complete("tracks", [track.order_index for track in by_order], len(storyboard.music_indexes))
    _check_complete("images", sorted(image.order_index for image in images), len(storyboard.scenes))
    _check_lengths(by_order, SONG_MIN_S if storyboard.songs else PIECE_MIN_S)
    lengths = [track.facts.samples for track in by_order]
    overlaps = _overlaps(lengths, storyboard.crossfade_samples)
    starts = _starts(lengths, overlaps)
    cuts = _cuts(lengths, overlaps, starts)
    scenes = _scenes(storyboard, scene_lengths(lengths, storyboard.crossfade_samples))
    names = [f"{each.order_index:02} {each.title}" for each in storyboard.songs or storyboard.scenes]
    return Timeline(
        name=title,
        rate=FPS_30,
        pictures=tuple(_clip(scene, pictures[scene.order_index], wish) for scene in scenes),
        transitions=_transitions(
            [scene.frames for scene in scenes],
            [scene.transition for scene in scenes[1:]],
            storyboard.dissolve_frames,
        ),
        sounds=tuple(
            SoundClip(name, track.media, _source(span, start), TimeRange(0, track.facts.samples))
            for name, track, span, start in zip(names, by_order, pairwise(cuts), starts, strict=True)
        ),
        crossfades=tuple(TimeRange(start, overlap) for start, overlap in zip(starts[1:], overlaps, strict=True)),
        overlay=overlay,
        aspect=aspect,
        beds=tuple(Bed(bed.name, bed.media, bed.facts.samples, bed.level_db, bed.ducking_db) for bed in beds),
        captions=tuple(_within(storyboard.captions, cuts[-1])),
        by_songs=bool(storyboard.songs),
    )


def _clip(scene: Scene, image: ImageRecord, wish: MotionWish) -> PictureClip:
    name = f"{scene.order_index:02} {scene.title}"
    if image.clip:
        return PictureClip(name, image.clip.media, scene.frames, footage_frames=image.clip.frames)
    return PictureClip(name, image.media, scene.frames, scene.motion or _plain(wish))


def _scenes(storyboard: Storyboard, heard: Sequence[int]) -> list[Scene]:
    """The scenes as they follow each other; `heard` are the lengths of the pieces of music, cut to cut.

    Scenes with music of their own are as long as it is. Others are as long as planned, and begin again until the music
    ends; a rest too short for a scene lengthens the one before it.
    """
    if not storyboard.songs:
        return [replace(scene, frames=frames) for scene, frames in zip(storyboard.scenes, heard, strict=True)]
    left, scenes = sum(heard), []
    shortest = storyboard.dissolve_frames or 1
    for scene in cycle(storyboard.scenes):
        frames = scene.frames if left - scene.frames >= shortest else left
        scenes.append(replace(scene, frames=frames))
        left -= frames
        if not left:
            return scenes
    raise InvalidInputError("a programme needs at least one scene")


def _within(captions: Sequence[Caption], frames: int) -> Iterator[Caption]:
    """The words that are shown before the end, which comes earlier than planned when a vendor delivers less."""
    for caption in captions:
        if caption.start < frames:
            yield replace(caption, frames=min(caption.end, frames) - caption.start)


def _check_lengths(tracks: Sequence[TrackRecord], least_s: int) -> None:
    for track in tracks:
        if track.facts.samples < least_s * SAMPLE_RATE:
            raise InvalidInputError(
                f"track {track.order_index} lasts {track.facts.duration_s:.1f} s; "
                f"at least {least_s} s are needed, so give another one"
            )


def song_frames(storyboard: Storyboard) -> list[int]:
    """How many frames each song of a plan lasts, cut to cut."""
    return scene_lengths([song.samples for song in storyboard.songs], storyboard.crossfade_samples)


def scene_lengths(lengths: Sequence[int], crossfade_samples: int) -> list[int]:
    """How many frames each scene fills, cut to cut, when pieces of these `lengths` in samples follow each other."""
    if not lengths:
        return []
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
