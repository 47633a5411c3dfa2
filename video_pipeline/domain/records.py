"""Owns what the books hold about channels, jobs and the things made for them; hides nothing.

These are values read from the store. Changing one changes nothing; the verbs of the store's port do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.job import Approval, JobKind, JobStatus
from video_pipeline.domain.media import AudioFacts, Generation, ImageFacts, Licence, Loudness, MediaReference
from video_pipeline.domain.money import ZERO_USD
from video_pipeline.domain.publishing import Privacy
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.domain.uploads import FileType, UploadState


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """A YouTube channel."""

    id: UUID
    name: str
    brand_niche: str
    youtube_channel_id: str | None
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One ordered video."""

    id: UUID
    channel_id: UUID
    kind: JobKind
    status: JobStatus
    failed_from: JobStatus | None  # the status in which it failed
    brief: dict[str, Any]  # the ordered parameters, JSON-ready
    niche_label: str
    mood_keywords: str
    target_duration_minutes: int
    approval: Approval
    approved: bool
    approved_at: datetime | None
    approved_fingerprint: str | None  # of what was approved; see `fingerprint`
    storyboard: Storyboard | None
    progress: dict[str, Any] | None
    local_video_path: str | None
    output_directory: str
    estimated_cost_usd: Decimal
    actual_cost_usd: Decimal
    retry_count: int
    refinement_count: int
    download_count: int
    error_message: str | None
    attempt: int  # how many attempts have claimed the job so far
    run_id: str | None  # the Dagster run that claimed it last
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    user_id: str | None  # the name of the user who ordered it; None for the operator


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one attempt to write to a job; a newer attempt's token makes this one worthless."""

    job_id: UUID
    token: UUID
    attempt: int
    run_id: str


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """One piece of music of a job."""

    id: UUID
    order_index: int
    provider: str
    provider_track_id: str | None
    prompt_text: str
    media: MediaReference
    facts: AudioFacts
    licence_url: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Clip:
    """Moving footage that is shown instead of a picture."""

    media: MediaReference
    frames: int  # at 30 a second


@dataclass(frozen=True, slots=True)
class BedRecord:
    """One sound that lies under the programme of a job."""

    id: UUID
    order_index: int
    name: str
    provider: str
    media: MediaReference
    facts: AudioFacts
    licence: Licence
    level_db: float
    ducking_db: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One picture of a job; where its scene shows footage, a still of it."""

    id: UUID
    order_index: int
    provider: str
    provider_image_id: str | None
    prompt_text: str
    media: MediaReference
    facts: ImageFacts
    created_at: datetime
    cost_usd: Decimal = ZERO_USD
    clip: Clip | None = None

    @property
    def files(self) -> list[MediaReference]:
        """What is on the disk."""
        return [self.media, self.clip.media] if self.clip else [self.media]


@dataclass(frozen=True, slots=True)
class ImageVersion:
    """A picture that a scene showed before another one took its place."""

    id: UUID
    order_index: int  # of the scene, where it stands now
    image_prompt: str
    description: str
    provider: str
    provider_image_id: str | None
    media: MediaReference
    facts: ImageFacts
    licence: Licence
    cost_usd: Decimal
    seed: int
    created_at: datetime  # of the picture
    replaced_at: datetime
    clip: Clip | None = None

    @property
    def files(self) -> list[MediaReference]:
        """What is on the disk."""
        return [self.media, self.clip.media] if self.clip else [self.media]


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture that was made anew for a scene, and what it is to replace the former one with."""

    prompt: str
    seed: int
    generation: Generation
    media: MediaReference
    facts: ImageFacts
    clip: Clip | None = None
    moved: Generation | None = None  # the making of the clip

    @property
    def generations(self) -> list[Generation]:
        """What providers were asked for."""
        return [self.generation, self.moved] if self.moved else [self.generation]

    @property
    def cost_usd(self) -> Decimal:
        """What providers took for it."""
        return sum((each.cost_usd for each in self.generations), ZERO_USD)


