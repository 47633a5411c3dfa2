"""Owns the forms of what the API takes and gives, with examples; hides pydantic's options.

Amounts are US dollars, lengths seconds, times UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from video_pipeline.domain.brief import (
    ALBUM_MINUTES,
    LABEL_MAX_CHARACTERS,
    MOODS_MAX_CHARACTERS,
    SCENE_SECONDS,
    SCENES,
    SEED_MAX,
    MotionWish,
    TransitionWish,
)
from video_pipeline.domain.job import Approval, JobKind, JobStatus
from video_pipeline.domain.orders import OrderKind, OrderStatus
from video_pipeline.domain.timeline import Motion, Overlay, TransitionKind

NAME_MAX_CHARACTERS = 255

JOB_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


def _form(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


def _utf8(value: Any) -> Any:
    """Half a surrogate pair is no text that anybody could keep."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError("not Unicode text") from error
    return value


Text = Annotated[str, BeforeValidator(_utf8)]
Label = Annotated[Text, Field(min_length=1, max_length=LABEL_MAX_CHARACTERS)]
ProviderName = Annotated[Text, Field(min_length=1, max_length=64)]


# what is taken


class Login(BaseModel):
    """Who signs in."""

    model_config = _form({"name": "anna", "password": "correct horse battery"})

    name: Annotated[Text, Field(min_length=1, max_length=64)]
    password: Annotated[Text, Field(min_length=1, max_length=200)]


class NewChannel(BaseModel):
    """A channel to be added."""

    model_config = _form({"name": "Castle Nights", "brand_niche": "Medieval Fantasy Ambience"})

    name: Label
    brand_niche: Label
    youtube_channel_id: Annotated[Text, Field(min_length=1, max_length=100)] | None = None


class ChannelChange(BaseModel):
    """What may be changed of a channel."""

    model_config = _form({"is_active": False})

    is_active: bool


class NewJob(BaseModel):
    """An order. An album needs its minutes, a storyboard its scenes and their seconds."""

    model_config = _form(
        {
            "kind": "storyboard",
            "channel_id": JOB_ID,
            "niche_label": "Royal Court Ambience",
            "mood_keywords": "elegant, classical, serene",
            "scene_count": 6,
            "scene_seconds": 20,
            "motion": "auto",
        }
    )

    kind: Literal[JobKind.ALBUM, JobKind.STORYBOARD]
    channel_id: UUID
    niche_label: Label
    mood_keywords: Annotated[Text, Field(min_length=1, max_length=MOODS_MAX_CHARACTERS)]
    target_duration_minutes: Annotated[int, Field(ge=ALBUM_MINUTES.start, lt=ALBUM_MINUTES.stop)] | None = None
    scene_count: Annotated[int, Field(ge=SCENES.start, lt=SCENES.stop)] | None = None
    scene_seconds: Annotated[int, Field(ge=SCENE_SECONDS.start, lt=SCENE_SECONDS.stop)] | None = None
    seed: Annotated[int, Field(ge=0, le=SEED_MAX, description="By default a random one.")] | None = None
    approval: Approval = Approval.REQUIRED
    motion: MotionWish = MotionWish.STILL
    transition: TransitionWish = TransitionWish.DISSOLVE
    overlay: Overlay = Overlay.NONE
    music_provider: ProviderName = "procedural"
    visual_provider: ProviderName = "procedural"
    project_name: Label | None = None


class NewExports(BaseModel):
    """Exports to be made in one go: each format in each quality."""

    model_config = _form({"formats": ["mp4", "webm"], "qualities": ["low", "high"]})

    formats: Annotated[list[Annotated[Text, Field(max_length=16)]], Field(min_length=1, max_length=10)]
    qualities: Annotated[list[Annotated[Text, Field(max_length=32)]], Field(min_length=1, max_length=10)]


class Restoration(BaseModel):
    """Which earlier picture comes back."""

    model_config = _form({"version_id": JOB_ID})

    version_id: UUID


