"""What an approval is given to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from video_pipeline.domain.media import AudioFacts, ImageFacts, Loudness, MediaReference
from video_pipeline.domain.records import ImageRecord, TrackRecord, Works, fingerprint
from video_pipeline.domain.storyboard import Storyboard

PLAN = Storyboard("t", "d", (), (), 0, 0)


def track(index: int, sha256: str) -> TrackRecord:
    facts = AudioFacts(48_000, 2, Loudness(-14, -1, 5), 0)
    media = MediaReference(f"{index}.flac", sha256, 1)
    return TrackRecord(UUID(int=index), index, "dummy", None, "x", media, facts, None, datetime(2026, 1, 1, tzinfo=UTC))


def image(index: int, sha256: str) -> ImageRecord:
    media = MediaReference(f"{index}.png", sha256, 1)
    facts = ImageFacts(16, 9, 90, "0" * 16)
    return ImageRecord(UUID(int=index), index, "dummy", None, "x", media, facts, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_fingerprint_changes_with_everything_that_was_looked_at() -> None:
    tracks, images = [track(1, "a" * 64), track(2, "b" * 64)], [image(1, "c" * 64)]
    seen = fingerprint(PLAN, Works(tracks, images))
    assert len(seen) == 64
    others = {
        fingerprint(replace(PLAN, title="other"), Works(tracks, images)),
        fingerprint(PLAN, Works(tracks[:1], images)),
        fingerprint(PLAN, Works([track(1, "b" * 64), track(2, "a" * 64)], images)),
        fingerprint(PLAN, Works(tracks, [image(1, "d" * 64)])),
        fingerprint(PLAN, Works(tracks, [])),
    }
    assert len(others | {seen}) == 6


def test_a_fingerprint_does_not_depend_on_the_order_of_reading() -> None:
    tracks = [track(1, "a" * 64), track(2, "b" * 64)]
    assert fingerprint(PLAN, Works(tracks)) == fingerprint(PLAN, Works(tracks[::-1]))
