"""Owns how a task whose answer was lost is looked for in a vendor's list; hides pages and clocks.

newest ─────────────────────────────────────────────────▶ oldest
[ page 1 ][ page 2 ][ pa│ge 3 ]      the rest is not asked for
                        └ begun before the submission, by the vendor's own clock, and a margin
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

PAGES_MAX = 100

CLOCKS_S = 300.0
"""The clock that stamps a vendor's tasks and the one of its answers, or of this machine, may differ by so much."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A task in a vendor's list."""

    task_id: str | None  # None: it has none that can be asked for
    created_at: datetime | None  # None: it does not say when
    is_same: bool | None  # it asks for the same; None: the vendor does not say any more what was asked for


UNREADABLE = Listed(None, None, None)
"""What stands in a list and is no task; it may be any."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    tasks: Sequence[Listed]
    now: datetime  # by the vendor's clock


@dataclass(frozen=True, slots=True)
class Findings:
    """What a vendor's list shows of the time since a submission; whose each task is, only the books know."""

    same: Sequence[str]  # the ids of tasks that ask for the same, oldest first
    vague: Sequence[str] = ()  # of those that say too little of themselves: each may be it
    is_whole: bool = True  # nothing else can be there: all was seen, and whatever may be it has an id


def sought(pages: Iterable[Page], age_s: float) -> Findings:
    """What `pages` show of the tasks that were begun in the last `age_s` seconds."""
    tasks, is_whole = _read(pages, age_s)
    same = {task.task_id: task.created_at for task in tasks if task.is_same and task.task_id and task.created_at}
    vague = [task.task_id for task in tasks if task.is_same is not False and task.task_id not in same]
    return Findings(
        same=sorted(same, key=lambda task_id: same[task_id]),
        vague=[task_id for task_id in vague if task_id],
        is_whole=is_whole and None not in vague,
    )


def asks_same(said: Mapping[str, Any], asked: Mapping[str, Collection[object]]) -> bool | None:
    """Whether a task asks for what was `asked`: by name, the values of which one has to stand there.

    None when it does not say enough. A value that is missing or of another type is no other wish: a vendor may have
    forgotten it, or write it in another way.
    """
    verdicts = {_is_one_of(said.get(name), values) for name, values in asked.items()}
    return False if False in verdicts else None if None in verdicts else True


def _is_one_of(said: Any, values: Collection[object]) -> bool | None:
    said, wanted = _plain(said), [_plain(value) for value in values]
    if said in wanted:
        return True
    return False if type(said) in map(type, wanted) else None


def _plain(value: Any) -> Any:
    """Texts without the white space that vendors cut off."""
    return " ".join(value.split()) if isinstance(value, str) else value


def _read(pages: Iterable[Page], age_s: float) -> tuple[list[Listed], bool]:
    """The tasks that are not too old, and whether these are all of them."""
    since: datetime | None = None
    seen: dict[str, Listed] = {}
    nameless: list[Listed] = []
    is_whole = True
    for number, page in enumerate(pages, 1):
        since = since or page.now - timedelta(seconds=age_s + CLOCKS_S)
        before = len(seen)
        seen |= {task.task_id: task for task in page.tasks if task.task_id}
        nameless += [task for task in page.tasks if not task.task_id]
        if _is_past(page.tasks, since):
            break
        if number == PAGES_MAX or (page.tasks and len(seen) == before):
            is_whole = False  # it goes on for ever, or shows one page again and again
            break
    tasks = [*seen.values(), *nameless]
    return [task for task in tasks if since and (task.created_at is None or task.created_at >= since)], is_whole


def _is_past(tasks: Sequence[Listed], since: datetime) -> bool:
    """All that follows is too old, in a list that is seen to begin with the newest."""
    times = [task.created_at for task in tasks if task.created_at is not None]
    return bool(times) and times[-1] < since and times[0] > times[-1]


def offset_pages(
    rows_from: Callable[[int], tuple[Sequence[Any], datetime]], read: Callable[[dict[str, Any]], Listed]
) -> Iterator[Page]:
    """The pages of a list that is asked for by the number of rows before; `rows_from` returns rows and the time.

    The end is an empty page: one that is short may only be as long as the vendor lets pages be.
    """
    offset = 0
    while True:
        rows, now = rows_from(offset)
        if not rows:
            return
        yield Page([read(row) if isinstance(row, dict) else UNREADABLE for row in rows], now)
        offset += len(rows)
