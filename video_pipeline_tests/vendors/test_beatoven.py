"""The odd parts of the fake of Beatoven."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal

import av
import pytest
from urllib3.exceptions import ProtocolError

from video_pipeline_tests.vendors import Fakes
from video_pipeline_tests.vendors.beatoven import length_asked
from video_pipeline_tests.vendors.calling import Caller, calling, said

COMPOSE = "/api/v1/tracks/compose"


@pytest.fixture
def beatoven(served: Fakes, key: str) -> Iterator[Caller]:
    with calling(served.base("beatoven"), {"Authorization": f"Bearer {key}"}) as caller:
        yield caller


def _wish(text: str, **more: object) -> dict[str, object]:
    return {"prompt": {"text": text}, **more}


@pytest.mark.parametrize(("format", "codec"), [("wav", "pcm_s16le"), ("mp3", "mp3float"), ("aac", "aac")])
def test_the_length_stands_in_the_prompt(beatoven: Caller, format: str, codec: str) -> None:
    task = said(beatoven.post(COMPOSE, _wish("12 seconds of calm pads", format=format)))
    assert task["status"] == "started"
    path = f"/api/v1/tasks/{task['task_id']}"
    assert said(beatoven.get(path)) == {"status": "running"}
    done = said(beatoven.get(path))
    assert done["status"] == "composed"
    for url in (done["meta"]["track_url"], done["meta"]["stems_url"]["bass"]):
        with av.open(io.BytesIO(beatoven.media(url).data)) as file:
            samples = sum(frame.samples for frame in file.decode(audio=0))
            assert file.streams.audio[0].codec_context.name == codec
        assert 12 <= samples / 44_100 < 12.1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("a 90-second bed", 90), ("2 minutes of rain", 120), ("1.5 min", 90), ("10 minutes", 150), ("4 songs", 60)],
)
def test_how_long_a_prompt_means(text: str, seconds: float) -> None:
    assert length_asked(text) == seconds


def test_composing_comes_before_running(served: Fakes, beatoven: Caller, key: str) -> None:
    served.account("beatoven", key).behaviour.polls_until_ready = 3
    path = f"/api/v1/tasks/{said(beatoven.post(COMPOSE, _wish('calm')))['task_id']}"
    assert [said(beatoven.get(path))["status"] for _ in range(3)] == ["composing", "running", "composed"]


def test_a_lost_answer_is_paid_and_there_is_no_list(served: Fakes, beatoven: Caller, key: str) -> None:
    account = served.account("beatoven", key)
    account.next("reset_after")
    with pytest.raises(ProtocolError):
        beatoven.post(COMPOSE, _wish("calm"))
    assert account.bill.total == Decimal("0.10")
    assert beatoven.get("/api/v1/tasks").status == 404


def test_what_is_refused_costs_nothing(served: Fakes, beatoven: Caller, key: str) -> None:
    for wish in ({"prompt": "calm"}, _wish(" "), _wish("calm", format="flac"), _wish("forbidden")):
        assert said(beatoven.post(COMPOSE, wish), 400)["error"]
    old_scheme = beatoven.post(COMPOSE, _wish("calm"), Authorization=f"api_key {key}")
    assert said(old_scheme, 401)["error"]
    account = served.account("beatoven", key)
    account.behaviour.credit = Decimal("0.05")
    said(beatoven.post(COMPOSE, _wish("calm")), 400)
    assert len(account.bill) == 0
    assert account.refused == ["forbidden"]


def test_a_task_may_fail(served: Fakes, beatoven: Caller, key: str) -> None:
    served.account("beatoven", key).next("task_failed")
    path = f"/api/v1/tasks/{said(beatoven.post(COMPOSE, _wish('calm')))['task_id']}"
    assert [said(beatoven.get(path))["status"] for _ in range(2)] == ["running", "failed"]
    assert said(beatoven.get("/api/v1/tasks/none"), 404)["error"]
