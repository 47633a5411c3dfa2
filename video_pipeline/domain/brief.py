"""Owns what can be ordered; hides the limits of each kind and the JSON shape.

A brief is checked when it is made, so that a brief that exists can be planned.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import Approval, JobKind
from video_pipeline.domain.timeline import Overlay
from video_pipeline.domain.uploads import FileType

ALBUM_MINUTES = range(60, 91)
ALBUM_SCENES = 20
SCENES = range(1, 61)
SCENE_SECONDS = range(10, 601)
LABEL_MAX_CHARACTERS = 255
MOODS_MAX_CHARACTERS = 2000
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
    FIREFLIES = "fireflies"


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
    music_provider: str = "procedural"
    visual_provider: str = "procedural"
    user_id: str | None = None
    project_name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "niche_label", _text("niche", self.niche_label, LABEL_MAX_CHARACTERS))
        object.__setattr__(self, "mood_keywords", _text("mood", self.mood_keywords, MOODS_MAX_CHARACTERS))
        if self.project_name is not None:
            object.__setattr__(self, "project_name", _text("project", self.project_name, LABEL_MAX_CHARACTERS))
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

    def __post_init__(self) -> None:
        Order.__post_init__(self)
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


Brief = AlbumBrief | StoryboardBrief

KINDS: dict[JobKind, type[Brief]] = {brief.kind: brief for brief in (AlbumBrief, StoryboardBrief)}
"""The kinds that can be ordered."""


def brief_from_json(value: dict[str, Any]) -> Brief:
    """The reverse of `to_json`; InvalidInputError when a field is missing or of the wrong form."""
    try:
        fields = dict(value)
        kind = KINDS[JobKind(fields.pop("kind"))]
        fields["channel_id"] = UUID(fields["channel_id"])
        fields["approval"] = Approval(fields["approval"])
        fields["motion"] = MotionWish(fields["motion"])
        # Briefs of older versions do not name these two.
        fields["transition"] = TransitionWish(fields.get("transition", TransitionWish.DISSOLVE))
        fields["overlay"] = Overlay(fields.get("overlay", Overlay.NONE))
        return kind(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError(f"this is not a brief: {error!r}") from error


_JOINERS = {0x200C: None, 0x200D: None}
"""Invisible, but Persian words and joined emoji need them."""


def _text(name: str, value: str, longest: int) -> str:
    """`value` trimmed and in one line; InvalidInputError when empty, too long or with control characters."""
    cleaned = " ".join(value.split())
    if not cleaned:
        raise InvalidInputError(f"{name} is empty; give at least one word")
    if len(cleaned) > longest:
        raise InvalidInputError(f"{name} has {len(cleaned)} characters; at most {longest} are allowed")
    if not cleaned.translate(_JOINERS).isprintable():
        raise InvalidInputError(f"{name} has control characters; use plain text")
    return cleaned
