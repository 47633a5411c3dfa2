"""Owns the chance in a piece; hides how a prompt and a seed become independent streams of random numbers.

Each concern draws from a stream of its own name, so that a change in one (a fill of the drums) moves no note of
another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from video_pipeline.domain.storyboard import MusicPrompt

T = TypeVar("T")


def stream(prompt: MusicPrompt, seed: int, *names: str | int) -> np.random.Generator:
    """The generator of one concern: the same prompt, seed and names give the same numbers in every process."""
    facts = [
        prompt.order_index,
        prompt.title,
        prompt.text,
        prompt.tempo_bpm,
        prompt.tonic,
        str(prompt.mode),
        [str(instrument) for instrument in prompt.instruments],
        repr(float(prompt.density)),
        list(prompt.moods),
        prompt.samples,
        seed,
        list(names),
    ]
    digest = hashlib.blake2b(json.dumps(facts).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def fraction(text: str) -> float:
    """A stable number in [0, 1) that belongs to `text`."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") / 2**32


def choose(rng: np.random.Generator, options: Sequence[T]) -> T:
    """One of `options`, all equally likely."""
    return options[int(rng.integers(len(options)))]
