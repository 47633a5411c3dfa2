"""Owns a delivered clip until it can be handed on; hides what is seen of it without decoding.

It is not decoded here: what becomes of it is footage, and whoever makes that decodes it in a process of its own.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from video_pipeline.providers.arrival.kinds import Kind, admitted, refusal
from video_pipeline.providers.arrival.promises import lack_of
from video_pipeline.providers.offline import written

CLIP_KINDS = (Kind.MP4, Kind.MOV, Kind.MATROSKA)

_BASE_BYTES, _BYTES_A_SECOND = 32 * 2**20, 50_000_000
"""400 Mbit/s, more than any vendor's 4K has, and what a container may add."""

_FEWEST_BYTES = 1024


def take_clip(raw: Path, out: Path, *, vendor: str, seconds: int) -> None:
    """Copy `raw`, a clip of about `seconds` which `vendor` delivered, to `out` (MP4, QuickTime, WebM or Matroska).

    MediaError when it is something else, cut off (seen in MP4 and QuickTime only), or far too large or small for its
    length; MachineError when `out` cannot be written. Nothing is left at `out` then.
    """
    kind = admitted(raw, vendor, CLIP_KINDS, most_bytes=_BASE_BYTES + seconds * _BYTES_A_SECOND)
    if (size := raw.stat().st_size) < _FEWEST_BYTES:
        raise refusal(vendor, raw, f"{kind.value} of {size} bytes, in which there is no clip")
    if (lack := lack_of(raw, kind)) is not None:
        raise refusal(vendor, raw, f"{kind.value} that is cut off: {lack}")
    with written(out) as aside:
        shutil.copyfile(raw, aside)