class NewWebhook(BaseModel):
    """An address that is told what happens."""

    model_config = _form({"url": "https://hooks.example.org/studio", "kinds": ["moved", "approved"]})

    url: Annotated[Text, Field(min_length=8, max_length=2000)]
    channel_id: UUID | None = None
    kinds: Annotated[list[Annotated[Text, Field(max_length=40)]], Field(max_length=30)] | None = None
    description: Annotated[Text, Field(max_length=200)] = ""
    every_user: bool = Field(default=False, description="Tell of everybody's jobs; for administrators.")


class WebhookChange(BaseModel):
    """What may be changed of a webhook; what is not named stays."""

    model_config = _form({"is_active": False})

    url: Annotated[Text, Field(min_length=8, max_length=2000)] | None = None
    is_active: bool | None = None
    kinds: Annotated[list[Annotated[Text, Field(max_length=40)]], Field(max_length=30)] | None = None
    description: Annotated[Text, Field(max_length=200)] | None = None


# what is given


class Answer(BaseModel):
    """Base of what is given."""

    model_config = ConfigDict(from_attributes=True)


class User(Answer):
    """Who is signed in."""

    name: str
    scope: str


class Session(Answer):
    """A session of the page."""

    user: User
    csrf_token: str
    expires_at: datetime


class Channel(Answer):
    """A channel."""

    id: UUID
    name: str
    brand_niche: str
    youtube_channel_id: str | None
    is_active: bool
    created_at: datetime
    total_jobs: int = 0
    completed_jobs: int = 0


class Channels(Answer):
    """All channels."""

    items: list[Channel]


class JobProgress(Answer):
    """How far the work is."""

    model_config = ConfigDict(extra="allow")

    stage: str | None = None
    percent: float | None = Field(default=None, description="Of the whole job.")
    stage_percent: float | None = None
    message: str | None = None
    eta_s: float | None = Field(default=None, description="Seconds to the end of the stage.")


class JobSummary(Answer):
    """A job as lists show it."""

    id: UUID
    channel_id: UUID
    channel_name: str
    kind: JobKind
    status: JobStatus
    title: str
    niche_label: str
    mood_keywords: str
    project_name: str | None
    user_id: str | None
    target_duration_minutes: int
    duration_s: int | None
    approval: Approval
    approved: bool
    progress: JobProgress | None
    error_message: str | None
    estimated_cost_usd: float
    actual_cost_usd: float
    refinement_count: int
    download_count: int
    retry_count: int
    scene_count: int | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


class JobPage(Answer):
    """Some jobs, newest first."""

    items: list[JobSummary]
    next_cursor: str | None = Field(description="Give it as `cursor` to get the next ones; null at the end.")


class ScenePicture(Answer):
    """The picture of a scene."""

    url: str
    preview_url: str
    width: int
    height: int
    sha256: str
    provider: str
    versions: int = Field(description="How many earlier pictures can come back.")


class SceneTrack(Answer):
    """The piece of music of a scene."""

    url: str
    waveform_url: str
    duration_s: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    provider: str
    licence_url: str | None


class Scene(Answer):
    """One scene of the storyboard."""

    scene_number: int
    title: str
    description: str
    image_prompt: str
    music_prompt: str
    tempo_bpm: int
    key: str
    instruments: list[str]
    start_s: float
    duration_s: float
    motion: Motion | None
    transition: TransitionKind
    status: Literal["pending", "completed"]
    image: ScenePicture | None
    track: SceneTrack | None


class Storyboard(Answer):
    """The plan and what was made for it."""

    etag: str = Field(description="Its version; give it as If-Match with a change.")
    duration_s: float
    scenes: list[Scene]


class Refinements(Answer):
    """How many refinements a job has had, and what the next one is expected to cost."""

    used: int
    limit: int
    left: int
    price_usd: float


class Export(Answer):
    """A finished export."""

    format: str
    quality: str
    width: int
    height: int
    bytes: int
    duration_s: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    sha256: str
    created_at: datetime
    url: str


