"""The table of legal moves, and the words by which jobs are filtered."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.errors import IllegalMoveError, InvalidInputError
from video_pipeline.domain.job import FILTER_WORDS, TRANSITIONS, WORKING, JobStatus, check_move, statuses_for

S = JobStatus
FLOW = (*WORKING, S.COMPLETED)


def test_every_status_has_its_row() -> None:
    assert set(TRANSITIONS) == set(JobStatus)


def test_the_flow_can_be_walked_from_start_to_end() -> None:
    for current, target in pairwise(FLOW):
        check_move(current, target)


@given(current=st.sampled_from(JobStatus), target=st.sampled_from(JobStatus))
def test_a_move_is_legal_when_the_table_says_so(current: JobStatus, target: JobStatus) -> None:
    if target in TRANSITIONS[current]:
        check_move(current, target)
    else:
        with pytest.raises(IllegalMoveError, match=f"a job that is {current} cannot become {target}"):
            check_move(current, target)


def test_no_step_is_skipped_and_nothing_stays_where_it_is() -> None:
    for place, current in enumerate(FLOW):
        assert current not in TRANSITIONS[current]
        ahead = [target for target in TRANSITIONS[current] if target in FLOW[place + 1 :]]
        assert ahead == list(FLOW[place + 1 : place + 2])


def test_working_jobs_can_fail_or_be_cancelled_and_only_they() -> None:
    for status in JobStatus:
        assert (S.FAILED in TRANSITIONS[status]) == (status in WORKING)
        assert (S.CANCELLED in TRANSITIONS[status]) == (status in (*WORKING, S.FAILED))


def test_a_failed_job_can_return_to_every_working_status_and_a_cancelled_one_to_none() -> None:
    assert set(WORKING) <= TRANSITIONS[S.FAILED]
    assert S.COMPLETED not in TRANSITIONS[S.FAILED]
    assert TRANSITIONS[S.CANCELLED] == frozenset()


def test_refining_brings_back_to_approval_even_a_completed_job() -> None:
    for status in (S.RENDERING, S.READY_FOR_EXPORT, S.COMPLETED):
        check_move(status, S.AWAITING_APPROVAL)


def test_words_of_older_clients_mean_sets_of_statuses() -> None:
    assert statuses_for("rendering") == (S.RENDERING,)
    assert statuses_for("processing") == statuses_for("running")
    for statuses in FILTER_WORDS.values():
        assert set(statuses) <= set(WORKING)
    assert not set(FILTER_WORDS) & set(JobStatus)


@pytest.mark.parametrize("word", ["", "done", "Rendering"])
def test_an_unknown_word_is_answered_with_the_known_ones(word: str) -> None:
    with pytest.raises(InvalidInputError, match=r"planned.*pending"):
        statuses_for(word)
