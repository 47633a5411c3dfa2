"""Other words over HTTP for what a failed job lacks: what may have them, what they need, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from video_pipeline.domain.access import Scope
from video_pipeline.domain.errors import PromptRefusedError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import Item, PurchaseState
from video_pipeline.domain.records import Lease
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.wording import image_item, music_item
from video_pipeline_tests.api.client import Client
from video_pipeline_tests.api.conftest import House

WORDS = "Slow, warm strings over a soft piano; no drums, no voices"


def refuse(house: House, lease: Lease, provider: str, what: str, words: str) -> None:
    """As when a vendor's moderation says no: nothing is paid."""
    jobs = house.desk.jobs
    bought = jobs.reserve(lease, provider, Item(what, words, 7), Decimal("0.04"))
    jobs.note_refusal(bought.id)
    jobs.close_purchase(bought.id, PurchaseState.RELEASED, note="the moderation refused it")


def refused_music(house: House, client: Client) -> str:
    """A job of three scenes that failed because the words of its second piece were refused; none of it is there."""
    job = house.ordered(client)
    planned = perform(house.studio, UUID(job), Stage.STORYBOARD, "a run")
    assert planned.storyboard is not None
    lease = house.desk.jobs.claim(UUID(job), "a run")
    house.desk.jobs.move(UUID(job), JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, lease=lease)
    refuse(house, lease, "mubert", music_item(2), planned.storyboard.pieces[1].text)
    house.desk.jobs.mark_job_failed(UUID(job), "music: music/02: mubert refused the prompt; use other words")
    return job


def refused_picture(house: House, client: Client) -> str:
    """A job of three scenes with music that failed because the words of its third picture were refused."""
    job = house.ordered(client)
    for stage in (Stage.STORYBOARD, Stage.MUSIC):
        perform(house.studio, UUID(job), stage, "a run")
    planned = house.desk.jobs.get_job(UUID(job))
    assert planned.storyboard is not None
    lease = house.desk.jobs.claim(UUID(job), "a run")
    house.desk.jobs.move(UUID(job), JobStatus.GENERATING_MUSIC, JobStatus.GENERATING_IMAGE, lease=lease)
    refuse(house, lease, "leonardo", image_item(3), planned.storyboard.scenes[2].visual.text)
    house.desk.jobs.mark_job_failed(UUID(job), "images: images/03: leonardo refused the words; use others")
    return job


def wordings(job: dict[str, Any]) -> tuple[list[list[str]], list[list[str]]]:
    """What of each scene may get other words, and of what they were refused."""
    scenes = job["storyboard"]["scenes"]
    return [scene["rewordable"] for scene in scenes], [scene["refused"] for scene in scenes]


def test_a_refused_piece_gets_other_words_and_the_job_goes_on(house: House) -> None:
    anna = house.user("anna")
    job = refused_music(house, anna)
    before = anna.get(f"/jobs/{job}").json
    assert wordings(before) == ([[], ["music"], []], [[], ["music"], []])
    editor = house.key("anna", Scope.EDIT)
    reply = editor.post(f"/jobs/{job}/tracks/2/reword", {"prompt": WORDS})
    assert (reply.status, reply.json["status"]) == (200, "failed")
    assert reply.json["storyboard"]["scenes"][1]["music_prompt"] == WORDS
    assert reply.headers["etag"] == f'"{reply.json["storyboard"]["etag"]}"'
    assert wordings(reply.json) == ([[], [], []], [[], [], []])
    assert reply.json["refinements"]["used"] == 0
    history = anna.get(f"/jobs/{job}/history").json["items"]
    assert any(each["kind"] == "reworded" and each["message"].endswith("by anna") for each in history)
    assert anna.post(f"/jobs/{job}/retry").status == 200
    for stage in (Stage.MUSIC, Stage.IMAGES):
        perform(house.studio, UUID(job), stage, "the next run")
    done = anna.get(f"/jobs/{job}").json
    assert done["status"] == "awaiting_approval"
    assert wordings(done) == ([[], [], []], [[], [], []])
    assert editor.post(f"/jobs/{job}/tracks/2/reword", {"prompt": WORDS}).status == 409


