"""Owns the program that is measured as MoviePy; runs in an environment that has MoviePy and not the product.

Run as `python moviepy_rival.py PROGRAMME OUT STYLE`. Style `compose` is what MoviePy's own documentation and tutorials
do: clips that overlap, each with CrossFadeIn, on one CompositeVideoClip. Style `parts` knows what is slow in it: only
the dissolves are composed, the stills between them are chained. MoviePy has no loudness normalisation; it is spared it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from moviepy import AudioFileClip, CompositeAudioClip, CompositeVideoClip, ImageClip, afx, concatenate_videoclips, vfx

RATE = 30
SAMPLE_RATE = 48_000


def main() -> int:
    """Write the programme."""
    programme, out, style = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2], sys.argv[3]
    video = {"compose": composed, "parts": chained}[style](programme)
    video.with_audio(sound(programme)).write_videofile(
        out,
        fps=RATE,
        codec="libx264",
        preset="medium",
        audio_codec="aac",
        audio_bitrate="256k",
        audio_fps=SAMPLE_RATE,
        threads=os.cpu_count(),
        ffmpeg_params=["-crf", "18", "-movflags", "+faststart"],
        logger=None,
    )
    return 0


def composed(programme: dict[str, Any]) -> Any:
    """Every frame by CompositeVideoClip."""
    half, count = programme["dissolve_frames"] / 2 / RATE, len(programme["scenes"])
    length = programme["scene_frames"] / RATE
    clips = []
    for index, scene in enumerate(programme["scenes"]):
        start = index * length - (half if index else 0)
        end = (index + 1) * length + (half if index < count - 1 else 0)
        clip = ImageClip(scene["picture"]["path"]).with_duration(end - start).with_start(start)
        clips.append(clip.with_effects([vfx.CrossFadeIn(2 * half)]) if index else clip)
    return CompositeVideoClip(clips, size=(1920, 1080)).with_duration(count * length)


def chained(programme: dict[str, Any]) -> Any:
    """Stills as they are, dissolves by short CompositeVideoClips, one after the other."""
    whole, count = programme["dissolve_frames"] / RATE, len(programme["scenes"])
    clips: list[Any] = []
    for index, scene in enumerate(programme["scenes"]):
        picture = ImageClip(scene["picture"]["path"])
        if index:
            before = ImageClip(programme["scenes"][index - 1]["picture"]["path"]).with_duration(whole)
            entering = picture.with_duration(whole).with_effects([vfx.CrossFadeIn(whole)])
            clips.append(CompositeVideoClip([before, entering], size=(1920, 1080)).with_duration(whole))
        taken = whole / 2 * ((index > 0) + (index < count - 1))
        clips.append(picture.with_duration(programme["scene_frames"] / RATE - taken))
    return concatenate_videoclips(clips, method="chain")


def sound(programme: dict[str, Any]) -> Any:
    """The pieces, crossfaded."""
    fade, count = programme["crossfade_samples"] / SAMPLE_RATE, len(programme["scenes"])
    length = programme["scene_frames"] / RATE
    pieces = []
    for index, scene in enumerate(programme["scenes"]):
        start = index * length - (fade / 2 if index else 0)
        effects = [afx.AudioFadeIn(fade)] if index else []
        effects += [afx.AudioFadeOut(fade)] if index < count - 1 else []
        pieces.append(AudioFileClip(scene["music"]["path"]).with_start(start).with_effects(effects))
    return CompositeAudioClip(pieces).with_duration(count * length)


if __name__ == "__main__":
    sys.exit(main())
