"""Owns the forms of jobs and storyboards; hides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from video_pipeline.api.models.base import Answer
from video_pipeline.api.models.products import Export, Preview, Video
from video_pipeline.domain.job import Approval, JobKind, JobStatus
from video_pipeline.domain.timeline import Motion, TransitionKind
from video_pipeline.domain.uploads import FileType


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
    music_prompt: str | None = Field(description="Null where the programme has songs.")
    tempo_bpm: int | None
    key: str | None
    instruments: list[str]
    start_s: float
    duration_s: float
    motion: Motion | None
    transition: TransitionKind
    status: Literal["pending", "completed"]
    footage: str | None = Field(description="The uploaded file that is shown.")
    moves: bool = Field(description="Whether a moving clip is shown, of which the picture is a still.")
    image: ScenePicture | None
    track: SceneTrack | None
    rewordable: list[Literal["music", "picture"]] = Field(
        default=[],
        description="What of it is not there because the job failed, and would be made of other words: "
        "music by /tracks/{order_index}/reword, a picture by /refine.",
    )
    refused: list[Literal["music", "picture"]] = Field(
        default=[],
        description="Of what of it a vendor's moderation refused the words that it has, of a failed job.",
    )


class Song(Answer):
    """Music that was there before the plan."""

    number: int
    title: str
    filename: str
    start_s: float
    duration_s: float
    track: SceneTrack | None


class Bed(Answer):
    """A sound that lies under the whole programme."""

    name: str
    level_db: float = Field(description="Loudness against that of the music.")
    ducking_db: float = Field(description="How far it steps back while the music is loud.")
    duration_s: float | None = Field(description="Until it begins again; null before there is one.")
    provider: str | None


class Caption(Answer):
    """Words on the screen."""

    text: str
    start_s: float
    duration_s: float


class Storyboard(Answer):
    """The plan and what was made for it."""

    etag: str = Field(description="Its version; give it as If-Match with a change.")
    duration_s: float
    scenes: list[Scene]
    songs: list[Song]
    beds: list[Bed]
    captions: list[Caption]


class Refinements(Answer):
    """How many refinements a job has had, and what the next one is expected to cost."""

    used: int
    limit: int
    left: int
    price_usd: float


class Links(Answer):
    """Where more is to be had."""

    self: str
    events: str
    metadata: str
    licences: str | None = Field(description="The pack for a dispute about rights; null before the video is finished.")
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
    missing_files: list[FileType] = Field(description="Types of files that it still needs before it can be started.")
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
