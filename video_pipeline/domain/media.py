"""Owns what is known about a piece of media; hides nothing. Files themselves belong to the media store."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

UPLOADED = "upload"
"""What stands in the place of a provider for what somebody brought; its id there is the checksum of the file."""


@dataclass(frozen=True, slots=True)
class MediaReference:
    """A file in the media store."""

    key: str  # relative to the root of the media store, with forward slashes
    sha256: str  # of the whole file, 64 hexadecimal digits
    bytes: int


def is_unfinished(key: str) -> bool:
    """True when somebody may still be writing what lies there: a part of the key begins with a dot."""
    return key.startswith(".") or "/." in key


@dataclass(frozen=True, slots=True)
class Loudness:
    """EBU R128 figures of a programme."""

    integrated_lufs: float
    true_peak_dbtp: float
    range_lu: float


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What probing and measuring an audio track found."""

    samples: int  # at 48 kHz, decoded
    channels: int
    loudness: Loudness
    longest_silence_s: float  # longest stretch below -60 dBFS

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return self.samples / 48_000


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What probing a picture found."""

    width: int
    height: int
    mean_luma: float  # 0 black to 255 white
    perceptual_hash: str  # 64 bits as 16 hexadecimal digits; similar pictures have a small Hamming distance


@dataclass(frozen=True, slots=True)
class FootageFacts:
    """What an uploaded video became when it was made footage."""

    frames: int  # at the rate of the programme
    width: int  # in square pixels
    height: int
    seamless: bool  # its last frame goes over into its first one, so that it can be shown again and again
    notes: tuple[str, ...] = ()  # what was noticed on the way, for people


class Use(StrEnum):
    """What somebody may want to do with a generated thing, in the words of licences and of YouTube."""

    YOUTUBE_VIDEO = "youtube_video"  # shown or heard in a video on YouTube
    MONETISED_VIDEO = "monetised_video"  # with advertisements, sponsors or members behind it
    DERIVATIVE_WORK = "derivative_work"  # cut, mixed, moved, combined with other things
    STANDALONE_RELEASE = "standalone_release"  # sold, streamed or downloaded by itself, apart from the video
    CONTENT_ID_REGISTRATION = "content_id_registration"  # claiming it wherever else it is heard


@dataclass(frozen=True, slots=True)
class Licence:
    """The right under which a generated thing may be used. What is in neither list of uses, nobody said anything of."""

    name: str
    url: str | None
    plan: str | None = None  # of the subscription at the vendor under which it was made
    terms_url: str | None = None  # the page whose terms hold; None: `url`
    uses: tuple[Use, ...] = ()  # allowed
    refused: tuple[Use, ...] = ()  # explicitly not allowed

    @property
    def terms_page(self) -> str | None:
        """Where the terms can be read."""
        return self.terms_url or self.url


@dataclass(frozen=True, slots=True)
class Generation:
    """What a provider says about one thing that it made."""

    provider: str
    provider_id: str | None  # the vendor's id of the thing, if it has one
    licence: Licence
    cost_usd: Decimal
    purchase_id: UUID | None = None  # what it was bought with; None: nothing was set aside for it
    credits: Decimal | None = None  # the cost in the vendor's own unit, if it has one
    seed: int | None = None  # with which it was made; None: it goes by no seed
