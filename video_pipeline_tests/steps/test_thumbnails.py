"""Thumbnails: of the right pictures, in the books, and the choice of a person stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.media import Generation, MediaReference
from video_pipeline.domain.money import ZERO_USD
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import ImageRecord, JobRecord
from video_pipeline.domain.thumbnails import MODEL, Appeal, Design, Part
from video_pipeline.ffmpeg.previews import thumbnails as previews
from video_pipeline.providers.offline import LICENCE
from video_pipeline.steps.files import job_files
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.thumbnails import chosen_images, estimates, thumbnails
from video_pipeline_tests.steps.test_pipeline import BEFORE, go

Order = Callable[..., JobRecord]

VARIANTS = {str(design) for design in Design}


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_a_storyboard_that_awaits_approval_has_its_thumbnails(studio: Studio, order: Order) -> None:
    job = go(studio, order().id, *BEFORE)
    assert job.status is JobStatus.AWAITING_APPROVAL
    drawn = studio.jobs.get_thumbnails(job.id)
    assert {each.variant for each in drawn} == VARIANTS
    predictions = [each.click_prediction for each in drawn]
    assert predictions == sorted(predictions, reverse=True)  # type: ignore[type-var] # none is missing
    assert all(each is not None and 0 <= each <= 1 for each in predictions)
    assert {each.predicted_by for each in drawn} == {MODEL}
    assert [each.is_selected for each in drawn] == [True] + [False] * (len(drawn) - 1)
    found = estimates(studio.media, job.id)
    assert {key: each.value for key, each in found.items()} == {each.key: each.click_prediction for each in drawn}
    assert all(Part.LEGIBILITY in found[each.key].parts for each in drawn if each.variant != Design.PLAIN)
    paths = [studio.media.path(each.key) for each in drawn]
    assert {size_of(path) for path in paths} == {(1280, 720)}
    listed = {file.path: file.kind for file in job_files(studio, job.id)}
    assert [listed[path] for path in paths] == [f"thumbnail {each.variant}" for each in drawn]


def test_a_finished_job_keeps_the_choice_and_draws_nothing_twice(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = go(studio, order(approval=Approval.AUTO, scene_count=2).id, *BEFORE)
    before = studio.jobs.get_thumbnails(job.id)
    chosen = next(each for each in before if each.variant == Design.MINIMAL)
    studio.jobs.update_thumbnail_selection(job.id, chosen.id)
    drawn: list[Path] = []
    monkeypatch.setattr(studio.tools, "thumbnail", lambda design, pictures, out, title="": drawn.append(out))
    assert go(studio, job.id, Stage.MASTER, Stage.EXPORTS).status is JobStatus.COMPLETED
    assert drawn == []
    after = studio.jobs.get_thumbnails(job.id)
    assert [each.id for each in after] == [each.id for each in before]
    assert [each.variant for each in after if each.is_selected] == [Design.MINIMAL]


def replace_picture(studio: Studio, job_id: UUID, order_index: int, like: ImageRecord) -> None:
    """As a refinement does: another picture in the place of one."""
    lease = studio.jobs.claim(job_id, "refinement")
    plan = studio.jobs.get_job(job_id).storyboard
    assert plan is not None
    with studio.media.scratch(job_id) as scratch:
        made = scratch / "new.png"
        with Image.open(studio.media.locate(like.media)) as image:
            image.rotate(180).save(made)
        facts = studio.tools.image_facts(made)
        media: MediaReference = studio.media.adopt(made, f"jobs/{job_id}/images/{order_index:02}-new.png")
    generation = Generation("dummy", None, LICENCE, ZERO_USD)
    studio.jobs.save_image(lease, plan.scenes[order_index - 1].visual, generation, media, facts)
    studio.jobs.release(lease)


@pytest.mark.parametrize("variant", [Design.PLAIN, Design.CLOSE_UP])
def test_the_choice_follows_the_picture_and_ends_with_it(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch, variant: Design
) -> None:
    job = go(studio, order(scene_count=2).id, *BEFORE)
    first, second = studio.jobs.images(job.id)
    worth = {first.media.sha256: 0.5, second.media.sha256: 0.4}
    seen = {studio.media.locate(image.media): image.media.sha256 for image in (first, second)}
    monkeypatch.setattr(
        studio.tools, "appeal", lambda path: Appeal({Part.CONTRAST: worth.get(seen.get(path, ""), 0.9)})
    )
    # What cannot be read is judged, and drawn, anew.
    studio.media.path(f"jobs/{job.id}/thumbnails/estimates.json").write_text('{"model": 3, "pictures": []}')
    before = {each.variant: each for each in thumbnails(studio, job.id)}
    studio.jobs.update_thumbnail_selection(job.id, before[variant].id)

    replace_picture(studio, job.id, 1, first)  # the new one is the best now; the first is gone, the second stays
    after = {each.variant: each for each in thumbnails(studio, job.id)}
    assert set(after) == VARIANTS
    assert after[Design.CLOSE_UP].key == before[Design.CLOSE_UP].key  # of the second picture
    assert after[Design.PLAIN].key != before[Design.PLAIN].key
    (selected,) = [each for each in after.values() if each.is_selected]
    if variant == Design.CLOSE_UP:
        assert selected.id == before[variant].id
    else:
        assert selected.click_prediction == max(each.click_prediction or 0 for each in after.values())
    kept = {path.name for path in studio.media.path(selected.key).parent.iterdir()}
    assert kept == {"estimates.json", *(Path(each.key).name for each in after.values())}


def test_a_job_of_one_picture_has_every_design_and_words_that_cannot_be_set_are_left_out(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = order(scene_count=1)
    go(studio, job.id, Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES)
    assert {each.variant for each in studio.jobs.get_thumbnails(job.id)} == VARIANTS
    monkeypatch.setattr(previews, "can_be_set", lambda _: False)
    plan = studio.jobs.get_job(job.id).storyboard
    assert plan is not None
    lease = studio.jobs.claim(job.id, "translation")
    studio.jobs.save_storyboard(lease, replace(plan, title="夜の森"))
    studio.jobs.release(lease)
    drawn = thumbnails(studio, job.id)
    assert {each.variant for each in drawn} == VARIANTS - {Design.BOLD_TEXT}
    assert not any(Part.LEGIBILITY in each.parts for each in estimates(studio.media, job.id).values())


def test_thumbnails_are_of_pictures_that_differ(studio: Studio, order: Order) -> None:
    """The best picture twice under two names is chosen once as long as there is another one."""
    first, second, third = studio.jobs.images(go(studio, order().id, *BEFORE).id)

    def alike(image: ImageRecord, like: ImageRecord) -> ImageRecord:
        return replace(image, facts=replace(image.facts, perceptual_hash=like.facts.perceptual_hash))

    opposite = f"{int(first.facts.perceptual_hash, 16) ^ (2**64 - 1):016x}"
    other = replace(third, facts=replace(third.facts, perceptual_hash=opposite))
    images = [first, alike(second, first), other]
    appeal = {image.media.sha256: worth for image, worth in zip(images, (0.9, 0.8, 0.2), strict=True)}
    assert [image.order_index for image in chosen_images(images, appeal)] == [1, 3, 2]


def test_a_picture_is_judged_once(studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Path] = []

    def appeal(path: Path) -> Appeal:
        judged.append(path)
        return Appeal({Part.CONTRAST: 0.5})

    monkeypatch.setattr(studio.tools, "appeal", appeal)
    job = go(studio, order(approval=Approval.AUTO, scene_count=2).id, *Stage)
    assert len(judged) == 2
    replace_picture(studio, job.id, 2, studio.jobs.images(job.id)[1])
    thumbnails(studio, job.id)
    assert len(judged) == 3


def test_a_design_that_fails_leaves_the_others(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = order(scene_count=1)
    go(studio, job.id, Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES)
    draw, broken = studio.tools.thumbnail, {Design.ACTION_SHOT}

    def fail(design: Design, pictures: list[Path], out: Path, title: str = "") -> Appeal | None:
        if design in broken:
            raise ValueError("zero-size array")
        return draw(design, pictures, out, title)

    monkeypatch.setattr(studio.tools, "thumbnail", fail)
    for key in studio.media.keys(f"jobs/{job.id}/thumbnails/"):
        studio.media.remove(key)
    assert {each.variant for each in thumbnails(studio, job.id)} == VARIANTS - {Design.ACTION_SHOT}
    assert f"the thumbnail action_shot of job {job.id} is left out: zero-size array" in caplog.text
    broken.clear()
    assert {each.variant for each in thumbnails(studio, job.id)} == VARIANTS
    broken.update(Design)
    for key in studio.media.keys(f"jobs/{job.id}/thumbnails/"):
        studio.media.remove(key)
    with pytest.raises(ValueError, match="zero-size"):
        thumbnails(studio, job.id)


def test_words_are_drawn_once_there_is_a_font_for_them(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = order(scene_count=1)
    with monkeypatch.context() as without:
        without.setattr(previews, "can_be_set", lambda _: False)
        go(studio, job.id, Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES)
        assert Design.BOLD_TEXT not in {each.variant for each in studio.jobs.get_thumbnails(job.id)}
    drawn = thumbnails(studio, job.id)
    assert {each.variant for each in drawn} == VARIANTS
    found = estimates(studio.media, job.id)
    assert all(Part.LEGIBILITY in found[each.key].parts for each in drawn if each.variant != Design.PLAIN)
