"""The plan's value: its JSON, its numbering, its limits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.storyboard import (
    TONICS,
    Instrument,
    Mode,
    MusicPrompt,
    Scene,
    Storyboard,
    VisualPrompt,
    item_seed,
)
from video_pipeline.domain.timeline import Motion, TransitionKind

words = st.text(max_size=40)


@st.composite
def scenes(draw: st.DrawFn, index: int) -> Scene:
    music = MusicPrompt(
        order_index=index,
        title=draw(words),
        text=draw(words),
        tempo_bpm=draw(st.integers(30, 240)),
        tonic=draw(st.sampled_from(TONICS)),
        mode=draw(st.sampled_from(Mode)),
        instruments=tuple(draw(st.lists(st.sampled_from(Instrument), min_size=1, max_size=4))),
        density=draw(st.floats(0, 1)),
        moods=tuple(draw(st.lists(words, max_size=3))),
        samples=draw(st.integers(1, 10**8)),
    )
    return Scene(
        index,
        draw(st.integers(1, 10**6)),
        music,
        VisualPrompt(index, draw(words), draw(words)),
        motion=draw(st.none() | st.sampled_from(Motion)),
        transition=draw(st.sampled_from(TransitionKind)),
    )


@st.composite
def storyboards(draw: st.DrawFn) -> Storyboard:
    count = draw(st.integers(0, 4))
    return Storyboard(
        title=draw(words),
        description=draw(words),
        tags=tuple(draw(st.lists(words, max_size=3))),
        scenes=tuple(draw(scenes(index)) for index in range(1, count + 1)),
        crossfade_samples=draw(st.integers(0, 10**6)),
        dissolve_frames=draw(st.integers(0, 1000)),
    )


def scene(index: int = 1) -> Scene:
    music = MusicPrompt(index, "T", "text", 60, "C", Mode.MAJOR, (Instrument.PIANO,), 0.5, ("calm",), 5_040_000)
    return Scene(index, 3000, music, VisualPrompt(index, "a lake", "Lake."))


@given(storyboard=storyboards())
def test_json_loses_nothing(storyboard: Storyboard) -> None:
    assert Storyboard.from_json(json.loads(json.dumps(storyboard.to_json()))) == storyboard
    assert storyboard.frames == sum(each.frames for each in storyboard.scenes)


def test_a_storyboard_of_an_older_version_is_read() -> None:
    old = json.loads(json.dumps(Storyboard("t", "d", (), (scene(),), 0, 0).to_json()))
    for name in ("motion", "transition"):
        del old["scenes"][0][name]
    read = Storyboard.from_json(old)
    assert read.scenes[0].motion is None
    assert read.scenes[0].transition is TransitionKind.DISSOLVE
    old["scenes"][0]["motion"] = "wild"
    with pytest.raises(InvalidInputError, match="wild"):
        Storyboard.from_json(old)


@pytest.mark.parametrize("broken", [{}, {"scenes": 3}, {"scenes": [{}]}, {"scenes": [{"music": "x"}]}, []])
def test_what_is_no_storyboard_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match="not a storyboard"):
        Storyboard.from_json(broken)


def test_an_unknown_instrument_is_refused_and_a_bad_tempo_named() -> None:
    value = json.loads(json.dumps(Storyboard("t", "d", (), (scene(),), 0, 0).to_json()))
    value["scenes"][0]["music"]["instruments"] = ["kazoo"]
    with pytest.raises(InvalidInputError, match="kazoo"):
        Storyboard.from_json(value)
    value["scenes"][0]["music"] |= {"instruments": ["piano"], "tempo_bpm": 1000}
    with pytest.raises(InvalidInputError, match="30 to 240 BPM, not 1000"):
        Storyboard.from_json(value)


@pytest.mark.parametrize("numbers", [(2,), (1, 1), (2, 1), (1, 3), (0, 1)])
def test_scenes_are_numbered_from_one_in_order(numbers: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match="numbered 1 to"):
        Storyboard("t", "d", (), tuple(scene(number) for number in numbers), 0, 0)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"tonic": "H"}, "tonic 'H'"),
        ({"tempo_bpm": 29}, "30 to 240 BPM"),
        ({"tempo_bpm": 241}, "30 to 240 BPM"),
        ({"instruments": ()}, "at least one instrument"),
        ({"density": -0.01}, "density must be from 0 to 1"),
        ({"density": 1.01}, "density must be from 0 to 1"),
        ({"density": float("nan")}, "density must be from 0 to 1"),
        ({"samples": 0}, "positive length"),
    ],
)
def test_a_music_prompt_states_its_limits(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        replace(scene().music, **change)


def test_prompts_have_the_shape_that_the_database_keeps() -> None:
    prompts = Storyboard("t", "d", (), (scene(1), scene(2)), 0, 0).prompts()
    assert prompts["music_prompts"][1] == {"order_index": 2, "prompt": "text", "duration_minutes": 1.75}
    assert prompts["visual_prompts"][0] == {"order_index": 1, "prompt": "a lake"}


@given(seed=st.integers(0, 2**31 - 1), index=st.integers(1, 60))
def test_item_seeds_stay_in_range_and_differ(seed: int, index: int) -> None:
    one = item_seed(seed, "music", index)
    assert 0 <= one < 2**31
    assert one == item_seed(seed, "music", index)
    assert one != item_seed(seed, "image", index)
    assert one != item_seed(seed, "music", index + 1)
