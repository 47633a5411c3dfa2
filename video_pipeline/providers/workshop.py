"""Owns what the makers of this program are given to work with; hides where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from video_pipeline.cores import Cores


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a provider may use; each takes what it needs."""

    cores: Cores  # worker processes
    library: Path  # the operator's own material: the folders `music` and `pictures`; either may be missing
