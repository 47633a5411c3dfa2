"""Owns how much computing a programme is expected to take, told before it is made; hides the measured figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeGuard, assert_never

from video_pipeline.domain.brief import (
    ALBUM_SCENES,
    PICTURES,
    SONG_SCENES,
    AlbumBrief,
    Brief,
    BuildBrief,
    MotionWish,
    MusicVideoBrief,
    StoryboardBrief,
)
from video_pipeline.domain.delivery import MASTER, Format, Rendition
from video_pipeline.domain.timebase import FPS_30, clock
from video_pipeline.domain.timeline import Overlay

# CPU figures of an EPYC core, 2026-11-20: the `stages` of the render report of
# video-pipeline run --scenes 3 --scene-seconds 20 [--overlay bars] [--motion slow_zoom]
# and of the same with an hour of sound; webm and av1 as its tests say.
_SOUND_S_PER_HOUR = 45.0
_SCENE_S, _MOVING_SCENE_S = 0.8, 9.0
"""A still scene is a key frame and a transition; a moving one is a loop of some 18 s besides."""

# The same core, 2026-11-28: eight seconds of 1080p.
_CLIP_S: Mapping[str, float] = {"procedural": 11.0}
"""To make one clip; what is not here is made elsewhere, by a vendor."""

_CLIP_AS_FOOTAGE_S = 8.0

_OVERLAY_FRAME_MS: Mapping[Format, tuple[float, float]] = {
    Format.MP4: (6.7, 18.0),
    Format.WEBM: (8.4, 26.0),
    Format.AV1: (16.0, 27.0),
}
"""To draw and encode one frame of 1080p with an overlay, over what stands still and over what moves."""

SONG_S = 210
"""Length of a song before it is measured, as a guess."""

BUILD_SCENES = 10
"""What somebody uploads for a video, as a guess."""

_SAME_PICTURE = {Format.MOV: Format.MP4}

_FULL_HD = 1920 * 1080


def expected_frames(brief: Brief, song_frames: int | None = None) -> int:
    """The frames that are ordered; what is delivered may differ by some seconds.

    A music video is as long as its song, `song_frames`. Where nobody has measured the music yet, its length is a
    guess, SONG_S; `length_note` says so.
    """
    if isinstance(brief, StoryboardBrief):
        return FPS_30.frames_in(brief.scene_seconds) * brief.scene_count
    if isinstance(brief, MusicVideoBrief | BuildBrief):
        return FPS_30.frames_in(SONG_S) if song_frames is None else song_frames
    return FPS_30.frames_in(60 * brief.target_duration_minutes)


def length_note(brief: Brief, song_frames: int | None = None) -> str | None:
    """What the expected length is a guess of, for people; None where it is known."""
    if song_frames is not None or not isinstance(brief, MusicVideoBrief | BuildBrief):
        return None
    noun = "song" if isinstance(brief, MusicVideoBrief) else "music"
    return (
        f"the {noun} is not measured yet and counts as {clock(SONG_S)}; "
        "the video, and what is bought for it, follow its real length"
    )


def cpu_minutes(brief: Brief, frames: int) -> float:
    """How many minutes one core is expected to take for the master of `frames` frames."""
    if brief.overlay is not Overlay.NONE:
        pictures = 60 * overlay_minutes(brief, frames, [MASTER])
    else:
        pictures = expected_scenes(brief, frames) * (_MOVING_SCENE_S if _moves(brief) else _SCENE_S)
    sound = _SOUND_S_PER_HOUR * float(FPS_30.seconds(frames)) / 3600
    return (pictures + sound) / 60


def clip_minutes(brief: Brief, frames: int) -> float:
    """How many minutes one core is expected to take for the clips of a music video; 0 when it has none."""
    if not _has_clips(brief):
        return 0.0
    return expected_scenes(brief, frames) * (_CLIP_S.get(brief.engine, 0.0) + _CLIP_AS_FOOTAGE_S) / 60


def overlay_minutes(brief: Brief, frames: int, renditions: Sequence[Rendition]) -> float:
    """How many minutes one core is expected to take for the pictures of `renditions` with an overlay.

    Files that hold the same pictures, such as mp4 and mov, share them; a file of sound alone has none.
    """
    shown = {(_SAME_PICTURE.get(each.format, each.format), each.rung) for each in renditions if each.format.pictured}
    milliseconds = sum(
        _OVERLAY_FRAME_MS[format_][_moves(brief)] * rung.width * rung.height / _FULL_HD for format_, rung in shown
    )
    return frames * milliseconds / 60_000


def export_cost(brief: Brief, cores: int, frames: int, renditions: Sequence[Rendition]) -> str:
    """What the overlay makes exports cost, for people; empty when there is none, or none of them has a picture."""
    minutes = overlay_minutes(brief, frames, renditions)
    if brief.overlay is Overlay.NONE or not minutes:
        return ""
    names = ", ".join(each.name for each in renditions if each.format.pictured)
    return (
        f"overlay {brief.overlay}: every frame differs: expect about {_minutes(minutes / cores)} of computing "
        f"{_on(cores)} for the pictures of {names}"
    )


def overlay_cost(brief: Brief, cores: int, frames: int | None = None) -> str:
    """What an overlay will cost, for people; empty when none is ordered. Without `frames` by what is ordered."""
    if brief.overlay is Overlay.NONE:
        return ""
    length = expected_frames(brief) if frames is None else frames
    with_it = cpu_minutes(brief, length)
    without = cpu_minutes(replace(brief, overlay=Overlay.NONE), length)
    return (
        f"overlay {brief.overlay}: every frame differs: expect about {_minutes(with_it / cores)} of computing "
        f"{_on(cores)} instead of about {_minutes(without / cores)}"
    )


def clips_cost(brief: Brief, cores: int, frames: int | None = None) -> str:
    """What clips of the pictures will take, for people; empty when none are ordered."""
    if not _has_clips(brief):
        return ""
    length = expected_frames(brief) if frames is None else frames
    minutes = clip_minutes(brief, length) / cores
    return (
        f"engine {brief.engine}: about {expected_scenes(brief, length)} clips, which take about {_minutes(minutes)} of "
        f"computing {_on(cores)}"
    )


def computing_cost(brief: Brief, cores: int, frames: int | None = None) -> str:
    """What the master of an order will take to render, and the clips in it to be made, for people."""
    length = expected_frames(brief) if frames is None else frames
    master = overlay_cost(brief, cores, length)
    if not master:
        master = f"expect about {_minutes(cpu_minutes(brief, length) / cores)} of computing {_on(cores)}"
    clips = clips_cost(brief, cores, length)
    return f"{master}; {clips}" if clips else master


def _on(cores: int) -> str:
    return f"on {cores} {'core' if cores == 1 else 'cores'}"


def _moves(brief: Brief) -> bool:
    return brief.motion is not MotionWish.STILL or _has_clips(brief)


def _has_clips(brief: Brief) -> TypeGuard[MusicVideoBrief]:
    return isinstance(brief, MusicVideoBrief) and brief.engine != PICTURES


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return f"{max(round(minutes * 60), 1)} s"
    return "1 minute" if round(minutes) == 1 else f"{round(minutes)} minutes"


def expected_scenes(brief: Brief, frames: int) -> int:
    """How many pictures are expected; what is uploaded is not known before."""
    match brief:
        case AlbumBrief():
            return ALBUM_SCENES
        case StoryboardBrief():
            return brief.scene_count
        case MusicVideoBrief():
            return max(1, round(FPS_30.seconds(frames) / song_scene_seconds(brief, frames)))
        case BuildBrief():
            return BUILD_SCENES
        case _:
            assert_never(brief)


def song_scene_seconds(brief: MusicVideoBrief, frames: int) -> Fraction:
    """About how many seconds each picture of a song of `frames` frames is shown."""
    return max(Fraction(brief.scene_seconds), FPS_30.seconds(frames) / SONG_SCENES)
