"""Owns the comparison of the books with the media store; hides which files need no row. It changes nothing.

People work meanwhile, so nothing is told on the first look: what seems wrong is looked at again with the books as they
are then, and a file that nobody has recorded yet is given time.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from uuid import UUID

from video_pipeline.domain.errors import InvalidInputError, NotFoundError, StudioError
from video_pipeline.domain.inventory import Check, Fault, FileCount, Finding, Inventory, RecordedFile
from video_pipeline.domain.media import MediaReference, is_unfinished
from video_pipeline.domain.progress import Stage
from video_pipeline.ports import JobStore, MediaStore
from video_pipeline.steps.beside import SUFFIX
from video_pipeline.steps.discard import PLACES
from video_pipeline.steps.files import EXPORTS, PREVIEWS, SHEETS, THUMBNAILS, UPLOADS
from video_pipeline.steps.files import PLACES as PLACES_OF_STAGES
from video_pipeline.steps.views import VIEWS

SETTLED_S = 15 * 60
"""A file is between the store and the books for moments; what lies there for longer was left by somebody who died."""

ABANDONED_S = 24 * 3600
"""Nobody writes to one file for longer: what is unfinished by then was left by somebody who died."""

_DRAWN = (SHEETS, VIEWS, PREVIEWS, f"{THUMBNAILS}estimates.json")
"""How the keys begin of what is drawn anew when it is missing, and so is in no book."""

_SUPERSEDED = (PLACES_OF_STAGES[Stage.MASTER], EXPORTS)
"""How the keys begin of what an edit of the storyboard made worthless: it stays until the next master replaces it."""


def check_files(
    jobs: JobStore, media: MediaStore, job_id: UUID | None = None, *, deep: bool = False, now: float | None = None
) -> Check:
    """Compare the files of one job, or all, with the books: those that are missing, changed or in no book.

    Sizes are compared, with `deep` contents too, for which every file is read; one that cannot be read is told like the
    others. `now` is in seconds since 1970.
    NotFoundError when there is no such job.
    """
    if job_id is not None:
        jobs.get_job(job_id)
    # Listed before the books are read, so that a file which is recorded in between is not taken for an orphan.
    keys = _keys(media, job_id)
    books = jobs.inventory(job_id)
    doubtful = [each for each in books.files if _finding(media, each, deep=deep)]
    known, beside = _known(books), set(_beside(keys, books))
    strays = [key for key in keys if key not in known and key not in beside]
    later = jobs.inventory(job_id) if doubtful or strays else books
    still = set(later.files)
    wrong = [found for each in doubtful if each in still and (found := _finding(media, each, deep=deep))]
    settled = _known(later) | set(_beside(strays, later))
    strays = [key for key in strays if key not in settled]
    ages = {key: age for key in strays if (age := _age_s(media, key, now)) is not None}
    orphans = [_orphan(key, later) for key, age in ages.items() if age >= _patience_s(key)]
    return Check(
        findings=[*wrong, *orphans],
        counts=_counts(books.files, {found.key for found in wrong}),
        beside=len(beside - known),
        young=len(ages) - len(orphans),
        deep=deep,
    )


def _keys(media: MediaStore, job_id: UUID | None) -> list[str]:
    if job_id is None:
        return media.all_keys()
    return [key for place in PLACES for key in media.keys(place.format(job_id=job_id))]


def _known(books: Inventory) -> set[str]:
    return {file.key for file in books.files}


def _beside(keys: Sequence[str], books: Inventory) -> Iterator[str]:
    """Those of the files that rightly are in no book."""
    known, mastered = _known(books), {file.job_id for file in books.files if file.what == "master"}
    for key in (each for each in keys if not is_unfinished(each)):
        owner = _owner(key)
        if (key.endswith(SUFFIX) and key.removesuffix(SUFFIX) in known) or (
            owner in books.jobs and _needs_no_row(key, owner, books, is_mastered=owner in mastered)
        ):
            yield key


def _needs_no_row(key: str, owner: UUID | None, books: Inventory, *, is_mastered: bool) -> bool:
    if key.startswith(UPLOADS.format(job_id=owner)):
        return _uuid(PurePosixPath(key).stem) in books.receiving
    places = _DRAWN if is_mastered else (*_DRAWN, *_SUPERSEDED)
    return key.startswith(tuple(place.format(job_id=owner) for place in places))


def _finding(media: MediaStore, file: RecordedFile, *, deep: bool) -> Finding | None:
    """What is wrong with a recorded file; None when nothing is, as far as was looked."""
    try:
        path = media.path(file.key)
        if file.bytes is None or file.sha256 is None:
            fault = None if path.is_file() else (Fault.MISSING, "it is not in the media store")
        else:
            recorded = MediaReference(file.key, file.sha256, file.bytes)
            media.locate(recorded)
            same = not deep or media.holds(recorded)
            fault = None if same else (Fault.CHANGED, "its content is not what was recorded")
    except NotFoundError:
        fault = (Fault.MISSING, "it is not in the media store")
    except StudioError as error:
        fault = (Fault.CHANGED, str(error))
    except OSError as error:
        fault = (Fault.UNREADABLE, f"it cannot be read: {error.strerror}")
    return fault and Finding(fault[0], file.key, file.what, file.job_id, fault[1])


def _orphan(key: str, books: Inventory) -> Finding:
    owner = _owner(key)
    known = owner if owner in books.jobs else None
    detail = "no book names it" if known else "no book names it, nor is there such a job"
    return Finding(Fault.ORPHANED, key, "", known, detail)


def _owner(key: str) -> UUID | None:
    """The job in whose place a key lies."""
    parts = PurePosixPath(key).parts
    return _uuid(parts[1]) if len(parts) > 2 and f"{parts[0]}/{{job_id}}/" in PLACES else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _age_s(media: MediaStore, key: str, now: float | None) -> float | None:
    """Seconds since the file came to its place; None when it went in the meantime."""
    try:
        status = media.path(key).stat()
    except FileNotFoundError:
        return None
    except (InvalidInputError, OSError):  # no name of ours, or not to be looked at: nobody is about to record it
        return math.inf
    # Giving a file another name changes its status and not its time.
    return (time.time() if now is None else now) - max(status.st_mtime, status.st_ctime)


def _patience_s(key: str) -> int:
    return ABANDONED_S if is_unfinished(key) else SETTLED_S


def _counts(files: Sequence[RecordedFile], wrong: set[str]) -> list[FileCount]:
    recorded, sizes, intact = Counter[str](), Counter[str](), Counter[str]()
    for file in files:
        recorded[file.what] += 1
        sizes[file.what] += file.bytes or 0
        intact[file.what] += file.key not in wrong
    return [FileCount(kind, recorded[kind], sizes[kind], intact[kind]) for kind in sorted(recorded)]