class Exports(Answer):
    """The exports of a job."""

    items: list[Export]


class Video(Answer):
    """The finished programme."""

    available: bool
    url: str | None
    bytes: int | None = None
    duration_s: float | None = None
    integrated_lufs: float | None = None
    true_peak_dbtp: float | None = None


class OrderProgress(Answer):
    """How far ordered work is."""

    percent: float
    message: str


class Order(Answer):
    """Work that was ordered on demand."""

    id: UUID
    job_id: UUID
    kind: OrderKind
    status: OrderStatus
    progress: OrderProgress | None
    error: str | None
    result: Any | None
    created_at: datetime
    finished_at: datetime | None
    url: str


class Preview(Answer):
    """The low preview of the whole programme."""

    available: bool
    url: str | None
    order: Order | None


class Links(Answer):
    """Where more is to be had."""

    self: str
    events: str
    metadata: str
    dagster_run: str | None


class Job(JobSummary):
    """A job with all that was made for it."""

    brief: dict[str, Any]
    description: str | None
    tags: list[str]
    approved_at: datetime | None
    storyboard: Storyboard | None
    refinements: Refinements
    exports: list[Export]
    video: Video
    preview: Preview
    computing: str | None = Field(description="What an overlay costs in computing, in words.")
    links: Links


class Version(Answer):
    """A picture that a scene has or had."""

    id: UUID | None = Field(description="null for the present one")
    image_prompt: str
    description: str
    url: str
    preview_url: str
    sha256: str
    provider: str
    cost_usd: float | None
    created_at: datetime
    current: bool


class Versions(Answer):
    """The present picture of a scene, then the earlier ones, newest first."""

    items: list[Version]


class Event(Answer):
    """One line of a job's history."""

    id: int
    kind: str
    status_from: JobStatus | None
    status_to: JobStatus | None
    message: str
    created_at: datetime


class History(Answer):
    """A job's history, oldest line first."""

    items: list[Event]


class Pieces(Answer):
    """How many things a provider is asked for, and its price for one."""

    pieces: int
    price_usd: float


class Estimate(Answer):
    """What an order is expected to take."""

    duration_s: float
    scenes: int
    music: Pieces
    images: Pieces
    estimated_cost_usd: float
    computing: str


class Thumbnail(Answer):
    """One thumbnail to choose from."""

    id: UUID
    variant: str
    click_prediction: float | None = Field(description="An estimate from 0 to 1, by the model that is named.")
    predicted_by: str | None
    is_selected: bool
    url: str
    created_at: datetime


class Thumbnails(Answer):
    """Thumbnails, the highest prediction first."""

    items: list[Thumbnail]


class File(Answer):
    """An uploaded file."""

    id: UUID
    file_type: str
    filename: str
    bytes: int
    sha256: str
    uploaded_at: datetime
    url: str


class Files(Answer):
    """The uploaded files of a job."""

    items: list[File]


class ProviderChoice(Answer):
    """A provider and its price for one piece."""

    name: str
    price_usd: float


class Webhook(Answer):
    """An address that is told what happens."""

    id: UUID
    url: str
    user_name: str | None
    channel_id: UUID | None
    kinds: list[str] | None
    description: str
    is_active: bool
    disabled_reason: str | None
    created_at: datetime


class NewWebhookAnswer(Webhook):
    """A new webhook with the secret of its signatures, which is shown this once."""

    secret: str


class Webhooks(Answer):
    """Webhooks."""

    items: list[Webhook]


class Delivery(Answer):
    """What one address was told, or is to be told."""

    id: UUID
    webhook_id: UUID
    payload: dict[str, Any]
    status: str
    attempts: int
    next_attempt_at: datetime | None
    last_status_code: int | None
    last_error: str | None
    delivered_at: datetime | None
    created_at: datetime


class Deliveries(Answer):
    """Deliveries, newest first."""

    items: list[Delivery]
