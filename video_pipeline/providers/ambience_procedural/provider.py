"""Owns the port: ambience made by this program, in worker processes; hides the file and how it appears at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures.process import BrokenProcessPool
from decimal import Decimal
from pathlib import Path

from video_pipeline.domain.ambience import Ambience
from video_pipeline.domain.errors import ProviderUnavailableError
from video_pipeline.domain.media import Generation
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ports import Capabilities
from video_pipeline.providers.ambience_procedural import cafe, fire, night, rain, sea, wind
from video_pipeline.providers.ambience_procedural.circle import Chance, Circle, Wave
from video_pipeline.providers.ambience_procedural.mastering import mastered, quantised
from video_pipeline.providers.offline import PROCEDURAL, made_here, write_flac
from video_pipeline.providers.workshop import Workshop

MAKERS: Mapping[Ambience, tuple[Callable[[Circle, Chance], Wave], int]] = {
    Ambience.RAIN: (rain.rain, rain.SECONDS),
    Ambience.FIRE: (fire.fire, fire.SECONDS),
    Ambience.WIND: (wind.wind, wind.SECONDS),
    Ambience.SEA: (sea.sea, sea.SECONDS),
    Ambience.NIGHT: (night.night, night.SECONDS),
    Ambience.CAFE: (cafe.cafe, cafe.SECONDS),
}
"""What makes each ambience, and how many seconds one loop of it lasts: 48,000 times it has small factors only."""


class ProceduralAmbience:
    """Makes ambience offline, for nothing; a loop takes some seconds of one core."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores = workshop.cores
        self.capabilities = Capabilities(name=PROCEDURAL, concurrency=workshop.cores.workers, price_usd=Decimal(0))

    def generate(self, kind: Ambience, seed: int, out: Path) -> Generation:
        """Write a loop to `out` (FLAC, 48 kHz, stereo, 16 bit); blocks. The same arguments give the same bytes.

        ProviderUnavailableError when the worker was killed; MachineError when `out` cannot be written.
        """
        try:
            self._cores.submit(write_loop, kind, seed, out).result()
        except BrokenProcessPool as error:
            raise ProviderUnavailableError(
                f"the worker that made the sound of {kind} was killed, for example for want of memory; make it again"
            ) from error
        return made_here()


def loop(kind: Ambience, seed: int, seconds: int | None = None) -> Wave:
    """One loop of `kind`, shape (2, samples), finished but not yet quantised; by default of the kind's own length."""
    make, usual = MAKERS[kind]
    circle = Circle((usual if seconds is None else seconds) * SAMPLE_RATE)
    return mastered(circle, make(circle, Chance(str(kind), seed)))


def write_loop(kind: Ambience, seed: int, out: Path) -> None:
    """Make the loop and write `out`, aside first and renamed when complete. Runs in a worker."""
    samples = quantised(loop(kind, seed), Chance(str(kind), seed).stream("dither"))
    write_flac(samples, out)
