"""Owns how the minutes of an order are shared out; hides the arithmetic of overlaps. Pure.

cuts      0              c1               c2             end
frames    |--- scene 1 ---|---- scene 2 ---|--- scene 3 ---|
pieces    |===============|==]                                  half a crossfade behind the first cut,
                       [==|================|==]                 on both sides in the middle,
                                        [==|===============|    before the last cut
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import assert_never

from video_pipeline.domain.brief import ALBUM_SCENES, AlbumBrief, StoryboardBrief
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE

CROSSFADE_SAMPLES = 4 * SAMPLE_RATE
"""Overlap of two neighbouring pieces: 4 s, long enough for a slow tail and too short to sound like two pieces."""

DISSOLVE_FRAMES = 60
"""Length of the picture transition on a cut: 2 s at 30 frames a second."""

SPREAD_PERCENT = 20
"""How far a scene may be longer or shorter than the average."""


def scene_frames(brief: AlbumBrief | StoryboardBrief) -> tuple[int, ...]:
    """The lengths of the scenes in frames at 30 a second; they add up to exactly what was ordered.

    The 20 scenes of an album differ by up to 20 % from their average, which leaves each of them longer than 90 s.
    """
    match brief:
        case AlbumBrief():
            total = FPS_30.frames_in(brief.target_duration_minutes * 60)
            weights = _weights(brief.seed)
            ends = [total * part // sum(weights) for part in accumulate(weights)]
            return tuple(end - start for start, end in pairwise([0, *ends]))
        case StoryboardBrief():
            return (FPS_30.frames_in(brief.scene_seconds),) * brief.scene_count
        case _:
            assert_never(brief)


def _weights(seed: int) -> list[int]:
    """Shares of the programme, 800 to 1200 each; for every longer scene another one is as much shorter."""
    digest = hashlib.blake2b(f"lengths {seed}".encode(), digest_size=2 * ALBUM_SCENES).digest()
    numbers = [int.from_bytes(digest[at : at + 2], "big") for at in range(0, len(digest), 2)]
    order = sorted(range(ALBUM_SCENES), key=lambda index: (numbers[index], index))
    weights = [1000] * ALBUM_SCENES
    for longer, shorter in zip(order[::2], order[1::2], strict=True):
        change = numbers[longer] % (10 * SPREAD_PERCENT + 1)
        weights[longer] += change
        weights[shorter] -= change
    return weights


def piece_samples(frames: Sequence[int]) -> tuple[int, ...]:
    """The lengths of the pieces at 48 kHz: cut to cut, and half a crossfade more at each inner cut."""
    handle = CROSSFADE_SAMPLES // 2
    last = len(frames) - 1
    return tuple(
        FPS_30.samples_at(length) + handle * ((index > 0) + (index < last)) for index, length in enumerate(frames)
    )
