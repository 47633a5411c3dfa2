"""Owns what can be ordered; hides the limits of each kind.

A brief is checked when it is made, so that a brief that exists can be planned.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import Approval, JobKind
from video_pipeline.domain.timeline import Motion

ALBUM_MINUTES = range(60, 91)
ALBUM_SCENES = 20
LABEL_MAX_CHARACTERS = 255
MOODS_MAX_CHARACTERS = 2000
SEED_MAX = 2**31 - 1


def _text(name: str, value: str, longest: int) -> str:
    """`value` trimmed and in one line; InvalidInputError when empty, too long or with control characters."""
    cleaned = " ".join(value.split())
    if not cleaned:
        raise InvalidInputError(f"{name} is empty; give at least one word")
    if len(cleaned) > longest:
        raise InvalidInputError(f"{name} has {len(cleaned)} characters; at most {longest} are allowed")
    if not cleaned.isprintable():
        raise InvalidInputError(f"{name} has control characters; use plain text")
    return cleaned


@dataclass(frozen=True, slots=True)
class AlbumBrief:
    """An order for a 60-90 minute video of 20 pieces of music, each with one picture."""

    channel_id: UUID
    niche_label: str  # for example "Royal Court Ambience", at most 255 characters
    mood_keywords: str  # comma separated, for example "elegant, classical, serene"
    target_duration_minutes: int
    seed: int  # decides everything that is generated; 0 to 2**31 - 1
    approval: Approval = Approval.REQUIRED
    motion: Motion = Motion.STILL
    music_provider: str = "procedural"
    visual_provider: str = "procedural"
    user_id: str | None = None
    project_name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "niche_label", _text("niche", self.niche_label, LABEL_MAX_CHARACTERS))
        object.__setattr__(self, "mood_keywords", _text("mood", self.mood_keywords, MOODS_MAX_CHARACTERS))
        if self.target_duration_minutes not in ALBUM_MINUTES:
            raise InvalidInputError(
                f"an album lasts {ALBUM_MINUTES.start} to {ALBUM_MINUTES.stop - 1} minutes, "
                f"not {self.target_duration_minutes}"
            )
        if not 0 <= self.seed <= SEED_MAX:
            raise InvalidInputError(f"seed must be from 0 to {SEED_MAX}, not {self.seed}")

    @property
    def kind(self) -> JobKind:
        """Always album."""
        return JobKind.ALBUM

    @property
    def moods(self) -> tuple[str, ...]:
        """The mood keywords one by one, in lower case, without repeats."""
        words = (word.strip().lower() for word in self.mood_keywords.split(","))
        return tuple(dict.fromkeys(word for word in words if word))

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `from_json` reads back without loss."""
        return asdict(self) | {"channel_id": str(self.channel_id)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> AlbumBrief:
        """The reverse of `to_json`; InvalidInputError when a field is missing or of the wrong form."""
        try:
            return cls(
                **value
                | {
                    "channel_id": UUID(value["channel_id"]),
                    "approval": Approval(value["approval"]),
                    "motion": Motion(value["motion"]),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInputError(f"this is not a brief: {error!r}") from error
