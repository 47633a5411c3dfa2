"""Owns how a plan follows music that was there first: a song's beats, or what somebody uploaded; hides the shares.

Pure, as `plan` is.

    build, joined    |-- video 1 --|------- video 2 -------|-- video 1 --|---- vid|    until the music ends
    with more to see |- 1 -|--- 2 ---|- 3 -|-- 4 --|                                   each in proportion less
    build, looped    |-------- video 1 --------|--------- video 2 ---------------|    a share of the music each
    music video      |- 1 -|-- 2 --|- 3 -|--- 4 ---|- 5 -|                            cuts on beats and sections
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise

from video_pipeline.domain.brief import Arrangement, BuildBrief, MusicVideoBrief
from video_pipeline.domain.effort import song_scene_seconds
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.materials import FootageFile, Materials, SongFile
from video_pipeline.domain.rhythm import Rhythm, cut_frames
from video_pipeline.domain.storyboard import Scene, Song, Storyboard, VisualPrompt
from video_pipeline.domain.timebase import FPS_30, clock
from video_pipeline.domain.uploads import stem_of
from video_pipeline.ports import PromptWriter
from video_pipeline.steps.assemble import scene_lengths
from video_pipeline.steps.lengths import CROSSFADE_SAMPLES, DISSOLVE_FRAMES
from video_pipeline.steps.script import check_script, with_chapters
from video_pipeline.steps.staging import motions, transitions

QUICK_DISSOLVE_FRAMES = 12
"""Length of a picture transition on a beat: 0.4 s at 30 frames a second; a long one would blur the beat."""

TITLE_CHARACTERS = 80
"""Of a song that is named by its file; its number may follow."""

LONGEST_S = 12 * 3600
"""YouTube takes no longer videos (support.google.com/youtube/answer/71673)."""

NO_BEAT = Rhythm(None, (), ())


def plan_music_video(brief: MusicVideoBrief, writer: PromptWriter, materials: Materials) -> Storyboard:
    """Pictures cut to one song; InvalidInputError when there is not exactly one."""
    if len(materials.songs) != 1:
        raise InvalidInputError(f"a music video is made of exactly one song; {len(materials.songs)} are there")
    songs = _songs(materials.songs, brief.song_title)
    total = scene_lengths([songs[0].samples], 0)[0]
    frames = _cut(materials.songs[0], total, song_scene_seconds(brief, total))
    script = writer.write(brief, (), songs=songs, pictures=len(frames))
    check_script(script, (), len(frames))
    return Storyboard(
        title=script.title,
        description=script.description,
        tags=script.tags,
        scenes=_painted(brief, frames, script.visuals),
        crossfade_samples=CROSSFADE_SAMPLES,
        dissolve_frames=QUICK_DISSOLVE_FRAMES,
        songs=songs,
    )


def plan_build(brief: BuildBrief, writer: PromptWriter, materials: Materials) -> Storyboard:
    """What was uploaded, as long as its music; pictures are made, one a song, where there is nothing to be seen.

    InvalidInputError when there is no music.
    """
    if not materials.songs:
        raise InvalidInputError("a build is as long as its music, and there is none; upload at least one music file")
    songs = _songs(materials.songs)
    lengths = scene_lengths([song.samples for song in songs], CROSSFADE_SAMPLES)
    if sum(lengths) > FPS_30.frames_in(LONGEST_S):
        raise InvalidInputError(
            f"the music lasts {clock(FPS_30.seconds(sum(lengths)))}; at most {clock(LONGEST_S)} are possible: use less"
        )
    missing = 0 if materials.footage else len(songs)
    script = writer.write(brief, (), songs=songs, pictures=missing)
    check_script(script, (), missing)
    if missing:
        scenes = _painted(brief, lengths, script.visuals)
    else:
        scenes = _shown(brief, materials.footage, _natural(brief, materials.footage, sum(lengths)))
    repeated = sum(scene.frames for scene in scenes) != sum(lengths)
    return Storyboard(
        title=script.title,
        description=with_chapters(script.description, lengths, [song.title for song in songs]),
        tags=script.tags,
        scenes=scenes,
        crossfade_samples=CROSSFADE_SAMPLES,
        dissolve_frames=DISSOLVE_FRAMES,
        songs=songs,
        length=sum(lengths) if repeated else None,
    )


def _songs(files: Sequence[SongFile], title: str | None = None) -> tuple[Song, ...]:
    """Titles are the names of the files; equal ones are told apart by their numbers."""
    titles = [title or _title(each.source.name) for each in files]
    return tuple(
        Song(
            index,
            name if titles.count(name) == 1 else f"{name} {index}",
            each.source,
            each.samples,
            each.rhythm.tempo_bpm if each.rhythm else None,
        )
        for index, (name, each) in enumerate(zip(titles, files, strict=True), 1)
    )


def _title(filename: str) -> str:
    """A title for a chapter line: YouTube refuses < and >, which file names may have."""
    return stem_of(filename).replace("<", "‹").replace(">", "›")[:TITLE_CHARACTERS].strip() or "Song"


def _cut(song: SongFile, frames: int, seconds_each: Fraction) -> list[int]:
    """The lengths of scenes of about `seconds_each` that fill a song."""
    cuts = [0, *cut_frames(song.rhythm or NO_BEAT, FPS_30, frames, seconds_each=seconds_each), frames]
    return [end - start for start, end in pairwise(cuts)]


def _natural(brief: BuildBrief, footage: Sequence[FootageFile], total: int) -> list[int]:
    """How many frames each is shown: looped for equal shares of `total`, else as long as it is.

    When joined videos and pictures are longer than the music, all are shown less, as long as that leaves each of them
    more than its transitions; of still more the last ones are not reached.
    """
    if len(footage) == 1 or brief.arrangement is Arrangement.LOOP:
        return _shares(total, [1] * len(footage))
    lengths = [each.frames or FPS_30.frames_in(brief.picture_seconds) for each in footage]
    less = _shares(total, lengths)
    return less if sum(lengths) > total and min(less) > DISSOLVE_FRAMES else lengths


def _shares(total: int, weights: Sequence[int]) -> list[int]:
    """`total` frames in parts as large as their weights, none a frame off."""
    ends = [total * weight // sum(weights) for weight in accumulate(weights, initial=0)]
    return [end - start for start, end in pairwise(ends)]


def _painted(
    brief: MusicVideoBrief | BuildBrief, frames: Sequence[int], visuals: Sequence[VisualPrompt]
) -> tuple[Scene, ...]:
    texts = [visual.text for visual in visuals]
    moves, cuts = motions(brief.motion, texts, brief.seed), transitions(brief.transition, texts, brief.seed)
    return tuple(
        Scene(index, length, None, visual, motion=motion, transition=transition)
        for index, (length, visual, motion, transition) in enumerate(zip(frames, visuals, moves, cuts, strict=True), 1)
    )


def _shown(brief: BuildBrief, footage: Sequence[FootageFile], frames: Sequence[int]) -> tuple[Scene, ...]:
    names = [each.source.name for each in footage]
    moves, cuts = motions(brief.motion, names, brief.seed), transitions(brief.transition, names, brief.seed)
    return tuple(
        Scene(
            index,
            length,
            None,
            VisualPrompt(index, f"uploaded: {each.source.name}", stem_of(each.source.name)),
            motion=None if each.frames else motion,
            transition=transition,
            footage=each.source,
        )
        for index, (each, length, motion, transition) in enumerate(zip(footage, frames, moves, cuts, strict=True), 1)
    )
