"""Owns telling webhooks what happened: who may be told, sending what is due, and doing so as long as a process runs.

Hides threads. Nothing is sent inside a transaction: a delivery is claimed, sent, and its result recorded. A process
that dies after sending leaves its claim to run out, and another one sends the same delivery, with the same id, again.
"""

from __future__ import annotations

import json
import logging
import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from video_pipeline.domain.errors import InvalidInputError, StudioError, UnreachableError
from video_pipeline.domain.webhooks import (
    CLAIM_S,
    SEND_TIMEOUT_S,
    DeliveryRecord,
    DeliveryStatus,
    DueDelivery,
    Reply,
    WebhookRecord,
    result_of,
    signed_headers,
)
from video_pipeline.ports import IsCancelled, Messenger, Outbox

log = logging.getLogger(__name__)

ROUND = 64
"""How many deliveries one round claims at most."""

PER_WEBHOOK = 4
"""How many of them for one webhook; sent one after the other they take less than a claim lasts."""

SENDERS = 8
"""How many webhooks are sent to at the same time."""

IDLE_S = 1.0
TIDY_S = 3600.0
KEPT_DAYS = 30
"""How long what was delivered, or given up, stays on the list."""

_STOP_POLL_S = 0.1

_Group = tuple[UUID, deque[DueDelivery], float]
"""A webhook, what was claimed for it, and until when (on the monotonic clock) sending may begin."""


def subscribe(
    outbox: Outbox,
    messenger: Messenger,
    url: str,
    *,
    user_name: str | None = None,
    channel_id: UUID | None = None,
    key_id: UUID | None = None,
    kinds: Sequence[str] = (),
    description: str = "",
) -> tuple[WebhookRecord, str]:
    """Add a webhook after a look at where it leads; returns it and its secret, which is shown this once.

    InvalidInputError for a URL, kind or description that is not usable, NotFoundError for an unknown channel or key,
    ConflictError for a key that counts no more.
    """
    messenger.check(url)
    return outbox.create_webhook(
        url, user_name=user_name, channel_id=channel_id, key_id=key_id, kinds=kinds, description=description
    )


def revise(
    outbox: Outbox,
    messenger: Messenger,
    webhook_id: UUID,
    *,
    is_active: bool | None = None,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    description: str | None = None,
) -> WebhookRecord:
    """Change what is given of a webhook, a new URL after a look at where it leads; errors as of `subscribe`."""
    if url is not None:
        messenger.check(url)
    return outbox.update_webhook(webhook_id, is_active=is_active, url=url, kinds=kinds, description=description)


def deliver_due(
    outbox: Outbox,
    messenger: Messenger,
    *,
    limit: int = ROUND,
    per_webhook: int = PER_WEBHOOK,
    now: Callable[[], float] = time.time,
    jitter: Callable[[], float] = random.random,
    cancelled: IsCancelled = lambda: False,
) -> int:
    """Send what is due, up to `limit` deliveries; returns how many attempts were made.

    `now` is the time since 1970 that messages are signed with. When `cancelled`, what was not begun is given back and
    what is on its way is left to end by itself. Raises the first error of the books, after the other sends are done.
    """
    senders = _Senders(outbox, messenger, now, jitter)
    senders.take(limit, per_webhook)
    senders.wait(cancelled)
    return senders.attempts


def deliver_now(
    outbox: Outbox,
    messenger: Messenger,
    delivery_id: UUID,
    *,
    now: Callable[[], float] = time.time,
    jitter: Callable[[], float] = random.random,
) -> DeliveryRecord:
    """Send this delivery in the calling thread, unless another process has it already; returns how it stands then."""
    due = outbox.claim_delivery(delivery_id)
    if due is not None:
        _attempt(outbox, messenger, due, now, jitter)
    return outbox.get_delivery(delivery_id)


