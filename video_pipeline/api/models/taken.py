"""Owns the forms of what the API takes, with examples; hides what is no Unicode."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from video_pipeline.domain.brief import (
    ALBUM_MINUTES,
    BPM,
    CUT_SECONDS,
    ENGINE_MAX_CHARACTERS,
    LABEL_MAX_CHARACTERS,
    MOODS_MAX_CHARACTERS,
    PICTURE_SECONDS,
    QUOTES_MAX_CHARACTERS,
    SCENE_SECONDS,
    SCENES,
    SEED_MAX,
    Arrangement,
    MotionWish,
    TransitionWish,
)
from video_pipeline.domain.delivery import AspectRatio
from video_pipeline.domain.job import Approval, JobKind
from video_pipeline.domain.publication import COUNT_MAX, URL_MAX_CHARACTERS, UploadStrategy
from video_pipeline.domain.publishing import DESCRIPTION_MAX_BYTES, TITLE_MAX_CHARACTERS
from video_pipeline.domain.timeline import Overlay
from video_pipeline.domain.uploads import UPLOAD_MAX_BYTES, FileType
from video_pipeline.domain.wishes import BEDS_MAX, DUCKING_DB_MAX, LEVEL_DB, PROMPT_CHARACTERS

NAME_MAX_CHARACTERS = 255

JOB_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


def form(example: dict[str, Any]) -> ConfigDict:
    """The options of a form that is taken: an example, and no field that it does not have."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


