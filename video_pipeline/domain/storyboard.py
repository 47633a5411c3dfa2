"""Owns the plan of a video: ordered scenes with their pictures, music, sounds and words; hides its JSON shapes.

In an album, and in a storyboard, each scene has a piece of music of its own. Where the music was there first, a song or
what somebody uploaded, it belongs to the programme: the plan has `songs`, and its scenes have none.

`order_index` counts from 1, as operators and the database do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.domain.timeline import Caption, Motion, TransitionKind

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
class SourceFile:
    """A file that somebody uploaded for the job."""

    name: str  # as it is shown
    sha256: str


@dataclass(frozen=True, slots=True)
class Song:
    """Music that was there before the plan."""

    order_index: int
    title: str
    source: SourceFile
    samples: int  # at 48 kHz
    tempo_bpm: float | None = None  # as measured or ordered; None: nobody listened for it, or there is no beat

    @property
    def text(self) -> str:
        """What stands in the place of a prompt."""
        return self.title


@dataclass(frozen=True, slots=True)
class BedPlan:
    """A sound that lies under the whole programme: an ambience that is made, or an uploaded file."""

    order_index: int
    name: str
    level_db: float  # loudness against that of the music
    ducking_db: float  # how far it steps back while the music is loud
    source: SourceFile | None = None  # None: the ambience called `name`


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, with its piece of music where it has one, and the length that it fills on the screen."""

    order_index: int  # where it stands
    frames: int  # at the storyboard's rate; cut to cut, half of each crossfade included
    music: MusicPrompt | None  # None: the programme has songs
    visual: VisualPrompt
    motion: Motion | None = None  # None in storyboards of older versions: as the brief says
    transition: TransitionKind = TransitionKind.DISSOLVE  # how the scene comes on; the first one has nothing before it
    footage: SourceFile | None = None  # the uploaded video that is shown instead of a picture

    @property
    def title(self) -> str:
        """What people call it."""
        return self.music.title if self.music else self.visual.description


@dataclass(frozen=True, slots=True)
class Storyboard:
    """The whole plan, with the texts that go to YouTube."""

    title: str
    description: str
    tags: tuple[str, ...]
    scenes: tuple[Scene, ...]
    crossfade_samples: int  # overlap of two neighbouring pieces
    dissolve_frames: int  # length of the picture transition at each cut, of whatever kind
    songs: tuple[Song, ...] = ()  # empty: each scene has its piece of music
    length: int | None = None  # in frames, where the scenes are shown again and again until it is reached
    beds: tuple[BedPlan, ...] = ()
    captions: tuple[Caption, ...] = ()

    def __post_init__(self) -> None:
        _check_numbered("scenes", [scene.order_index for scene in self.scenes])
        _check_numbered("songs", [song.order_index for song in self.songs])
        _check_numbered("sounds", [bed.order_index for bed in self.beds])
        if not self.songs and any(scene.music is None for scene in self.scenes):
            raise InvalidInputError("every scene needs a piece of music where the programme has no songs")

    @property
    def frames(self) -> int:
        """Length of the programme."""
        return self.length if self.length is not None else sum(scene.frames for scene in self.scenes)

    @property
    def music_indexes(self) -> list[int]:
        """The numbers of the pieces of music that the programme needs."""
        return [each.order_index for each in self.songs or self.scenes]

    @property
    def pieces(self) -> tuple[MusicPrompt, ...]:
        """The music that is made for the scenes, in their order; empty where the programme has songs."""
        return tuple(scene.music for scene in self.scenes if scene.music and not self.songs)

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
                if scene.music
            ],
            "visual_prompts": [
                {"order_index": scene.order_index, "prompt": scene.visual.text} for scene in self.scenes
            ],
        }

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `from_json` reads back without loss.

        What is not there is left out, as in storyboards that were approved before it could be.
        """
        value = _fields(self) | {"scenes": tuple(_scene_json(scene) for scene in self.scenes)}
        lists = {name: tuple(map(_nested, getattr(self, name))) for name in ("songs", "beds", "captions")}
        return {name: each for name, each in (value | lists).items() if name in _ALWAYS or each not in ((), None)}

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
                songs=tuple(Song(**song | {"source": SourceFile(**song["source"])}) for song in value.get("songs", ())),
                length=value.get("length"),
                beds=tuple(BedPlan(**bed | {"source": _source(bed.get("source"))}) for bed in value.get("beds", ())),
                captions=tuple(Caption(**caption) for caption in value.get("captions", ())),
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


_ALWAYS = frozenset({"title", "description", "tags", "scenes", "crossfade_samples", "dissolve_frames"})


def _check_numbered(noun: str, indexes: list[int]) -> None:
    if indexes != list(range(1, len(indexes) + 1)):
        raise InvalidInputError(f"{noun} must be numbered 1 to {len(indexes)} in order, not {indexes}")


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a value, which are JSON-ready; `asdict` would copy each of them and take five times as long."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _nested(value: Song | BedPlan | Caption) -> dict[str, Any]:
    return {name: _fields(each) if isinstance(each, SourceFile) else each for name, each in _fields(value).items()}


def _source(value: dict[str, Any] | None) -> SourceFile | None:
    return None if value is None else SourceFile(**value)


def _scene_json(scene: Scene) -> dict[str, Any]:
    made = {
        "music": scene.music and _prompt_json(scene.music),
        "visual": _prompt_json(scene.visual),
        "footage": scene.footage and _fields(scene.footage),
    }
    value = _fields(scene) | made
    return {name: each for name, each in value.items() if each or name not in ("music", "footage")}


def _prompt_json(prompt: MusicPrompt | VisualPrompt) -> dict[str, Any]:
    value = _fields(prompt)
    if prompt.seed is None:
        del value["seed"]
    return value


def _scene(value: dict[str, Any]) -> Scene:
    motion = value.get("motion")
    return Scene(
        order_index=value["order_index"],
        frames=value["frames"],
        music=_music(value["music"]) if value.get("music") else None,
        visual=VisualPrompt(**value["visual"]),
        motion=None if motion is None else Motion(motion),
        transition=TransitionKind(value.get("transition", TransitionKind.DISSOLVE)),
        footage=_source(value.get("footage")),
    )


def _music(value: dict[str, Any]) -> MusicPrompt:
    return MusicPrompt(
        **value
        | {
            "mode": Mode(value["mode"]),
            "instruments": tuple(Instrument(name) for name in value["instruments"]),
            "moods": tuple(value["moods"]),
        }
    )
