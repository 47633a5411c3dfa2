"""Owns which chapters a programme has; hides how scenes become chapters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, groupby

from video_pipeline.domain.timeline import PictureClip, Timeline


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named part of a programme, in frames; it ends where the next one, or the programme, does."""

    name: str
    start: int
    frames: int

    @property
    def end(self) -> int:
        """The first frame after it."""
        return self.start + self.frames


def chapters_of(timeline: Timeline) -> tuple[Chapter, ...]:
    """One chapter a scene; pictures of one name that follow each other are one scene. None when there is but one.

    Where the music goes its own way, because it was there before the pictures, there is one chapter a piece of it.
    """
    scenes = [(name, sum(clip.frames for clip in clips)) for name, clips in groupby(timeline.pictures, _name_of)]
    if timeline.by_songs:
        ends = [timeline.rate.frame_at(start) for start in timeline.sound_starts[1:]] + [timeline.frames]
        scenes = [
            (sound.name, end - start) for sound, start, end in zip(timeline.sounds, [0, *ends], ends, strict=False)
        ]
    starts = accumulate((frames for _, frames in scenes), initial=0)
    chapters = [Chapter(name, start, frames) for (name, frames), start in zip(scenes, starts, strict=False)]
    return tuple(chapters) if len(chapters) > 1 else ()


def _name_of(clip: PictureClip) -> str:
    return clip.name
