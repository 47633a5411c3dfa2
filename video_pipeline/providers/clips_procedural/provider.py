"""Owns the offline engine of clips; hides worker processes and files."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from decimal import Decimal
from pathlib import Path

import cv2
import numpy as np

from video_pipeline.domain.errors import ProviderUnavailableError
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.ports import EngineCapabilities, Purchase
from video_pipeline.providers.clips_procedural.air import Mist, Motes
from video_pipeline.providers.clips_procedural.depth import Parallax
from video_pipeline.providers.film import Planes, check_clip, planes_of, read_picture, write_film
from video_pipeline.providers.offline import PROCEDURAL, made_here
from video_pipeline.providers.workshop import Workshop

LONGEST_S = 8


class ProceduralClips:
    """Moves through a picture on this machine, for nothing: its depths slide past each other, mist and light drift."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores = workshop.cores
        self.capabilities = EngineCapabilities(
            name=PROCEDURAL,
            concurrency=workshop.cores.workers,
            price_usd=Decimal(0),
            longest_s=LONGEST_S,
            from_picture=True,
            seamless=True,
        )

    def animate(
        self,
        prompt: VisualPrompt,
        seed: int,
        picture: Path | None,
        *,
        seconds: int,
        size: tuple[int, int],
        out: Path,
        purchase: Purchase | None = None,
    ) -> Generation:
        """Write a loop of `picture`; blocks while a worker makes it. The picture and the seed decide every byte.

        InvalidInputError for a clip that cannot be made, MediaError for a picture that cannot be read, MachineError
        when the file cannot be written, ProviderUnavailableError when a worker died.
        """
        source = check_clip(self.capabilities, picture, seconds, size)
        try:
            self._cores.submit(film_file, str(source), seed, seconds, size, str(out)).result()
        except BrokenProcessPool as error:
            raise ProviderUnavailableError(
                f"a worker died while it moved {source.name} (out of memory, or killed); try again"
            ) from error
        return made_here()


def film_file(picture: str, seed: int, seconds: int, size: tuple[int, int], out: str) -> None:
    """Write the clip of `picture` to `out`; runs in a worker process."""
    # One worker is one core; OpenCV would start a thread for each core in each worker.
    cv2.setNumThreads(1)
    planes = planes_of(read_picture(Path(picture), size))
    write_film(_frames(planes, seed, FPS_30.frames_in(seconds)), size, Path(out))


def _frames(planes: Planes, seed: int, count: int) -> Iterator[Planes]:
    rows, columns = planes.shape[0] * 2 // 3, planes.shape[1]
    rng = np.random.default_rng(seed)
    parallax, mist, motes = Parallax(planes), Mist(rng, (rows, columns)), Motes(rng, (rows, columns))
    # Mist has the light of the bright parts of its picture and the colour of all of it.
    bright = np.float32(np.quantile(planes[:rows:8, ::8], 0.9) * 0.8 + 30)
    tint = planes[rows:].reshape(2, -1).mean(axis=1).astype(np.float32)
    for number in range(count):
        luma, chroma = parallax.seen(number / count)
        veil = mist.at(number / count)
        light = luma.astype(np.float32)
        light += veil * (bright - light)
        motes.onto(light, number / count)
        half = cv2.resize(veil, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)[..., None]
        colour = chroma + half * (tint - chroma)
        frame = np.empty_like(planes)
        # 235 is white: limited range.
        frame[:rows] = np.clip(np.rint(light), 16, 235)
        frame[rows:] = np.moveaxis(np.rint(colour), -1, 0).reshape(rows // 2, columns)
        yield frame
