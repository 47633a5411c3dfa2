"""Letters of vendors over HTTP, and who looks at once because of them: real Postgres, signed by the fake."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from video_pipeline.api.app import create_app
from video_pipeline.cores import Cores
from video_pipeline.domain.announcements import LETTER_MAX_BYTES, PATH
from video_pipeline.domain.media import Generation
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import Item, Limits, PurchaseRecord, PurchaseState
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.ports import Purchase
from video_pipeline.providers.replicate import ReplicateImages
from video_pipeline.steps.attempt import attempt
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.api.client import Client, Reply
from video_pipeline_tests.api.conftest import opened, served
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.providers import buying
from video_pipeline_tests.store.material import order_short, set_aside
from video_pipeline_tests.vendors import running
from video_pipeline_tests.vendors.replicate import WEBHOOK_SECRET, sign

HERE = PATH.format(vendor="replicate").removeprefix("/api/v2")
PRICE = Decimal("0.05")


@dataclass(frozen=True)
class Office:
    """A served studio that expects letters of Replicate."""

    address: str
    jobs: PostgresJobStore

    def letter(self, task_id: str, *, path: str = HERE, age_s: int = 0, pad: int = 0, **changes: str) -> Reply:
        """Send a letter about a task as Replicate does, with these headers changed."""
        body = json.dumps({"id": task_id, "status": "succeeded", "logs": "x" * pad}).encode()
        headers = {**sign(body, id="msg_1", timestamp=int(time.time()) - age_s), **changes}
        return Client(f"{self.address}/api/v2").call("POST", path, raw=body, headers=headers)


@pytest.fixture
def office(database: Database, tmp_path: Path, cores: Cores) -> Iterator[Office]:
    desk, _ = opened(database, tmp_path, cores)
    desk = replace(desk, vendor_secrets={"replicate": WEBHOOK_SECRET})
    with served(create_app(desk)) as address:
        yield Office(address, PostgresJobStore(database.engine))


@pytest.fixture
def waiting(office: Office) -> PurchaseRecord:
    """A purchase that Replicate works on."""
    lease = office.jobs.claim(order_short(office.jobs, 3).id, "run")
    bought = set_aside(office.jobs, lease, provider="replicate")
    office.jobs.begin_submission(lease, bought.id, Limits(concurrency=9))
    office.jobs.record_task(bought.id, "task-1")
    return bought


def test_a_letter_is_put_down_and_coming_again_does_no_harm(office: Office, waiting: PurchaseRecord) -> None:
    assert office.jobs.announced_at(waiting.id) is None
    assert [office.letter("task-1", pad=200_000).status for _ in range(2)] == [204, 204]
    assert office.jobs.announced_at(waiting.id) is not None
    assert office.jobs.purchase(waiting.id).state is PurchaseState.SUBMITTED
    assert office.letter("nobodys-task").status == 204


def test_nobody_hears_of_what_is_not_the_vendors(office: Office, waiting: PurchaseRecord) -> None:
    forged = {"webhook-signature": "v1,c2lnbmVkIGJ5IG5vYm9keQ=="}
    assert office.letter("task-1", **forged).status == 401
    assert office.letter("task-1", age_s=400).status == 401
    for vendor in ("leonardo", "mubert", "nobody"):  # none of them has a secret here
        assert office.letter("task-1", path=f"/vendors/{vendor}/webhook").status == 404
    assert office.letter("task-1", pad=LETTER_MAX_BYTES).status == 413
    assert Client(f"{office.address}/api/v2").call("POST", HERE, raw=b"").status == 401
    assert office.jobs.announced_at(waiting.id) is None


def test_what_is_over_hears_nothing_more(office: Office, waiting: PurchaseRecord) -> None:
    office.jobs.close_purchase(waiting.id, PurchaseState.LOST, PRICE)
    assert office.letter("task-1").status == 204
    assert office.jobs.announced_at(waiting.id) is None


def test_whoever_waits_looks_at_once(office: Office, cores: Cores, tmp_path: Path) -> None:
    with running() as fakes, attempt(office.jobs, order_short(office.jobs, 3).id, Stage.IMAGES, "run") as current:
        account = fakes.account("replicate", "a-key")
        # Ready when its letter goes off, and not by being asked, which is done once a minute.
        account.behaviour.polls_until_ready, account.behaviour.ready_after_s = 10**6, 1e6
        account.behaviour.webhook_after_s = 0.3
        where = {"replicate": office.address + PATH.format(vendor="replicate")}
        images = ReplicateImages(replace(buying.workshop(cores, fakes, "a-key"), pace=30, webhooks=where))
        prompt = VisualPrompt(order_index=1, text="a lake at night", description="A lake")

        def make(purchase: Purchase) -> Generation:
            return images.illustrate(prompt, 7, (320, 180), tmp_path / "a.png", purchase)

        offer = Offer("replicate", PRICE, Limits(concurrency=9), make, lambda generation: generation)
        began = time.monotonic()
        made = obtain(office.jobs, current, Item("images/01", prompt.text, 7), [offer])
        assert time.monotonic() - began < 20
        assert json.loads(account.calls[0].body)["webhook_events_filter"] == ["completed"]
        assert [each.status for each in fakes.house.post.tried] == [204]
        assert made.provider_id == account.bill.charges[0].task_id
        assert account.count("poll") == 2
