"""Owns what somebody brought for a video, measured; hides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from video_pipeline.domain.quotes import Quote
from video_pipeline.domain.rhythm import Rhythm
from video_pipeline.domain.storyboard import SourceFile


@dataclass(frozen=True, slots=True)
class SongFile:
    """Uploaded music."""

    source: SourceFile
    samples: int  # at 48 kHz
    rhythm: Rhythm | None = None  # where the video is to be cut to it


@dataclass(frozen=True, slots=True)
class FootageFile:
    """An uploaded video or picture."""

    source: SourceFile
    frames: int  # at 30 a second; 0 for a picture


@dataclass(frozen=True, slots=True)
class Materials:
    """What there is to make a video of, each kind in the order in which it is to be used."""

    songs: tuple[SongFile, ...] = ()
    footage: tuple[FootageFile, ...] = ()
    sounds: tuple[SourceFile, ...] = ()
    quotes: tuple[Quote, ...] = ()  # those of the order among them


NO_MATERIALS = Materials()
