"""Owns what every contender is asked to make: scenes of one picture and one piece; hides handles and JSON.

All scenes of a programme are equally long. A piece reaches over its inner cuts by half a crossfade, a picture by half
a dissolve, as in the product's own albums.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import FPS_30, TimeRange
from video_pipeline.domain.timeline import Motion, PictureClip, SoundClip, Timeline, Transition, TransitionKind
from video_pipeline.steps.lengths import CROSSFADE_SAMPLES, DISSOLVE_FRAMES, piece_samples


@dataclass(frozen=True, slots=True)
class File:
    """A file and what identifies its content; the product knows both when it renders."""

    path: str
    sha256: str
    bytes: int

    @property
    def media(self) -> MediaReference:
        """As the timeline refers to it."""
        return MediaReference(self.path, self.sha256, self.bytes)


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture, one piece of music."""

    picture: File
    music: File


@dataclass(frozen=True, slots=True)
class Programme:
    """What is to be made; lengths in frames at 30 a second and in samples at 48 kHz."""

    name: str
    scene_frames: int
    scenes: tuple[Scene, ...]
    motion: Motion = Motion.STILL
    dissolve_frames: int = DISSOLVE_FRAMES
    crossfade_samples: int = CROSSFADE_SAMPLES

    @property
    def frames(self) -> int:
        """Length."""
        return self.scene_frames * len(self.scenes)

    @property
    def seconds(self) -> float:
        """Length."""
        return float(FPS_30.seconds(self.frames))

    @property
    def cuts(self) -> tuple[int, ...]:
        """The frame at which each scene but the first begins."""
        return tuple(range(self.scene_frames, self.frames, self.scene_frames))

    @property
    def piece_samples(self) -> tuple[int, ...]:
        """The length of each piece, handles included."""
        return piece_samples([self.scene_frames] * len(self.scenes))

    def moving(self) -> Programme:
        """The same with a slow zoom in every scene."""
        return replace(self, name=f"{self.name}-zoom", motion=Motion.SLOW_ZOOM)

    def with_picture(self, index: int, picture: File) -> Programme:
        """The same with another picture in one scene."""
        scenes = list(self.scenes)
        scenes[index] = replace(scenes[index], picture=picture)
        return replace(self, scenes=tuple(scenes))

    def timeline(self) -> Timeline:
        """For the product."""
        half = self.crossfade_samples // 2
        before = self.dissolve_frames // 2
        dissolve = Transition(TransitionKind.DISSOLVE, before, self.dissolve_frames - before)
        shown = FPS_30.samples_at(self.scene_frames)
        lengths = self.piece_samples
        return Timeline(
            name=self.name,
            rate=FPS_30,
            pictures=tuple(
                PictureClip(f"scene {index}", scene.picture.media, self.scene_frames, self.motion)
                for index, scene in enumerate(self.scenes, 1)
            ),
            transitions=(dissolve,) * len(self.cuts),
            sounds=tuple(
                SoundClip(
                    f"piece {index + 1}",
                    scene.music.media,
                    TimeRange(half if index else 0, shown),
                    TimeRange(0, lengths[index]),
                )
                for index, scene in enumerate(self.scenes)
            ),
            crossfades=tuple(TimeRange(FPS_30.samples_at(cut) - half, 2 * half) for cut in self.cuts),
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `from_json` reads back without loss."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Programme:
        """The reverse of `to_json`."""
        scenes = tuple(Scene(File(**scene["picture"]), File(**scene["music"])) for scene in value["scenes"])
        return cls(**{**value, "scenes": scenes, "motion": Motion(value["motion"])})

    def write(self, path: Path) -> Path:
        """Store it for another process."""
        path.write_text(json.dumps(self.to_json()))
        return path

    @classmethod
    def read(cls, path: Path) -> Programme:
        """What `write` stored."""
        return cls.from_json(json.loads(path.read_text()))


def slice_frames(scenes: int, scene_frames: int) -> int:
    """The length of each of two scenes that hold the same share of dissolves as `scenes` of `scene_frames`.

    n scenes of F frames have n - 1 dissolves, two of f frames have one: (n - 1) / (n F) = 1 / (2 f).
    """
    if scenes < 2:
        raise ValueError("a programme of one scene has no dissolve")
    return round(scenes * scene_frames / (2 * (scenes - 1)))


def frames_of_minutes(minutes: float, scenes: int) -> int:
    """Frames of each of `scenes` scenes that together last `minutes`."""
    return round(minutes * 60 * 30 / scenes)
