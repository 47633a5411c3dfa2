"""Owns the tables of providers; hides nothing. A new provider is one file beside this one and one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from video_pipeline.ports import AmbienceProvider, ImageProvider, MusicProvider, PromptWriter, VideoEngine
from video_pipeline.providers.ambience_procedural import ProceduralAmbience
from video_pipeline.providers.clips_procedural import ProceduralClips
from video_pipeline.providers.dummy import DummyAmbience, DummyClips, DummyImages, DummyMusic
from video_pipeline.providers.folder import FolderImages, FolderMusic
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.providers.images_procedural import ProceduralImages
from video_pipeline.providers.leonardo import LeonardoImages
from video_pipeline.providers.mubert import MubertMusic
from video_pipeline.providers.music_procedural import ProceduralMusic
from video_pipeline.providers.recraft import RecraftImages
from video_pipeline.providers.runway import RunwayClips
from video_pipeline.providers.workshop import Workshop

MUSIC: Mapping[str, Callable[[Workshop], MusicProvider]] = {
    "procedural": ProceduralMusic,
    "folder": FolderMusic,
    "mubert": MubertMusic,
    "dummy": DummyMusic,
}

AMBIENCE: Mapping[str, Callable[[Workshop], AmbienceProvider]] = {
    "procedural": ProceduralAmbience,
    "dummy": DummyAmbience,
}

IMAGES: Mapping[str, Callable[[Workshop], ImageProvider]] = {
    "procedural": ProceduralImages,
    "folder": FolderImages,
    "leonardo": LeonardoImages,
    "recraft": RecraftImages,
    "dummy": DummyImages,
}

ENGINES: Mapping[str, Callable[[Workshop], VideoEngine]] = {
    "procedural": ProceduralClips,
    "runway_standard": partial(RunwayClips, name="runway_standard"),
    "runway_gen3": partial(RunwayClips, name="runway_gen3"),
    "dummy": DummyClips,
}


def music_providers(workshop: Workshop) -> dict[str, MusicProvider]:
    """Every provider of music, by name."""
    return {name: make(workshop) for name, make in MUSIC.items()}


def ambience_providers(workshop: Workshop) -> dict[str, AmbienceProvider]:
    """Every provider of ambience, by name."""
    return {name: make(workshop) for name, make in AMBIENCE.items()}


def image_providers(workshop: Workshop) -> dict[str, ImageProvider]:
    """Every provider of pictures, by name."""
    return {name: make(workshop) for name, make in IMAGES.items()}


def video_engines(workshop: Workshop) -> dict[str, VideoEngine]:
    """Every engine that makes clips, by name."""
    return {name: make(workshop) for name, make in ENGINES.items()}


def prompt_writer() -> PromptWriter:
    """The writer of prompts."""
    return GrammarWriter()
