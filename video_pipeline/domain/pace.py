"""Owns how often somebody may ask: a token bucket for each, as values and as a bounded set of them; hides the clock.

    tokens
    burst |--.      a request takes one      the bucket is never fuller than `burst`, and fills by `per_s` a second:
          |   \\  /|  /                       in any t seconds at most burst + per_s x t requests are let through
        0 |    \\/ |/
          +-------------- time

The set lives in one process. Several processes of one studio each let the full pace through; whoever runs more than
one puts the limit into the proxy before them.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

from video_pipeline.domain.errors import InvalidInputError, TooManyRequestsError

BUCKETS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much is let through: `burst` requests at once, `per_s` requests a second in the long run."""

    burst: int
    per_s: float

    def __post_init__(self) -> None:
        if self.burst < 1 or not 0 < self.per_s < math.inf:
            raise InvalidInputError(f"at least one request and some pace must be allowed, not {self}")


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left for one who asks."""

    tokens: float
    at_s: float  # the moment at which that much was left


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is let through."""

    granted: bool
    left: int  # how many more would be let through now
    wait_s: float  # until the next one would be; 0 while there are some left


def draw(allowance: Allowance, bucket: Bucket | None, now_s: float) -> tuple[Bucket, Verdict]:
    """Take a token for a request at `now_s`; no bucket is a full one. A clock that goes back fills nothing."""
    before = bucket or Bucket(float(allowance.burst), now_s)
    elapsed_s = max(0.0, now_s - before.at_s)
    tokens = min(float(allowance.burst), before.tokens + elapsed_s * allowance.per_s)
    granted = tokens >= 1.0
    after = Bucket(tokens - 1.0 if granted else tokens, max(now_s, before.at_s))
    wait_s = max(0.0, 1.0 - after.tokens) / allowance.per_s
    return after, Verdict(granted, int(after.tokens), wait_s)


class Pace:
    """One allowance for each who asks, in this process; safe to share between threads.

    At most `size` buckets are remembered. The one that was not asked for the longest is forgotten first, which is to
    say filled: by then it most likely is.
    """

    def __init__(
        self, allowance: Allowance, *, clock: Callable[[], float] = time.monotonic, size: int = BUCKETS_MAX
    ) -> None:
        self._allowance = allowance
        self._clock = clock
        self._size = size
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()
        self._lock = Lock()

    def ask(self, who: Hashable) -> Verdict:
        """Whether a request of `who` is let through now; if so, it is counted."""
        with self._lock:
            bucket, verdict = draw(self._allowance, self._buckets.get(who), self._clock())
            self._buckets[who] = bucket
            self._buckets.move_to_end(who)
            if len(self._buckets) > self._size:
                self._buckets.popitem(last=False)
        return verdict

    def require(self, who: Hashable) -> Verdict:
        """The same; TooManyRequestsError when it is not let through."""
        verdict = self.ask(who)
        if not verdict.granted:
            raise TooManyRequestsError(
                f"more than {self._allowance.burst} requests at once, or {self._allowance.per_s:g} a second; "
                f"wait {verdict.wait_s:.1f} seconds",
                retry_after_s=verdict.wait_s,
            )
        return verdict
