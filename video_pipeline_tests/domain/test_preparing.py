"""What a job must have before it is planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from uuid import uuid4

import pytest

from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.preparing import check_prepared, missing_files
from video_pipeline.domain.records import JobFileRecord
from video_pipeline.domain.uploads import FileType


@dataclass(frozen=True)
class Wish:
    """A brief, as far as it matters here."""

    needed_files: tuple[FileType, ...]


def file(file_type: FileType) -> JobFileRecord:
    return JobFileRecord(uuid4(), uuid4(), file_type, "a", MediaReference("a", "0" * 64, 1), datetime.now(UTC))


def test_what_is_missing_is_what_is_needed_and_not_there() -> None:
    subsets = [set(each) for size in range(5) for each in combinations(FileType, size)]
    for needed in subsets:
        wish = Wish(tuple(each for each in FileType if each in needed))
        for there in subsets:
            files = [file(each) for each in there for _ in range(2)]
            assert set(missing_files(wish, files)) == needed - there


def test_it_is_said_in_the_order_of_the_brief_and_in_words() -> None:
    wish = Wish((FileType.MUSIC, FileType.VIDEOS))
    assert missing_files(wish, []) == (FileType.MUSIC, FileType.VIDEOS)
    with pytest.raises(
        ConflictError, match=r"a piece of music \(music\) and a video or a picture \(videos\) is missing"
    ):
        check_prepared(wish, [file(FileType.QUOTES)])
    check_prepared(wish, [file(FileType.VIDEOS), file(FileType.MUSIC)])
