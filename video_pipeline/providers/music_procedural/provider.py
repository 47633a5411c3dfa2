"""Owns the port: music made by this program, in worker processes; hides the file and how it appears at once."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from decimal import Decimal
from pathlib import Path

from video_pipeline.domain.errors import ProviderUnavailableError
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import MusicPrompt
from video_pipeline.ports import Capabilities, Purchase
from video_pipeline.providers.music_procedural.piece import compose_piece, quantised
from video_pipeline.providers.offline import PROCEDURAL, made_here, write_flac
from video_pipeline.providers.workshop import Workshop


class ProceduralMusic:
    """Composes offline, for nothing; a piece takes about two seconds of one core per minute of music."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores = workshop.cores
        self.capabilities = Capabilities(name=PROCEDURAL, concurrency=workshop.cores.workers, price_usd=Decimal(0))

    def compose(self, prompt: MusicPrompt, seed: int, out: Path, purchase: Purchase | None = None) -> Generation:
        """Write the piece to `out` (FLAC, 48 kHz, stereo, 16 bit); blocks. The same arguments give the same bytes.

        ProviderUnavailableError when the worker was killed; MachineError when `out` cannot be written.
        """
        try:
            self._cores.submit(write_piece, prompt, seed, out).result()
        except BrokenProcessPool as error:
            raise ProviderUnavailableError(
                f"the worker that composed piece {prompt.order_index} was killed, for example for want of memory; "
                "compose it again"
            ) from error
        return made_here()


def write_piece(prompt: MusicPrompt, seed: int, out: Path) -> None:
    """Compose and write `out`, aside first and renamed when complete."""
    samples = quantised(compose_piece(prompt, seed), prompt, seed)
    write_flac(samples, out)
