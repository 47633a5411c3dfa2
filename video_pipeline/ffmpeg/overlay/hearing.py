"""Owns listening to a programme for its overlay; hides when the mix is ready and how the table is kept.

What is drawn follows the first mix that is as loud as it should be. Later rounds of the sound move its level by tenths
of a decibel, which nobody sees, and differ from voice to voice: so all renditions of a batch share one table.
"""

from __future__ import annotations

import math
from pathlib import Path

from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.overlay.live import Heard
from video_pipeline.ffmpeg.overlay.spectrum import BANDS, BLOCK, TABLE_VERSION, Clock, table_span
from video_pipeline.ffmpeg.sound.programme import SoundWork
from video_pipeline.ffmpeg.work.cache import Session, key_of
from video_pipeline.ffmpeg.work.crew import Crew

_FRAME_COST = 0.08e-3
"""Expected CPU seconds a frame."""

_BLOCKS_AT_ONCE = 21
"""Three minutes at 30 frames a second."""


def listen(timeline: Timeline, sound: SoundWork, *, session: Session, crew: Crew) -> Heard:
    """The heights of all bands at each frame of `timeline`, whose sound is `sound`; waits until the table is there."""
    clock = Clock(timeline.frames, timeline.rate)
    trim = sound.first_trim()
    key = key_of(["heights", TABLE_VERSION, sound.mix_key(trim), str(clock.rate), clock.frames])
    kept = session.find(key)
    size = clock.frames * BANDS * 2
    if kept is None or kept.stat().st_size != size:
        session.drop(key)
        kept = _made(sound.mix(trim), clock, key, session=session, crew=crew)
    return Heard(kept, clock)


def _made(mix: Path, clock: Clock, key: str, *, session: Session, crew: Crew) -> Path:
    part = session.own / f"{key}.heights"
    with part.open("wb") as file:
        file.truncate(clock.frames * BANDS * 2)
    step = min(max(math.ceil(clock.frames / 12 / BLOCK), 1), _BLOCKS_AT_ONCE) * BLOCK
    spans = [(first, min(first + step, clock.frames)) for first in range(0, clock.frames, step)]
    crew.gather(
        crew.submit(
            _FRAME_COST * (span[1] - span[0]),
            f"listened to part {number} of {len(spans)}",
            table_span,
            mix,
            part,
            clock,
            span,
            crew.stop,
        )
        for number, span in enumerate(spans, start=1)
    )
    return session.add(key, part.replace)
