"""Owns the set of tools that the steps work with; hides nothing. Bootstrap fills it, tests fill it with fakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from video_pipeline.domain.brief import PICTURES, Brief, MusicVideoBrief
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import MusicPrompt, VisualPrompt, seed_of
from video_pipeline.ports import (
    AmbienceProvider,
    Capabilities,
    EngineCapabilities,
    ImageProvider,
    JobStore,
    MediaStore,
    MediaTools,
    Messenger,
    MusicProvider,
    PromptWriter,
    Scanner,
    VideoEngine,
)

Provider = TypeVar("Provider")


class Described(Protocol):
    """Whoever says of itself what it can do, and what it lacks."""

    @property
    def capabilities(self) -> Capabilities | EngineCapabilities: ...


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
    engines: Mapping[str, VideoEngine] = field(default_factory=dict)
    fallbacks: Mapping[str, Sequence[str]] = field(default_factory=dict)  # whom to ask after a provider, by its name
    plans: Mapping[str, str] = field(default_factory=dict)  # that are paid for, by vendor
    thumbnail_provider: str | None = None  # who is asked for a picture for thumbnails alone; None: nobody
    refinement_provider: str | None = None  # who makes a picture anew; None: who made the others of its job
    web: Messenger | None = None  # what fetches from addresses that users name
    scanner: Scanner | None = None  # what decides about uploads before they are opened


def chosen(providers: Mapping[str, Provider], name: str) -> Provider:
    """The provider called `name`; InvalidInputError lists the known ones."""
    try:
        return providers[name]
    except KeyError as error:
        raise InvalidInputError(f"unknown provider {name!r}; one of: {', '.join(sorted(providers))}") from error


def check_usable(providers: Mapping[str, Described], name: str) -> None:
    """InvalidInputError unless the provider called `name` is there and lacks nothing; the text says what to do."""
    missing = chosen(providers, name).capabilities.missing
    if missing:
        raise InvalidInputError(missing)


def check_usable_engine(engines: Mapping[str, Described], name: str) -> None:
    """The same of an engine, which may also be none."""
    check_engine(engines, name)
    if name != PICTURES:
        check_usable(engines, name)


def in_turn(providers: Mapping[str, Provider], name: str, fallbacks: Mapping[str, Sequence[str]]) -> list[Provider]:
    """The provider called `name`, and those to be asked after it which make such things.

    InvalidInputError lists the known ones.
    """
    after = [each for each in dict.fromkeys(fallbacks.get(name, ())) if each in providers and each != name]
    return [chosen(providers, name), *(providers[each] for each in after)]


def seed_for(provider: MusicProvider | ImageProvider, prompt: MusicPrompt | VisualPrompt, job_seed: int) -> int:
    """The seed that `provider` gets with a prompt of the job of `job_seed`.

    One that chooses among files gets the job's, or it could not know which ones the other prompts get.
    """
    if provider.capabilities.chooses and prompt.seed is None:
        return job_seed
    return seed_of(prompt, job_seed)


def stated(
    studio: Studio, facts: Capabilities | EngineCapabilities, generation: Generation, seed: int | None
) -> Generation:
    """What a provider said of a thing, with the `seed` that it was made with, if it goes by seeds, and the plan."""
    made = generation if generation.seed is not None or not facts.takes_seed else replace(generation, seed=seed)
    vendor = facts.vendor if isinstance(facts, EngineCapabilities) else ""
    plan = made.licence.plan or studio.plans.get(vendor or facts.name)
    return replace(made, licence=replace(made.licence, plan=plan))


def check_engine(engines: Iterable[str], name: str) -> None:
    """InvalidInputError, which lists what there is, unless a music video can be ordered with the engine `name`."""
    there = [PICTURES, *sorted(engines)]
    if name not in there:
        raise InvalidInputError(f"engine {name!r} is not there; one of: {', '.join(there)}")


def engine_of(studio: Studio, brief: Brief) -> VideoEngine | None:
    """What makes clips of an order's pictures, None if they stay pictures; InvalidInputError when it is not there."""
    if not isinstance(brief, MusicVideoBrief) or brief.engine == PICTURES:
        return None
    check_engine(studio.engines, brief.engine)
    return studio.engines[brief.engine]
