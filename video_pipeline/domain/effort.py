"""Owns how much computing a master is expected to take, told before it is ordered; hides the measured figures."""

from __future__ import annotations

from dataclasses import replace

from video_pipeline.domain.brief import ALBUM_SCENES, AlbumBrief, Brief, MotionWish
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.domain.timeline import Overlay

# CPU figures of mp4/high on an EPYC core, 2026-11-20: the `stages` of the render report of
# video-pipeline run --scenes 3 --scene-seconds 20 [--overlay bars] [--motion slow_zoom]
_SOUND_S_PER_HOUR = 47.0
_SCENE_S, _MOVING_SCENE_S = 0.8, 9.0
"""A still scene is a key frame and a transition; a moving one is a loop of some 18 s besides."""

OVERLAY_FRAME_MS, OVERLAY_MOVING_FRAME_MS = 6.7, 18.0
"""To draw and encode one frame with an overlay, over what stands still and over what moves; drawing takes up to 1."""


def expected_frames(brief: Brief) -> int:
    """The frames that are ordered; what is delivered may differ by some seconds."""
    return FPS_30.frames_in(60 * brief.target_duration_minutes)


def cpu_minutes(brief: Brief, frames: int) -> float:
    """How many minutes one core is expected to take for the master of `frames` frames."""
    moving = brief.motion is not MotionWish.STILL
    if brief.overlay is not Overlay.NONE:
        pictures = frames * (OVERLAY_MOVING_FRAME_MS if moving else OVERLAY_FRAME_MS) / 1000
    else:
        pictures = _scenes(brief) * (_MOVING_SCENE_S if moving else _SCENE_S)
    sound = _SOUND_S_PER_HOUR * float(FPS_30.seconds(frames)) / 3600
    return (pictures + sound) / 60


def overlay_cost(brief: Brief, cores: int, frames: int | None = None) -> str:
    """What an overlay will cost, for people; empty when none is ordered. Without `frames` by what is ordered."""
    if brief.overlay is Overlay.NONE:
        return ""
    length = expected_frames(brief) if frames is None else frames
    with_it = cpu_minutes(brief, length)
    without = cpu_minutes(replace(brief, overlay=Overlay.NONE), length)
    return (
        f"overlay {brief.overlay}: every frame differs: expect about {_minutes(with_it / cores)} of computing "
        f"on {cores} {'core' if cores == 1 else 'cores'} instead of about {_minutes(without / cores)}"
    )


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return f"{max(round(minutes * 60), 1)} s"
    return "1 minute" if round(minutes) == 1 else f"{round(minutes)} minutes"


def _scenes(brief: Brief) -> int:
    return ALBUM_SCENES if isinstance(brief, AlbumBrief) else brief.scene_count
