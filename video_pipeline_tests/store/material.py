"""Owns the small values that the store's tests put into the books."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from video_pipeline.domain.brief import AlbumBrief, StoryboardBrief
from video_pipeline.domain.delivery import MASTER, Rendition
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.media import AudioFacts, Generation, ImageFacts, Licence, Loudness, MediaReference
from video_pipeline.domain.purchases import Item, PurchaseRecord, PurchaseState
from video_pipeline.domain.records import ImageRecord, JobRecord, Lease, RenderReport, TrackRecord
from video_pipeline.domain.storyboard import Instrument, Mode, MusicPrompt, Scene, Storyboard, VisualPrompt
from video_pipeline.store import PostgresJobStore

FREE = Generation("procedural", "p-1", Licence("CC0 1.0", "https://example.org/cc0"), Decimal(0))


def album(channel_id: UUID, **changes: object) -> AlbumBrief:
    """A brief of a one-hour album."""
    values = {
        "channel_id": channel_id,
        "niche_label": "Royal Court Ambience",
        "mood_keywords": "elegant, serene",
        "target_duration_minutes": 60,
        "seed": 7,
    }
    return AlbumBrief(**(values | changes))  # type: ignore[arg-type] # the test says what it changes


def short(channel_id: UUID, scenes: int = 1) -> StoryboardBrief:
    """A brief of a few scenes of half a minute."""
    return StoryboardBrief(
        channel_id=channel_id,
        niche_label="Harbour",
        mood_keywords="calm",
        seed=7,
        scene_count=scenes,
        scene_seconds=30,
    )


def order_album(store: PostgresJobStore, **changes: object) -> JobRecord:
    """An ordered album in a channel of its own."""
    return store.create_job(album(store.create_channel("Court", "Ambience").id, **changes))


def order_short(store: PostgresJobStore, scenes: int = 1) -> JobRecord:
    """An ordered storyboard in a channel of its own."""
    return store.create_job(short(store.create_channel("Harbour", "Ambience").id, scenes))


def set_aside(
    store: PostgresJobStore, lease: Lease, price: str = "0.02", what: str = "images/02", provider: str = "leonardo"
) -> PurchaseRecord:
    """Money set aside for one thing."""
    return store.reserve(lease, provider, Item(what, "a harbour at night", 7), Decimal(price))


def paid(store: PostgresJobStore, lease: Lease, price: str, cost: str, what: str = "images/02") -> None:
    """Something that was bought, and of which nothing is left."""
    store.close_purchase(set_aside(store, lease, price, what).id, PurchaseState.LOST, Decimal(cost))


def storyboard(scenes: int, title: str = "A calm hour") -> Storyboard:
    """A plan of `scenes` scenes of half a minute."""
    return Storyboard(
        title=title,
        description="Music for the evening.",
        tags=("calm", "evening"),
        scenes=tuple(Scene(index, 900, music_prompt(index), visual_prompt(index)) for index in range(1, scenes + 1)),
        crossfade_samples=48_000,
        dissolve_frames=30,
    )


def music_prompt(index: int) -> MusicPrompt:
    """The prompt of one piece."""
    return MusicPrompt(
        order_index=index,
        title=f"Piece {index}",
        text=f"Slow piano, number {index}",
        tempo_bpm=60,
        tonic="D",
        mode=Mode.DORIAN,
        instruments=(Instrument.PIANO, Instrument.PAD),
        density=0.25,
        moods=("calm",),
        samples=48_000 * 31,
    )


def visual_prompt(index: int) -> VisualPrompt:
    """The prompt of one picture."""
    return VisualPrompt(index, f"A harbour at dusk, number {index}", f"Harbour {index}")


def reference(key: str, content: str = "") -> MediaReference:
    """A file that is only in the books."""
    return MediaReference(key, hashlib.sha256((key + content).encode()).hexdigest(), 1000)


def save_track(
    store: PostgresJobStore, lease: Lease, index: int, *, content: str = "", by: Generation = FREE
) -> TrackRecord:
    """Record one piece."""
    facts = AudioFacts(48_000 * 31, 2, Loudness(-16.2, -1.5, 4.25), 0.125)
    media = reference(f"jobs/x/music/{index:02}.flac", content)
    return store.save_track(lease, music_prompt(index), by, media, facts)


def save_image(
    store: PostgresJobStore, lease: Lease, index: int, *, content: str = "", by: Generation = FREE
) -> ImageRecord:
    """Record one picture."""
    facts = ImageFacts(1920, 1080, 101.5, "00ff00ff00ff00ff")
    return store.save_image(lease, visual_prompt(index), by, reference(f"jobs/x/images/{index:02}.png", content), facts)


def fill(store: PostgresJobStore, lease: Lease, scenes: int) -> None:
    """Plan the job of `lease` and record all its works."""
    store.save_storyboard(lease, storyboard(scenes))
    for index in range(1, scenes + 1):
        save_track(store, lease, index)
        save_image(store, lease, index)


def await_approval(store: PostgresJobStore, lease: Lease) -> None:
    """Move a planned job to where its storyboard can be approved."""
    flow = (JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, JobStatus.GENERATING_IMAGE, JobStatus.AWAITING_APPROVAL)
    for current, target in pairwise(flow):
        store.move(lease.job_id, current, target, lease=lease)


def report(key: str = "jobs/x/master.mp4", rendition: Rendition = MASTER, *, content: str = "") -> RenderReport:
    """The report of a render."""
    return RenderReport(
        rendition=rendition,
        media=reference(key, content),
        frames=900,
        width=rendition.rung.width,
        height=rendition.rung.height,
        duration_s=30.0,
        loudness=Loudness(-14.1, -1.2, 3.5),
        video_codec="h264",
        audio_codec="aac",
        stretches_encoded=1,
        stretches_reused=0,
        command="ffmpeg -i a b",
        wall_s=1.5,
    )