def _utf8(value: Any) -> Any:
    """Half a surrogate pair is no text that anybody could keep."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError("not Unicode text") from error
    return value


def number(value: Any) -> Any:
    """A number in quotes is a mistake of whoever sends it, and so is true for 1."""
    if isinstance(value, str | bool):
        raise ValueError("not a number")  # noqa: TRY004 - pydantic makes an answer of this error alone
    return value


Text = Annotated[str, BeforeValidator(_utf8)]
Label = Annotated[Text, Field(min_length=1, max_length=LABEL_MAX_CHARACTERS)]
Decibel = Annotated[float, BeforeValidator(number)]
Number = Annotated[int, BeforeValidator(number)]
Amount = Annotated[Decimal, BeforeValidator(number), Field(max_digits=10, decimal_places=2)]
ProviderName = Annotated[Text, Field(min_length=1, max_length=64)]


class Login(BaseModel):
    """Who signs in."""

    model_config = form({"name": "anna", "password": "correct horse battery"})

    name: Annotated[Text, Field(min_length=1, max_length=64)]
    password: Annotated[Text, Field(min_length=1, max_length=200)]


class NewChannel(BaseModel):
    """A channel to be added."""

    model_config = form({"name": "Castle Nights", "brand_niche": "Medieval Fantasy Ambience"})

    name: Label
    brand_niche: Label
    youtube_channel_id: Annotated[Text, Field(min_length=1, max_length=100)] | None = None


class ChannelChange(BaseModel):
    """What may be changed of a channel."""

    model_config = form({"is_active": False})

    is_active: StrictBool


class Bed(BaseModel):
    """A sound that lies beneath the whole programme."""

    model_config = form({"sound": "rain", "level_db": -18, "ducking_db": 6})

    sound: Annotated[Text, Field(min_length=1, max_length=260, description="An ambience, or file:NAME.")]
    level_db: Annotated[
        Decibel, Field(ge=LEVEL_DB[0], le=LEVEL_DB[1], description="Loudness against that of the music.")
    ] = -18.0
    ducking_db: Annotated[
        Decibel, Field(ge=0, le=DUCKING_DB_MAX, description="How far it steps back while the music is loud.")
    ] = 6.0


class NewJob(BaseModel):
    """An order. An album needs its minutes, a storyboard its scenes and their seconds, a music video its song.

    A build is made of uploaded files: videos or pictures, music, sounds, quotes. It waits for them, as a music video
    waits for a song that is not at an address.
    """

    model_config = form(
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

    kind: JobKind
    channel_id: UUID
    niche_label: Label
    mood_keywords: Annotated[Text, Field(min_length=1, max_length=MOODS_MAX_CHARACTERS)]
    target_duration_minutes: Annotated[Number, Field(ge=ALBUM_MINUTES.start, lt=ALBUM_MINUTES.stop)] | None = None
    scene_count: Annotated[Number, Field(ge=SCENES.start, lt=SCENES.stop)] | None = None
    scene_seconds: Annotated[Number, Field(ge=CUT_SECONDS.start, lt=SCENE_SECONDS.stop)] | None = None
    prompt: (
        Annotated[
            Text,
            Field(
                min_length=PROMPT_CHARACTERS.start,
                max_length=PROMPT_CHARACTERS.stop - 1,
                description="What the pictures of a storyboard or music video show.",
            ),
        ]
        | None
    ) = None
    style: Annotated[Label, Field(description="How these pictures look.")] | None = None
    song_title: Label | None = None
    music_file: (
        Annotated[
            Text,
            Field(min_length=1, max_length=2000, description="The name of the song's uploaded file, or its address."),
        ]
        | None
    ) = None
    genre: Label | None = None
    bpm: Annotated[Number, Field(ge=BPM.start, lt=BPM.stop, description="By default it is measured.")] | None = None
    engine: (
        Annotated[
            Text,
            Field(
                max_length=ENGINE_MAX_CHARACTERS,
                description="How scenes are shown: pictures, or clips that an engine makes of them; see /options.",
            ),
        ]
        | None
    ) = None
    arrangement: Arrangement | None = None
    picture_seconds: Annotated[Number, Field(ge=PICTURE_SECONDS.start, lt=PICTURE_SECONDS.stop)] | None = None
    aspect_ratio: AspectRatio = AspectRatio.WIDE
    ambience: Annotated[list[Bed], Field(max_length=BEDS_MAX)] = []
    quotes: Annotated[Text, Field(max_length=QUOTES_MAX_CHARACTERS)] = ""
    seed: Annotated[Number, Field(ge=0, le=SEED_MAX, description="By default a random one.")] | None = None
    approval: Approval = Approval.REQUIRED
    motion: MotionWish = MotionWish.STILL
    transition: TransitionWish = TransitionWish.DISSOLVE
    overlay: Overlay = Overlay.NONE
    music_provider: ProviderName = "procedural"
    visual_provider: ProviderName = "procedural"
    project_name: Label | None = None
    preparing: StrictBool = Field(
        default=False, description="Wait for files, and for a start, before anything is planned."
    )


class NewUpload(BaseModel):
    """A file that is to come in pieces."""

    model_config = form({"filename": "rain.mp4", "file_type": "videos", "bytes": 734003200})

    filename: Annotated[Text, Field(min_length=1, max_length=NAME_MAX_CHARACTERS)]
    file_type: FileType
    bytes: Annotated[Number, Field(ge=1, le=max(UPLOAD_MAX_BYTES.values()), description="Its size.")]
    sha256: Annotated[
        str | None,
        Field(pattern="^[0-9a-fA-F]{64}$", description="Of the whole file; it is refused when it has another one."),
    ] = None


class NewExports(BaseModel):
    """Exports to be made in one go: each format in each quality."""

    model_config = form({"formats": ["mp4", "webm"], "qualities": ["low", "high"]})

    formats: Annotated[list[Annotated[Text, Field(max_length=16)]], Field(min_length=1, max_length=10)]
    qualities: Annotated[list[Annotated[Text, Field(max_length=32)]], Field(min_length=1, max_length=10)]


class Restoration(BaseModel):
    """Which earlier picture comes back."""

    model_config = form({"version_id": JOB_ID})

    version_id: UUID


class NewWords(BaseModel):
    """Other words for a piece of music."""

    model_config = form({"prompt": "Slow, warm strings over a soft piano, no drums, no voices"})

    prompt: Annotated[
        Text,
        Field(
            min_length=PROMPT_CHARACTERS.start,
            max_length=PROMPT_CHARACTERS.stop - 1,
            description="How it is to sound. A vendor may read fewer: Mubert the first 200 characters.",
        ),
    ]


class PublicationChange(BaseModel):
    """What is to be said about a video where it is published; what is not named stays, null clears."""

    model_config = form({"youtube_title": "Rain on the library roof", "upload_strategy": "manual"})

    youtube_title: Annotated[Text, Field(min_length=1, max_length=TITLE_MAX_CHARACTERS)] | None = None
    youtube_description: Annotated[Text, Field(max_length=DESCRIPTION_MAX_BYTES)] | None = None
    youtube_tags: Annotated[list[Annotated[Text, Field(min_length=1, max_length=100)]], Field(max_length=100)] = []
    video_url: Annotated[Text, Field(max_length=URL_MAX_CHARACTERS)] | None = None
    youtube_video_id: Annotated[Text, Field(max_length=100)] | None = None
    upload_strategy: UploadStrategy | None = None
    scheduled_time: AwareDatetime | None = None
    credits_used: Annotated[Number, Field(ge=0, le=COUNT_MAX)] | None = None


class NewAnalytics(BaseModel):
    """What was measured of a published video up to one day."""

    model_config = form({"views": 1200, "watch_time_hours": 310.5})

    views: Annotated[Number, Field(ge=0, le=COUNT_MAX)]
    watch_time_hours: Amount | None = None
    revenue_usd: Amount | None = None
    youtube_video_id: Annotated[Text, Field(max_length=100)] | None = Field(
        default=None, description="By default the one that the job was published as."
    )


class NewWebhook(BaseModel):
    """An address that is told what happens."""

    model_config = form({"url": "https://hooks.example.org/studio", "kinds": ["moved", "approved"]})

    url: Annotated[Text, Field(min_length=8, max_length=2000)]
    channel_id: UUID | None = None
    kinds: Annotated[list[Annotated[Text, Field(max_length=40)]], Field(max_length=30)] | None = None
    description: Annotated[Text, Field(max_length=200)] = ""
    every_user: StrictBool = Field(default=False, description="Tell of everybody's jobs; for administrators.")
    for_key: Literal["this"] | UUID | None = Field(
        default=None,
        description="Tell of what one API key orders: `this`, with which you ask, or the id of one of yours;"
        " administrators may name any.",
    )


class WebhookChange(BaseModel):
    """What may be changed of a webhook; what is not named stays."""

    model_config = form({"is_active": False})

    url: Annotated[Text, Field(min_length=8, max_length=2000)] | None = None
    is_active: StrictBool | None = None
    kinds: Annotated[list[Annotated[Text, Field(max_length=40)]], Field(max_length=30)] | None = None
    description: Annotated[Text, Field(max_length=200)] | None = None
