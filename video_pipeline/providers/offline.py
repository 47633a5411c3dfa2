"""Owns what the providers of this machine have in common: licence, price, FLAC files; hides writing aside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import soundfile
from numpy.typing import NDArray

from video_pipeline.domain.errors import MachineError
from video_pipeline.domain.media import Generation, Licence, Use
from video_pipeline.domain.timebase import SAMPLE_RATE

LICENCE = Licence(
    "CC0 1.0 Universal",
    "https://creativecommons.org/publicdomain/zero/1.0/",
    uses=(Use.YOUTUBE_VIDEO, Use.MONETISED_VIDEO, Use.DERIVATIVE_WORK, Use.STANDALONE_RELEASE),
    refused=(Use.CONTENT_ID_REGISTRATION,),
)
"""A program made it and nobody reserves a right; nor can anybody claim what everybody may use (YouTube's rule)."""

PROCEDURAL = "procedural"


def made_here(provider: str = PROCEDURAL) -> Generation:
    """What is told of a thing that `provider` made on this machine, for nothing."""
    return Generation(provider=provider, provider_id=None, licence=LICENCE, cost_usd=Decimal(0))


@contextmanager
def written(out: Path) -> Iterator[Path]:
    """Where to write `out`: it gets its name when it is complete, and nothing is left otherwise.

    MachineError when it cannot be written.
    """
    aside = out.with_name(f".{out.name}.{uuid4().hex}.part")
    try:
        yield aside
        aside.replace(out)
    except (OSError, soundfile.SoundFileError) as error:  # libsndfile has an error of its own for a full disk
        advice = "see that its folder can be written and has room"
        raise MachineError(f"cannot write {out.name}: {error}; {advice}") from error
    finally:
        aside.unlink(missing_ok=True)


def write_flac(samples: NDArray[Any], out: Path) -> None:
    """Write `samples` (shape (samples, 2), 48 kHz) in 16 bits to `out`; MachineError when that cannot be."""
    with written(out) as aside:
        soundfile.write(aside, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
