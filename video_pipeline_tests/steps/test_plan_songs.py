"""Plans whose music was there first: music videos and builds."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import Any
from uuid import UUID

import pytest

from video_pipeline.domain.brief import Arrangement, BuildBrief, MusicVideoBrief, StoryboardBrief, brief_from_json
from video_pipeline.domain.delivery import AspectRatio
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.materials import FootageFile, Materials, SongFile
from video_pipeline.domain.quotes import Quote
from video_pipeline.domain.rhythm import Rhythm
from video_pipeline.domain.storyboard import SourceFile, Storyboard
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE
from video_pipeline.domain.wishes import BedWish
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.steps.assemble import song_frames
from video_pipeline.steps.plan import plan

COMMON: dict[str, Any] = {"channel_id": UUID(int=7), "niche_label": "Lo-fi", "mood_keywords": "calm, rainy", "seed": 4}


def source(name: str) -> SourceFile:
    return SourceFile(name, f"{abs(hash(name)):064x}"[-64:])


def song(name: str, seconds: float, rhythm: Rhythm | None = None) -> SongFile:
    return SongFile(source(name), round(seconds * SAMPLE_RATE), rhythm)


def music_video(**changes: Any) -> MusicVideoBrief:
    values = {
        "song_title": "Night Train",
        "music_file": "night.flac",
        "genre": "synthwave",
        "prompt": "a train that crosses a sleeping city",
    }
    return MusicVideoBrief(**COMMON, **(values | changes))


def build(**changes: Any) -> BuildBrief:
    return BuildBrief(**COMMON, **changes)


def made(brief: MusicVideoBrief | BuildBrief | StoryboardBrief, materials: Materials) -> Storyboard:
    storyboard = plan(brief, GrammarWriter(), materials)
    assert Storyboard.from_json(storyboard.to_json()) == storyboard
    assert brief_from_json(brief.to_json()) == brief
    return storyboard


def test_a_music_video_is_cut_on_the_beats_of_its_song_and_as_long_as_it() -> None:
    beats = tuple(round(SAMPLE_RATE * 0.37) + number * SAMPLE_RATE // 2 for number in range(239))  # 120 bpm
    storyboard = made(music_video(), Materials(songs=(song("night.flac", 120, Rhythm(120.0, beats, ())),)))
    assert storyboard.frames == 120 * 30
    cuts = list(accumulate(scene.frames for scene in storyboard.scenes))[:-1]
    assert len(cuts) > 8
    on_beats = {FPS_30.frame_at(beat) for beat in beats}
    assert all(min(abs(cut - beat) for beat in on_beats) <= 1 for cut in cuts)
    assert all(scene.music is None and "sleeping city" in scene.visual.text for scene in storyboard.scenes)
    assert storyboard.title == "Night Train | Synthwave Music Video"
    assert "synthwave" in storyboard.tags
    assert storyboard.songs[0].tempo_bpm == 120
    assert "at 120 beats a minute" in storyboard.description
    assert len({scene.visual.text for scene in storyboard.scenes}) == len(storyboard.scenes)


def test_a_music_video_of_a_long_song_has_longer_scenes_instead_of_more_pictures() -> None:
    storyboard = made(music_video(scene_seconds=2), Materials(songs=(song("night.flac", 1800),)))
    assert len(storyboard.scenes) <= 60
    assert storyboard.frames == 1800 * 30


def test_a_music_video_needs_its_song() -> None:
    with pytest.raises(InvalidInputError, match="exactly one song; 0"):
        plan(music_video(), GrammarWriter())


CLIPS = (FootageFile(source("b_sea.mp4"), 300), FootageFile(source("c.jpg"), 0), FootageFile(source("d.mov"), 90))
MUSIC = (song("one.mp3", 61), song("two.flac", 45.5))


def test_joined_footage_keeps_its_lengths_and_begins_again_until_the_music_ends() -> None:
    storyboard = made(build(picture_seconds=7), Materials(songs=MUSIC, footage=CLIPS))
    assert [scene.frames for scene in storyboard.scenes] == [300, 210, 90]
    assert storyboard.frames == sum(song_frames(storyboard))
    assert storyboard.frames == pytest.approx((61 + 45.5 - 4) * 30, abs=2)
    assert [scene.footage for scene in storyboard.scenes] == [each.source for each in CLIPS]
    assert [scene.visual.description for scene in storyboard.scenes] == ["b sea", "c", "d"]
    assert [scene.motion is None for scene in storyboard.scenes] == [True, False, True]
    assert [each.title for each in storyboard.songs] == ["one", "two"]


def test_when_there_is_more_to_see_than_music_all_of_it_is_shown_for_less() -> None:
    storyboard = made(build(picture_seconds=40), Materials(songs=(song("one.mp3", 50),), footage=CLIPS + CLIPS[:1]))
    assert storyboard.length is None
    assert sum(scene.frames for scene in storyboard.scenes) == storyboard.frames == 50 * 30
    assert [scene.frames / storyboard.frames for scene in storyboard.scenes] == pytest.approx(
        [length / 1890 for length in (300, 1200, 90, 300)], abs=1e-3
    )


def test_what_would_be_a_flicker_keeps_its_length() -> None:
    storyboard = made(build(picture_seconds=30), Materials(songs=(song("one.mp3", 20),), footage=CLIPS))
    assert [scene.frames for scene in storyboard.scenes] == [300, 900, 90]
    assert storyboard.frames == 20 * 30


def test_looped_footage_shares_the_music_out() -> None:
    storyboard = made(build(arrangement=Arrangement.LOOP), Materials(songs=MUSIC, footage=CLIPS))
    assert storyboard.length is None
    frames = [scene.frames for scene in storyboard.scenes]
    assert max(frames) - min(frames) <= 1
    assert sum(frames) == sum(song_frames(storyboard))


def test_one_video_is_looped() -> None:
    storyboard = made(build(), Materials(songs=MUSIC, footage=CLIPS[:1]))
    assert storyboard.length is None
    assert len(storyboard.scenes) == 1


def test_a_build_without_footage_gets_one_picture_a_song() -> None:
    storyboard = made(build(), Materials(songs=MUSIC))
    assert [scene.frames for scene in storyboard.scenes] == song_frames(storyboard)
    assert all(scene.footage is None for scene in storyboard.scenes)


def test_a_build_without_music_says_what_to_do() -> None:
    with pytest.raises(InvalidInputError, match="upload at least one music file"):
        plan(build(), GrammarWriter(), Materials(footage=CLIPS))


def test_a_file_name_becomes_a_title_that_youtube_takes() -> None:
    long = made(build(), Materials(songs=(song(f"<b>{'x' * 200}.mp3", 30), song("03.mp3", 30), song("c.mp3", 30))))
    assert [len(each.title) for each in long.songs] == [80, 2, 1]
    assert long.songs[0].title.startswith("‹b›")


def test_more_music_than_youtube_takes_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="at most 12:00:00 are possible"):
        plan(build(), GrammarWriter(), Materials(songs=tuple(song(f"{n}.mp3", 9000) for n in range(5))))


def test_songs_of_one_name_are_told_apart() -> None:
    storyboard = made(build(), Materials(songs=(song("a.mp3", 30), song("a.flac", 30), song("b.flac", 30))))
    assert [each.title for each in storyboard.songs] == ["a 1", "a 2", "b"]
    assert "Chapters\n0:00 a 1" in storyboard.description


def test_uploaded_sounds_lie_beneath_at_the_level_asked_for() -> None:
    materials = Materials(songs=MUSIC, sounds=(source("rain.wav"), source("birds.ogg")))
    beds = made(build(ambience=(BedWish("file:birds.ogg", -10, 0), BedWish("sea"))), materials).beds
    assert [(bed.order_index, bed.name, bed.level_db, bed.ducking_db) for bed in beds] == [
        (1, "birds.ogg", -10, 0),
        (2, "sea", -18, 6),
        (3, "rain.wav", -18, 6),
    ]
    assert [bed.source and bed.source.name for bed in beds] == ["birds.ogg", None, "rain.wav"]


def test_a_sound_that_was_not_uploaded_is_named() -> None:
    with pytest.raises(InvalidInputError, match=r"x\.wav was not uploaded; there are: rain\.wav"):
        plan(build(ambience=(BedWish("file:x.wav"),)), GrammarWriter(), Materials(MUSIC, sounds=(source("rain.wav"),)))


def test_quotes_are_shown_in_time() -> None:
    materials = Materials(songs=MUSIC, quotes=(Quote("Breathe in."), Quote("Breathe out.", at_s=60)))
    captions = made(build(), materials).captions
    assert [each.text for each in captions] == ["Breathe in.", "Breathe out."]
    assert captions[1].start == 60 * 30


def test_a_storyboard_shows_what_its_prompt_says_in_its_shape() -> None:
    brief = StoryboardBrief(
        **COMMON,
        scene_count=4,
        scene_seconds=10,
        prompt="an old lighthouse above a stormy sea",
        style="oil painting",
        aspect_ratio=AspectRatio.TALL,
        ambience=(BedWish("rain"),),
    )
    storyboard = made(brief, Materials())
    texts = [scene.visual.text for scene in storyboard.scenes]
    assert all("old lighthouse" in text and "oil painting" in text and text.startswith("9:16") for text in texts)
    assert len(set(texts)) == 4
    assert storyboard.beds[0].name == "rain"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bpm": 7}, "bpm is from 30 to 300"),
        ({"engine": " "}, "engine is empty"),
        ({"prompt": "short"}, "at least 10"),
        ({"scene_seconds": 1}, "lasts 2 to 120 seconds"),
        ({"genre": "  "}, "genre is empty"),
        ({"quotes": "[9:99:99] Too late."}, "quotes, line 1"),
        ({"ambience": (BedWish("surf"),)}, "sound 'surf' is not known"),
        ({"ambience": (BedWish("rain"), BedWish("rain", -20))}, "each sound once"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        music_video(**changes)


def test_a_storyboard_of_an_older_version_is_read_as_it_was() -> None:
    old = made(build(), Materials(songs=MUSIC)).to_json()
    assert "beds" not in old
    assert "captions" not in old
    assert Storyboard.from_json(old).beds == ()
    assert replace(Storyboard.from_json(old)).songs[0].source == MUSIC[0].source
