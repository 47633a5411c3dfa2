"""The plan: lengths that add up exactly, chapters on the cuts, and no script that would fail later."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.brief import AlbumBrief, Brief, StoryboardBrief
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.publishing import DESCRIPTION_MAX_BYTES, check_texts
from video_pipeline.domain.storyboard import Instrument, Mode, MusicPrompt, Song, Storyboard, VisualPrompt
from video_pipeline.ports import Script
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.steps.lengths import CROSSFADE_SAMPLES, DISSOLVE_FRAMES, piece_samples, scene_frames
from video_pipeline.steps.plan import plan
from video_pipeline.steps.script import check_script, with_chapters

SAMPLES = tuple(48_000 * (100 + index) for index in range(20))


def album(
    minutes: int = 60, seed: int = 1, niche: str = "Royal Court Ambience", moods: str = "elegant, serene"
) -> AlbumBrief:
    return AlbumBrief(
        channel_id=UUID(int=7), niche_label=niche, mood_keywords=moods, target_duration_minutes=minutes, seed=seed
    )


def short(count: int, seconds: int) -> StoryboardBrief:
    return StoryboardBrief(
        channel_id=UUID(int=7),
        niche_label="Ocean Waves",
        mood_keywords="calm",
        seed=4,
        scene_count=count,
        scene_seconds=seconds,
    )


def music(index: int, samples: int) -> MusicPrompt:
    return MusicPrompt(
        order_index=index,
        title=f"Piece {index}",
        text=f"A calm piece of music, number {index}.",
        tempo_bpm=60,
        tonic="C",
        mode=Mode.MAJOR,
        instruments=(Instrument.PIANO,),
        density=0.3,
        moods=("calm",),
        samples=samples,
    )


def script(samples: Sequence[int] = SAMPLES, **changes: object) -> Script:
    good = Script(
        title="A calm hour",
        description="Some prose.",
        tags=("calm", "music"),
        music=tuple(music(index, length) for index, length in enumerate(samples, 1)),
        visuals=tuple(
            VisualPrompt(index, f"A quiet lake, number {index}.", "A lake.") for index in range(1, len(samples) + 1)
        ),
    )
    return replace(good, **changes)


@dataclass(frozen=True)
class Writer:
    """A writer that answers with what it is told to, as a language model might."""

    changes: dict[str, object]
    name: str = "told"

    def write(
        self, brief: Brief, samples: Sequence[int], *, songs: Sequence[Song] = (), pictures: int | None = None
    ) -> Script:
        return script(samples, **self.changes)


@given(minutes=st.integers(60, 90), seed=st.integers(0, 2**31 - 1))
def test_scenes_fill_exactly_the_ordered_minutes_and_vary_by_at_most_a_fifth(minutes: int, seed: int) -> None:
    frames = scene_frames(album(minutes, seed))
    average = minutes * 60 * 30 / 20
    assert len(frames) == 20
    assert sum(frames) == minutes * 60 * 30
    assert all(0.8 * average - 1 <= length <= 1.2 * average + 1 for length in frames)
    assert min(frames) >= 90 * 30
    assert len(set(frames)) > 10


def test_other_seeds_give_other_lengths() -> None:
    assert len({scene_frames(album(60, seed)) for seed in range(50)}) == 50


@given(frames=st.lists(st.integers(300, 20_000), min_size=1, max_size=60))
def test_pieces_overlap_by_the_crossfade_and_cover_the_programme_exactly(frames: list[int]) -> None:
    samples = piece_samples(frames)
    assert sum(samples) - (len(frames) - 1) * CROSSFADE_SAMPLES == sum(frames) * 1600
    # Laid end to end with the overlap, the middle of each crossfade is the cut.
    starts = accumulate((length - CROSSFADE_SAMPLES for length in samples[:-1]), initial=0)
    middles = [start + CROSSFADE_SAMPLES // 2 for start in starts][1:]
    assert middles == [1600 * cut for cut in accumulate(frames)][:-1]


@settings(max_examples=25, deadline=None)
@given(
    minutes=st.integers(60, 90),
    seed=st.integers(0, 2**31 - 1),
    niche=st.one_of(
        st.sampled_from(["Royal Court Ambience", "<script>alert(1)</script>", "🌲" * 255, "夜" * 255, "?!"]),
        st.text(min_size=1, max_size=255).filter(lambda text: text.strip() and " ".join(text.split()).isprintable()),
    ),
)
def test_every_album_can_be_planned_published_and_kept(minutes: int, seed: int, niche: str) -> None:
    storyboard = plan(album(minutes, seed, niche), GrammarWriter())
    assert storyboard.frames == minutes * 60 * 30
    assert len(storyboard.scenes) == 20
    assert storyboard.crossfade_samples == 4 * 48_000
    assert storyboard.dissolve_frames == DISSOLVE_FRAMES == 60
    check_texts(storyboard.title, storyboard.description, storyboard.tags)
    assert Storyboard.from_json(json.loads(json.dumps(storyboard.to_json()))) == storyboard
    assert len(storyboard.prompts()["music_prompts"]) == 20


def test_chapters_stand_on_the_cuts_and_name_the_pieces() -> None:
    storyboard = plan(album(75), GrammarWriter())
    lines = storyboard.description.rpartition("\n\n")[2].splitlines()
    assert lines[0] == "Chapters"
    starts = list(accumulate((scene.frames for scene in storyboard.scenes[:-1]), initial=0))
    for line, start, scene in zip(lines[1:], starts, storyboard.scenes, strict=True):
        time, _, title = line.partition(" ")
        seconds = sum(int(part) * 60**place for place, part in enumerate(reversed(time.split(":"))))
        assert seconds == start // 30
        assert title == scene.music.title
    assert re.match(r"1:\d\d:\d\d ", lines[-1])


@pytest.mark.parametrize(("count", "seconds"), [(1, 10), (2, 10), (3, 10), (20, 25), (60, 600)])
def test_storyboards_of_short_scenes_are_planned_too(count: int, seconds: int) -> None:
    storyboard = plan(short(count, seconds), GrammarWriter())
    assert [scene.frames for scene in storyboard.scenes] == [seconds * 30] * count
    assert ("\nChapters\n" in storyboard.description) == (count >= 3)


def test_prose_gives_way_to_chapters() -> None:
    prose = "Ärger über Öl. " * 600
    made = with_chapters(prose, [3000] * 20, [f"Piece {index}" for index in range(20)])
    assert DESCRIPTION_MAX_BYTES - 40 < len(made.encode()) <= DESCRIPTION_MAX_BYTES
    assert made.endswith("31:40 Piece 19")
    assert "…\n\nChapters\n0:00 Piece 0\n" in made


def test_short_prose_stays_whole() -> None:
    assert with_chapters("All of it.", [3000] * 3, ["a", "b", "c"]) == "All of it.\n\nChapters\n0:00 a\n1:40 b\n3:20 c"


def test_chapters_that_leave_no_room_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="shorter titles"):
        with_chapters("prose", [3000] * 20, ["夜" * 100] * 20)


def changed(index: int, **changes: object) -> tuple[MusicPrompt, ...]:
    pieces = list(script().music)
    pieces[index] = replace(pieces[index], **changes)
    return tuple(pieces)


def repainted(index: int, **changes: object) -> tuple[VisualPrompt, ...]:
    pictures = list(script().visuals)
    pictures[index] = replace(pictures[index], **changes)
    return tuple(pictures)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"music": script().music[:19]}, "music prompts must be numbered 1 to 20"),
        ({"visuals": script().visuals[1:]}, "visual prompts must be numbered 1 to 20"),
        ({"visuals": script().visuals[::-1]}, "visual prompts must be numbered"),
        ({"music": (), "visuals": ()}, "music prompts must be numbered"),
        ({"music": changed(3, samples=1)}, "music prompt 4 is 1 samples long"),
        ({"music": changed(3, text="A calm piece of music,  NUMBER 1.")}, "music prompt is there 2 times"),
        ({"music": changed(3, title="Piece 9")}, "title of piece is there 2 times"),
        ({"visuals": repainted(3, text="A quiet lake, number 9.")}, "visual prompt is there 2 times"),
        ({"music": changed(3, text="short")}, "music prompt 4 has 5 characters"),
        ({"music": changed(3, text="long " * 500)}, "music prompt 4 has"),
        ({"music": changed(3, title=" ")}, "title of piece 4 has 0 characters"),
        ({"music": changed(3, title="two\nlines")}, "title of piece 4 must be one line"),
        ({"music": changed(3, title="a < b")}, "title of piece 4 must be one line of plain text"),
        ({"visuals": repainted(3, description="")}, "description of picture 4 has 0 characters"),
        ({"title": ""}, "the title has 0 characters"),
        ({"title": "x" * 101}, "the title has 101 characters"),
        ({"title": "a > b"}, "< or >"),
        ({"description": "  "}, "the description is empty"),
        ({"description": "<b>bold</b>"}, "the description has < or >"),
        ({"tags": ("x" * 501,)}, "the tags have 501 characters"),
    ],
)
def test_an_unusable_script_is_refused_by_name(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(complaint)):
        check_script(script(**changes), SAMPLES, len(SAMPLES))


def test_a_usable_script_passes() -> None:
    check_script(script(), SAMPLES, len(SAMPLES))
    assert plan(album(), Writer({})).title == "A calm hour"


def test_the_plan_refuses_what_the_check_refuses() -> None:
    with pytest.raises(InvalidInputError, match="title has 101"):
        plan(album(), Writer({"title": "x" * 101}))


def test_a_description_that_is_only_too_long_is_shortened() -> None:
    storyboard = plan(album(), Writer({"description": "many words " * 1000}))
    assert len(storyboard.description.encode()) <= DESCRIPTION_MAX_BYTES
    assert "Piece 20" in storyboard.description
