"""Owns the offline picture provider; hides worker processes and files."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from decimal import Decimal
from pathlib import Path

import cv2

from video_pipeline.domain.errors import InvalidInputError, ProviderUnavailableError
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.ports import Capabilities, Purchase
from video_pipeline.providers.images_procedural.painter import SIDE_MAX, SIDE_MIN, encode, paint
from video_pipeline.providers.images_procedural.reader import read_prompt
from video_pipeline.providers.offline import PROCEDURAL, made_here, written
from video_pipeline.providers.workshop import Workshop


class ProceduralImages:
    """Paints pictures on this machine, for nothing."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores = workshop.cores
        self.capabilities = Capabilities(name=PROCEDURAL, concurrency=workshop.cores.workers, price_usd=Decimal(0))

    def illustrate(
        self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, purchase: Purchase | None = None
    ) -> Generation:
        """Write the picture of `prompt` as PNG to `out`; blocks while a worker paints.

        The words, the seed and the size decide every byte. InvalidInputError for a size that cannot be painted,
        MachineError when the file cannot be written, ProviderUnavailableError when a worker died.
        """
        if not all(SIDE_MIN <= side <= SIDE_MAX for side in size):
            raise InvalidInputError(
                f"a picture has sides from {SIDE_MIN} to {SIDE_MAX} pixels, not {size[0]}x{size[1]}"
            )
        try:
            self._cores.submit(paint_file, prompt.text, seed, size, str(out)).result()
        except BrokenProcessPool as error:
            raise ProviderUnavailableError(
                f"a worker died while it painted {out.name} (out of memory, or killed); try again"
            ) from error
        return made_here()


def paint_file(text: str, seed: int, size: tuple[int, int], out: str) -> None:
    """Paint `text` and write the PNG beside `out`, then rename it; runs in a worker process."""
    # One worker is one core; OpenCV would start a thread for each core in each worker.
    cv2.setNumThreads(1)
    data = encode(paint(read_prompt(text), seed, size))
    with written(Path(out)) as aside:
        aside.write_bytes(data)
