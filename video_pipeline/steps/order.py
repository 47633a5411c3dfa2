"""Owns ordering videos; hides how a scheduled order chooses what a person did not say."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

from video_pipeline.domain.brief import SEED_MAX, AlbumBrief
from video_pipeline.domain.job import WORKING, JobStatus
from video_pipeline.domain.records import ChannelRecord, JobRecord
from video_pipeline.steps.studio import Studio, check_usable

SCHEDULED_MINUTES = 60
MOODS = (
    "calm, warm, serene",
    "elegant, gentle, nostalgic",
    "dreamy, airy, hopeful",
    "deep, quiet, mysterious",
    "cozy, mellow, soft",
    "solemn, spacious, peaceful",
    "tender, wistful, slow",
)
"""Moods of scheduled orders, one after the other, so that a channel's videos differ from day to day."""


def order_for_active_channels(studio: Studio, today: date | None = None) -> list[JobRecord]:
    """Order one album for each active channel that has no unfinished or failed job, to be approved by a person.

    A failed job holds further orders back: whatever broke it would break the next one too. Two calls at once order
    once. InvalidInputError, and no order at all, when a provider that would be asked is not there or lacks its key.
    """
    day = today or datetime.now(UTC).date()
    briefs = [scheduled_brief(channel, day) for channel in studio.jobs.list_channels(active_only=True)]
    for brief in briefs:
        check_usable(studio.music, brief.music_provider)
        check_usable(studio.images, brief.visual_provider)
    orders = (studio.jobs.create_job_unless(brief, (*WORKING, JobStatus.FAILED)) for brief in briefs)
    return [job for job in orders if job is not None]


def scheduled_brief(channel: ChannelRecord, day: date) -> AlbumBrief:
    """The brief of a channel for one day: its niche, the mood of the day, a seed of its own."""
    digest = hashlib.sha256(f"{channel.id}/{day.isoformat()}".encode()).digest()
    return AlbumBrief(
        channel_id=channel.id,
        niche_label=channel.brand_niche,
        mood_keywords=MOODS[day.toordinal() % len(MOODS)],
        target_duration_minutes=SCHEDULED_MINUTES,
        seed=int.from_bytes(digest[:4]) % (SEED_MAX + 1),
    )
