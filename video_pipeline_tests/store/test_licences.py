"""Licences in the books: a row for each thing that is made, with the thing, never changed, quoting what was read."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from video_pipeline.domain.errors import ConflictError, InvalidInputError, LeaseLostError
from video_pipeline.domain.licences import LicenceRecord, LicensedKind, in_force, shown_of
from video_pipeline.domain.media import UPLOADED, AudioFacts, Generation, ImageFacts, Licence, Loudness, Use
from video_pipeline.domain.purchases import TRIALS, Item, Limits, PurchaseState
from video_pipeline.domain.records import Clip, Lease, NewPicture
from video_pipeline.domain.storyboard import BedPlan
from video_pipeline.store import PostgresJobStore, downgrade, migrate
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.naughty import NAUGHTY
from video_pipeline_tests.store.material import (
    FREE,
    await_approval,
    fill,
    music_prompt,
    order_short,
    reference,
    save_image,
    save_track,
    set_aside,
    visual_prompt,
)
from video_pipeline_tests.store.plain_sql import CHECK, RESTRICT, SHA, Sql, state

TERMS = "https://example.org/terms"
VENDOR = Licence(
    "Commercial",
    "https://example.org/licence",
    plan="Creator",
    terms_url=TERMS,
    uses=(Use.YOUTUBE_VIDEO, Use.MONETISED_VIDEO),
    refused=(Use.CONTENT_ID_REGISTRATION,),
)
PAID = Generation("leonardo", "gen-9", VENDOR, Decimal("0.0180"), seed=77)
FACTS = AudioFacts(48_000 * 31, 2, Loudness(-16.2, -1.5, 4.25), 0.125)


@pytest.fixture
def lease(store: PostgresJobStore) -> Lease:
    """The right to write to a fresh job."""
    return store.claim(order_short(store, 3).id, "run")


def page(store: PostgresJobStore, provider: str, url: str, content: bytes) -> str:
    """Record a page of terms; its checksum."""
    return store.record_terms(provider, url, hashlib.sha256(content).hexdigest(), content).sha256


def only(store: PostgresJobStore, lease: Lease) -> LicenceRecord:
    (row,) = store.licences(lease.job_id)
    return row


def test_a_row_says_everything_that_a_dispute_asks_for(store: PostgresJobStore, lease: Lease) -> None:
    read = page(store, "leonardo", TERMS, b"You may.")
    image = save_image(store, lease, 2, by=PAID)
    row = only(store, lease)
    assert row == LicenceRecord(
        id=row.id,
        job_id=lease.job_id,
        kind=LicensedKind.IMAGE,
        order_index=2,
        provider="leonardo",
        plan="Creator",
        licence="Commercial",
        licence_url="https://example.org/licence",
        terms_url=TERMS,
        terms_taken_at=row.terms_taken_at,
        terms_sha256=read,
        prompt=visual_prompt(2).text,
        seed=77,
        provider_task_id="gen-9",
        cost_usd=Decimal("0.0180"),
        sha256=image.media.sha256,
        uses=(Use.YOUTUBE_VIDEO, Use.MONETISED_VIDEO),
        refused=(Use.CONTENT_ID_REGISTRATION,),
        created_at=row.created_at,
    )
    assert row.terms_taken_at is not None
    assert row.terms_taken_at < row.created_at


def test_each_kind_of_work_has_a_row_of_its_own(store: PostgresJobStore, lease: Lease) -> None:
    track, image = save_track(store, lease, 1), save_image(store, lease, 1, by=PAID)
    clip = Clip(reference("jobs/x/images/01.mp4"), 240)
    engine = replace(FREE, provider="runway", provider_id="clip-1", cost_usd=Decimal("0.5000"), seed=5)
    store.save_clip(lease, 1, engine, clip)
    bed = store.save_bed(
        lease, BedPlan(1, "rain", -18.0, 0.0), replace(FREE, seed=3), reference("jobs/x/bed.flac"), FACTS
    )
    found = [
        (row.kind, row.provider, row.prompt, row.seed, row.cost_usd, row.sha256) for row in store.licences(lease.job_id)
    ]
    free = Decimal("0.0000")
    assert found == [
        (LicensedKind.TRACK, "procedural", music_prompt(1).text, None, free, track.media.sha256),
        (LicensedKind.IMAGE, "leonardo", visual_prompt(1).text, 77, Decimal("0.0180"), image.media.sha256),
        (LicensedKind.CLIP, "runway", visual_prompt(1).text, 5, Decimal("0.5000"), clip.media.sha256),
        (LicensedKind.BED, "procedural", "rain", 3, free, bed.media.sha256),
    ]


def made(store: PostgresJobStore, lease: Lease | None, by: Generation, sha256: str = SHA, **at: datetime) -> None:
    """Record a picture for thumbnails, or that of a trial."""
    store.record_made(lease, LicensedKind.THUMBNAIL, by, prompt="a pier, no text", sha256=sha256, **at)


def bought_by(store: PostgresJobStore, lease: Lease | None) -> Generation:
    """What was made with money that is set aside for it."""
    bought = store.reserve(lease, "leonardo", Item("thumbnails/00", "a pier", 7), Decimal("0.0200"))
    return replace(PAID, purchase_id=bought.id)


def ended(store: PostgresJobStore, by: Generation) -> tuple[PurchaseState, Decimal | None]:
    assert by.purchase_id is not None
    record = store.purchase(by.purchase_id)
    return record.state, record.cost_usd


def test_what_has_no_place_among_the_works_is_paid_and_has_its_row_once(store: PostgresJobStore, lease: Lease) -> None:
    by = bought_by(store, lease)
    for _ in range(2):
        made(store, lease, by)
        row = only(store, lease)
        assert (row.kind, row.order_index, row.prompt, row.seed) == (LicensedKind.THUMBNAIL, 1, "a pier, no text", 77)
        assert (row.cost_usd, row.uses, row.plan) == (PAID.cost_usd, VENDOR.uses, "Creator")
        assert ended(store, by) == (PurchaseState.SETTLED, PAID.cost_usd)
        assert [str(each.entry) for each in store.cost_entries(lease.job_id)] == ["reserve", "settle"]
    # What is bought once more is one more thing, even if its bytes are the same.
    made(store, lease, bought_by(store, lease))
    assert len(store.licences(lease.job_id)) == 2
    assert store.get_job(lease.job_id).actual_cost_usd == 2 * PAID.cost_usd


def test_money_and_row_are_written_together_or_not_at_all(store: PostgresJobStore, lease: Lease) -> None:
    by = bought_by(store, lease)
    with pytest.raises(ConflictError, match="licences_sha256_check"):
        made(store, lease, by, sha256="no checksum")
    store.release(lease)
    with pytest.raises(LeaseLostError):
        made(store, lease, by)
    assert (ended(store, by), store.licences(lease.job_id)) == ((PurchaseState.RESERVED, None), [])


@pytest.mark.parametrize("state", [PurchaseState.LOST, PurchaseState.RELEASED, PurchaseState.DOUBTFUL])
def test_what_came_after_its_purchase_was_given_up_is_paid_once_and_has_its_row(
    store: PostgresJobStore, lease: Lease, state: PurchaseState
) -> None:
    by = bought_by(store, lease)
    assert by.purchase_id is not None
    store.close_purchase(by.purchase_id, state, PAID.cost_usd, note="its attempt ended without a word")
    for _ in range(2):
        made(store, lease, by)
        assert only(store, lease).sha256 == SHA
        assert ended(store, by) == (
            PurchaseState.LOST if state is PurchaseState.LOST else PurchaseState.SETTLED,
            PAID.cost_usd,
        )
        assert store.get_job(lease.job_id).actual_cost_usd == PAID.cost_usd


def test_books_that_know_nothing_of_a_purchase_get_what_it_cost_and_the_row_once(
    store: PostgresJobStore, lease: Lease
) -> None:
    """They were restored from a backup that is older than it."""
    for _ in range(2):
        made(store, lease, replace(PAID, provider_id=None, purchase_id=uuid4()))
        assert (only(store, lease).provider_task_id, only(store, lease).cost_usd) == (None, PAID.cost_usd)
    assert [each.amount_usd for each in store.cost_entries(lease.job_id)] == [PAID.cost_usd]
    assert store.get_job(lease.job_id).actual_cost_usd == PAID.cost_usd


def test_what_nothing_was_set_aside_for_is_paid_and_has_its_row_once(store: PostgresJobStore, lease: Lease) -> None:
    for by in (FREE, PAID):
        for _ in range(2):
            made(store, lease, by)
    assert [row.provider for row in store.licences(lease.job_id)] == ["procedural", "leonardo"]
    assert [each.amount_usd for each in store.cost_entries(lease.job_id)] == [PAID.cost_usd]


def test_a_row_that_comes_late_quotes_the_terms_of_the_moment_of_making(store: PostgresJobStore, lease: Lease) -> None:
    then = page(store, "leonardo", TERMS, b"You may.")
    moment = datetime.now(UTC)
    page(store, "leonardo", TERMS, b"You may not any more.")
    made(store, lease, bought_by(store, lease), made_at=moment)
    row = only(store, lease)
    assert (row.terms_sha256, row.created_at) == (then, moment)


def test_a_trial_has_a_row_that_belongs_to_no_job(store: PostgresJobStore) -> None:
    by = bought_by(store, None)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: made(store, None, each), [by, FREE] * 4))
    assert sorted(row.provider for row in store.licences(TRIALS)) == ["leonardo", "procedural"]
    assert ended(store, by) == (PurchaseState.SETTLED, PAID.cost_usd)


def test_what_was_brought_was_made_of_no_words(store: PostgresJobStore, lease: Lease) -> None:
    brought = Generation(UPLOADED, SHA, Licence("brought by the customer", None), Decimal(0), seed=4)
    film = Clip(reference("jobs/x/images/01.mp4"), 240)
    facts = ImageFacts(1920, 1080, 101.5, "00ff00ff00ff00ff")
    store.save_image(lease, visual_prompt(1), brought, reference("jobs/x/images/01.png"), facts, clip=film)
    still, clip = store.licences(lease.job_id)
    assert (still.kind, clip.kind, clip.sha256) == (LicensedKind.IMAGE, LicensedKind.CLIP, film.media.sha256)
    for row in (still, clip):
        assert (row.provider, row.provider_task_id, row.prompt, row.seed) == (UPLOADED, SHA, None, None)
        assert (row.licence, row.terms_url, row.uses) == ("brought by the customer", None, ())


def test_a_thing_made_again_leaves_the_former_row(store: PostgresJobStore, lease: Lease) -> None:
    first = save_track(store, lease, 1, by=replace(PAID, provider="mubert"))
    second = save_track(store, lease, 1, content="better")
    rows = store.licences(lease.job_id)
    assert [(row.sha256, row.provider) for row in rows] == [
        (first.media.sha256, "mubert"),
        (second.media.sha256, "procedural"),
    ]
    assert list(in_force(rows, shown_of(store.works(lease.job_id))).values()) == rows[1:]


def test_of_equal_bytes_the_row_of_the_same_place_counts(store: PostgresJobStore, lease: Lease) -> None:
    for index in (1, 2, 2):
        save_track(store, lease, index)
    rows = [replace(row, sha256=SHA) for row in store.licences(lease.job_id)]
    shown = [(LicensedKind.TRACK, index, SHA) for index in (1, 2, 3)] + [(LicensedKind.BED, 1, SHA)]
    assert in_force(rows, shown) == {shown[0]: rows[0], shown[1]: rows[2], shown[2]: rows[2]}


def test_a_refined_picture_and_its_clip_have_rows_each_with_its_cost(store: PostgresJobStore) -> None:
    job = order_short(store, 2)
    lease = store.claim(job.id, "run")
    fill(store, lease, 2)
    await_approval(store, lease)
    store.release(lease)
    before = len(store.licences(job.id))
    edit = store.claim(job.id, "refinement", edit=True)
    engine = replace(FREE, provider="runway", cost_usd=Decimal("0.5000"), seed=11)
    facts = ImageFacts(1920, 1080, 101.5, "00ff00ff00ff00ff")
    clip = Clip(reference("jobs/x/images/02-a2.mp4"), 240)
    new = NewPicture("a pier", 11, replace(PAID, seed=11), reference("jobs/x/images/02-a2.png"), facts, clip, engine)
    store.refine_scene_in_storyboard(edit, 2, by="ada", picture=new)
    rows = store.licences(job.id)[before:]
    assert {(row.kind, row.order_index, row.provider, row.prompt, row.seed, row.cost_usd) for row in rows} == {
        (LicensedKind.IMAGE, 2, "leonardo", "a pier", 11, Decimal("0.0180")),
        (LicensedKind.CLIP, 2, "runway", "a pier", 11, Decimal("0.5000")),
    }
    # An earlier picture that is shown again has its row already.
    (former,) = store.image_versions(job.id, 2)
    store.release(edit)
    again = store.claim(job.id, "restore", edit=True)
    store.restore_image(again, 2, former.id, by="ada")
    rows = store.licences(job.id)
    assert len(rows) == before + 2
    shown = in_force(rows, shown_of(store.works(job.id)))
    assert shown[LicensedKind.IMAGE, 2, former.media.sha256].provider == "procedural"
    assert LicensedKind.CLIP not in {kind for kind, *_ in shown}


def test_a_work_that_is_refused_leaves_no_row(store: PostgresJobStore, lease: Lease) -> None:
    with pytest.raises(InvalidInputError, match="no provider"):
        save_track(store, lease, 1, by=replace(FREE, provider="vinyl"))
    store.release(lease)
    with pytest.raises(LeaseLostError):
        save_track(store, lease, 1)
    assert store.licences(lease.job_id) == []


def test_the_page_that_was_read_last_is_quoted(store: PostgresJobStore, lease: Lease) -> None:
    save_image(store, lease, 1, by=PAID)
    old = page(store, "leonardo", TERMS, b"You may.")
    save_image(store, lease, 2, by=PAID)
    new = page(store, "leonardo", TERMS, b"You may not any more.")
    # Of another vendor, and of another page, which is not the one whose terms hold.
    page(store, "runway", TERMS, b"Of somebody else.")
    page(store, "leonardo", "https://example.org/privacy", b"About something else.")
    save_image(store, lease, 3, by=PAID)
    rows = store.licences(lease.job_id)
    assert [(row.terms_url, row.terms_sha256) for row in rows] == [(TERMS, None), (TERMS, old), (TERMS, new)]
    assert rows[0].terms_taken_at is None


def test_a_vendor_that_names_no_page_is_quoted_by_its_newest_one(store: PostgresJobStore, lease: Lease) -> None:
    read = page(store, "leonardo", TERMS, b"You may.")
    save_image(store, lease, 1, by=replace(PAID, licence=Licence("Commercial", None)))
    assert (only(store, lease).terms_url, only(store, lease).terms_sha256) == (TERMS, read)


def test_pages_are_kept_once_and_dated_each_time(store: PostgresJobStore, database: Database) -> None:
    content = bytes(range(256)) * 40
    sha256 = hashlib.sha256(content).hexdigest()
    assert store.newest_terms("leonardo") is None
    assert store.terms_content(sha256) is None
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: store.record_terms("leonardo", TERMS, sha256, content), range(4)))
    newest = store.newest_terms("leonardo")
    assert newest == max(taken, key=lambda each: each.id)
    assert newest.bytes == len(content)
    assert store.newest_terms("leonardo", "https://example.org/else") is None
    assert store.terms_content(sha256) == content
    assert Sql(database.engine).one("SELECT count(content) FROM provider_terms") == 1


@pytest.mark.parametrize("table", ["licences", "provider_terms"])
@pytest.mark.parametrize(
    "rewrite",
    ["UPDATE {} SET provider = 'mine'", "DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET sha256 = sha256"],
)
def test_evidence_is_never_rewritten_not_even_by_the_owner_of_the_database(
    store: PostgresJobStore, lease: Lease, sql: Sql, table: str, rewrite: str
) -> None:
    save_image(store, lease, 1, by=PAID)
    page(store, "leonardo", TERMS, b"You may.")
    assert sql.one("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True
    before = sql.one(f"SELECT {table}::text FROM {table}")
    with pytest.raises(IntegrityError, match=f"{table} is append-only") as error:
        sql.run(rewrite.format(table))
    assert state(error) == RESTRICT
    assert sql.one(f"SELECT {table}::text FROM {table}") == before


def test_licences_outlive_their_job_and_its_channel(store: PostgresJobStore, lease: Lease, sql: Sql) -> None:
    save_image(store, lease, 1, by=PAID)
    store.release(lease)
    store.cancel(lease.job_id)
    store.delete_job(lease.job_id)
    assert only(store, lease).provider == "leonardo"
    sql.run("DELETE FROM channels")
    assert only(store, lease).provider == "leonardo"


@pytest.mark.parametrize(
    "wrong",
    [
        {"sha256": "A" * 64},
        {"terms_sha256": SHA},
        {"terms_taken_at": "2026-01-01"},
        {"cost": -1},
        {"order_index": 0},
        {"uses": '"all"'},
    ],
)
def test_an_unusable_row_is_refused(sql: Sql, wrong: dict[str, object]) -> None:
    job = sql.job()
    row = {"video_job_id": job, "kind": "track", "order_index": 1, "provider": "x", "licence": "y", "sha256": SHA}
    with pytest.raises(IntegrityError) as error:
        sql.insert("licences", **(row | wrong))
    assert state(error) == CHECK
    sql.insert("licences", **row)


def test_texts_of_vendors_may_hold_anything(store: PostgresJobStore, lease: Lease) -> None:
    for text_ in NAUGHTY:
        licence = Licence(text_, text_, plan=text_, terms_url=text_)
        save_image(store, lease, 1, by=replace(PAID, provider_id=text_[:200], licence=licence))
    kept = [row.licence for row in store.licences(lease.job_id)]
    assert kept == [each.replace("\x00", "").encode("utf-8", "replace").decode() for each in NAUGHTY]


def test_what_was_made_before_there_were_rows_gets_them(empty_database: Database) -> None:
    engine = empty_database.engine
    migrate(engine)
    store = PostgresJobStore(engine)
    lease = store.claim(order_short(store, 2).id, "run")
    fill(store, lease, 2)
    brought = Generation(UPLOADED, SHA, Licence("brought by the customer", None), Decimal(0))
    facts = ImageFacts(1920, 1080, 101.5, "00ff00ff00ff00ff")
    film = Clip(reference("jobs/x/images/02.mp4"), 240)
    store.save_image(lease, visual_prompt(2), brought, reference("jobs/x/images/02.png"), facts, clip=film)
    store.save_bed(lease, BedPlan(1, "rain", -18.0, 0.0), FREE, reference("jobs/x/bed.flac"), FACTS)
    downgrade(engine, "0014")
    migrate(engine)
    rows = store.licences(lease.job_id)
    assert sorted((str(row.kind), row.order_index, row.provider, row.prompt) for row in rows) == [
        ("bed", 1, "procedural", "rain"),
        ("clip", 2, UPLOADED, None),
        ("image", 1, "procedural", visual_prompt(1).text),
        ("image", 2, UPLOADED, None),
        ("track", 1, "procedural", music_prompt(1).text),
        ("track", 2, "procedural", music_prompt(2).text),
    ]
    works = store.works(lease.job_id)
    assert set(in_force(rows, shown_of(works))) == set(shown_of(works))
    with engine.connect() as connection:
        made = connection.execute(text("SELECT min(created_at) FROM audio_tracks")).scalar_one()
    assert rows[0].created_at == made
    assert {row.terms_sha256 for row in rows} == {None}


def test_a_thing_that_was_bought_has_the_id_of_its_task(store: PostgresJobStore, lease: Lease) -> None:
    bought = set_aside(store, lease, "0.0200", "images/01", provider="leonardo")
    store.begin_submission(lease, bought.id, Limits(concurrency=1))
    store.record_task(bought.id, "task-7")
    save_image(store, lease, 1, by=replace(PAID, provider_id=None, purchase_id=bought.id))
    assert only(store, lease).provider_task_id == "task-7"
    save_image(store, lease, 1, by=replace(PAID, provider_id="picture-7", purchase_id=bought.id))
    assert store.licences(lease.job_id)[-1].provider_task_id == "picture-7"
