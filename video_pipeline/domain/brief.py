"""Owns what can be ordered; hides the limits of each kind and the JSON shape.

A brief is checked when it is made, so that a brief that exists can be planned.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from video_pipeline.domain.ambience import Ambience
from video_pipeline.domain.delivery import AspectRatio
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import Approval, JobKind
from video_pipeline.domain.quotes import read_quotes
from video_pipeline.domain.timeline import Overlay
from video_pipeline.domain.uploads import FileType
from video_pipeline.domain.wishes import PROMPT_CHARACTERS, BedWish, check_beds, plain_words

ALBUM_MINUTES = range(60, 91)
ALBUM_SCENES = 20
SONG_SCENES = 60
"""Pictures that are made for one song at most; of a longer one they are shown longer."""

SCENES = range(1, 61)
SCENE_SECONDS = range(10, 601)
LABEL_MAX_CHARACTERS = 255
MOODS_MAX_CHARACTERS = 2000
QUOTES_MAX_CHARACTERS = 50_000
BPM = range(30, 301)
CUT_SECONDS = range(2, 121)
PICTURE_SECONDS = range(2, 3601)
ENGINE_MAX_CHARACTERS = 32
PICTURES = "pictures"
"""The engine of a music video whose scenes are pictures that move as ordered; all others make clips of them."""

SEED_MAX = 2**31 - 1


class MotionWish(StrEnum):
    """How the pictures are to move: all in one way, a `Motion`, or each as its scene suggests."""

    AUTO = "auto"
    STILL = "still"
    SLOW_ZOOM = "slow_zoom"
    PAN = "pan"
    DRIFT = "drift"
    BREATHING_LIGHT = "breathing_light"
    PARTICLES = "particles"
    SNOW = "snow"
    RAIN = "rain"
    FIREFLIES = "fireflies"

    @classmethod
    def _missing_(cls, value: object) -> MotionWish | None:
        """Motes of dust are called dust as well."""
        return cls.PARTICLES if value == "dust" else None


class TransitionWish(StrEnum):
    """How a picture is to follow another: always by one `TransitionKind`, or as the two scenes suggest."""

    AUTO = "auto"
    CUT = "cut"
    DISSOLVE = "dissolve"
    DIP = "dip"
    WIPE = "wipe"
    LUMA = "luma"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What every order says."""

    kind: ClassVar[JobKind]

    channel_id: UUID
    niche_label: str  # for example "Royal Court Ambience", at most 255 characters
    mood_keywords: str  # comma separated, for example "elegant, classical, serene"
    seed: int  # decides everything that is generated; 0 to 2**31 - 1
    approval: Approval = Approval.REQUIRED
    motion: MotionWish = MotionWish.STILL
    transition: TransitionWish = TransitionWish.DISSOLVE
    overlay: Overlay = Overlay.NONE
    aspect_ratio: AspectRatio = AspectRatio.WIDE
    ambience: tuple[BedWish, ...] = ()
    quotes: str = ""  # in the form of an uploaded file of quotes
    music_provider: str = "procedural"
    visual_provider: str = "procedural"
    user_id: str | None = None
    project_name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "niche_label", plain_words("niche", self.niche_label, LABEL_MAX_CHARACTERS))
        object.__setattr__(self, "mood_keywords", plain_words("mood", self.mood_keywords, MOODS_MAX_CHARACTERS))
        if self.project_name is not None:
            object.__setattr__(self, "project_name", plain_words("project", self.project_name, LABEL_MAX_CHARACTERS))
        check_beds(self.ambience, frozenset(Ambience))
        if len(self.quotes) > QUOTES_MAX_CHARACTERS:
            raise InvalidInputError(
                f"quotes have {len(self.quotes)} characters; at most {QUOTES_MAX_CHARACTERS} are allowed"
            )
        if self.quotes.strip():
            read_quotes(self.quotes)  # told when it is ordered, not when it is planned
        if not 0 <= self.seed <= SEED_MAX:
            raise InvalidInputError(f"seed must be from 0 to {SEED_MAX}, not {self.seed}")

    @property
    def needed_files(self) -> tuple[FileType, ...]:
        """Types of which somebody has to upload at least one file each before the video can be planned."""
        return ()

    @property
    def moods(self) -> tuple[str, ...]:
        """The mood keywords one by one, in lower case, without repeats."""
        words = (word.strip().lower() for word in self.mood_keywords.split(","))
        return tuple(dict.fromkeys(word for word in words if word))

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `brief_from_json` reads back without loss."""
        return {"kind": str(self.kind)} | asdict(self) | {"channel_id": str(self.channel_id)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumBrief(Order):
    """An order for a 60-90 minute video of 20 pieces of music, each with one picture."""

    kind = JobKind.ALBUM

    target_duration_minutes: int

    def __post_init__(self) -> None:
        Order.__post_init__(self)
        if self.target_duration_minutes not in ALBUM_MINUTES:
            raise InvalidInputError(
                f"an album lasts {ALBUM_MINUTES.start} to {ALBUM_MINUTES.stop - 1} minutes, "
                f"not {self.target_duration_minutes}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryboardBrief(Order):
    """An order for a video of some scenes of equal length, each one piece of music and one picture."""

    kind = JobKind.STORYBOARD

    scene_count: int
    scene_seconds: int
    prompt: str = ""  # what the pictures show; empty: what suits the niche
    style: str = ""  # how they are to look, for example "oil painting"

    def __post_init__(self) -> None:
        Order.__post_init__(self)
        _check_picture_words(self)
        if self.scene_count not in SCENES:
            raise InvalidInputError(f"a storyboard has 1 to {SCENES.stop - 1} scenes, not {self.scene_count}")
        if self.scene_seconds not in SCENE_SECONDS:
            raise InvalidInputError(
                f"a scene lasts {SCENE_SECONDS.start} to {SCENE_SECONDS.stop - 1} seconds, not {self.scene_seconds}"
            )

    @property
    def target_duration_minutes(self) -> int:
        """Length of all scenes, rounded up."""
        return math.ceil(self.scene_count * self.scene_seconds / 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicVideoBrief(Order):
    """An order for a video to a song that is there, cut to its beats and sections."""

    kind = JobKind.MUSIC_VIDEO

    song_title: str
    music_file: str  # the name of the uploaded song, or the address where it is
    genre: str
    prompt: str
    style: str = ""
    bpm: int | None = None  # None: measured
    engine: str = PICTURES
    scene_seconds: int = 8  # about how long a scene lasts

    def __post_init__(self) -> None:
        Order.__post_init__(self)
        for field, name in (("song_title", "song title"), ("genre", "genre")):
            object.__setattr__(self, field, plain_words(name, getattr(self, field), LABEL_MAX_CHARACTERS))
        object.__setattr__(self, "music_file", plain_words("music file", self.music_file, 2000))
        _check_picture_words(self, needed=True)
        if self.bpm is not None and self.bpm not in BPM:
            raise InvalidInputError(
                f"bpm is from {BPM.start} to {BPM.stop - 1}, not {self.bpm}; leave it out to measure"
            )
        object.__setattr__(self, "engine", plain_words("engine", self.engine, ENGINE_MAX_CHARACTERS))
        if self.scene_seconds not in CUT_SECONDS:
            raise InvalidInputError(
                f"a scene of a music video lasts {CUT_SECONDS.start} to {CUT_SECONDS.stop - 1} seconds, "
                f"not {self.scene_seconds}"
            )

    @property
    def needed_files(self) -> tuple[FileType, ...]:
        """The song, unless it is fetched."""
        return () if self.music_url else (FileType.MUSIC,)

    @property
    def target_duration_minutes(self) -> int:
        """The least that a job lasts, until the song was measured."""
        return 1

    @property
    def music_url(self) -> str | None:
        """Where the song is; None when it is uploaded."""
        return self.music_file if "://" in self.music_file else None


class Arrangement(StrEnum):
    """How uploaded videos fill the length of the music."""

    JOIN = "join"  # one after the other, each whole, and again from the first
    LOOP = "loop"  # each is repeated for its share of the music


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildBrief(Order):
    """An order for a video of uploaded videos or pictures, music, sounds and quotes, as long as the music."""

    kind = JobKind.BUILD

    arrangement: Arrangement = Arrangement.JOIN
    picture_seconds: int = 20  # how long an uploaded picture is shown when they are joined

    def __post_init__(self) -> None:
        Order.__post_init__(self)
        if self.picture_seconds not in PICTURE_SECONDS:
            raise InvalidInputError(
                f"a picture is shown for {PICTURE_SECONDS.start} to {PICTURE_SECONDS.stop - 1} seconds, "
                f"not {self.picture_seconds}"
            )

    @property
    def needed_files(self) -> tuple[FileType, ...]:
        """The music; without videos pictures are made."""
        return (FileType.MUSIC,)

    @property
    def target_duration_minutes(self) -> int:
        """The least that a job lasts, until the music was measured."""
        return 1


Brief = AlbumBrief | StoryboardBrief | MusicVideoBrief | BuildBrief

KINDS: dict[JobKind, type[Brief]] = {
    brief.kind: brief for brief in (AlbumBrief, StoryboardBrief, MusicVideoBrief, BuildBrief)
}
"""The kinds that can be ordered."""


def _check_picture_words(brief: StoryboardBrief | MusicVideoBrief, *, needed: bool = False) -> None:
    if brief.prompt or needed:
        object.__setattr__(brief, "prompt", plain_words("prompt", brief.prompt, PROMPT_CHARACTERS.stop - 1))
        if len(brief.prompt) not in PROMPT_CHARACTERS:
            raise InvalidInputError(
                f"prompt has {len(brief.prompt)} characters; at least {PROMPT_CHARACTERS.start} are needed"
            )
    if brief.style:
        object.__setattr__(brief, "style", plain_words("style", brief.style, LABEL_MAX_CHARACTERS))


def brief_from_json(value: dict[str, Any]) -> Brief:
    """The reverse of `to_json`; InvalidInputError when a field is missing or of the wrong form."""
    try:
        fields = dict(value)
        kind = KINDS[JobKind(fields.pop("kind"))]
        fields["channel_id"] = UUID(fields["channel_id"])
        fields["approval"] = Approval(fields["approval"])
        fields["motion"] = MotionWish(fields["motion"])
        # Briefs of older versions do not name all of these.
        fields["transition"] = TransitionWish(fields.get("transition", TransitionWish.DISSOLVE))
        fields["overlay"] = Overlay(fields.get("overlay", Overlay.NONE))
        fields["aspect_ratio"] = AspectRatio(fields.get("aspect_ratio", AspectRatio.WIDE))
        fields["ambience"] = tuple(BedWish(**bed) for bed in fields.get("ambience", ()))
        if kind is BuildBrief:
            fields["arrangement"] = Arrangement(fields["arrangement"])
        return kind(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError(f"this is not a brief: {error!r}") from error
