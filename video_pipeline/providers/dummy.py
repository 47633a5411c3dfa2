"""Owns the test doubles: a tone for music, a hum for ambience, stripes for a picture, a shift for a clip;
hides how quickly they are made.

They pass the contract tests of the real providers. A tone of a known pitch and a picture of known stripes let a test
find out of which piece a moment of a video was made.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import cv2
import numpy as np

from video_pipeline.domain.ambience import Ambience
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import MusicPrompt, VisualPrompt
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE
from video_pipeline.ports import Capabilities, EngineCapabilities, Purchase
from video_pipeline.providers.film import check_clip, planes_of, read_picture, write_film
from video_pipeline.providers.offline import made_here, write_flac, written
from video_pipeline.providers.workshop import Workshop

DUMMY = "dummy"
TONE_PEAK = 0.25
"""Linear; about -12 dBFS."""


def tone_hz(order_index: int) -> float:
    """The pitch of piece `order_index`: a semitone scale from 220 Hz."""
    return float(220.0 * 2 ** (order_index / 12))


class DummyMusic:
    """A tone for each piece; no claim to be music."""

    def __init__(self, workshop: Workshop) -> None:
        self.capabilities = Capabilities(DUMMY, concurrency=workshop.cores.workers, price_usd=Decimal(0))

    def compose(self, prompt: MusicPrompt, seed: int, out: Path, purchase: Purchase | None = None) -> Generation:
        """Write a tone with a slow tremolo, its pitch given by the order index, its phase by the seed."""
        seconds = np.arange(prompt.samples, dtype=np.float64) / SAMPLE_RATE
        phase = 2 * np.pi * (seed % 360) / 360
        tone = TONE_PEAK * np.sin(2 * np.pi * tone_hz(prompt.order_index) * seconds + phase)
        tone *= 0.8 + 0.2 * np.sin(2 * np.pi * 0.25 * seconds)
        edge = min(SAMPLE_RATE // 20, prompt.samples // 2)
        ramp = np.linspace(0.0, 1.0, edge)
        tone[:edge] *= ramp
        tone[prompt.samples - edge :] *= ramp[::-1]
        write_flac(np.column_stack([tone, tone]), out)
        return made_here(DUMMY)


AMBIENCE_S = 12


class DummyAmbience:
    """A hum for each ambience; no claim to be a place."""

    def __init__(self, workshop: Workshop) -> None:
        self.capabilities = Capabilities(DUMMY, concurrency=workshop.cores.workers, price_usd=Decimal(0))

    def generate(self, kind: Ambience, seed: int, out: Path) -> Generation:
        """Write a tone that fits into the loop a whole number of times, its pitch given by the kind and the seed."""
        place = list(Ambience).index(kind)
        turns = AMBIENCE_S * round(880 * 2 ** (place / len(Ambience))) + seed % 7
        angle = 2 * np.pi * turns * np.arange(AMBIENCE_S * SAMPLE_RATE) / (AMBIENCE_S * SAMPLE_RATE)
        write_flac(TONE_PEAK * np.column_stack([np.sin(angle), np.cos(angle)]), out)
        return made_here(DUMMY)


class DummyImages:
    """Coloured stripes for each picture; no claim to be art."""

    def __init__(self, workshop: Workshop) -> None:
        self.capabilities = Capabilities(DUMMY, concurrency=workshop.cores.workers, price_usd=Decimal(0))

    def illustrate(
        self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, purchase: Purchase | None = None
    ) -> Generation:
        """Write a 4 x 4 checker of colours that follow from the words and the seed."""
        digest = hashlib.sha256(f"{prompt.text}/{seed}".encode()).digest()
        blocks = np.frombuffer(digest + hashlib.sha256(digest).digest()[:16], dtype=np.uint8).reshape(4, 4, 3)
        picture = cv2.resize(64 + blocks // 2, size, interpolation=cv2.INTER_NEAREST)
        is_encoded, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        if not is_encoded:
            raise OSError(f"cannot encode a picture of {size[0]}x{size[1]}")
        with written(out) as aside:
            aside.write_bytes(data.tobytes())
        return made_here(DUMMY)


CLIP_MAX_S = 2
_FEWER = 4
"""How many times smaller than asked its clips are, as those of some vendors are."""


class DummyClips:
    """A picture that is pushed sideways; no claim to be a loop."""

    def __init__(self, workshop: Workshop) -> None:
        self.capabilities = EngineCapabilities(
            DUMMY,
            concurrency=workshop.cores.workers,
            price_usd=Decimal(0),
            longest_s=CLIP_MAX_S,
            from_picture=True,
            seamless=False,
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
        """Write the picture, pushed by a seventh of its width a second, the other way by odd seeds."""
        source = check_clip(self.capabilities, picture, seconds, size)
        small = (size[0] // _FEWER // 2 * 2, size[1] // _FEWER // 2 * 2)
        seen = read_picture(source, small)
        pace = small[0] / 7 / FPS_30.numerator * (1 if seed % 2 else -1)
        frames = (planes_of(np.roll(seen, round(pace * number), axis=1)) for number in range(FPS_30.frames_in(seconds)))
        write_film(frames, small, out)
        return made_here(DUMMY)
