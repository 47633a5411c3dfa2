"""Owns the plan of a video: ordered scenes, each one piece of music and one picture; hides its JSON shapes.

`order_index` counts from 1, as operators and the database do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.domain.timeline import Motion, TransitionKind

TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


class Mode(StrEnum):
    """The scale of a piece."""

    MAJOR = "major"
    MINOR = "minor"
    DORIAN = "dorian"
    PHRYGIAN = "phrygian"
    LYDIAN = "lydian"
    MIXOLYDIAN = "mixolydian"
    PENTATONIC = "pentatonic"


class Instrument(StrEnum):
    """An instrument that a prompt may name."""

    PIANO = "piano"
    FELT_PIANO = "felt piano"
    HARP = "harp"
    LUTE = "lute"
    GUITAR = "acoustic guitar"
    STRINGS = "strings"
    CELLO = "cello"
    FLUTE = "flute"
    CHOIR = "choir"
    ORGAN = "organ"
    PAD = "warm pad"
    GLASS_PAD = "glass pad"
    BELLS = "bells"
    MUSIC_BOX = "music box"
    KALIMBA = "kalimba"
    VIBRAPHONE = "vibraphone"
    ELECTRIC_PIANO = "electric piano"
    BASS = "soft bass"
    BRUSHES = "brushed drums"
    HAND_DRUM = "hand drum"
    TEXTURE = "airy texture"


@dataclass(frozen=True, slots=True)
class MusicPrompt:
    """One piece of music to be made."""

    order_index: int  # the place it was written for; a scene that is moved keeps it, so that it sounds the same
    title: str
    text: str  # the whole prompt in words, for vendors and for people
    tempo_bpm: int
    tonic: str  # one of TONICS
    mode: Mode
    instruments: tuple[Instrument, ...]  # the first one leads
    density: float  # 0 sparse to 1 busy
    moods: tuple[str, ...]
    samples: int  # exact length at 48 kHz, handles for the crossfades included
    seed: int | None = None  # None: the one that follows from the job's seed and order_index

    def __post_init__(self) -> None:
        if self.tonic not in TONICS:
            raise InvalidInputError(f"tonic {self.tonic!r} is not one of {', '.join(TONICS)}")
        if not 30 <= self.tempo_bpm <= 240:
            raise InvalidInputError(f"tempo must be from 30 to 240 BPM, not {self.tempo_bpm}")
        if not self.instruments:
            raise InvalidInputError("a music prompt needs at least one instrument")
        if not 0 <= self.density <= 1:
            raise InvalidInputError(f"density must be from 0 to 1, not {self.density}")
        if self.samples <= 0:
            raise InvalidInputError(f"a piece needs a positive length, not {self.samples} samples")

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return self.samples / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class VisualPrompt:
    """One picture to be made; the words are all that a provider gets."""

    order_index: int  # the place it was written for; a scene that is moved keeps it, so that it looks the same
    text: str
    description: str  # one line for people
    seed: int | None = None  # None: the one that follows from the job's seed and order_index


@dataclass(frozen=True, slots=True)
class Scene:
    """One piece of music and its picture, with the length that both fill on the screen."""

    order_index: int  # where it stands
    frames: int  # at the storyboard's rate; cut to cut, half of each crossfade included
    music: MusicPrompt
    visual: VisualPrompt
    motion: Motion | None = None  # None in storyboards of older versions: as the brief says
    transition: TransitionKind = TransitionKind.DISSOLVE  # how the scene comes on; the first one has nothing before it


@dataclass(frozen=True, slots=True)
class Storyboard:
    """The whole plan, with the texts that go to YouTube."""

    title: str
    description: str
    tags: tuple[str, ...]
    scenes: tuple[Scene, ...]
    crossfade_samples: int  # overlap of two neighbouring pieces
    dissolve_frames: int  # length of the picture transition at each cut, of whatever kind

    def __post_init__(self) -> None:
        indexes = [scene.order_index for scene in self.scenes]
        if indexes != list(range(1, len(indexes) + 1)):
            raise InvalidInputError(f"scenes must be numbered 1 to {len(indexes)} in order, not {indexes}")

    @property
    def frames(self) -> int:
        """Length of the programme."""
        return sum(scene.frames for scene in self.scenes)

    def prompts(self) -> dict[str, Any]:
        """The `prompts_json` of a job: `music_prompts` and `visual_prompts`, each with order_index and prompt."""
        return {
            "music_prompts": [
                {
                    "order_index": scene.order_index,
                    "prompt": scene.music.text,
                    "duration_minutes": round(scene.music.duration_s / 60, 2),
                }
                for scene in self.scenes
            ],
            "visual_prompts": [
                {"order_index": scene.order_index, "prompt": scene.visual.text} for scene in self.scenes
            ],
        }

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `from_json` reads back without loss.

        A seed that nobody chose is left out, as in storyboards that were approved before there were any.
        """
        return _fields(self) | {"scenes": tuple(_scene_json(scene) for scene in self.scenes)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Storyboard:
        """The reverse of `to_json`; InvalidInputError when a field is missing or of the wrong form."""
        try:
            scenes = tuple(_scene(each) for each in value["scenes"])
            return cls(
                title=value["title"],
                description=value["description"],
                tags=tuple(value["tags"]),
                scenes=scenes,
                crossfade_samples=value["crossfade_samples"],
                dissolve_frames=value["dissolve_frames"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInputError(f"this is not a storyboard: {error!r}") from error


def item_seed(seed: int, kind: str, order_index: int) -> int:
    """The seed of one piece or picture of a job, from 0 to 2**31 - 1; the same on every machine."""
    digest = hashlib.sha256(f"{seed}/{kind}/{order_index}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def seed_of(prompt: MusicPrompt | VisualPrompt, seed: int) -> int:
    """The seed with which the thing is made in a job of `seed`: its own, or the one of the place it was written for."""
    if prompt.seed is not None:
        return prompt.seed
    return item_seed(seed, "music" if isinstance(prompt, MusicPrompt) else "image", prompt.order_index)


def _fields(value: Storyboard | Scene | MusicPrompt | VisualPrompt) -> dict[str, Any]:
    """The fields of a value, which are JSON-ready; `asdict` would copy each of them and take five times as long."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _scene_json(scene: Scene) -> dict[str, Any]:
    return _fields(scene) | {"music": _prompt_json(scene.music), "visual": _prompt_json(scene.visual)}


def _prompt_json(prompt: MusicPrompt | VisualPrompt) -> dict[str, Any]:
    value = _fields(prompt)
    if prompt.seed is None:
        del value["seed"]
    return value


def _scene(value: dict[str, Any]) -> Scene:
    music = dict(value["music"])
    music["mode"] = Mode(music["mode"])
    music["instruments"] = tuple(Instrument(name) for name in music["instruments"])
    music["moods"] = tuple(music["moods"])
    motion = value.get("motion")
    return Scene(
        order_index=value["order_index"],
        frames=value["frames"],
        music=MusicPrompt(**music),
        visual=VisualPrompt(**value["visual"]),
        motion=None if motion is None else Motion(motion),
        transition=TransitionKind(value.get("transition", TransitionKind.DISSOLVE)),
    )
