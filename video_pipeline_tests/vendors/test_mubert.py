"""The odd parts of the fake of Mubert."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import soundfile
from urllib3.exceptions import ProtocolError

from video_pipeline_tests.receivers import receiver
from video_pipeline_tests.vendors import Fakes
from video_pipeline_tests.vendors.calling import KEY, Caller, calling, said, wait_for

TRACK = {"duration": 8, "prompt": "slow pads", "intensity": "low"}


@pytest.fixture
def mubert(served: Fakes, key: str) -> Iterator[Caller]:
    with calling(served.base("mubert"), {"customer-id": "me", "access-token": key}) as caller:
        yield caller


def _bare(value: dict[str, Any]) -> dict[str, Any]:
    return value.get("data", value)


def _ready(mubert: Caller, track: dict[str, Any]) -> dict[str, Any]:
    """The generation of a track at its second poll."""
    first = _bare(said(mubert.get(f"/public/tracks/{track['id']}")))["generations"][0]
    assert (first["status"], first["url"]) == ("processing", None)
    return _bare(said(mubert.get(f"/public/tracks/{track['id']}")))["generations"][0]


def test_both_dialects_come_in_turn(mubert: Caller) -> None:
    first = said(mubert.post("/public/tracks", TRACK))
    second = said(mubert.post("/public/tracks", TRACK))
    assert "generations" not in first["data"]
    assert "data" not in second
    assert [_ready(mubert, _bare(each))["status"] for each in (first, second)] == ["done", "completed"]


@pytest.mark.parametrize(("format", "bitrate"), [("mp3", 320), ("wav", 128)])
def test_a_track_is_music_of_the_length_asked_for(mubert: Caller, format: str, bitrate: int) -> None:
    track = _bare(said(mubert.post("/public/tracks", {**TRACK, "format": format, "bitrate": bitrate})))
    reply = mubert.media(_ready(mubert, track)["url"])
    sound, rate = soundfile.read(io.BytesIO(reply.data))
    assert (rate, sound.shape[1]) == (44_100, 2)
    assert 8 <= len(sound) / rate < 8.1
    assert np.sqrt((sound**2).mean()) > 0.05
    assert not np.allclose(sound[:, 0], sound[:, 1])


def test_a_link_takes_no_key_and_ends(served: Fakes, mubert: Caller) -> None:
    track = _bare(said(mubert.post("/public/tracks", TRACK)))
    url = _ready(mubert, track)["url"]
    for header in ("Authorization", "access-token", "license-token", "x-goog-api-key"):
        assert mubert.media(url, **{header: "x"}).status == 403
    assert mubert.media(url.replace("signature=", "signature=0")).status == 403
    served.clock.advance(61)
    assert b"expired" in mubert.media(url).data


def test_flawed_media(served: Fakes, mubert: Caller, key: str) -> None:
    account = served.account("mubert", key)
    account.next("silent")
    track = _bare(said(mubert.post("/public/tracks", TRACK)))
    url = _ready(mubert, track)["url"]
    whole = mubert.media(url)
    assert not soundfile.read(io.BytesIO(whole.data))[0].any()
    for fault in ("truncated_media", "page_as_media", "expired_link", "cut_off"):
        account.next(fault, "media")
    assert len(mubert.media(url).data) == len(whole.data) // 3
    disguise = mubert.media(url)
    assert (disguise.headers["Content-Type"], disguise.data[:9]) == ("audio/mpeg", b"<!DOCTYPE")
    assert mubert.media(url).status == 403
    with pytest.raises(ProtocolError, match="IncompleteRead"):
        mubert.media(url)
    assert mubert.media(url).data == whole.data


def test_unknown_words_and_failures_of_a_task(served: Fakes, mubert: Caller, key: str) -> None:
    account = served.account("mubert", key)
    account.next("task_failed")
    account.next("unknown_state", times=3)
    path = f"/public/tracks/{_bare(said(mubert.post('/public/tracks', TRACK)))['id']}"
    states = [_bare(said(mubert.get(path)))["generations"][0]["status"] for _ in range(5)]
    assert states == ["queued_v2"] * 3 + ["processing", "failed"]


def test_only_so_many_at_once_however_they_come(served: Fakes, mubert: Caller, key: str) -> None:
    account = served.account("mubert", key)
    account.behaviour.concurrent = 3
    with ThreadPoolExecutor(8) as crew:
        replies = list(crew.map(lambda _: mubert.post("/public/tracks", TRACK), range(8)))
    assert sorted(reply.status for reply in replies) == [200] * 3 + [403] * 5
    refused = said(next(reply for reply in replies if reply.status == 403), 403)
    assert refused["code"] == "LicenseLimitConcurrentTrackGenerationsCount"
    assert account.bill.total == 3 * Decimal("0.04")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"duration": 4}, 422, None),
        ({"prompt": "x" * 201}, 422, None),
        ({"bpm": 60}, 422, None),
        ({"playlist_index": "2.0.0"}, 422, None),
        ({"bitrate": 100}, 422, None),
        ({"prompt": "Forbidden things"}, 422, None),
        ({"duration": 301}, 403, "LicenseForbiddenDuration"),
    ],
)
def test_what_is_refused_costs_nothing(
    served: Fakes, mubert: Caller, key: str, changes: dict[str, object], status: int, code: str | None
) -> None:
    assert said(mubert.post("/public/tracks", {**TRACK, **changes}), status).get("code") == code
    assert len(served.account("mubert", key).bill) == 0


def test_a_licence_gives_tokens_that_charge_it_and_expire(served: Fakes, mubert: Caller, key: str) -> None:
    service = {"company-id": "7", "license-token": f"licence of {key}"}
    with calling(mubert.base, service) as licence:
        access = said(licence.post("/service/customers", {"custom_id": "studio"}))["data"]["access"]
        again = said(licence.post("/service/customers", {"custom_id": "studio"}))["data"]["access"]
        assert access["id"] == again["id"]
        said(licence.post("/public/tracks", TRACK, **{"customer-id": "x"}), 401)
    holder = {"customer-id": access["id"], "access-token": access["token"]}
    track = _bare(said(mubert.post("/public/tracks", TRACK, **holder)))
    assert len(served.account("mubert", service["license-token"]).bill) == 1
    assert said(mubert.get("/public/tracks", **holder))["meta"]["total"] == 1
    other = {**holder, "customer-id": "cu-other"}
    assert said(mubert.get(f"/public/tracks/{track['id']}", **other), 403)["code"] == "UserNotFound"
    served.clock.advance(86_401)
    late = said(mubert.get("/public/tracks", **holder), 403)
    assert late["code"] == "AccessTokenExpired"
    assert late["expired_at"] == access["expired_at"]


def test_tracks_are_listed_the_last_first(mubert: Caller) -> None:
    ids = [_bare(said(mubert.post("/public/tracks", TRACK)))["id"] for _ in range(3)]
    listed = said(mubert.get("/public/tracks?limit=2&offset=0"))
    assert [track["id"] for track in listed["data"]] == [ids[2], ids[1]]
    assert listed["meta"] == {"total": 3, "limit": 2, "offset": 0}


def test_the_licences_webhook_brings_the_track(mubert: Caller, key: str) -> None:
    service = {"company-id": "7", "license-token": key}
    with receiver() as hook, calling(mubert.base, service) as licence:
        number = said(licence.get("/service/licenses"))["data"][0]["id"]
        wish = {"webhook_url": hook.url, "webhook_enabled": True}
        url = f"{mubert.base}/service/licenses/{number}"
        assert licence.pool.request("PUT", url, json=wish, headers=service).status == 200
        track = _bare(said(mubert.post("/public/tracks", TRACK)))
        wait_for(lambda: hook.messages)
    assert track["id"].encode() in hook.messages[0].body
    assert b'"done"' in hook.messages[0].body


def test_edits_cost_a_track_and_make_a_new_one(served: Fakes, mubert: Caller, key: str) -> None:
    old = _bare(said(mubert.post("/public/tracks", TRACK)))
    new = _bare(said(mubert.post(f"/public/tracks/{old['id']}/edit", {"delete_stems": ["DRUMS", "VOCALS"]})))
    assert new["id"] != old["id"]
    assert len(served.account("mubert", key).bill) == 2
    said(mubert.post("/public/tracks/nowhere/edit", {}), 404)


def test_any_key_opens_an_account(served: Fakes) -> None:
    with calling(served.base("mubert"), {"customer-id": "me", "access-token": KEY}) as caller:
        assert said(caller.get("/public/tracks"))["data"] == []
    with calling(served.base("mubert"), {"access-token": KEY}) as halved:
        assert said(halved.get("/public/tracks"), 401)["code"] == "Unauthenticated"
