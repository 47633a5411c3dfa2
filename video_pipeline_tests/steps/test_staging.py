"""What the plan chooses for each scene: what the words suggest, varied between neighbours, the same each time."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.brief import AlbumBrief, MotionWish, TransitionWish
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.domain.timeline import Motion, TransitionKind
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.steps.plan import plan
from video_pipeline.steps.staging import ANYWHERE, CUES, motions, transitions

seeds = st.integers(0, 2**31 - 1)


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        ("background of a candle hall at night", {Motion.BREATHING_LIGHT, Motion.PARTICLES}),
        ("A library, rain outside, with a burning fireplace", {Motion.BREATHING_LIGHT, Motion.PARTICLES}),
        ("mountains at dusk, falling snow", {Motion.SNOW}),
        ("a winter cabin by day", {Motion.SNOW}),
        ("a meadow at night with fireflies", {Motion.FIREFLIES}),
        ("a forest by day, soft rain", {Motion.RAIN}),
        ("a rainy window, rain outside", {Motion.SLOW_ZOOM, Motion.BREATHING_LIGHT}),
        ("a forest deep in the night", {Motion.PARTICLES, Motion.SLOW_ZOOM}),
        ("mountains at golden hour", {Motion.PAN, Motion.DRIFT, Motion.SLOW_ZOOM}),
        ("the Sea, clear and still", {Motion.PAN, Motion.DRIFT, Motion.SLOW_ZOOM}),
        ("something nobody has thought of", set(ANYWHERE)),
        ("a season of snowdrops", set(ANYWHERE)),  # words, not parts of words
    ],
)
def test_a_scene_moves_as_its_words_suggest(text: str, fitting: set[Motion]) -> None:
    assert {motions(MotionWish.AUTO, [text], seed)[0] for seed in range(60)} == fitting


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_an_album_varies_between_neighbours_and_is_the_same_each_time(seed: int) -> None:
    brief = AlbumBrief(
        channel_id=UUID(int=1),
        niche_label="Royal Court Ambience",
        mood_keywords="elegant",
        target_duration_minutes=60,
        seed=seed,
        motion=MotionWish.AUTO,
        transition=TransitionWish.AUTO,
    )
    board = plan(brief, GrammarWriter())
    assert board == plan(brief, GrammarWriter())
    assert Storyboard.from_json(board.to_json()) == board
    kinds = [scene.transition for scene in board.scenes]
    assert all(one is not other for one, other in pairwise(kinds))
    assert TransitionKind.CUT not in kinds
    moved = [scene.motion for scene in board.scenes]
    assert None not in moved
    assert Motion.STILL not in moved
    # A scene repeats its neighbour's motion only where its words leave no choice.
    alone = {offered[0] for _, offered in CUES if len(offered) == 1}
    assert all(one is not other or one in alone for one, other in pairwise(moved))
    assert len(set(moved)) > 1


@pytest.mark.parametrize("wish", [each for each in MotionWish if each is not MotionWish.AUTO])
def test_one_motion_for_all_is_one_motion_for_all(wish: MotionWish) -> None:
    assert set(motions(wish, ["a", "b"], 1)) == {Motion(wish)}


@pytest.mark.parametrize("wish", [each for each in TransitionWish if each is not TransitionWish.AUTO])
def test_one_transition_for_all_is_one_transition_for_all(wish: TransitionWish) -> None:
    assert set(transitions(wish, ["a", "b"], 1)) == {TransitionKind(wish)}
