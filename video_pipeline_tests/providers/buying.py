"""Owns what a vendor's client needs in a test: a purchase that remembers, and a workshop in which vendors are fakes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from video_pipeline.cores import Cores
from video_pipeline.outbound import HttpMessenger
from video_pipeline.providers.http import Account
from video_pipeline.providers.workshop import Workshop
from video_pipeline_tests.vendors import Fakes

PACE = 0.01
"""Vendors on loopback are waited for a hundredth of what is usual."""

KEYS: Mapping[str, tuple[str, ...]] = {"mubert": ("company_id", "license_token")}
"""The names of what proves who asks, where it is not one key."""


def account(fakes: Fakes, vendor: str, key: str) -> Account:
    """What a test has with a fake vendor; `key` is what the fake knows the account by."""
    keys = dict.fromkeys(KEYS.get(vendor, ("api_key",)), key)
    return Account(vendor, fakes.base(vendor), keys, HttpMessenger(allow_private=True))


def workshop(cores: Cores, fakes: Fakes, key: str, library: Path = Path("nowhere")) -> Workshop:
    """A workshop whose vendors are `fakes`, all under one key."""
    return Workshop(cores, library, {vendor: account(fakes, vendor, key) for vendor in fakes.vendors}, pace=PACE)


@dataclass
class Remembered:
    """`ports.Purchase` in memory: everything told in `told`, in order."""

    task_id: str | None = None
    cost_usd: Decimal | None = None
    known: set[str] = field(default_factory=set)
    began: float | None = None
    told: list[str] = field(default_factory=list)
    costs: list[Decimal] = field(default_factory=list)

    @property
    def unanswered_s(self) -> float | None:
        """Seconds since the submission whose answer is not known."""
        return None if self.began is None else time.monotonic() - self.began

    def submitting(self) -> None:
        """See the port."""
        self.told.append("submitting")
        self.began = time.monotonic()

    def submitted(self, task_id: str | None, cost_usd: Decimal | None = None, credits: Decimal | None = None) -> None:
        """See the port."""
        self.told.append("submitted")
        self.cost_usd = cost_usd
        self.task_id, self.began = task_id, None

    def refused(self, why: str) -> None:
        """See the port."""
        self.told.append("refused")
        self.began = None

    def doubtful(self, why: str) -> None:
        """See the port."""
        self.told.append("doubtful")

    def failed(self, cost_usd: Decimal, why: str) -> None:
        """See the port."""
        self.told.append("failed")
        self.costs.append(cost_usd)

    def trouble(self, why: str, pause_s: float | None = None) -> None:
        """See the port."""
        self.told.append("trouble")

    def unknown(self, task_ids: Sequence[str]) -> list[str]:
        """See the port."""
        return [each for each in task_ids if each not in self.known]

    def wait(self, seconds: float) -> None:
        """See the port."""
        time.sleep(min(seconds, 1.0))
