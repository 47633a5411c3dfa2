"""Thumbnails and files in the books: one selection, one name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.domain.records import JobFileRecord, ThumbnailDraft, ThumbnailRecord
from video_pipeline.domain.uploads import FileType
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.store.material import order_short, reference
from video_pipeline_tests.store.plain_sql import Sql


def draft(variant: str, prediction: float | None = 0.5, picture: str = "") -> ThumbnailDraft:
    return ThumbnailDraft(variant, f"jobs/x/thumbnails/{picture or variant}.jpg", prediction)


def selected(thumbnails: list[ThumbnailRecord]) -> list[str]:
    return [each.variant for each in thumbnails if each.is_selected]


@pytest.fixture
def job_id(store: PostgresJobStore) -> UUID:
    return order_short(store).id


def test_thumbnails_come_with_the_highest_prediction_first_and_the_best_is_selected(
    store: PostgresJobStore, job_id: UUID
) -> None:
    assert store.get_thumbnails(job_id) == []
    assert store.get_selected_thumbnail(job_id) is None
    # The example of the document.
    saved = [
        store.save_thumbnail(job_id, variant, f"jobs/x/{variant}.jpg", prediction, "appeal-1")
        for variant, prediction in (("bold_text", 0.85), ("emotional_face", 0.92), ("action_shot", 0.78))
    ]
    store.save_thumbnail(job_id, "by_hand", "jobs/x/by_hand.jpg", None, None)
    found = store.get_thumbnails(job_id)
    assert [each.variant for each in found] == ["emotional_face", "bold_text", "action_shot", "by_hand"]
    assert [each.click_prediction for each in found] == [0.92, 0.85, 0.78, None]
    # The first one that came; a better one that comes later takes nothing away from it.
    assert selected(found) == ["bold_text"]
    after = store.update_thumbnail_selection(job_id, saved[1].id)
    assert selected(after) == ["emotional_face"]
    assert store.get_selected_thumbnail(job_id) == after[0]


def test_a_variant_is_replaced_and_stays_selected_while_it_is_the_same_file(
    store: PostgresJobStore, job_id: UUID
) -> None:
    store.save_thumbnail(job_id, "a", "jobs/x/a.jpg", 0.5, "appeal-1")
    store.save_thumbnail(job_id, "b", "jobs/x/b.jpg", 0.9, "appeal-1")
    assert store.save_thumbnail(job_id, "a", "jobs/x/a.jpg", 0.4, "appeal-2").is_selected
    assert not store.save_thumbnail(job_id, "a", "jobs/x/other.jpg", 0.4, "appeal-2").is_selected
    assert selected(store.get_thumbnails(job_id)) == ["b"]
    assert len(store.get_thumbnails(job_id)) == 2


def test_those_drawn_anew_replace_those_of_the_same_model_and_the_choice_follows_the_file(
    store: PostgresJobStore, job_id: UUID
) -> None:
    store.save_thumbnail(job_id, "by_hand", "jobs/x/by_hand.jpg", None, None)
    before = store.replace_thumbnails(job_id, [draft("one", 0.9, "cat"), draft("two", 0.5, "dog")], "appeal-1")
    chosen = next(each for each in before if each.variant == "two")
    store.update_thumbnail_selection(job_id, chosen.id)
    after = store.replace_thumbnails(job_id, [draft("one", 0.6, "dog"), draft("two", 0.55, "cow")], "appeal-1")
    assert [(each.variant, each.is_selected) for each in after] == [("one", True), ("two", False), ("by_hand", False)]
    assert after[0].id == chosen.id
    assert after == store.get_thumbnails(job_id)
    gone = store.replace_thumbnails(job_id, [draft("one", 0.2, "cow"), draft("two", 0.3, "owl")], "appeal-1")
    assert selected(gone) == ["two"]
    newer = store.replace_thumbnails(job_id, [draft("one", 0.7, "owl")], "appeal-2 (an estimate)")
    assert [(each.variant, each.predicted_by) for each in newer][:1] == [("one", "appeal-2 (an estimate)")]
    assert len(newer) == 2
    assert store.replace_thumbnails(job_id, [], "appeal-1")[0].variant == "by_hand"
    assert selected(store.get_thumbnails(job_id)) == ["by_hand"]


def test_a_thumbnail_says_what_it_is_drawn_from(store: PostgresJobStore, job_id: UUID) -> None:
    cat, dog = (reference(f"jobs/x/images/{name}.png") for name in ("cat", "dog"))
    store.save_thumbnail(job_id, "by_hand", "jobs/x/by_hand.jpg", None, None)
    for pictures in ((cat, dog), (dog,)):
        one = replace(draft("one"), pictures=pictures)
        assert store.replace_thumbnails(job_id, [one], "appeal-1") == store.get_thumbnails(job_id)
        assert {each.variant: each.pictures for each in store.get_thumbnails(job_id)} == {
            "one": pictures,
            "by_hand": (),
        }


def test_of_many_choices_at_once_one_stays(store: PostgresJobStore, job_id: UUID) -> None:
    drawn = store.replace_thumbnails(job_id, [draft(f"v{number}", picture=f"p{number}") for number in range(8)], "m")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: store.update_thumbnail_selection(job_id, each.id), drawn * 3))
    assert len(selected(store.get_thumbnails(job_id))) == 1


def test_a_thumbnail_is_chosen_for_its_own_job_only_and_a_mistake_changes_nothing(store: PostgresJobStore) -> None:
    mine, other = order_short(store).id, order_short(store).id
    (drawn,) = store.replace_thumbnails(mine, [draft("one")], "appeal-1")
    for job_id, thumbnail_id in ((other, drawn.id), (mine, uuid4())):
        with pytest.raises(NotFoundError, match="has no thumbnail"):
            store.update_thumbnail_selection(job_id, thumbnail_id)
    assert store.get_thumbnails(mine) == [drawn]
    with pytest.raises(NotFoundError, match="no job"):
        store.save_thumbnail(uuid4(), "a", "jobs/x/a.jpg", 0.5, None)


@pytest.mark.parametrize("prediction", [-0.01, 1.01, float("nan")])
def test_a_prediction_is_a_share(store: PostgresJobStore, job_id: UUID, prediction: float) -> None:
    with pytest.raises(InvalidInputError, match="between 0 and 1"):
        store.save_thumbnail(job_id, "a", "jobs/x/a.jpg", prediction, None)


def test_a_thumbnail_lies_in_the_store(store: PostgresJobStore, job_id: UUID) -> None:
    for key in ("../a.jpg", "/etc/passwd", "", "a\x00.jpg"):
        with pytest.raises(InvalidInputError, match="no media key"):
            store.save_thumbnail(job_id, "a", key, 0.5, None)


def add(store: PostgresJobStore, job_id: UUID, file_type: FileType, name: str) -> JobFileRecord:
    return store.add_file(job_id, file_type, name, reference(f"jobs/x/files/{uuid4()}.bin"))


def test_files_are_read_back_counted_and_forgotten(store: PostgresJobStore, job_id: UUID) -> None:
    assert store.get_file_counts(job_id) == dict.fromkeys(FileType, 0)
    names = [(FileType.VIDEOS, "b.mp4"), (FileType.VIDEOS, "a.mp4"), (FileType.MUSIC, "a.mp4"), (FileType.QUOTES, "ü")]
    files = [add(store, job_id, *name) for name in names]
    assert store.get_job_files(job_id) == files
    assert store.get_job_files(job_id, FileType.VIDEOS) == files[:2]
    # The example of the document: every type has its count.
    assert {str(kind): count for kind, count in store.get_file_counts(job_id).items()} == {
        "videos": 2,
        "music": 1,
        "sounds": 0,
        "quotes": 1,
    }
    assert store.get_file(job_id, files[2].id) == files[2]
    assert store.delete_file(job_id, files[2].id) == files[2]
    with pytest.raises(NotFoundError, match="has no file"):
        store.get_file(job_id, files[2].id)
    with pytest.raises(NotFoundError, match="has no file"):
        store.delete_file(job_id, files[2].id)
    assert store.get_job_files(order_short(store).id) == []


def test_a_name_is_taken_once_per_job_and_type(store: PostgresJobStore, job_id: UUID) -> None:
    add(store, job_id, FileType.MUSIC, "a.mp3")
    with pytest.raises(ConflictError, match=r"a file a\.mp3 among its music; delete it first"):
        add(store, job_id, FileType.MUSIC, "a.mp3")
    add(store, job_id, FileType.SOUNDS, "a.mp3")
    add(store, order_short(store).id, FileType.MUSIC, "a.mp3")
    with pytest.raises(NotFoundError, match="no job"):
        add(store, uuid4(), FileType.MUSIC, "a.mp3")
    with pytest.raises(InvalidInputError, match="no media key"):
        store.add_file(job_id, FileType.MUSIC, "b.mp3", reference("../b.mp3"))


def test_a_file_that_was_never_measured_is_counted_and_not_served(
    store: PostgresJobStore, sql: Sql, job_id: UUID
) -> None:
    """As rows of the first schema may be, which knew no checksums."""
    file_id = sql.insert("job_files", job_id=job_id, file_type="music", filename="a.mp3", file_path="a.mp3")
    assert store.get_file_counts(job_id)[FileType.MUSIC] == 1
    assert store.get_job_files(job_id) == []
    with pytest.raises(NotFoundError):
        store.get_file(job_id, file_id)
