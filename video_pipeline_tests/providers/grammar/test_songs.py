"""What is written about music that was there first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from video_pipeline.domain.brief import BuildBrief, MusicVideoBrief
from video_pipeline.domain.storyboard import Song, SourceFile
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ports import Script
from video_pipeline.providers.grammar import GrammarWriter

COMMON: dict[str, Any] = {"channel_id": UUID(int=7), "niche_label": "Lo-fi", "seed": 4}


def songs(*titles: str) -> list[Song]:
    return [
        Song(index, title, SourceFile(f"{index}.mp3", "0" * 64), 90 * SAMPLE_RATE)
        for index, title in enumerate(titles, 1)
    ]


def build(*titles: str, moods: str = "calm, rainy", **changes: Any) -> Script:
    return GrammarWriter().write(
        BuildBrief(**COMMON, mood_keywords=moods, **changes), (), songs=songs(*titles), pictures=0
    )


def music_video(title: str = "Night Train", moods: str = "calm, rainy", **changes: Any) -> Script:
    values = {"song_title": title, "music_file": "a.mp3", "genre": "synthwave", "prompt": "a train in a city"}
    brief = MusicVideoBrief(**COMMON, mood_keywords=moods, **(values | changes))
    return GrammarWriter().write(brief, (), songs=songs(title), pictures=0)


def test_a_long_project_keeps_the_length_in_its_title() -> None:
    for label in ("x" * 255, "Evenings by the fire " * 9):
        title = build("a", "b", project_name=label, moods=f"{'m' * 39}, {'n' * 39}").title
        assert len(title) <= 100
        assert title.endswith(f" | M{'m' * 38} | 3 Minutes")
    assert build("a", "b").title == "Lo-fi | Calm and Rainy | 3 Minutes"


def test_a_long_song_keeps_what_it_is_in_its_title() -> None:
    title = music_video("t" * 80, genre="g" * 40).title
    assert len(title) <= 100
    assert title.endswith(f" | G{'g' * 39} Music Video")


@pytest.mark.parametrize("genre", ["Ambient Music", "ambient", "Ambient music video"])
def test_what_stands_in_the_genre_is_not_said_again(genre: str) -> None:
    made = music_video(genre=genre)
    assert made.title.casefold() == "night train | ambient music video"
    assert made.description.startswith("“Night Train” is an ambient piece")
    assert not any("music music" in tag for tag in made.tags)
    assert music_video(genre="Music").title == "Night Train | Music Video"


def test_moods_that_were_said_are_not_said_again() -> None:
    assert build("a", moods="calm, calm music").title == "Lo-fi | Calm | 1 Minute 30 Seconds"
    made = build("a", moods="calm, calm music, rainy", project_name="Calm Evenings")
    assert made.title == "Calm Evenings | Rainy | 1 Minute 30 Seconds"
    assert "of rainy music, with “a”" in made.description
    assert not any("music music" in tag for tag in made.tags)


def test_songs_whose_names_begin_alike_are_named_once() -> None:
    begin = "A very long name that all of the recordings of that evening have"
    made = build(f"{begin} 1", f"{begin} 2", f"{begin} 3", "Other")
    assert made.description.count("A very long name") == 1
    assert "” and 3 more." in made.description
    assert "with “a”, “b”, “c”, and 2 more." in build(*"abcde").description
    assert "with “a” and “b”." in build("a", "b").description


def test_a_prompt_without_a_word_leaves_a_whole_sentence() -> None:
    assert "The pictures follow its beat.\n" in music_video(prompt="!!! ??? !!! ???").description
    assert "The pictures follow its beat: a train in a city.\n" in music_video().description
