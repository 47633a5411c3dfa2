"""Owns which chapters a programme has; hides how scenes become chapters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from video_pipeline.domain.timeline import Timeline


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
    parts = _songs(timeline) if timeline.by_songs else _scenes(timeline)
    starts = accumulate((frames for _, frames in parts), initial=0)
    chapters = [Chapter(name, start, frames) for (name, frames), start in zip(parts, starts, strict=False)]
    return tuple(chapters) if len(chapters) > 1 else ()


def _scenes(timeline: Timeline) -> list[tuple[str, int]]:
    runs = groupby(timeline.pictures, key=lambda clip: clip.name)
    return [(name, sum(clip.frames for clip in clips)) for name, clips in runs]


def _songs(timeline: Timeline) -> list[tuple[str, int]]:
    cuts = [*map(timeline.rate.frame_at, timeline.sound_starts), timeline.frames]
    return [(sound.name, end - start) for sound, (start, end) in zip(timeline.sounds, pairwise(cuts), strict=True)]