@dataclass(frozen=True, slots=True)
class RenderReport:
    """What rendering one timeline to one rendition made, measured on the finished file."""

    rendition: Rendition
    media: MediaReference
    frames: int
    width: int
    height: int
    duration_s: float
    loudness: Loudness
    video_codec: str
    audio_codec: str
    stretches_encoded: int  # unique pieces of picture encoded now
    stretches_reused: int  # and those taken from the cache
    command: str  # how it was made, for people
    wall_s: float
    stages: dict[str, float] = field(default_factory=dict)  # CPU seconds by kind of work: decode, mix, sound, ...


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """One finished export of a job."""

    id: UUID
    report: RenderReport
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ThumbnailDraft:
    """A thumbnail that was drawn and is not in the books yet."""

    variant: str  # a domain.thumbnails.Design
    key: str  # of the media store
    click_prediction: float | None  # an estimate, 0 to 1
    pictures: tuple[MediaReference, ...] = ()  # that it is drawn from


@dataclass(frozen=True, slots=True)
class ThumbnailRecord:
    """One thumbnail to choose from; one of a job's is selected."""

    id: UUID
    job_id: UUID
    variant: str
    key: str  # of the media store
    click_prediction: float | None  # an estimate, 0 to 1
    predicted_by: str | None  # the model whose estimate it is
    is_selected: bool
    created_at: datetime
    pictures: tuple[MediaReference, ...] = ()  # that it is drawn from; none: nobody has said


@dataclass(frozen=True, slots=True)
class JobFileRecord:
    """One file that somebody uploaded for a job."""

    id: UUID
    job_id: UUID
    file_type: FileType
    filename: str  # as it is shown; no part of a path
    media: MediaReference
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class YoutubeUploadRecord:
    """One upload to YouTube."""

    id: UUID
    job_id: UUID
    video_id: str
    video_url: str
    title: str
    description: str | None
    privacy: Privacy
    tags: tuple[str, ...]
    category: str | None
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A file that comes in pieces."""

    id: UUID
    job_id: UUID
    file_type: FileType
    filename: str  # as it is shown; no part of a path
    bytes: int  # as announced
    received: int  # of them, from the first on, safe on the disk; the next one is due
    sha256: str | None  # of the whole, if its sender told it
    file_id: UUID | None  # the file that it became
    error_message: str | None  # why it was refused
    created_at: datetime
    updated_at: datetime
    expires_at: datetime  # it is forgotten then unless more of it comes

    @property
    def state(self) -> UploadState:
        """How far it is."""
        if self.file_id is not None:
            return UploadState.KEPT
        return UploadState.REFUSED if self.error_message is not None else UploadState.RECEIVING


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One line of a job's history."""

    id: int
    job_id: UUID
    kind: str  # created, moved, approved, approval_reset, retried, refined, reordered, restored, reworded, ...
    status_from: JobStatus | None
    status_to: JobStatus | None
    message: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Works:
    """What was made for the storyboard of a job, in order."""

    tracks: Sequence[TrackRecord] = ()
    images: Sequence[ImageRecord] = ()
    beds: Sequence[BedRecord] = ()

    def complete(self, storyboard: Storyboard) -> bool:
        """True when nothing is missing that the storyboard needs."""
        return (
            [track.order_index for track in self.tracks] == storyboard.music_indexes
            and [image.order_index for image in self.images] == [scene.order_index for scene in storyboard.scenes]
            and [bed.order_index for bed in self.beds] == list(range(1, len(storyboard.beds) + 1))
        )


def fingerprint(storyboard: Storyboard, works: Works) -> str:
    """SHA-256 of a plan and of the files made for it, as 64 hexadecimal digits: what an approval is given to."""
    made = [
        *(("track", track.order_index, track.media.sha256) for track in works.tracks),
        *(("image", image.order_index, image.media.sha256) for image in works.images),
        *(("clip", image.order_index, image.clip.media.sha256) for image in works.images if image.clip),
        *(("bed", bed.order_index, bed.media.sha256) for bed in works.beds),
    ]
    text = json.dumps([storyboard.to_json(), sorted(made)], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
