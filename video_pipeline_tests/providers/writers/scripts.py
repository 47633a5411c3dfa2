"""Owns orders, and answers of models to them; hides their fields."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from video_pipeline.domain.brief import MusicVideoBrief, StoryboardBrief
from video_pipeline.domain.storyboard import Song, SourceFile
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.http import Account
from video_pipeline.providers.writers.task import Task
from video_pipeline_tests.receivers import Answer, Receiver, status

KEY = "canary-4f1d88aa90"
CHANNEL = UUID("11111111-2222-3333-4444-555555555555")
BRIEF = StoryboardBrief(
    channel_id=CHANNEL,
    niche_label="Mountain Lake Ambience",
    mood_keywords="serene, misty",
    seed=7,
    scene_count=3,
    scene_seconds=60,
)
SONG = Song(1, "Northern Light", SourceFile("song.mp3", "0" * 64), 180 * SAMPLE_RATE, tempo_bpm=84.2)
SONG_BRIEF = MusicVideoBrief(
    channel_id=CHANNEL,
    niche_label="Ambient",
    mood_keywords="calm",
    seed=7,
    song_title="Northern Light",
    music_file="song.mp3",
    genre="ambient",
    prompt="a fjord under northern lights",
)
SAMPLES = (60 * SAMPLE_RATE, 61 * SAMPLE_RATE, 62 * SAMPLE_RATE)
TASK = Task(BRIEF, SAMPLES, (), 3)
SONG_TASK = Task(SONG_BRIEF, (), (SONG,), 2)


def account(told: Receiver | str, vendor: str = "openai", base: str = "/v1") -> Account:
    """An account with a server on loopback."""
    url = told if isinstance(told, str) else f"http://127.0.0.1:{told.port}"
    return Account(vendor, url + base, {"api_key": KEY})


def piece(index: int, **changes: Any) -> dict[str, Any]:
    """One piece of music as a model describes it."""
    return {
        "title": f"Mist over Water {index}",
        "text": f"A slow felt piano above a warm pad, part {index} of a quiet morning at the lake.",
        "tempo_bpm": 60,
        "tonic": "D",
        "mode": "dorian",
        "instruments": ["felt piano", "warm pad"],
        "density": 0.3,
        "moods": ["serene"],
    } | changes


def picture(index: int, **changes: Any) -> dict[str, Any]:
    """One picture as a model describes it."""
    return {
        "text": f"A mountain lake at dawn, mist on still water, pines on the far shore, view {index}.",
        "description": f"The lake at dawn, {index}",
    } | changes


def answer(task: Task = TASK, **changes: Any) -> dict[str, Any]:
    """A script that answers `task`."""
    script: dict[str, Any] = {
        "title": "Mountain Lake Ambience | Serene Music",
        "description": "A morning at the lake.\n\nThree quiet pieces for reading.",
        "tags": ["ambient music", "mountain lake", "calm"],
    }
    if task.samples:
        script["music"] = [piece(index) for index in range(1, len(task.samples) + 1)]
    if task.pictures:
        script["visuals"] = [picture(index) for index in range(1, task.pictures + 1)]
    return script | changes


def told_json(code: int, value: object, **headers: str) -> Answer:
    """An answer of a server."""
    return status(code, json.dumps(value).encode(), **headers)