def test_whatever_a_vendor_would_make_of_words_may_have_others(house: House) -> None:
    """A refusal may look like any other error of a vendor."""
    anna = house.user("anna")
    job = refused_music(house, anna)
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE video_jobs SET brief = jsonb_set(brief, '{music_provider}', '\"mubert\"')")
    assert wordings(anna.get(f"/jobs/{job}").json) == ([["music"]] * 3, [[], ["music"], []])
    assert anna.post(f"/jobs/{job}/tracks/2/reword", {"prompt": WORDS}).status == 200
    assert wordings(anna.get(f"/jobs/{job}").json) == ([["music"]] * 3, [[], [], []])


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("tracks/2/reword", {"prompt": "short"}, 422),
        ("tracks/2/reword", {"prompt": "x" * 2001}, 422),
        ("tracks/2/reword", {"prompt": "slow <b>strings</b> in a hall"}, 400),
        ("tracks/2/reword", {}, 422),
        ("tracks/2/reword", {"prompt": WORDS, "tempo_bpm": 60}, 422),
        ("tracks/0/reword", {"prompt": WORDS}, 400),
        ("tracks/4/reword", {"prompt": WORDS}, 400),
        ("tracks/two/reword", {"prompt": WORDS}, 422),
        ("tracks/99999999999999999999/reword", {"prompt": WORDS}, 400),
    ],
)
def test_words_that_cannot_be_are_refused(house: House, path: str, body: dict[str, Any], status: int) -> None:
    anna = house.user("anna")
    job = refused_music(house, anna)
    before = anna.get(f"/jobs/{job}").json
    reply = anna.post(f"/jobs/{job}/{path}", body)
    assert reply.status == status, reply.json
    assert anna.get(f"/jobs/{job}").json == before


def test_two_who_change_the_same_words_do_not_overwrite_each_other(house: House) -> None:
    anna = house.user("anna")
    job = refused_music(house, anna)
    seen = anna.get(f"/jobs/{job}/storyboard").headers["etag"]
    first, again = (
        anna.post(f"/jobs/{job}/tracks/2/reword", {"prompt": words}, headers={"If-Match": seen})
        for words in (WORDS, f"{WORDS}, slower")
    )
    assert (first.status, again.status) == (200, 412)
    key = {"Idempotency-Key": "the-same-words"}
    sent = [anna.post(f"/jobs/{job}/tracks/1/reword", {"prompt": WORDS}, headers=key) for _ in range(2)]
    assert [each.status for each in sent] == [200, 200]
    history = anna.get(f"/jobs/{job}/history").json["items"]
    assert sum(each["kind"] == "reworded" for each in history) == 2


def test_a_refused_picture_gets_other_words_by_what_was_seen(house: House) -> None:
    anna = house.user("anna")
    job = refused_picture(house, anna)
    told = anna.get(f"/jobs/{job}").json
    assert wordings(told) == ([["picture"]] * 3, [[], [], ["picture"]])
    query = {"scene_number": 3, "new_image_prompt": "A quiet lighthouse above a grey sea"}
    mark = {"If-Match": f'"{told["storyboard"]["etag"]}"'}
    assert house.key("anna", Scope.EDIT).post(f"/jobs/{job}/refine", query=query, headers=mark).status == 403
    changed = anna.post(f"/jobs/{job}/refine", query=query, headers=mark)
    assert (changed.status, changed.json["status"]) == (200, "failed")
    assert wordings(changed.json)[1] == [[], [], []]
    assert anna.post(f"/jobs/{job}/refine", query=query, headers=mark).status == 412


def test_whose_words_are_refused_while_a_picture_is_refined_hears_of_these_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no job to retry then, and nothing to look for."""
    anna = house.user("anna")
    job = house.ordered(anna)
    for stage in (Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES):
        perform(house.studio, UUID(job), stage, "a run")

    def prudish(*_: object) -> None:
        raise PromptRefusedError("the vendor refused the words; use others")

    monkeypatch.setattr(house.studio.images["dummy"], "illustrate", prudish)
    query = {"scene_number": 2, "new_image_prompt": "A lighthouse above a grey sea"}
    refused = anna.post(f"/jobs/{job}/refine", query=query)
    assert (refused.status, refused.json["type"]) == (500, "/problems/prompt-refused")
    assert refused.json["detail"] == "the vendor refused the words; use others"
