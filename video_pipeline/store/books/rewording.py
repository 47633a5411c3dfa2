"""Owns other words for what a failed job lacks; hides which of its former words a vendor has refused.

Nobody works on a failed job, so there is no lease to hold: the job is locked, and stays failed until it is retried.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select, update

from video_pipeline.domain.editing import check_rewordable, recomposed, repainted
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.records import JobRecord, fingerprint
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.store.books.base import JOBS, PURCHASES, Books, find_row, write_event
from video_pipeline.store.books.codec import job_record, storyboard_columns, words_of_people
from video_pipeline.store.books.fences import lock_lease
from video_pipeline.store.books.moves import check_expected, works_of


class RewordBooks(Books):
    """Verbs about words that a vendor would not take."""

    def reword_scene(
        self,
        job_id: UUID,
        scene_number: int,
        *,
        by: str,
        prompt: str | None = None,
        description: str | None = None,
        expected: str | None = None,
    ) -> JobRecord:
        """Give a scene of a job that failed over its pictures other words; nothing is bought, and nothing counted.

        ConflictError when the job did not fail so, PreconditionError when the storyboard is not the `expected` version,
        InvalidInputError for a scene that there is not.
        """
        with self._transaction() as connection:
            row, plan = _failed(connection, job_id, JobStatus.GENERATING_IMAGE, expected)
            after = repainted(plan, scene_number, prompt=prompt, description=description)
            return _reworded(connection, row, after, f"scene {scene_number}: other words, by {by}")

    def reword_track(
        self, job_id: UUID, order_index: int, *, by: str, prompt: str, expected: str | None = None
    ) -> JobRecord:
        """Give a piece of a job that failed over its music other words; nothing is bought, and nothing counted.

        Raises as `reword_scene`; InvalidInputError also where the music is not made of words.
        """
        with self._transaction() as connection:
            row, plan = _failed(connection, job_id, JobStatus.GENERATING_MUSIC, expected)
            after = recomposed(plan, order_index, prompt)
            return _reworded(connection, row, after, f"piece {order_index}: other words, by {by}")

    def refused_words(self, job_id: UUID) -> set[tuple[str, str]]:
        """What a vendor's moderation has refused for a job: the thing, such as music/03, with the words."""
        refused = PURCHASES.c.video_job_id == job_id, PURCHASES.c.refused
        with self._transaction() as connection:
            rows = connection.execute(select(PURCHASES.c.what, PURCHASES.c.prompt).where(*refused)).all()
        return {(row.what, row.prompt) for row in rows}


def _failed(
    connection: Connection, job_id: UUID, making: JobStatus, expected: str | None
) -> tuple[Row[Any], Storyboard]:
    """The locked job that failed in `making` and its plan, of the expected version; its files need not all be there."""
    lock_lease(connection, job_id)
    row = find_row(connection, job_id, locked=True)
    check_rewordable(row.id, row.status, row.failed_from, making)
    if row.storyboard_data is None:
        raise InvalidInputError(f"job {row.id} is {row.status} and has no storyboard yet")
    plan = Storyboard.from_json(row.storyboard_data)
    check_expected(row.id, fingerprint(plan, works_of(connection, row.id)), expected)
    return row, plan


def _reworded(connection: Connection, row: Row[Any], storyboard: Storyboard, message: str) -> JobRecord:
    """The job with its other storyboard, failed as before."""
    values = storyboard_columns(storyboard) | words_of_people(row)
    connection.execute(update(JOBS).where(JOBS.c.id == row.id).values(values))
    write_event(connection, row.id, "reworded", message=message)
    return job_record(find_row(connection, row.id))
