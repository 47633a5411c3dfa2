"""Owns what readers of a live stream get, and how they miss nothing; hides nothing.

Numbers and times of rows are given out when a row is written, but it is seen only when its transaction ends. So a
reader that asks "what came after 41?" may be told 43 now, and 42, of a slower transaction, only the next time:

    writer A   takes 42 ............................ ends
    writer B             takes 43 ... ends
    reader                                 sees 43          would ask after 43, and never see 42

`Overlap` asks again from a place that lies some seconds back, and leaves out what it has given already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.records import EventRecord

OVERLAP_S = 10.0
"""How late a row may be seen. The studio's transactions take milliseconds; one that waits for a lock takes longer."""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One line of some job's history, with what a list of jobs shows of the job now."""

    event: EventRecord
    user_id: str | None
    channel_id: UUID
    title: str
    status: JobStatus


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job whose row was written, at a step of its progress for example."""

    job_id: UUID
    user_id: str | None
    channel_id: UUID
    status: JobStatus
    progress: dict[str, Any] | None
    updated_at: datetime


class Place(Protocol):
    """Where in a stream a row stands."""

    def __lt__(self, other: Any, /) -> bool: ...


R = TypeVar("R")
P = TypeVar("P", bound=Place)
K = TypeVar("K", bound=Hashable)


class Overlap(Generic[R, P, K]):
    """Reads a stream of rows so that each is given once, also one that is seen up to `window_s` seconds late.

    In turn: ask the books for rows from `floor` on without those in `given`, and hand what they answer to `fresh`.
    A reader that begins anew may start at the `floor` of one that ended: it gets some rows again and misses none.
    """

    def __init__(
        self, start: P, *, place: Callable[[R], P], key: Callable[[R], K], window_s: float = OVERLAP_S
    ) -> None:
        self._place, self._key, self._window_s = place, key, window_s
        self._floor = self._highest = start
        self._marks: deque[tuple[float, P]] = deque()  # the highest place known at a time, within the window
        self._given: dict[K, P] = {}

    @property
    def floor(self) -> P:
        """Where to ask from: nothing new can come before it any more."""
        return self._floor

    @property
    def given(self) -> Collection[K]:
        """The keys of rows from the floor on that were given."""
        return self._given.keys()

    def fresh(self, rows: Iterable[R], began_s: float) -> list[R]:
        """Those of `rows` that were not given yet, in their order; `began_s` is when reading them began (monotonic)."""
        new = []
        for row in rows:
            place, key = self._place(row), self._key(row)
            if key not in self._given and not place < self._floor:
                self._given[key] = place
                self._highest = place if self._highest < place else self._highest
                new.append(row)
        self._rise(began_s)
        return new

    def _rise(self, began_s: float) -> None:
        self._marks.append((began_s, self._highest))
        before = self._floor
        while self._marks and self._marks[0][0] <= began_s - self._window_s:
            self._floor = self._marks.popleft()[1]
        if before < self._floor:
            # Rows at the floor itself stay known: another one may have the same time.
            self._given = {key: place for key, place in self._given.items() if not place < self._floor}


def overlapping_events(after: int, window_s: float = OVERLAP_S) -> Overlap[FeedItem, int, int]:
    """A reader of events after the one numbered `after`, for `events_after`."""
    return Overlap(after, place=lambda item: item.event.id, key=lambda item: item.event.id, window_s=window_s)


def overlapping_changes(since: datetime, window_s: float = OVERLAP_S) -> Overlap[JobChange, datetime, ChangeKey]:
    """A reader of changes since a time, for `changed_jobs`."""
    return Overlap(since, place=lambda each: each.updated_at, key=change_key, window_s=window_s)


ChangeKey = tuple[UUID, datetime]
"""What tells one change from another: the job, and when it was written."""


def change_key(change: JobChange) -> ChangeKey:
    """The key of a change."""
    return change.job_id, change.updated_at
