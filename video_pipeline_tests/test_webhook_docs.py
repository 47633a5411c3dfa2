"""What docs/webhooks.md promises."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from video_pipeline.domain.webhooks import (
    BACKOFF_S,
    FAILING_TO_DISABLE,
    FAILURES_TO_DISABLE,
    SEND_TIMEOUT_S,
    TOLD,
    TOLERANCE_S,
    signed_headers,
)
from video_pipeline.outbound import HttpMessenger
from video_pipeline.steps.notify import KEPT_DAYS, deliver_due
from video_pipeline.store import PostgresJobStore, PostgresOutbox
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.receivers import receiver
from video_pipeline_tests.store.material import order_short

TEXT = (Path(__file__).parent.parent / "docs" / "webhooks.md").read_text(encoding="utf-8")


def _example() -> Callable[[str, Any, bytes], bool]:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(code.strip().splitlines()) <= 12
    names: dict[str, Any] = {}
    exec(code, names)
    is_ours: Callable[[str, Any, bytes], bool] = names["is_ours"]
    return is_ours


def test_the_receiver_of_the_docs_knows_our_messages(database: Database, store: PostgresJobStore) -> None:
    is_ours, outbox = _example(), PostgresOutbox(database.engine)
    with receiver() as told:
        _, secret = outbox.create_webhook(told.url)
        order_short(store)
        assert deliver_due(outbox, HttpMessenger(allow_private=True)) == 1
    (message,) = told.messages
    assert is_ours(secret, message.headers, message.body)
    assert not is_ours(secret, message.headers, message.body + b" ")
    assert not is_ours("whsec_AAAA", message.headers, message.body)
    old = signed_headers(secret, "id", int(time.time()) - TOLERANCE_S - 5, message.body)
    assert not is_ours(secret, old, message.body)


def test_the_figures_of_the_docs_are_those_of_the_code() -> None:
    for kind in TOLD:
        assert f"`{kind}`" in TEXT
    units = ((3600, "h"), (60, "min"), (1, "s"))
    waits = [next(f"{s // size} {unit}" for size, unit in units if s % size == 0 and s >= size) for s in BACKOFF_S]
    plain = " ".join(TEXT.split())
    assert f"{', '.join(waits[:-1])} and {waits[-1]}" in plain
    assert f"within {SEND_TIMEOUT_S:g} seconds" in plain
    assert f"{FAILURES_TO_DISABLE} attempts in a row failed, for {FAILING_TO_DISABLE.days} days" in plain
    assert f"for {KEPT_DAYS} days" in plain
