"""Owns the evidence of rights: a row for each generated thing, and when which terms were read; hides nothing.

A row is written once, together with the thing, and never changed. A thing that replaces another one has a row of its
own; that of the former one stays, because it may be in a video that was published before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from video_pipeline.domain.media import Use
from video_pipeline.domain.records import ThumbnailRecord, Works


class LicensedKind(StrEnum):
    """What a row is about."""

    TRACK = "track"  # a piece of music
    IMAGE = "image"  # a picture
    CLIP = "clip"  # moving footage that is shown instead of a picture
    BED = "bed"  # a sound beneath the music
    THUMBNAIL = "thumbnail"  # a picture for thumbnails alone, which is not in the video


BESIDE = 1
"""The place of what has none among the works of a job: a picture for thumbnails, the piece of a trial."""


@dataclass(frozen=True, slots=True)
class LicenceRecord:
    """Under which right one thing was made, for what, and from what."""

    id: int
    job_id: UUID
    kind: LicensedKind
    order_index: int  # the place that it was made for; scenes may have been moved since
    provider: str
    plan: str | None  # of the subscription at the vendor
    licence: str
    licence_url: str | None
    terms_url: str | None  # the page whose terms held
    terms_taken_at: datetime | None  # when that page was read last before the thing was made; None: it was not
    terms_sha256: str | None  # of the page as it was then
    prompt: str | None  # None: it was not made of words
    seed: int | None
    provider_task_id: str | None  # the vendor's own id of the thing
    cost_usd: Decimal
    sha256: str  # of the file
    uses: tuple[Use, ...]  # allowed
    refused: tuple[Use, ...]  # explicitly not allowed
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TermsRecord:
    """A page of a vendor's terms, as it was at one moment."""

    id: int
    provider: str
    url: str
    sha256: str
    bytes: int
    fetched_at: datetime


Shown = tuple[LicensedKind, int, str]
"""What is in use: the kind, the place where it stands now, the checksum of its file."""


def shown_of(works: Works) -> list[Shown]:
    """What the works of a job put into its video, music first."""
    return [
        *((LicensedKind.TRACK, track.order_index, track.media.sha256) for track in works.tracks),
        *((LicensedKind.BED, bed.order_index, bed.media.sha256) for bed in works.beds),
        *((LicensedKind.IMAGE, image.order_index, image.media.sha256) for image in works.images),
        *((LicensedKind.CLIP, image.order_index, image.clip.media.sha256) for image in works.images if image.clip),
    ]


def drawn_from(thumbnails: Iterable[ThumbnailRecord]) -> list[Shown]:
    """What thumbnails are drawn from, as if all of it had been made for them alone.

    The pictures of the video among it have no rows of that kind; their own say that they may be used.
    """
    pictures = dict.fromkeys(picture.sha256 for each in thumbnails for picture in each.pictures)
    return [(LicensedKind.THUMBNAIL, BESIDE, sha256) for sha256 in pictures]


def in_force(rows: Sequence[LicenceRecord], shown: Iterable[Shown]) -> dict[Shown, LicenceRecord]:
    """The row of each thing that is in use, found by its checksum; what no row is about is left out.

    Of several rows for the same bytes the last one counts that was written for the same place, else the last of all.
    """
    found: dict[Shown, LicenceRecord] = {}
    for thing in shown:
        kind, order_index, sha256 = thing
        same = [row for row in rows if (row.kind, row.sha256) == (kind, sha256)]
        if same:
            found[thing] = max(same, key=lambda row: (row.order_index == order_index, row.id))
    return found
