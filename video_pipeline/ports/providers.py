"""Owns what a provider of music, ambience, pictures, clips or words has to do; hides vendors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol, runtime_checkable

from video_pipeline.domain.ambience import Ambience
from video_pipeline.domain.brief import Brief
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.purchases import Limits
from video_pipeline.domain.storyboard import MusicPrompt, Song, VisualPrompt
from video_pipeline.ports.purchases import Purchase


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Facts about a provider."""

    name: str
    concurrency: int  # how many requests it likes at once
    price_usd: Decimal  # for one piece
    takes_seed: bool = field(default=True, kw_only=True)  # what it makes goes by the seed that it gets
    regeneration_usd: Decimal | None = None  # for a picture made anew; None: see `paint.regeneration_price`
    limits: Limits | None = None  # of a vendor; None: it is made on this machine, and nobody has to be asked
    missing: str = ""  # what has to be configured before it can be used, in words for operators
    longest_s: int | None = None  # of a piece that it makes; None: it is not stated
    largest: tuple[int, int] | None = None  # of its pictures in 16:9, in pixels; None: it is not stated
    chooses: bool = False  # it makes nothing: of what is there it takes by the job's seed and the prompt's order_index


@dataclass(frozen=True, slots=True)
class Checkup:
    """What a vendor says of an account without being paid for it."""

    facts: Mapping[str, str]  # by the names that people read
    licence: Licence | None = None  # under which it makes things; None: it is not known


@runtime_checkable
class Checkable(Protocol):
    """Whoever can find out, without spending, whether a vendor takes the keys that are configured."""

    def check(self) -> Checkup:
        """Ask the vendor once, for some seconds at most: somebody waits for the answer.

        InvalidInputError without a key, ProviderRefusedError when the vendor does not take it,
        ProviderUnavailableError when it does not answer.
        """
        ...


class MusicProvider(Protocol):
    """Makes pieces of music."""

    capabilities: Capabilities

    def compose(self, prompt: MusicPrompt, seed: int, out: Path, purchase: Purchase) -> Generation:
        """Write the piece to `out` (FLAC, 48 kHz, stereo); blocks; called from several threads at once.

        What a vendor is asked for is told to `purchase`, and what an earlier attempt has submitted is not submitted
        again. PromptRefusedError when the words have to be others, ProviderRefusedError when something else has to be
        mended, ProviderUnavailableError when it may work later, MediaError when what came is not usable.
        """
        ...


class AmbienceProvider(Protocol):
    """Makes sounds of places that lie under the music."""

    capabilities: Capabilities

    def generate(self, kind: Ambience, seed: int, out: Path) -> Generation:
        """Write a loop of 10 s to 2 minutes to `out` (FLAC, 48 kHz, stereo); blocks; called from several threads.

        Its end runs into its beginning: repeated, it has no seam.
        """
        ...


class ImageProvider(Protocol):
    """Makes pictures."""

    capabilities: Capabilities

    def illustrate(
        self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, purchase: Purchase
    ) -> Generation:
        """Write a picture of `size` (width, height) to `out` (PNG, 8-bit RGB); blocks; called from several threads.

        Purchase and errors are as in `MusicProvider.compose`.
        """
        ...


@dataclass(frozen=True, slots=True)
class EngineCapabilities:
    """Facts about an engine that makes clips."""

    name: str
    concurrency: int  # how many requests it likes at once
    price_usd: Decimal  # for one clip, beside what each second costs
    longest_s: int  # of a clip
    from_picture: bool  # it moves a picture that is there; else it makes its clips of the words alone
    takes_seed: bool = field(default=True, kw_only=True)  # see `Capabilities`
    seamless: bool  # the end of a clip runs into its beginning: repeated, it has no seam
    second_usd: Decimal = Decimal(0)  # for each second of a clip
    lengths: tuple[int, ...] = ()  # seconds of the clips it makes, ascending; empty: any up to the longest
    limits: Limits | None = None  # see `Capabilities`
    largest: tuple[int, int] | None = None  # of its clips in 16:9, in pixels; None: any size
    missing: str = ""  # see `Capabilities`
    vendor: str = ""  # of whom the account and the plan are; empty: they have the engine's own name

    def made_s(self, seconds: int) -> int:
        """How many seconds a clip has that is asked for with `seconds`: the next length that there is."""
        return next((length for length in self.lengths if length >= seconds), seconds)

    def price_of(self, seconds: int) -> Decimal:
        """US dollars for one clip of so many seconds, as long as it is made."""
        return self.price_usd + self.made_s(seconds) * self.second_usd


class VideoEngine(Protocol):
    """Makes short clips, which are repeated for as long as their scene lasts."""

    capabilities: EngineCapabilities

    def animate(
        self,
        prompt: VisualPrompt,
        seed: int,
        picture: Path | None,
        *,
        seconds: int,
        size: tuple[int, int],
        out: Path,
        purchase: Purchase,
    ) -> Generation:
        """Write a clip of `seconds` to `out` (a video file without sound); blocks; called from several threads.

        It lasts `capabilities.made_s(seconds)`, at 30 frames a second on this machine and at a vendor's own rate there.
        It has the shape of `size` (width, height), and is that large if the engine can; of an engine without that shape
        it is wider or higher, with the picture in the middle. It begins with `picture` where the engine starts from
        one. InvalidInputError for what it cannot make: more seconds than its longest clip has, no picture where it
        needs one. Purchase and other errors are as in `MusicProvider.compose`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Script:
    """What a prompt writer delivers: everything of a storyboard but the lengths."""

    title: str
    description: str  # without chapters; the plan adds them
    tags: tuple[str, ...]
    music: tuple[MusicPrompt, ...]
    visuals: tuple[VisualPrompt, ...]
    cost_usd: Decimal = Decimal(0)  # what writing it cost, tries that failed included
    written_by: str = "grammar"  # grammar, or vendor/model


@runtime_checkable
class PromptWriter(Protocol):
    """Turns a brief into prompts: the deterministic grammar, or a language model."""

    @property
    def name(self) -> str: ...

    @property
    def price_usd(self) -> Decimal:
        """What one script takes at most, in US dollars."""
        ...

    @property
    def stand_in(self) -> PromptWriter | None:
        """Who writes for nothing where this one may not be asked; None for one that takes nothing itself."""
        ...

    def write(
        self, brief: Brief, samples: Sequence[int], *, songs: Sequence[Song] = (), pictures: int | None = None
    ) -> Script:
        """Prompts for `len(samples)` pieces and `pictures` pictures, by default as many.

        `samples` are the exact lengths of the pieces at 48 kHz; where the music is there, they are none, and `songs`
        says what there is.
        """
        ...
