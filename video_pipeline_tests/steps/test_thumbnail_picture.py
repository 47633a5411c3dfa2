"""The picture that is bought for thumbnails alone, from Recraft's fake: once, within the caps, and never needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import CancelledError, StoreUnavailableError
from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.licences import LicenceRecord, LicensedKind, drawn_from, in_force, shown_of
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import CapScope, PurchaseState
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.thumbnails import Design
from video_pipeline.providers.recraft import LICENCE, RecraftImages
from video_pipeline.steps import thumbnail_picture
from video_pipeline.steps.attempt import attempt
from video_pipeline.steps.export import planned
from video_pipeline.steps.files import job_files
from video_pipeline.steps.paint import regeneration_price
from video_pipeline.steps.refine import refine
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.thumbnail_picture import WHAT, bought_picture, buy_thumbnail_picture
from video_pipeline.steps.thumbnails import thumbnails
from video_pipeline.store.books import licences as books
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.providers import buying
from video_pipeline_tests.steps.test_pipeline import BEFORE, go
from video_pipeline_tests.store.plain_sql import SHA, Sql
from video_pipeline_tests.vendors import Account, Fakes, running

Order = Callable[..., JobRecord]
PRICE = Decimal("0.04")
WORDS = "16:9 background of a lighthouse above a harbour at night, quiet sea; no people, no text"


@pytest.fixture(scope="module")
def fakes() -> Iterator[Fakes]:
    with running() as served:
        yield served


@pytest.fixture
def account(fakes: Fakes, request: pytest.FixtureRequest) -> Account:
    return fakes.account("recraft", f"key-{request.node.name}")


@pytest.fixture
def buyer(studio: Studio, fakes: Fakes, account: Account, cores: Cores) -> Studio:
    """The studio, with Recraft for its thumbnails."""
    recraft = RecraftImages(buying.workshop(cores, fakes, account.key))
    return replace(studio, images={**studio.images, "recraft": recraft}, thumbnail_provider="recraft")


def bought(studio: Studio, job_id: UUID) -> list[tuple[PurchaseState, Decimal | None]]:
    return [(each.state, each.cost_usd) for each in studio.jobs.purchases(job_id) if each.what == WHAT]


def again(studio: Studio, job: JobRecord) -> None:
    """As another attempt at the stage would do."""
    storyboard, brief = planned(studio.jobs.get_job(job.id))
    with attempt(studio.jobs, job.id, Stage.IMAGES, "another run") as current:
        buy_thumbnail_picture(studio, current, brief, storyboard)


def retitled(studio: Studio, job: JobRecord) -> None:
    """The same under another title."""
    storyboard, brief = planned(studio.jobs.get_job(job.id))
    with attempt(studio.jobs, job.id, Stage.IMAGES, "another run") as current:
        buy_thumbnail_picture(studio, current, brief, replace(storyboard, title="Another Title"))


def licences(studio: Studio, job_id: UUID) -> list[LicenceRecord]:
    return [row for row in studio.jobs.licences(job_id) if row.kind is LicensedKind.THUMBNAIL]


def with_pictures(studio: Studio, job: JobRecord) -> JobRecord:
    """The job before its thumbnails: all pictures are there, and none was bought."""
    return go(replace(studio, thumbnail_provider=None), job.id, *BEFORE)


def test_it_is_bought_once_shown_first_and_in_the_books(buyer: Studio, account: Account, order: Order) -> None:
    job = go(buyer, order(scene_count=2).id, *BEFORE)
    assert job.status is JobStatus.AWAITING_APPROVAL
    assert bought(buyer, job.id) == [(PurchaseState.SETTLED, PRICE)]
    assert job.actual_cost_usd == account.bill.total == PRICE
    (charge,) = account.bill
    assert "No text" in charge.prompt
    picture = bought_picture(buyer.media, job.id)
    assert picture is not None
    assert (picture.provider, picture.cost_usd) == ("recraft", PRICE)
    kinds = {file.media.key: file.kind for file in job_files(buyer, job.id)}
    assert kinds[picture.media.key] == "picture for thumbnails"
    drawn = buyer.jobs.get_thumbnails(job.id)
    assert [each.key for each in thumbnails(buyer, job.id)] == [each.key for each in drawn]
    again(buyer, job)
    assert account.count("submit") == 1
    assert bought_picture(buyer.media, job.id) == picture


def test_its_licence_is_in_the_books_and_it_is_in_thumbnails_only(
    buyer: Studio, account: Account, order: Order
) -> None:
    studio = replace(buyer, plans={"recraft": "Pro"})
    taken = studio.jobs.record_terms("recraft", LICENCE.url or "", SHA, b"You may.")
    job = go(studio, order(scene_count=2).id, *BEFORE)
    studio.jobs.record_terms("recraft", LICENCE.url or "", "1" * 64, b"You may not any more.")
    again(studio, job)
    (row,) = licences(studio, job.id)
    picture = bought_picture(studio.media, job.id)
    assert picture is not None
    (charge,) = account.bill
    assert (row.sha256, row.prompt, row.seed, row.cost_usd) == (picture.media.sha256, charge.prompt, 7, PRICE)
    assert (row.provider, row.plan, row.provider_task_id) == ("recraft", "Pro", picture.provider_image_id)
    assert (row.terms_url, row.terms_sha256, row.terms_taken_at) == (LICENCE.url, SHA, taken.fetched_at)
    assert row.created_at == picture.created_at
    rows, shown = studio.jobs.licences(job.id), studio.jobs.get_thumbnails(job.id)
    assert list(in_force(rows, drawn_from(shown)).values()) == [row]
    assert row not in in_force(rows, shown_of(studio.jobs.works(job.id))).values()


def test_designs_are_drawn_over_it(buyer: Studio, order: Order) -> None:
    job = with_pictures(buyer, order(scene_count=1))
    before = {each.variant: each.key for each in buyer.jobs.get_thumbnails(job.id)}
    again(buyer, job)
    after = {each.variant: each.key for each in thumbnails(buyer, job.id)}
    assert before.keys() == after.keys()
    changed = {variant for variant, key in after.items() if before[variant] != key}
    assert changed >= {Design.PLAIN, Design.BOLD_TEXT, Design.COLLAGE}
    assert after[Design.CLOSE_UP] == before[Design.CLOSE_UP]


def test_another_title_has_another_picture(buyer: Studio, account: Account, order: Order) -> None:
    job = go(buyer, order(scene_count=1).id, *BEFORE)
    first = bought_picture(buyer.media, job.id)
    retitled(buyer, job)
    thumbnails(buyer, job.id)
    second = bought_picture(buyer.media, job.id)
    assert first is not None
    assert second is not None
    assert first.media.key != second.media.key
    assert not buyer.media.holds(first.media)
    assert account.bill.total == 2 * PRICE
    rows = licences(buyer, job.id)
    assert [row.sha256 for row in rows] == [first.media.sha256, second.media.sha256]
    assert list(in_force(rows, drawn_from(buyer.jobs.get_thumbnails(job.id))).values()) == rows[1:]


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def kill(studio: Studio, job: JobRecord, where: object, name: str) -> None:
    """Buy the picture in an attempt whose process ends when it calls `name`."""
    with pytest.MonkeyPatch.context() as killed:
        killed.setattr(where, name, interrupted)
        killed.setattr("video_pipeline.steps.open_purchase.OpenPurchase.give_up", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            again(studio, job)


@pytest.mark.parametrize(("where", "name"), [(thumbnail_picture, "_settle"), (books, "write_licence")])
def test_an_attempt_that_ended_before_the_books_pays_no_second_one(
    buyer: Studio, account: Account, order: Order, where: object, name: str
) -> None:
    job = with_pictures(buyer, order(scene_count=1))
    kill(buyer, job, where, name)
    assert (bought(buyer, job.id), licences(buyer, job.id)) == ([(PurchaseState.SUBMITTING, None)], [])
    for _ in range(2):
        again(buyer, job)
        assert bought(buyer, job.id) == [(PurchaseState.SETTLED, PRICE)]
        assert [row.cost_usd for row in licences(buyer, job.id)] == [PRICE]
    assert buyer.jobs.get_job(job.id).actual_cost_usd == account.bill.total == PRICE


def test_what_was_made_before_the_books_counts_for_whoever_comes_next(
    buyer: Studio, account: Account, order: Order
) -> None:
    """Also where nothing is bought any more, or something else is: the picture is there, and thumbnails show it."""
    job = with_pictures(buyer, order(scene_count=1))
    kill(buyer, job, thumbnail_picture, "_settle")
    again(replace(buyer, thumbnail_provider=None), job)
    assert bought(buyer, job.id) == [(PurchaseState.SETTLED, PRICE)]
    other = with_pictures(buyer, order(scene_count=1))
    kill(buyer, other, thumbnail_picture, "_settle")
    retitled(buyer, other)
    assert bought(buyer, other.id) == [(PurchaseState.SETTLED, PRICE)] * 2
    assert len(licences(buyer, other.id)) == 2
    assert account.bill.total == 3 * PRICE


@pytest.mark.slow
def test_one_that_costs_nothing_has_its_licence_once(studio: Studio, order: Order) -> None:
    free = replace(studio, thumbnail_provider="procedural")
    job = with_pictures(free, order(scene_count=1))
    kill(free, job, books, "write_licence")
    assert bought_picture(free.media, job.id) is not None
    for _ in range(2):
        again(free, job)
        (row,) = licences(free, job.id)
    assert (row.provider, row.cost_usd, bought(free, job.id)) == ("procedural", 0, [])


@pytest.mark.slow
def test_books_from_before_it_get_its_licence(
    buyer: Studio, account: Account, order: Order, database: Database
) -> None:
    """As if they had been restored from a backup that is older than the purchase."""
    job = with_pictures(buyer, order(scene_count=1))
    kill(buyer, job, thumbnail_picture, "_settle")
    Sql(database.engine).run("DELETE FROM purchases")
    for _ in range(2):
        again(buyer, job)
        assert [row.provider for row in licences(buyer, job.id)] == ["recraft"]
    assert account.count("submit") == 1
    assert buyer.jobs.get_job(job.id).actual_cost_usd == account.bill.total == PRICE


def test_the_record_of_a_former_version_is_read(buyer: Studio, order: Order) -> None:
    job = with_pictures(buyer, order(scene_count=1))
    kill(buyer, job, thumbnail_picture, "_settle")
    path = buyer.media.path(f"jobs/{job.id}/thumbnails/bought.json")
    told = json.loads(path.read_text())
    del told["seed"]
    told["licence"] = {name: told["licence"][name] for name in ("name", "url")}
    path.write_text(json.dumps(told))
    again(buyer, job)
    (row,) = licences(buyer, job.id)
    assert (row.licence, row.plan, row.uses) == (told["licence"]["name"], None, ())


@pytest.mark.parametrize(
    ("fault", "state"),
    [("refused", PurchaseState.RELEASED), ("black", PurchaseState.LOST), ("reset_after", PurchaseState.DOUBTFUL)],
)
def test_a_job_does_without_it(
    buyer: Studio, account: Account, order: Order, caplog: pytest.LogCaptureFixture, fault: str, state: PurchaseState
) -> None:
    account.next(fault, "submit")
    job = go(buyer, order(scene_count=1, approval=Approval.AUTO).id, *BEFORE)
    assert job.status is JobStatus.AWAITING_APPROVAL
    assert [state_ for state_, _ in bought(buyer, job.id)] == [state]
    assert "has no picture by recraft for its thumbnails, and takes its own" in caplog.text
    assert bought_picture(buyer.media, job.id) is None
    assert buyer.jobs.get_thumbnails(job.id)
    if state is PurchaseState.DOUBTFUL:
        again(buyer, job)
        assert account.count("submit") == 1


def test_a_cap_holds_for_it(buyer: Studio, account: Account, order: Order) -> None:
    buyer.jobs.set_cap(CapScope.JOB, Decimal("0.03"))
    job = go(buyer, order(scene_count=1).id, *BEFORE)
    assert job.status is JobStatus.AWAITING_APPROVAL
    assert (bought(buyer, job.id), account.count("submit")) == ([], 0)


def test_an_attempt_that_is_to_end_ends(buyer: Studio, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    job = with_pictures(buyer, order(scene_count=1))

    def cancelled(*_: object) -> None:
        raise CancelledError("the job was cancelled")

    monkeypatch.setattr(thumbnail_picture, "obtain", cancelled)
    with pytest.raises(CancelledError):
        again(buyer, job)


def test_books_that_did_not_answer_once_get_its_licence_before_the_job_goes_on(
    buyer: Studio, account: Account, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the thumbnails already, and no other attempt at a job that went on would write the row."""
    job = with_pictures(buyer, order(scene_count=1))
    kill(buyer, job, thumbnail_picture, "_settle")

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailableError("the database did not answer: it restarts")

    with monkeypatch.context() as hiccup:
        hiccup.setattr(buyer.jobs, "record_made", away)
        with pytest.raises(StoreUnavailableError):
            again(buyer, job)
    again(buyer, job)
    assert len(licences(buyer, job.id)) == account.count("submit") == 1


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"title": 3}', b"{"])
@pytest.mark.slow
def test_a_damaged_record_is_none(buyer: Studio, order: Order, damage: bytes) -> None:
    job = with_pictures(buyer, order(scene_count=1))
    buyer.media.path(f"jobs/{job.id}/thumbnails/bought.json").write_bytes(damage)
    assert bought_picture(buyer.media, job.id) is None
    thumbnails(buyer, job.id)
    assert not buyer.media.path(f"jobs/{job.id}/thumbnails/bought.json").exists()


@pytest.mark.slow
def test_the_provider_of_refinements_paints_anew_at_its_own_price(
    buyer: Studio, account: Account, order: Order
) -> None:
    studio = replace(buyer, thumbnail_provider=None, refinement_provider="recraft")
    job = go(studio, order(scene_count=2).id, *BEFORE)
    assert {each.provider for each in studio.jobs.images(job.id)} == {"dummy"}
    refined = refine(studio, job.id, 1, image_prompt=WORDS, description=None, by="ada")
    assert [each.provider for each in studio.jobs.images(job.id)] == ["recraft", "dummy"]
    assert refined.actual_cost_usd == account.bill.total == PRICE
    (purchase,) = studio.jobs.purchases(job.id)
    # What is set aside has an enlargement in it, should one be needed.
    assert purchase.price_usd == regeneration_price(studio.images["recraft"]) == Decimal("0.044")
    assert regeneration_price(studio.images["dummy"]) == Decimal("0.02")
