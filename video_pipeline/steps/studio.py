"""Owns the set of tools that the steps work with; hides nothing. Bootstrap fills it, tests fill it with fakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.ports import (
    AmbienceProvider,
    ImageProvider,
    JobStore,
    MediaStore,
    MediaTools,
    Messenger,
    MusicProvider,
    PromptWriter,
    Scanner,
)

Provider = TypeVar("Provider")


@dataclass(frozen=True, slots=True)
class Studio:
    """Everything a step needs, as ports."""

    jobs: JobStore
    media: MediaStore
    tools: MediaTools
    music: Mapping[str, MusicProvider]
    images: Mapping[str, ImageProvider]
    writer: PromptWriter
    ambience: Mapping[str, AmbienceProvider] = field(default_factory=dict)
    web: Messenger | None = None  # what fetches from addresses that users name
    scanner: Scanner | None = None  # what decides about uploads before they are opened


def chosen(providers: Mapping[str, Provider], name: str) -> Provider:
    """The provider called `name`; InvalidInputError lists the known ones."""
    try:
        return providers[name]
    except KeyError as error:
        raise InvalidInputError(f"unknown provider {name!r}; one of: {', '.join(sorted(providers))}") from error
