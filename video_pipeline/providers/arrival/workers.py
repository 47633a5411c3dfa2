"""Owns looking at a delivered file in a worker process; hides that the worker may die of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from video_pipeline.cores import Cores
from video_pipeline.providers.arrival.kinds import refusal


def apart(cores: Cores, take: Callable[..., None], raw: Path, out: Path, *, vendor: str, **wanted: Any) -> None:
    """`take(raw, out, vendor=vendor, **wanted)`, one of `take_music`, `take_picture` and `take_clip`, in a worker.

    Their errors, and MediaError when the file twice killed the process that read it.
    """
    try:
        cores.submit(take, raw, out, vendor=vendor, **wanted).result()
    except BrokenProcessPool as error:
        what = "which crashes the program that reads it, or needs more memory than there is"
        raise refusal(vendor, raw, what) from error
