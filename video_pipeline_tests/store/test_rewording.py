"""Other words in the books: for what a failed job lacks, without a lease, and for nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError, PreconditionError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.purchases import Item
from video_pipeline.domain.records import JobRecord, fingerprint
from video_pipeline.domain.storyboard import Song, SourceFile, Storyboard
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import order_short, save_image, save_track, storyboard
from video_pipeline_tests.store.test_edits import ledger

S = JobStatus
WORDS = "Slow strings in a quiet hall"

REWORDS: dict[JobStatus, Callable[..., JobRecord]] = {
    S.GENERATING_MUSIC: lambda store, job_id, number=2, **more: store.reword_track(
        job_id, number, by="ada", prompt=WORDS, **more
    ),
    S.GENERATING_IMAGE: lambda store, job_id, number=2, **more: store.reword_scene(
        job_id, number, by="ada", prompt=WORDS, **more
    ),
}


def failed_in(store: PostgresJobStore, making: JobStatus, plan: Storyboard | None = None) -> JobRecord:
    """A job of three scenes that failed in a status, with the first thing of it made."""
    lease = store.claim(order_short(store, 3).id, "a run")
    store.save_storyboard(lease, plan or storyboard(3))
    store.move(lease.job_id, S.PLANNED, S.GENERATING_MUSIC, lease=lease)
    for index in (1,) if making is S.GENERATING_MUSIC else (1, 2, 3):
        save_track(store, lease, index)
    if making is S.GENERATING_IMAGE:
        store.move(lease.job_id, S.GENERATING_MUSIC, S.GENERATING_IMAGE, lease=lease)
        save_image(store, lease, 1)
    store.mark_job_failed(lease.job_id, "refused")
    return store.get_job(lease.job_id)


@pytest.mark.parametrize("making", REWORDS)
def test_nothing_changes_but_the_words(store: PostgresJobStore, database: Database, making: JobStatus) -> None:
    job = failed_in(store, making)
    assert job.storyboard is not None
    made, told = store.works(job.id), store.events(job.id)
    after = REWORDS[making](store, job.id)
    assert after == store.get_job(job.id)
    scene = job.storyboard.scenes[1]
    part = "music" if making is S.GENERATING_MUSIC else "visual"
    scene = replace(scene, **{part: replace(getattr(scene, part), text=WORDS)})
    expected = replace(job.storyboard, scenes=(job.storyboard.scenes[0], scene, job.storyboard.scenes[2]))
    assert replace(after, updated_at=job.updated_at) == replace(job, storyboard=expected)
    assert store.works(job.id) == made
    assert not store.is_held(job.id)
    assert ledger(database) == []
    with database.engine.connect() as connection:
        prompts: Any = connection.execute(text("SELECT prompts_json FROM video_jobs")).scalar_one()
    assert prompts == expected.prompts()
    (event,) = store.events(job.id)[len(told) :]
    noun = "piece" if part == "music" else "scene"
    assert (event.kind, event.message) == ("reworded", f"{noun} 2: other words, by ada")


@pytest.mark.parametrize("making", REWORDS)
def test_what_cannot_be_reworded_stays_as_it_is(store: PostgresJobStore, making: JobStatus) -> None:
    job = failed_in(store, making)
    other = next(each for each in REWORDS if each is not making)
    assert job.storyboard is not None
    seen = fingerprint(job.storyboard, store.works(job.id))
    with pytest.raises(ConflictError, match=f"failed in {making}"):
        REWORDS[other](store, job.id)
    with pytest.raises(PreconditionError, match="changed since"):
        REWORDS[making](store, job.id, expected="0" * 64)
    with pytest.raises(InvalidInputError, match="1 to 3"):
        REWORDS[making](store, job.id, 4)
    with pytest.raises(NotFoundError):
        REWORDS[making](store, order_short(store).channel_id)
    assert store.get_job(job.id) == job
    REWORDS[making](store, job.id, expected=seen)
    store.retry(job.id)
    with pytest.raises(ConflictError, match=f"is {making};"):
        REWORDS[making](store, job.id)


def test_music_that_was_there_first_has_no_words(store: PostgresJobStore) -> None:
    song = Song(1, "Harbour", SourceFile("harbour.wav", "0" * 64), 48_000)
    job = failed_in(store, S.GENERATING_MUSIC, replace(storyboard(3), songs=(song,)))
    with pytest.raises(InvalidInputError, match="was there before the plan"):
        REWORDS[S.GENERATING_MUSIC](store, job.id)


def test_words_of_people_for_the_publication_stay(store: PostgresJobStore, database: Database) -> None:
    job = failed_in(store, S.GENERATING_MUSIC)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE video_jobs SET youtube_title = 'Mine'"))
    REWORDS[S.GENERATING_MUSIC](store, job.id)
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT youtube_title FROM video_jobs")).scalar_one() == "Mine"


def test_refused_words_are_told_with_what_they_were_for(store: PostgresJobStore) -> None:
    job = order_short(store)
    lease = store.claim(job.id, "a run")
    bought = [
        store.reserve(lease, "mubert", Item(f"music/{number:02}", f"words {number}", 7), Decimal("0.04"))
        for number in (1, 2)
    ]
    store.note_refusal(bought[1].id)
    assert store.refused_words(job.id) == {("music/02", "words 2")}
    assert store.refused_words(order_short(store).id) == set()
