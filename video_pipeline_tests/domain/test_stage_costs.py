"""What each stage of a job has paid, from the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from video_pipeline.domain.money import CostRecord, LedgerEntry
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.stage_costs import paid_by_stage

NOW = datetime(2026, 11, 28, tzinfo=UTC)
BOUGHT: Any = SimpleNamespace(id=UUID(int=1), what="clips/02")


def entry(key: str, usd: str, kind: LedgerEntry = LedgerEntry.SETTLE) -> CostRecord:
    return CostRecord(1, kind, Decimal(usd), "a vendor", None, key, "", NOW)


def test_only_what_was_paid_counts_also_when_it_came_late() -> None:
    key = str(BOUGHT.id)
    entries = [
        entry(key, "0.50", LedgerEntry.RESERVE),
        entry(key, "0.50", LedgerEntry.RELEASE),
        entry(f"{key}/late", "0.35"),
    ]
    paid = paid_by_stage(entries, [BOUGHT])
    assert paid == {stage: Decimal("0.35") if stage is Stage.IMAGES else 0 for stage in Stage}


@pytest.mark.parametrize(
    ("what", "stage"),
    [
        ("words/00", Stage.STORYBOARD),
        ("audio_tracks/01", Stage.MUSIC),
        ("sound_beds/01", Stage.MUSIC),
        ("images/03", Stage.IMAGES),
        ("thumbnail", Stage.IMAGES),
    ],
)
def test_what_was_paid_without_a_purchase_is_known_by_its_key(what: str, stage: Stage) -> None:
    assert paid_by_stage([entry(f"{what}/5f1c", "0.02")], [])[stage] == Decimal("0.02")
