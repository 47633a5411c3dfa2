"""Owns excerpts of a programme: which moment tells most about it, and its picture there; hides how cuts are clipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import TimeRange
from video_pipeline.domain.timeline import Caption, PictureClip, SoundClip, Timeline, Transition, TransitionKind


def telling_range(timeline: Timeline, frames: int) -> TimeRange:
    """`frames` frames around the first change of scene that is more than a cut, else around the first cut.

    A programme that is shorter is taken whole; one without a cut from its beginning.
    """
    if timeline.frames <= frames:
        return TimeRange(0, timeline.frames)
    cuts = list(zip(timeline.picture_starts[1:], timeline.transitions, strict=True))
    changes = [cut for cut, change in cuts if change.kind is not TransitionKind.CUT and change.frames]
    middle = next(iter([*changes, *(cut for cut, _ in cuts)]), 0)
    start = min(max(middle - frames // 2, 0), timeline.frames - frames)
    return TimeRange(start, frames)


def excerpt(timeline: Timeline, span: TimeRange, sound: MediaReference) -> Timeline:
    """The pictures of `span` (in frames) with `sound`, which begins where `span` does and lasts as long or longer.

    `sound` is all that is heard there, the beds under it included. A transition that reaches beyond the excerpt is
    shortened to what lies in it. Footage shows at each moment what it shows in the programme. InvalidInputError when
    `span` is empty or leaves the programme.
    """
    if not span.duration or span.end > timeline.frames:
        raise InvalidInputError(f"frames {span.start} to {span.end} are no part of {timeline.frames} frames")
    clips: list[PictureClip] = []
    changes: list[Transition] = []
    shown = zip(timeline.picture_starts, timeline.footage_starts, timeline.pictures, strict=True)
    for number, (start, footage, clip) in enumerate(shown):
        first, end = max(start, span.start), min(start + clip.frames, span.end)
        if first >= end:
            continue
        if clips:
            change = timeline.transitions[number - 1]
            # Neither side may take more than the excerpt has of its scene.
            before = min(change.in_offset, start - span.start)
            changes.append(replace(change, in_offset=before, out_offset=min(change.out_offset, span.end - start)))
        # Footage goes on where it is at that moment.
        at = footage + first - start if clip.footage_frames else None
        clips.append(replace(clip, frames=end - first, footage_start=at))
    samples = timeline.rate.samples_at(span.duration)
    piece = SoundClip(timeline.name, sound, TimeRange(0, samples), TimeRange(0, samples))
    return replace(
        timeline,
        pictures=tuple(clips),
        transitions=tuple(changes),
        sounds=(piece,),
        crossfades=(),
        beds=(),
        captions=tuple(_captions(timeline, span)),
    )


def _captions(timeline: Timeline, span: TimeRange) -> Iterator[Caption]:
    """The words that are seen in `span`, as long as they are seen in it."""
    for caption in timeline.captions:
        first, end = max(caption.start, span.start), min(caption.end, span.end)
        if first < end:
            yield replace(caption, start=first - span.start, frames=end - first)
