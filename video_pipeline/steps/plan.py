"""Owns how a brief becomes a storyboard; hides what the kinds have in common.

Everything here is pure. A writer brings the words; `lengths` and `plan_songs` bring the lengths.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from video_pipeline.domain.brief import AlbumBrief, Brief, BuildBrief, MusicVideoBrief, StoryboardBrief
from video_pipeline.domain.materials import NO_MATERIALS, Materials
from video_pipeline.domain.publishing import check_texts
from video_pipeline.domain.storyboard import Scene, Storyboard
from video_pipeline.ports import PromptWriter
from video_pipeline.steps.lengths import CROSSFADE_SAMPLES, DISSOLVE_FRAMES, piece_samples, scene_frames
from video_pipeline.steps.plan_extras import plan_beds, plan_captions
from video_pipeline.steps.plan_songs import plan_build, plan_music_video
from video_pipeline.steps.script import check_script, with_chapters
from video_pipeline.steps.staging import motions, transitions


def plan(brief: Brief, writer: PromptWriter, materials: Materials = NO_MATERIALS) -> Storyboard:
    """The storyboard of any brief, exactly as long as ordered, with texts that YouTube accepts.

    `materials` is what was uploaded for it. Raises InvalidInputError, naming what is wrong, when something is missing
    there, when the quotes do not fit, or when the writer's script is not usable.
    """
    match brief:
        case AlbumBrief() | StoryboardBrief():
            storyboard = _composed(brief, writer)
        case MusicVideoBrief():
            storyboard = plan_music_video(brief, writer, materials)
        case BuildBrief():
            storyboard = plan_build(brief, writer, materials)
        case _:
            assert_never(brief)
    storyboard = replace(
        storyboard,
        beds=plan_beds(brief, materials),
        captions=plan_captions(materials, storyboard.frames),
    )
    check_texts(storyboard.title, storyboard.description, storyboard.tags)
    return storyboard


def _composed(brief: AlbumBrief | StoryboardBrief, writer: PromptWriter) -> Storyboard:
    """Scenes with music of their own."""
    frames = scene_frames(brief)
    samples = piece_samples(frames)
    script = writer.write(brief, samples)
    check_script(script, samples, len(frames))
    pictures = [visual.text for visual in script.visuals]
    moves, cuts = motions(brief.motion, pictures, brief.seed), transitions(brief.transition, pictures, brief.seed)
    return Storyboard(
        title=script.title,
        description=with_chapters(script.description, frames, [music.title for music in script.music]),
        tags=script.tags,
        scenes=tuple(
            Scene(index, length, music, visual, motion=motion, transition=transition)
            for index, length, music, visual, motion, transition in zip(
                range(1, len(frames) + 1), frames, script.music, script.visuals, moves, cuts, strict=True
            )
        ),
        crossfade_samples=CROSSFADE_SAMPLES,
        dissolve_frames=DISSOLVE_FRAMES,
    )
