"""Progress never runs backward and never leaves 0 to 100."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.progress import STAGE_WEIGHTS, Progress, Stage, overall_percent

percents = st.floats(0, 100)


def test_the_weights_are_the_whole_job() -> None:
    assert sum(STAGE_WEIGHTS.values()) == 100
    assert list(STAGE_WEIGHTS) == list(Stage)


def test_each_stage_begins_where_the_one_before_it_ends() -> None:
    assert overall_percent(Stage.STORYBOARD, 0) == 0
    assert overall_percent(Stage.EXPORTS, 100) == 100
    for before, after in pairwise(Stage):
        assert overall_percent(before, 100) == overall_percent(after, 0)


@given(stage=st.sampled_from(Stage), one=percents, other=percents)
def test_more_of_a_stage_is_never_less_of_the_job(stage: Stage, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= overall_percent(stage, low) <= overall_percent(stage, high) <= 100


@given(stage=st.sampled_from(Stage), percent=st.floats(allow_nan=False))
def test_nonsense_is_cut_to_the_stage(stage: Stage, percent: float) -> None:
    assert overall_percent(stage, 0) <= overall_percent(stage, percent) <= overall_percent(stage, 100)


def test_a_report_is_json() -> None:
    report = Progress(Stage.MUSIC, 20.5, 43.3, "piece 9 of 20", None)
    assert json.loads(json.dumps(report.to_json())) == {
        "stage": "music",
        "percent": 20.5,
        "stage_percent": 43.3,
        "message": "piece 9 of 20",
        "eta_s": None,
    }
