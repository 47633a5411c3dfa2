"""Owns the resources of the Dagster project: database, media store, ffmpeg, providers; hides how each is opened.

A field left empty takes the operator's settings, so that the same definitions run in a test, on one machine and on
many. What is opened is kept for the life of the process: Dagster makes resources anew for every tick of a sensor.
"""

from typing import Any

import dagster as dg

from video_pipeline import bootstrap
from video_pipeline.ports import (
    AmbienceProvider,
    ImageProvider,
    JobStore,
    MediaStore,
    MediaTools,
    MusicProvider,
    PromptWriter,
    VideoEngine,
)
from video_pipeline.steps.studio import Studio


class DatabaseResource(dg.ConfigurableResource[JobStore]):
    """The Postgres schema of the studio."""

    url: str | None = None
    """SQLAlchemy URL of a PostgreSQL 14+; empty: the settings, which default to the embedded server."""

    def jobs(self) -> JobStore:
        """The books."""
        return bootstrap.job_store(self.url)


class MediaStoreResource(dg.ConfigurableResource[MediaStore]):
    """Where files are kept."""

    root: str | None = None
    """A directory; empty: the settings."""

    def media(self) -> MediaStore:
        """The store."""
        return bootstrap.media_store(self.root)


class FfmpegResource(dg.ConfigurableResource[MediaTools]):
    """The binary that decodes and encodes."""

    binary: str | None = None
    """Path of an ffmpeg; empty: the settings, then PATH, then the wheel."""

    def tools(self) -> MediaTools:
        """The render engine."""
        return bootstrap.media_tools(self.binary)


class ProvidersResource(dg.ConfigurableResource[PromptWriter]):
    """Where prompts, music, ambience and pictures come from."""

    def music(self) -> dict[str, MusicProvider]:
        """Providers of music, by name."""
        return bootstrap.music_providers()

    def ambience(self) -> dict[str, AmbienceProvider]:
        """Providers of ambience, by name."""
        return bootstrap.ambience_providers()

    def images(self) -> dict[str, ImageProvider]:
        """Providers of pictures, by name."""
        return bootstrap.image_providers()

    def engines(self) -> dict[str, VideoEngine]:
        """Engines that make clips, by name."""
        return bootstrap.video_engines()

    def writer(self) -> PromptWriter:
        """The writer of prompts."""
        return bootstrap.prompt_writer()


class StudioResource(dg.ConfigurableResource[Studio]):
    """All of them together, as the steps want them."""

    database: dg.ResourceDependency[DatabaseResource]
    media_store: dg.ResourceDependency[MediaStoreResource]
    ffmpeg: dg.ResourceDependency[FfmpegResource]
    providers: dg.ResourceDependency[ProvidersResource]

    def open(self) -> Studio:
        """The tools of one run."""
        return Studio(
            jobs=self.database.jobs(),
            media=self.media_store.media(),
            tools=self.ffmpeg.tools(),
            music=self.providers.music(),
            ambience=self.providers.ambience(),
            images=self.providers.images(),
            engines=self.providers.engines(),
            writer=self.providers.writer(),
            thumbnail_provider=bootstrap.thumbnail_provider(),
            refinement_provider=bootstrap.refinement_provider(),
            plans=bootstrap.vendor_settings().plans,
            fallbacks=bootstrap.fallbacks(),
            web=bootstrap.messenger(),
            scanner=bootstrap.scanner(),
        )


def from_settings() -> dict[str, Any]:
    """The resources of an installation, configured by the environment alone."""
    database, media_store, ffmpeg, providers = (
        DatabaseResource(),
        MediaStoreResource(),
        FfmpegResource(),
        ProvidersResource(),
    )
    studio = StudioResource(database=database, media_store=media_store, ffmpeg=ffmpeg, providers=providers)
    return {
        "database": database,
        "media_store": media_store,
        "ffmpeg": ffmpeg,
        "providers": providers,
        "studio": studio,
    }
