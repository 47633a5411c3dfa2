"""Owns the tables of providers; hides nothing. A new provider is one file beside this one and one row here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.ports import AmbienceProvider, ImageProvider, MusicProvider, PromptWriter, VideoEngine
from video_pipeline.providers.ambience_procedural import ProceduralAmbience
from video_pipeline.providers.beatoven import BeatovenMusic
from video_pipeline.providers.clips_procedural import ProceduralClips
from video_pipeline.providers.dummy import DummyAmbience, DummyClips, DummyImages, DummyMusic
from video_pipeline.providers.folder import FolderImages, FolderMusic
from video_pipeline.providers.gemini import GeminiImages
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.providers.http import Account
from video_pipeline.providers.images_procedural import ProceduralImages
from video_pipeline.providers.leonardo import LeonardoImages
from video_pipeline.providers.mubert import MubertMusic
from video_pipeline.providers.music_procedural import ProceduralMusic
from video_pipeline.providers.recraft import RecraftImages
from video_pipeline.providers.replicate import ReplicateImages
from video_pipeline.providers.runway import RunwayClips
from video_pipeline.providers.workshop import Workshop
from video_pipeline.providers.writers import (
    GeminiModel,
    LanguageModelWriter,
    Model,
    OpenAiModel,
    Tariff,
    WriterWithFallback,
)

MUSIC: Mapping[str, Callable[[Workshop], MusicProvider]] = {
    "procedural": ProceduralMusic,
    "folder": FolderMusic,
    "mubert": MubertMusic,
    "beatoven": BeatovenMusic,
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
    "gemini": GeminiImages,
    "replicate": ReplicateImages,
    "dummy": DummyImages,
}

ENGINES: Mapping[str, Callable[[Workshop], VideoEngine]] = {
    "procedural": ProceduralClips,
    "runway_standard": partial(RunwayClips, name="runway_standard"),
    "runway_gen3": partial(RunwayClips, name="runway_gen3"),
    "dummy": DummyClips,
}

MODELS: Mapping[str, Callable[[Account, str], Model]] = {
    "openai": OpenAiModel,
    "gemini": GeminiModel,
}
"""Language models that write, by the vendor whose account is used."""


_TABLES: tuple[Mapping[str, object], ...] = (MUSIC, IMAGES, ENGINES)


def check_known(setting: str, names: Iterable[str], known: Iterable[str] | None = None) -> None:
    """InvalidInputError for a name in `setting` that is none of `known`, by default of any who can be paid."""
    those = {*known} if known is not None else {name for table in _TABLES for name in table}
    for name in names:
        if name not in those:
            raise InvalidInputError(
                f"{setting} names {name!r}, who cannot be asked for that; one of: {', '.join(sorted(those))}"
            )


def check_chains(setting: str, chains: Mapping[str, Sequence[str]]) -> None:
    """InvalidInputError when a chain of `setting` names somebody unknown, or who makes other things than its first."""
    check_known(setting, chains)
    for name, chain in chains.items():
        fitting = {other for table in _TABLES if name in table for other in table}
        check_known(f"{setting}, after {name},", chain, fitting - {name})


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which language model writes, on whose account, at what price."""

    account: Account
    model: str
    tariff: Tariff


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


def prompt_writer(assignment: Assignment | None = None) -> PromptWriter:
    """The writer of prompts: the grammar, or the model that somebody chose, with the grammar behind it.

    InvalidInputError when the model's vendor needs a key and nobody has configured it.
    """
    if assignment is None:
        return GrammarWriter()
    model = MODELS[assignment.account.vendor](assignment.account, assignment.model)
    return WriterWithFallback(LanguageModelWriter(model, assignment.tariff), GrammarWriter())