def _attempt(
    outbox: Outbox, messenger: Messenger, due: DueDelivery, now: Callable[[], float], jitter: Callable[[], float]
) -> bool:
    """Send one delivery and record what came of it; True when the receiver took it."""
    body = json.dumps(due.payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json"} | signed_headers(due.secret, str(due.id), int(now()), body)
    outcome: Reply | str
    try:
        outcome = messenger.post(due.url, headers, body, SEND_TIMEOUT_S)
    except (UnreachableError, InvalidInputError) as error:
        outcome = str(error)
    result = result_of(outcome, due.attempts + 1, jitter())
    if not outbox.record_result(due, result):
        log.info("delivery %s was claimed by another process before its result was recorded", due.id)
    return result.status is DeliveryStatus.DELIVERED


class _Senders:
    """A few threads that send: each webhook's deliveries by one of them, one after the other until one fails.

    So a receiver that does not answer keeps one thread busy for one time limit, however much is due for it.
    """

    def __init__(
        self, outbox: Outbox, messenger: Messenger, now: Callable[[], float], jitter: Callable[[], float]
    ) -> None:
        self.attempts = 0
        self._outbox = outbox
        self._messenger = messenger
        self._now = now
        self._jitter = jitter
        self._waiting: deque[_Group] = deque()
        self._busy: set[UUID] = set()  # the webhooks that a thread sends to, or will
        self._running = 0
        self._errors: list[Exception] = []
        self._changed = threading.Condition()

    @property
    def is_free(self) -> bool:
        """True when what is taken now is begun at once."""
        return self._running < SENDERS

    def take(self, limit: int, per_webhook: int) -> int:
        """Claim what is due for webhooks that nothing is sent to now, and begin to send it; how much it is."""
        # What would be begun so late that its claim could run out while it is sent is not begun.
        begin_until = time.monotonic() + CLAIM_S - SEND_TIMEOUT_S
        with self._changed:
            busy = tuple(self._busy)
        due = self._outbox.claim_due(limit=limit, per_webhook=per_webhook, busy=busy)
        groups: dict[UUID, deque[DueDelivery]] = {}
        for each in due:
            groups.setdefault(each.webhook_id, deque()).append(each)
        with self._changed:
            self._busy.update(groups)
            self._waiting.extend((webhook, group, begin_until) for webhook, group in groups.items())
            new = min(SENDERS - self._running, len(groups))
            self._running += new
        for _ in range(new):
            # Daemons, because a process that ends waits for no receiver.
            threading.Thread(target=self._work, name="courier-send", daemon=True).start()
        return len(due)

    def wait(self, cancelled: IsCancelled) -> None:
        """Until all is sent, or `cancelled`: then what was not begun is given back. Raises the first error."""
        with self._changed:
            while self._running and not cancelled():
                self._changed.wait(_STOP_POLL_S)
            left = [each for _, group, _ in self._waiting for each in group]
            self._waiting.clear()
        self._outbox.release(left)
        self.check()

    def check(self) -> None:
        """Raise the first error that the books gave to a thread since the last look."""
        with self._changed:
            errors, self._errors = self._errors, []
        if errors:
            raise errors[0]

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._running -= 1
                    self._changed.notify_all()
                    return
                webhook, group, begin_until = self._waiting.popleft()
            try:
                while group and time.monotonic() < begin_until and self._one(group.popleft()):
                    pass
                self._outbox.release(tuple(group))
            except Exception as error:  # noqa: BLE001 - a thread has nobody above it; `check` raises it again
                self._errors.append(error)
            with self._changed:
                self._busy.discard(webhook)

    def _one(self, due: DueDelivery) -> bool:
        with self._changed:
            self.attempts += 1
        return _attempt(self._outbox, self._messenger, due, self._now, self._jitter)


class Courier:
    """Sends what is due, round after round, in a thread of its own; several processes may have one each.

    An error of the books is logged and survived. Use it as a context manager, or `start` and `stop` it.
    """

    def __init__(self, outbox: Outbox, messenger: Messenger, *, idle_s: float = IDLE_S) -> None:
        self._outbox = outbox
        self._messenger = messenger
        self._idle_s = idle_s
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._tidied_at = -math.inf
        self._is_failing = False

    def start(self) -> None:
        """Begin; nothing happens when it runs already."""
        if self._thread is None:
            self._stopped.clear()
            self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End within a second; what is on its way then is sent again later if its result is not recorded."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Courier:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        senders = _Senders(self._outbox, self._messenger, time.time, random.random)
        while not self._stopped.is_set():
            taken = 0
            with self._surviving():
                senders.check()
                taken = senders.take(ROUND, PER_WEBHOOK) if senders.is_free else 0
                self._tidy()
                self._is_failing = False
            if not taken:
                self._stopped.wait(self._idle_s)
        with self._surviving():
            senders.wait(self._stopped.is_set)

    @contextmanager
    def _surviving(self) -> Iterator[None]:
        """Log an error, the first of a series of them, and go on: the next round may do better."""
        try:
            yield
        except Exception as error:
            # Once, not each second for as long as a database is away.
            if not self._is_failing:
                log.warning("webhooks wait: %s", error, exc_info=not isinstance(error, StudioError))
            self._is_failing = True

    def _tidy(self) -> None:
        if time.monotonic() - self._tidied_at >= TIDY_S:
            self._outbox.forget_delivered(older_than_days=KEPT_DAYS)
            self._tidied_at = time.monotonic()
