"""Changes of a delivered storyboard, in the books: what they change, what they forget, and what they refuse."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from video_pipeline.domain.editing import EDITABLE, in_order
from video_pipeline.domain.errors import (
    ConflictError,
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    PreconditionError,
)
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.media import Generation, ImageFacts, Licence
from video_pipeline.domain.money import REGENERATED_IMAGE_USD
from video_pipeline.domain.records import JobRecord, Lease, NewPicture, fingerprint
from video_pipeline.domain.storyboard import item_seed
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import (
    await_approval,
    fill,
    order_album,
    order_short,
    reference,
    report,
    save_image,
    save_track,
    set_aside,
    storyboard,
)

S = JobStatus
PAID = Generation("leonardo", "gen-9", Licence("commercial", "https://example.org/terms"), Decimal("0.0180"))
FLOW = (S.AWAITING_APPROVAL, S.RENDERING, S.READY_FOR_EXPORT, S.COMPLETED)
WORDS = "A lighthouse above a grey sea"


def delivered(store: PostgresJobStore, scenes: int = 3, *, status: JobStatus = S.AWAITING_APPROVAL) -> JobRecord:
    """A job for which everything was made, brought as far as `status`; approved when that is beyond the approval."""
    lease = store.claim(order_short(store, scenes).id, "run")
    fill(store, lease, scenes)
    await_approval(store, lease)
    if status is not S.AWAITING_APPROVAL:
        store.approve_storyboard(lease.job_id)
    for current, target in pairwise(FLOW[: FLOW.index(status) + 1]):
        store.move(lease.job_id, current, target, lease=lease)
        if target is S.RENDERING:
            store.save_master(lease, report())
            store.save_export(lease.job_id, report())
    store.release(lease)
    return store.get_job(lease.job_id)


def edit(store: PostgresJobStore, job_id: UUID) -> Lease:
    """The lease of an edit."""
    return store.claim(job_id, "an edit by ada", edit=True)


def new_picture(store: PostgresJobStore, lease: Lease, content: str = "new", *, by: Generation = PAID) -> NewPicture:
    """A picture that was made anew, with its money reserved."""
    purchase = set_aside(store, lease, str(REGENERATED_IMAGE_USD), provider=by.provider)
    facts = ImageFacts(1920, 1080, 99.5, "0f0f0f0f0f0f0f0f")
    media = reference(f"jobs/x/images/02-{content}.png", content)
    return NewPicture(WORDS, 4711, replace(by, purchase_id=purchase.id), media, facts)


def repaint(store: PostgresJobStore, job_id: UUID, content: str = "new", scene: int = 2, **more: Any) -> JobRecord:
    """Give a scene another picture."""
    lease = edit(store, job_id)
    try:
        picture = new_picture(store, lease, content)
        return store.refine_scene_in_storyboard(lease, scene, by="ada", picture=picture, **more)
    finally:
        store.release(lease)


def describe(store: PostgresJobStore, job_id: UUID, **more: Any) -> JobRecord:
    """Give a scene another description."""
    lease = edit(store, job_id)
    try:
        return store.refine_scene_in_storyboard(lease, 1, by="ada", description="A quiet quay at night", **more)
    finally:
        store.release(lease)


def reorder(store: PostgresJobStore, job_id: UUID, order: list[int], **more: Any) -> JobRecord:
    """Put the scenes into another order; their lengths stay."""
    lease = edit(store, job_id)
    try:
        plan = store.get_job(job_id).storyboard
        assert plan is not None
        after = in_order(plan, order) if sorted(order) == list(range(1, len(plan.scenes) + 1)) else plan
        return store.reorder_storyboard_scenes(lease, order, after, by="ada", **more)
    finally:
        store.release(lease)


def restore(store: PostgresJobStore, job_id: UUID, version: UUID, scene: int = 2, **more: Any) -> JobRecord:
    """Show an earlier picture again."""
    lease = edit(store, job_id)
    try:
        return store.restore_image(lease, scene, version, by="ada", **more)
    finally:
        store.release(lease)


EDITS: dict[str, Callable[..., JobRecord]] = {
    "picture": repaint,
    "description": describe,
    "order": lambda store, job_id, **more: reorder(store, job_id, [3, 1, 2], **more),
    "restored": lambda store, job_id, **more: restore(store, job_id, store.image_versions(job_id)[0].id, **more),
}


def ledger(database: Database) -> list[tuple[object, ...]]:
    """The entries of the ledger, oldest first."""
    query = "SELECT entry, amount, provider, request_key FROM cost_ledger ORDER BY id"
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def everything(store: PostgresJobStore, job_id: UUID) -> tuple[object, ...]:
    """All that an edit could change, but for the number of the attempt."""
    job = store.get_job(job_id)
    same = replace(job, attempt=0, updated_at=job.created_at)
    made = store.tracks(job_id), store.images(job_id), store.image_versions(job_id)
    return same, *made, store.master(job_id), store.exports(job_id), store.events(job_id)


def test_another_description_costs_nothing(store: PostgresJobStore, database: Database) -> None:
    job = delivered(store)
    after = describe(store, job.id)
    assert after == store.get_job(job.id)
    assert after.storyboard is not None
    assert job.storyboard is not None
    assert after.storyboard.scenes[0].visual.description == "A quiet quay at night"
    assert after.storyboard.scenes[0].visual.text == job.storyboard.scenes[0].visual.text
    assert after.storyboard.scenes[1:] == job.storyboard.scenes[1:]
    assert (after.refinement_count, after.estimated_cost_usd, after.actual_cost_usd) == (1, 0, 0)
    assert store.image_versions(job.id) == []
    assert ledger(database) == []
    event = store.events(job.id)[-1]
    assert (event.kind, event.message) == ("refined", "scene 1: description, by ada")


def test_another_picture_is_shown_paid_and_the_former_one_kept(store: PostgresJobStore, database: Database) -> None:
    job = delivered(store)
    first, old, last = store.images(job.id)
    after = repaint(store, job.id, description="A lighthouse, seen from the quay")
    assert after.storyboard is not None
    visual = after.storyboard.scenes[1].visual
    assert (visual.text, visual.description, visual.seed) == (WORDS, "A lighthouse, seen from the quay", 4711)
    assert [image.id for image in store.images(job.id)] == [first.id, old.id, last.id]
    new = store.images(job.id)[1]
    assert (new.media.sha256 != old.media.sha256, new.prompt_text, new.provider) == (True, WORDS, "leonardo")
    assert (new.provider_image_id, new.cost_usd, new.created_at > old.created_at) == ("gen-9", Decimal("0.0180"), True)
    with database.engine.connect() as connection:
        prompts: Any = connection.execute(text("SELECT prompts_json FROM video_jobs")).scalar_one()
    assert prompts == after.storyboard.prompts()
    assert prompts["visual_prompts"][1]["prompt"] == WORDS

    (kept,) = store.image_versions(job.id, 2)
    assert store.image_versions(job.id) == [kept]
    assert (kept.media, kept.facts, kept.created_at) == (old.media, old.facts, old.created_at)
    assert (kept.image_prompt, kept.description) == ("A harbour at dusk, number 2", "Harbour 2")
    assert (kept.seed, kept.order_index, kept.cost_usd) == (item_seed(7, "image", 2), 2, 0)
    assert kept.licence == Licence("CC0 1.0", "https://example.org/cc0")

    assert (after.refinement_count, after.estimated_cost_usd) == (1, Decimal("0.02"))
    assert after.actual_cost_usd == Decimal("0.0180")
    (reserved, settled) = ledger(database)
    assert (reserved[0], reserved[1], settled[0], settled[1]) == ("reserve", Decimal("0.02"), "settle", PAID.cost_usd)
    assert reserved[2:] == settled[2:]
    assert store.events(job.id)[-1].message == "scene 2: picture and description, by ada"


@pytest.mark.parametrize("status", EDITABLE)
@pytest.mark.parametrize("name", EDITS)
def test_every_edit_asks_for_approval_again_and_forgets_what_shows_the_former_storyboard(
    store: PostgresJobStore, name: str, status: JobStatus
) -> None:
    job = delivered(store, status=status)
    if name == "restored":
        repaint(store, job.id)
    store.get_job(job.id)
    if status is not S.AWAITING_APPROVAL and name != "restored":
        assert store.master(job.id) is not None
        assert store.exports(job.id) != []
    elif not store.get_job(job.id).approved:
        store.approve_storyboard(job.id)
    before = store.get_job(job.id)
    assert before.approved
    after = EDITS[name](store, job.id)
    assert (after.status, after.approved, after.approved_at, after.approved_fingerprint) == (
        S.AWAITING_APPROVAL,
        False,
        None,
        None,
    )
    assert (after.completed_at, after.local_video_path) == (None, None)
    assert store.master(job.id) is None
    assert store.exports(job.id) == []
    told = [(event.kind, event.status_to) for event in store.events(job.id)]
    kind = {"order": "reordered", "restored": "restored"}.get(name, "refined")
    last = [(kind, None), ("approval_reset", S.AWAITING_APPROVAL)]
    if before.status is not S.AWAITING_APPROVAL:
        last.insert(1, ("moved", S.AWAITING_APPROVAL))
        assert after.progress is not None
        assert after.progress["percent"] == 46.0
    assert told[-len(last) :] == last


def test_an_edit_of_what_nobody_approved_resets_nothing(store: PostgresJobStore) -> None:
    job = delivered(store)
    describe(store, job.id)
    assert [event.kind for event in store.events(job.id)][-1] == "refined"


@pytest.mark.parametrize("status", sorted(set(JobStatus) - set(EDITABLE)))
def test_only_what_is_delivered_and_idle_can_be_edited(
    store: PostgresJobStore, database: Database, status: JobStatus
) -> None:
    job = delivered(store)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE video_jobs SET status = :status"), {"status": str(status)})
    before = everything(store, job.id)
    with pytest.raises(ConflictError, match=f"is {status}; its storyboard can be changed while"):
        edit(store, job.id)
    assert not store.is_held(job.id)
    lease = store.claim(job.id, "a run")  # which may not either
    before = everything(store, job.id)
    with pytest.raises(ConflictError, match="can be changed while"):
        store.refine_scene_in_storyboard(lease, 1, by="ada", description="A quiet quay at night")
    assert everything(store, job.id) == before


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_another_version_changes_nothing(store: PostgresJobStore, name: str) -> None:
    job = delivered(store)
    repaint(store, job.id)
    stale = store.storyboard_version(job.id)
    describe(store, job.id)
    store.approve_storyboard(job.id)
    before = everything(store, job.id)
    for expected in (stale, "", "no version"):
        with pytest.raises(PreconditionError, match="changed since it was read"):
            EDITS[name](store, job.id, expected=expected)
        assert everything(store, job.id) == before
    EDITS[name](store, job.id, expected=store.storyboard_version(job.id))


def test_an_approval_of_another_version_is_refused(store: PostgresJobStore) -> None:
    job = delivered(store)
    seen = store.storyboard_version(job.id)
    describe(store, job.id)
    with pytest.raises(PreconditionError):
        store.approve_storyboard(job.id, by="bob", expected=seen)
    assert not store.get_job(job.id).approved
    assert store.approve_storyboard(job.id, by="bob", expected=store.storyboard_version(job.id))


def test_a_version_is_the_fingerprint_of_plan_and_files(store: PostgresJobStore) -> None:
    lease = store.claim(order_short(store, 2).id, "run")
    assert store.storyboard_version(lease.job_id) is None
    store.save_storyboard(lease, storyboard(2))
    for index in (1, 2):
        save_track(store, lease, index)
        assert store.storyboard_version(lease.job_id) is None
        save_image(store, lease, index)
    version = store.storyboard_version(lease.job_id)
    assert version == fingerprint(storyboard(2), store.works(lease.job_id))
    await_approval(store, lease)
    store.approve_storyboard(lease.job_id)
    assert store.storyboard_version(lease.job_id) == version == store.get_job(lease.job_id).approved_fingerprint
    with pytest.raises(NotFoundError):
        store.storyboard_version(uuid4())


def test_a_job_without_a_storyboard_or_such_a_scene_is_told_so(store: PostgresJobStore) -> None:
    empty = store.claim(order_short(store).id, "run")
    with pytest.raises(InvalidInputError, match="no storyboard"):
        store.refine_scene_in_storyboard(empty, 1, by="ada", description="A quiet quay at night")
    lease = edit(store, delivered(store).id)
    for number in (0, 4, -1):
        with pytest.raises(InvalidInputError, match="has scenes 1 to 3"):
            store.refine_scene_in_storyboard(lease, number, by="ada", description="A quiet quay at night")
    with pytest.raises(InvalidInputError, match="a description or both"):
        store.refine_scene_in_storyboard(lease, 1, by="ada")
    assert store.get_job(lease.job_id).refinement_count == 0


def test_five_refinements_and_no_more(store: PostgresJobStore, database: Database) -> None:
    job = delivered(store)
    for number in range(1, 6):
        assert repaint(store, job.id, f"take {number}").refinement_count == number
    assert [version.media.key for version in store.image_versions(job.id, 2)] == [
        *(f"jobs/x/images/02-take {number}.png" for number in (4, 3, 2, 1)),
        "jobs/x/images/02.png",
    ]
    lease = edit(store, job.id)
    picture = new_picture(store, lease)
    before = everything(store, job.id)
    with pytest.raises(LimitReachedError, match="was refined 5 times; 5 are allowed"):
        store.refine_scene_in_storyboard(lease, 2, by="ada", picture=picture)
    assert everything(store, job.id) == before
    assert [entry[0] for entry in ledger(database)].count("settle") == 5
    store.release(lease)
    # What is no refinement stays possible.
    restore(store, job.id, store.image_versions(job.id, 2)[0].id)
    assert reorder(store, job.id, [2, 1, 3]).refinement_count == 5


def test_of_two_refinements_at_once_one_is_the_fifth(store: PostgresJobStore) -> None:
    job = delivered(store)
    for _ in range(4):
        describe(store, job.id)
    ready = threading.Barrier(2)

    def refine(number: int) -> str:
        ready.wait()
        try:
            repaint(store, job.id, f"take {number}")
        except (ConflictError, LimitReachedError) as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(refine, range(2)))
    assert done in (["BeingEditedError", "done"], ["LimitReachedError", "done"])
    assert store.get_job(job.id).refinement_count == 5
    assert len(store.image_versions(job.id)) == 1


def test_two_writes_under_one_lease_count_twice_and_no_more_than_five_times(store: PostgresJobStore) -> None:
    job = delivered(store)
    lease = edit(store, job.id)

    def refine(_: int) -> bool:
        try:
            store.refine_scene_in_storyboard(lease, 1, by="ada", description="A quiet quay at night")
        except LimitReachedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(refine, range(8))) == 5
    assert store.get_job(job.id).refinement_count == 5


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ([], "missing: 1, 2, 3"),
        ([1, 2], "missing: 3"),
        ([1, 2, 2], "missing: 3; named twice or more: 2"),
        ([1, 2, 3, 4], "unknown: 4"),
        ([0, 1, 2, 3, 3], "named twice or more: 3; unknown: 0"),
    ],
)
def test_an_order_names_every_scene_once(store: PostgresJobStore, order: list[int], words: str) -> None:
    job = delivered(store)
    before = everything(store, job.id)
    with pytest.raises(InvalidInputError, match=f"name each of the scenes 1 to 3 once in the new order; {words}$"):
        reorder(store, job.id, order)
    assert everything(store, job.id) == before


def test_a_plan_that_does_not_follow_the_order_is_refused(store: PostgresJobStore) -> None:
    job = delivered(store)
    assert job.storyboard is not None
    with pytest.raises(InvalidInputError, match="does not have its scenes in the order given"):
        store.reorder_storyboard_scenes(edit(store, job.id), [2, 1, 3], job.storyboard, by="ada")


@pytest.mark.parametrize("status", EDITABLE)
def test_the_order_that_there_is_changes_nothing(store: PostgresJobStore, status: JobStatus) -> None:
    job = delivered(store, status=status)
    before = everything(store, job.id)
    assert reorder(store, job.id, [1, 2, 3]).approved is job.approved
    assert everything(store, job.id) == before


def pairing(store: PostgresJobStore, job_id: UUID) -> list[tuple[object, ...]]:
    """What belongs to each scene, in order, without the number of its place."""
    plan = store.get_job(job_id).storyboard
    assert plan is not None
    tracks, images, versions = store.tracks(job_id), store.images(job_id), store.image_versions(job_id)
    assert [track.order_index for track in tracks] == [image.order_index for image in images]
    return [
        (
            replace(scene, order_index=1),
            replace(track, order_index=1),
            replace(image, order_index=1),
            [replace(version, order_index=1) for version in versions if version.order_index == scene.order_index],
        )
        for scene, track, image in zip(plan.scenes, tracks, images, strict=True)
    ]


@given(first=st.permutations(range(1, 7)), second=st.permutations(range(1, 7)))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_everything_moves_with_its_scene_and_comes_back(
    store: PostgresJobStore, first: list[int], second: list[int]
) -> None:
    job = delivered(store, 6)
    for scene in (2, 5, 5):
        repaint(store, job.id, f"{scene}", scene)
    before, version = pairing(store, job.id), store.storyboard_version(job.id)
    reorder(store, job.id, first)
    assert pairing(store, job.id) == [before[number - 1] for number in first]
    reorder(store, job.id, second)
    order = [first[number - 1] for number in second]
    assert pairing(store, job.id) == [before[number - 1] for number in order]
    back = [order.index(number) + 1 for number in range(1, 7)]
    reorder(store, job.id, back)
    assert pairing(store, job.id) == before
    assert store.storyboard_version(job.id) == version


def test_an_album_keeps_its_twenty_pairs(store: PostgresJobStore) -> None:
    lease = store.claim(order_album(store).id, "run")
    fill(store, lease, 20)
    await_approval(store, lease)
    store.approve_storyboard(lease.job_id)
    store.move(lease.job_id, S.AWAITING_APPROVAL, S.RENDERING, lease=lease)
    store.move(lease.job_id, S.RENDERING, S.READY_FOR_EXPORT, lease=lease)
    store.release(lease)
    before = pairing(store, lease.job_id)
    after = reorder(store, lease.job_id, list(range(20, 0, -1)))
    assert after.status is S.AWAITING_APPROVAL
    assert pairing(store, lease.job_id) == before[::-1]


def test_an_earlier_picture_changes_places_with_the_present_one(store: PostgresJobStore, database: Database) -> None:
    job = delivered(store)
    first = store.images(job.id)[1]
    repaint(store, job.id, description="A lighthouse, seen from the quay")
    second, entries = store.images(job.id)[1], ledger(database)
    (version,) = store.image_versions(job.id)
    after = restore(store, job.id, version.id)
    assert store.images(job.id)[1] == first
    assert after.storyboard is not None
    visual = after.storyboard.scenes[1].visual
    assert (visual.text, visual.description) == ("A harbour at dusk, number 2", "Harbour 2")
    assert visual.seed == item_seed(7, "image", 2)
    (kept,) = store.image_versions(job.id)
    assert (kept.media, kept.image_prompt, kept.seed) == (second.media, WORDS, 4711)
    assert (kept.description, kept.cost_usd) == ("A lighthouse, seen from the quay", Decimal("0.0180"))
    assert (after.refinement_count, after.estimated_cost_usd, after.actual_cost_usd) == (
        1,
        Decimal("0.02"),
        Decimal("0.018"),
    )
    assert ledger(database) == entries
    restore(store, job.id, kept.id)
    assert store.images(job.id)[1] == second


def test_a_picture_that_the_scene_never_showed_is_not_restored(store: PostgresJobStore) -> None:
    job, other = delivered(store), delivered(store)
    repaint(store, job.id)
    repaint(store, other.id)
    (version,), (foreign,) = store.image_versions(job.id), store.image_versions(other.id)
    before = everything(store, job.id)
    for number, wanted in ((2, uuid4()), (2, foreign.id), (1, version.id)):
        with pytest.raises(NotFoundError, match=f"scene {number} of job {job.id} has no earlier picture {wanted}"):
            restore(store, job.id, wanted, number)
    assert everything(store, job.id) == before


def test_an_unknown_provider_is_refused(store: PostgresJobStore) -> None:
    job = delivered(store)
    lease = edit(store, job.id)
    picture = new_picture(store, lease, by=replace(PAID, provider="vinyl"))
    with pytest.raises(InvalidInputError, match="no provider 'vinyl'"):
        store.refine_scene_in_storyboard(lease, 1, by="ada", picture=picture)


def test_an_export_of_the_former_storyboard_is_not_recorded(store: PostgresJobStore) -> None:
    job = delivered(store, status=S.COMPLETED)
    version = store.storyboard_version(job.id)
    store.save_export(job.id, report(), version=version)
    describe(store, job.id)
    with pytest.raises(ConflictError, match="changed while mp4_high was made"):
        store.save_export(job.id, report(), version=version)
    # Not even one of the present storyboard, until that has a master.
    with pytest.raises(ConflictError, match="changed while"):
        store.save_export(job.id, report(), version=store.storyboard_version(job.id))
    assert store.exports(job.id) == []
