"""Owns what an operator can configure; hides where a value comes from. Read once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, StringConstraints
from pydantic_settings import SettingsConfigDict

from video_pipeline.secrecy import PREFIX, SecretiveSettings, load_settings


class Settings(SecretiveSettings):
    """The configuration of one installation; every field is an environment variable, listed in the README."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True
    )

    data_dir: Path = Field(
        default=Path(".data"), description="Where everything lives that is not configured elsewhere."
    )
    database_url: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="A PostgreSQL 14+ server; without it an embedded one runs under the data directory."
    )
    dagster_database_url: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="Dagster's own database; by default the database `dagster` on the same server."
    )
    postgres_user: str | None = Field(
        default=None, description="Whom root's embedded server runs as; by default nobody."
    )
    state_dir: Path | None = Field(
        default=None, description="Where root's embedded server lives when that user cannot enter the data directory."
    )
    storage_path: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("VIDEO_STORAGE_PATH", "storage_path"),
        description="Root of the media store; by default `videos` in the data directory.",
    )
    library_dir: Path | None = Field(
        default=None,
        description="Own music and pictures for the provider `folder`; by default `library` in the data directory.",
    )
    cache_dir: Path | None = Field(
        default=None, description="Encoded stretches kept for reuse; by default `cache` in the data directory."
    )
    cache_limit_gib: float = Field(default=8.0, gt=0, description="Size limit of that cache in GiB.")
    ffmpeg_binary: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("FFMPEG_BINARY", "ffmpeg_binary"),
        description="The ffmpeg to use; by default a new enough one on PATH, else the one from the wheel.",
    )
    encoder: str = Field(
        default="auto",
        description="What encodes foreign videos: auto (hardware that was tried, else software), software, or a name.",
    )
    workers: int | None = Field(
        default=None, ge=1, le=256, description="Worker processes; by default one for each available core."
    )
    host: str = Field(default="127.0.0.1", description="Address of the web UI; Dagster has no login of its own.")
    port: int = Field(default=3000, ge=1, le=65535, description="Port of the web UI.")
    api_host: str = Field(default="127.0.0.1", description="Address of the studio: its page and REST API.")
    api_port: int = Field(default=8000, ge=1, le=65535, description="Port of the studio.")
    api_url: str | None = Field(
        default=None, description="Where people reach the studio; by default its address and port."
    )
    dagster_ui_url: str | None = Field(
        default=None, description="Where people reach Dagster's web UI; by default its address and port."
    )
    upload_ttl_hours: float = Field(
        default=24.0, gt=0, le=24 * 30, description="Hours that an upload in pieces waits for its next bytes."
    )
    retention_days: int | None = Field(
        default=None, ge=1, description="Days after which an ended job goes, with its files; by default it stays."
    )
    scanner: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="A command that decides about uploads by its exit code, such as clamdscan --fdpass."
    )
    webhook_private: bool = Field(
        default=False, description="Webhooks may go to private addresses, such as this machine's."
    )

    @property
    def root(self) -> Path:
        """The data directory, absolute."""
        return self.data_dir.expanduser().resolve()

    @property
    def storage(self) -> Path:
        """Root of the media store, absolute."""
        return (self.storage_path or self.root / "videos").expanduser().resolve()

    @property
    def library(self) -> Path:
        """Root of the operator's own material, absolute."""
        return (self.library_dir or self.root / "library").expanduser().resolve()

    @property
    def cache(self) -> Path:
        """Root of the stretch cache, absolute."""
        return (self.cache_dir or self.root / "cache").expanduser().resolve()

    @property
    def dagster_home(self) -> Path:
        """Where Dagster's instance file lies."""
        return self.root / "dagster"

    @property
    def studio_url(self) -> str:
        """Where people reach the studio, without a slash at the end."""
        return (self.api_url or f"http://{self.api_host}:{self.api_port}").rstrip("/")

    @property
    def dagster_web(self) -> str:
        """Where people reach Dagster's web UI, without a slash at the end."""
        return (self.dagster_ui_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def postgres_dir(self) -> Path:
        """Where the embedded server keeps its cluster."""
        return self.root / "postgres"


def load() -> Settings:
    """The settings as the environment says now; InvalidInputError names each variable that is not usable."""
    return load_settings(Settings)
