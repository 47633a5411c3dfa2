"""Owns which chapters a programme has; hides how scenes become chapters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

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
    """One chapter a scene; pictures of one name that follow each other are one scene. None when there is but one."""
    chapters: list[Chapter] = []
    for name, clips in groupby(timeline.pictures, key=lambda clip: clip.name):
        start = chapters[-1].end if chapters else 0
        chapters.append(Chapter(name, start, sum(clip.frames for clip in clips)))
    return tuple(chapters) if len(chapters) > 1 else ()
