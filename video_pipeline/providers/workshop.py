"""Owns what the makers of this program are given to work with; hides where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from video_pipeline.cores import Cores
from video_pipeline.domain.purchases import Limits
from video_pipeline.providers.http import Account


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a provider may use; each takes what it needs."""

    cores: Cores  # worker processes
    library: Path  # the operator's own material: the folders `music` and `pictures`; either may be missing
    accounts: Mapping[str, Account] = field(default_factory=dict)  # with vendors, by name
    webhooks: Mapping[str, str] = field(default_factory=dict)  # where a vendor may say that it is ready, by vendor
    pace: float = 1.0  # how much longer than usual vendors are waited for
    models: Mapping[str, str] = field(default_factory=dict)  # of vendors, by name, where not the usual ones
    # US dollars for one piece, or for a second of a clip, where not the usual ones.
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    limits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # fields of `Limits`, by vendor

    def account(self, vendor: str) -> Account:
        """What there is with a vendor; where nothing is, asking it for its key says what to set."""
        return self.accounts.get(vendor) or Account(vendor, "")

    def limits_of(self, vendor: str, usual: Limits) -> Limits:
        """The limits of a vendor: the usual ones, where nobody has set others."""
        return replace(usual, **self.limits.get(vendor, {}))
