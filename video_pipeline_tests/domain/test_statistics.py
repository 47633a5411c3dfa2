"""The words by which jobs are counted."""

from __future__ import annotations

from video_pipeline.domain.job import JobStatus, statuses_for
from video_pipeline.domain.statistics import STATUS_WORDS


def test_each_status_is_counted_under_one_word() -> None:
    counted = [status for statuses in STATUS_WORDS.values() for status in statuses]
    assert sorted(counted) == sorted(JobStatus)


def test_a_word_counts_what_it_finds() -> None:
    assert {word: statuses_for(word) for word in STATUS_WORDS} == STATUS_WORDS
