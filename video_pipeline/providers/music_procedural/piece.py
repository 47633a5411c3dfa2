"""Owns one piece from prompt to sound; hides nothing but the order of the work. A pure function of prompt and seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from video_pipeline.domain.storyboard import MusicPrompt
from video_pipeline.providers.music_procedural.composition import write
from video_pipeline.providers.music_procedural.mastering import master
from video_pipeline.providers.music_procedural.mixing import mix
from video_pipeline.providers.music_procedural.randomness import stream
from video_pipeline.providers.music_procedural.reverb import impulse
from video_pipeline.providers.music_procedural.voices.tone import Timbre


def compose_piece(prompt: MusicPrompt, seed: int) -> npt.NDArray[np.float32]:
    """The piece as (samples, 2) at 48 kHz: exactly `prompt.samples` long, near -16 LUFS, samples below -2 dBFS."""
    plan, parts = write(prompt, seed)
    timbre = Timbre(plan.character.brightness, int(plan.stream("timbre").integers(2**31)))
    desk = mix(parts, prompt.samples, timbre, plan.character.space)
    room = impulse(plan.character.space, plan.character.brightness, plan.stream("room"))
    return master(desk, room, plan.character.brightness).T


def quantised(piece: npt.NDArray[np.float32], prompt: MusicPrompt, seed: int) -> npt.NDArray[np.int16]:
    """The piece as 16-bit samples with triangular dither of one step, high-passed as r[n] - r[n-1]."""
    rng = stream(prompt, seed, "dither")
    found = np.empty(piece.shape, np.int16)
    step = 2**18
    for start in range(0, len(piece), step):
        part = piece[start : start + step]
        chance = rng.random((len(part) + 1, 2), dtype=np.float32)
        found[start : start + step] = np.rint(part * np.float32(32767) + np.diff(chance, axis=0))
    return found
