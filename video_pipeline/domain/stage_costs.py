"""Owns which stage of a job each thing was bought in; hides how the ledger names things."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from video_pipeline.domain.money import ZERO_USD, CostRecord, LedgerEntry
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import PurchaseRecord

_STAGES = {
    Stage.STORYBOARD: ("words",),
    Stage.MUSIC: ("music", "audio_tracks", "track", "sound_beds", "bed"),
    # A clip is shown instead of its picture, and thumbnails are drawn as soon as there are pictures.
    Stage.IMAGES: ("images", "image", "clips", "clip", "thumbnails", "thumbnail"),
}
"""The kinds of thing that a stage buys: as purchases name them, and as entries without a purchase do."""

_STAGE_OF = {kind: stage for stage, kinds in _STAGES.items() for kind in kinds}


def paid_by_stage(entries: Iterable[CostRecord], purchases: Iterable[PurchaseRecord]) -> dict[Stage, Decimal]:
    """US dollars that each stage of a job has paid, from the job's ledger and its purchases.

    What was paid in vain counts, and a refinement counts to the stage of what it has made anew. The key of an entry
    begins with the id of its purchase or, where there was none, with the thing: `images/03/...`.
    """
    bought = {str(each.id): each.what for each in purchases}
    paid = dict.fromkeys(Stage, ZERO_USD)
    for entry in entries:
        head, _, _ = entry.request_key.partition("/")
        kind, _, _ = bought.get(head, head).partition("/")
        if entry.entry is LedgerEntry.SETTLE and kind in _STAGE_OF:
            paid[_STAGE_OF[kind]] += entry.amount_usd
    return paid
