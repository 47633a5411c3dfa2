"""ETag and If-Match: two producers at one storyboard do not overwrite each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from video_pipeline.domain.access import Scope
from video_pipeline_tests.api.client import Client, Reply
from video_pipeline_tests.api.conftest import Stocked

WORDS = "A lighthouse above a calm sea."
PROMPT = "a lighthouse above a calm sea at night"


def etag(client: Client, job: str) -> str:
    return str(client.get(f"/jobs/{job}/storyboard").headers["etag"])


def edit(client: Client, job: str, name: str, mark: str | None) -> Reply:
    headers = {} if mark is None else {"If-Match": mark}
    if name == "restore":
        version = client.get(f"/jobs/{job}/scenes/1/versions").json["items"][-1]["id"]
        return client.post(f"/jobs/{job}/scenes/1/restore", {"version_id": version}, headers=headers)
    queries: dict[str, dict[str, Any]] = {
        "refine": {"scene_number": 2, "new_image_prompt": PROMPT},
        "reorder": {"scene_order": [2, 1, 3]},
        "approve": {},
    }
    return client.post(f"/jobs/{job}/{name}", query=queries[name], headers=headers)


@pytest.mark.parametrize(
    "name", ["refine", "approve", *(pytest.param(each, marks=pytest.mark.slow) for each in ("reorder", "restore"))]
)
def test_a_change_of_what_one_has_not_seen_is_refused_and_nothing_is_paid(stocked: Stocked, name: str) -> None:
    anna, boss, job = stocked.anna, stocked.user("boss", Scope.ADMIN), stocked.waiting
    seen = etag(boss, job)
    changed = anna.post(f"/jobs/{job}/refine", query={"scene_number": 1, "new_image_prompt": PROMPT})
    assert changed.status == 200
    before = anna.get(f"/jobs/{job}").json
    refused = edit(boss, job, name, seen)
    assert (refused.status, refused.json["type"]) == (412, "/problems/storyboard-changed")
    assert anna.get(f"/jobs/{job}").json == before
    with stocked.database.engine.connect() as connection:
        entries = connection.exec_driver_sql("SELECT entry::text FROM cost_ledger ORDER BY id").scalars().all()
    assert entries in (["reserve", "settle"], ["reserve"])
    # Having read it again, and without a mark, it is done.
    done = edit(boss, job, name, etag(boss, job))
    assert done.status == 200, done.json
    assert done.headers["etag"] == etag(anna, job) == f'"{done.json["storyboard"]["etag"]}"'


def test_the_mark_changes_with_the_storyboard_alone(stocked: Stocked) -> None:
    anna, job = stocked.anna, stocked.waiting
    first = etag(anna, job)
    assert first == f'"{anna.get(f"/jobs/{job}").json["storyboard"]["etag"]}"'
    anna.post(f"/jobs/{job}/approve")
    assert etag(anna, job) == first
    anna.post(f"/jobs/{job}/refine", query={"scene_number": 1, "new_description": WORDS})
    described = etag(anna, job)
    assert described != first
    anna.post(f"/jobs/{job}/reorder", query={"scene_order": [2, 1, 3]})
    assert etag(anna, job) not in (first, described)
    anna.post(f"/jobs/{job}/reorder", query={"scene_order": [2, 1, 3]})
    assert etag(anna, job) == described


@pytest.mark.parametrize("mark", ["*", "W/{}", '"other", {}', None])
def test_the_forms_of_the_header(stocked: Stocked, mark: str | None) -> None:
    given = None if mark is None else mark.format(etag(stocked.anna, stocked.waiting))
    assert edit(stocked.anna, stocked.waiting, "reorder", given).status == 200


def test_marks_that_are_none_fit_nothing(shared: Stocked) -> None:
    for mark in ('""', '"x"', "x", '"x", "y"'):
        assert edit(shared.anna, shared.waiting, "reorder", mark).status == 412, mark


def test_of_two_who_change_the_same_version_at_once_one_succeeds(stocked: Stocked) -> None:
    anna, job = stocked.anna, stocked.waiting
    seen, together = etag(anna, job), Barrier(2)

    def send(scene: int) -> Reply:
        together.wait()
        query = {"scene_number": scene, "new_description": f"{WORDS} Number {scene}."}
        return anna.post(f"/jobs/{job}/refine", query=query, headers={"If-Match": seen})

    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(send, (1, 2)))
    assert sorted(reply.status for reply in replies) in ([200, 409], [200, 412])
    assert anna.get(f"/jobs/{job}").json["refinement_count"] == 1


def test_a_stale_refinement_in_the_background_is_refused_at_once(stocked: Stocked) -> None:
    anna, job = stocked.anna, stocked.waiting
    seen = etag(anna, job)
    anna.post(f"/jobs/{job}/reorder", query={"scene_order": [3, 2, 1]})
    query = {"scene_number": 1, "new_image_prompt": PROMPT, "wait": "false"}
    assert anna.post(f"/jobs/{job}/refine", query=query, headers={"If-Match": seen}).status == 412
