"""Owns lists of jobs in their short form; hides cursors and the queries.

A page begins behind the last job of the one before, by time of order and id, not after a count of jobs: new orders move
nothing, and the hundredth page costs what the first one does.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Double, Select, bindparam, cast, func, select, tuple_

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import JobKind, JobStatus, statuses_for
from video_pipeline.domain.summaries import PAGE_MAX, JobSummary, Page
from video_pipeline.store.books.base import CHANNELS, JOBS, Books
from video_pipeline.store.books.codec import clean
from video_pipeline.store.finding.search import matching

TITLE: ColumnElement[str] = func.coalesce(func.nullif(JOBS.c.youtube_title, ""), JOBS.c.niche_label)
"""What a list calls a job."""

_SUMMARY = (
    JOBS.c.id,
    JOBS.c.channel_id,
    CHANNELS.c.name.label("channel_name"),
    TITLE.label("title"),
    JOBS.c.estimated_cost.label("estimated_cost_usd"),
    JOBS.c.actual_cost.label("actual_cost_usd"),
    cast(JOBS.c.duration, Double).label("duration_s"),
    *(
        JOBS.c[name]
        for name in (
            *("kind", "status", "niche_label", "mood_keywords", "project_name", "user_id", "target_duration_minutes"),
            *("approval", "approved", "progress", "error_message", "refinement_count", "download_count"),
            *("retry_count", "scene_count", "created_at", "updated_at", "completed_at"),
        )
    ),
)


class SummaryBooks(Books):
    """Verbs that list jobs; each is one query."""

    def page_of_jobs(
        self,
        *,
        statuses: Sequence[JobStatus] = (),
        kind: JobKind | None = None,
        channel_id: UUID | None = None,
        approved: bool | None = None,
        user_id: str | None = None,
        words: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[JobSummary]:
        """Jobs, newest first, from the place that the cursor `after` names; 1 to PAGE_MAX of them.

        `words` are those of a search box, see `store.search`; nothing in it is an error. InvalidInputError for a
        cursor that no page gave, or a limit out of range.
        """
        values = _given(statuses, user_id, kind=kind, channel_id=channel_id, approved=approved)
        if after is not None:
            values["after_time"], values["after_id"] = _place(after)
        matches = None if words is None else matching(words)
        query = _page(frozenset(values)) if matches is None else _listing(_searched(_chosen(values.keys()), matches))
        # One more than asked for tells whether there is a next page.
        found = self._summaries(query, values | {"rows": _checked(limit) + 1})
        more = len(found) > limit
        return Page(tuple(found[:limit]), _cursor(found[limit - 1]) if more else None)

    def get_video_tasks(
        self, user_id: str | None = None, status: str | None = None, limit: int = 50, offset: int = 0
    ) -> list[JobSummary]:
        """Jobs, newest first, by a user, in a status or in those that a coarse word means.

        InvalidInputError for an unknown word, a limit out of range or a negative offset.
        """
        if not 0 <= offset < 2**63:
            raise InvalidInputError(f"an offset must be 0 or more, not {offset}")
        values = _given(() if status is None else statuses_for(status), user_id)
        return self._summaries(_page(frozenset(values)), values | {"rows": _checked(limit), "left_out": offset})

    def summaries(self, job_ids: Collection[UUID]) -> dict[UUID, JobSummary]:
        """The jobs with these ids, those that exist."""
        found = self._summaries(_BY_IDS, {"job_ids": list(job_ids)}) if job_ids else []
        return {job.id: job for job in found}

    def _summaries(self, query: Select[Any], values: Mapping[str, Any]) -> list[JobSummary]:
        with self._transaction() as connection:
            return [JobSummary(**row._asdict()) for row in connection.execute(query, values)]


_BY_IDS = select(*_SUMMARY).join(CHANNELS).where(JOBS.c.id.in_(bindparam("job_ids", expanding=True)))

_FILTERS: dict[str, ColumnElement[bool]] = {
    **{name: JOBS.c[name] == bindparam(name) for name in ("kind", "channel_id", "approved", "user_id")},
    "statuses": JOBS.c.status.in_(bindparam("statuses", expanding=True)),
    "after_id": tuple_(JOBS.c.created_at, JOBS.c.id)
    < tuple_(bindparam("after_time", type_=JOBS.c.created_at.type), bindparam("after_id", type_=JOBS.c.id.type)),
}
"""What jobs are chosen by, each by the value of that name."""


@cache
def _page(names: frozenset[str]) -> Select[Any]:
    """The query of a page with these filters, made once; see `books`."""
    return _listing(_chosen(names))


def _chosen(names: Set[str]) -> Select[Any]:
    """Jobs by these filters, nothing read of them yet."""
    return select(JOBS.c.id, JOBS.c.created_at).where(*(_FILTERS[name] for name in sorted(names & _FILTERS.keys())))


def _listing(chosen: Select[Any]) -> Select[Any]:
    """The newest of the chosen jobs in short; `rows` of them, after the first `left_out`."""
    found = _newest_first(chosen).limit(bindparam("rows")).offset(bindparam("left_out", value=0)).subquery()
    return _newest_first(select(*_SUMMARY).join(found, found.c.id == JOBS.c.id).join(CHANNELS))


def _newest_first(query: Select[Any]) -> Select[Any]:
    columns = query.selected_columns
    return query.order_by(columns["created_at"].desc(), columns["id"].desc())


def _searched(chosen: Select[Any], matches: ColumnElement[bool]) -> Select[Any]:
    """Those of the chosen jobs that match.

    All of them are found before they are put in order: PostgreSQL does not know how rare a word is that it has not
    counted, takes it for one that a fiftieth of the jobs have, and would read all jobs from the newest on for it.
    """
    found = chosen.where(matches).cte("found").prefix_with("MATERIALIZED")
    return select(found.c.id, found.c.created_at)


def _given(statuses: Sequence[JobStatus], user_id: str | None, **equal: object | None) -> dict[str, Any]:
    """The values of those filters that are wanted."""
    values: dict[str, Any] = {name: value for name, value in equal.items() if value is not None}
    if statuses:
        values["statuses"] = list(statuses)
    if user_id is not None:
        values["user_id"] = clean(user_id)
    return values


def _checked(limit: int) -> int:
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidInputError(f"a page has 1 to {PAGE_MAX} jobs, not {limit}")
    return limit


def _cursor(last: JobSummary) -> str:
    text = json.dumps([last.created_at.isoformat(), str(last.id)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, UUID]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        created_at, job_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place = datetime.fromisoformat(created_at), UUID(job_id)
        if place[0].tzinfo is None:
            raise ValueError("the time has no zone")
    # json also gives up on what is nested too deeply.
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInputError("this is no cursor; give the next_cursor of a page as it is, or none") from error
    return place
