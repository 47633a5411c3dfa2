"""Faults of the transport, the plan that chooses, and the control, on the vendors that have tasks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import urllib3
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from video_pipeline_tests.vendors import Fakes, Fault, Faults, running
from video_pipeline_tests.vendors.calling import KEY, Caller, calling, said

ROOT = Path(__file__).resolve().parents[2]
LAKE = {"model": "lucid-origin", "parameters": {"prompt": "a lake", "width": 128, "height": 72, "quantity": 1}}
CREATE = "/v2/generations"


@pytest.fixture
def fakes() -> Iterator[Fakes]:
    with running() as served:
        yield served


@pytest.fixture
def leonardo(fakes: Fakes) -> Iterator[Caller]:
    with calling(fakes.base("leonardo"), {"Authorization": f"Bearer {KEY}"}) as caller:
        yield caller


def _reset(caller: Caller, body: object = LAKE) -> None:
    # A client that is still sending when the reset comes sees a closed connection.
    with pytest.raises(ProtocolError, match="Connection aborted"):
        caller.post(CREATE, body)


def test_a_reset_before_the_work_costs_nothing_and_one_after_it_does(fakes: Fakes, leonardo: Caller) -> None:
    account = fakes.account("leonardo", KEY)
    account.next("reset_before", "submit")
    _reset(leonardo)
    assert (account.bill.total, len(account.tasks)) == (0, 0)
    account.next("reset_after", "submit")
    _reset(leonardo)
    assert (account.bill.total, len(account.tasks)) == (Decimal("0.035"), 1)
    assert [each.fault for each in account.calls] == [Fault.RESET_BEFORE, Fault.RESET_AFTER]
    assert account.calls[0].body == b""
    said(leonardo.post(CREATE, LAKE))
    assert len(account.bill.of("a lake")) == 2  # what a client that sends again pays


def test_a_reset_is_one(fakes: Fakes, leonardo: Caller) -> None:
    for fault in ("reset_before", "reset_after"):
        fakes.account("leonardo", KEY).next(fault, "me")
        with pytest.raises(ProtocolError, match="reset by peer"):
            leonardo.get("/v1/me")


def test_a_large_body_is_reset_while_it_is_sent(fakes: Fakes, leonardo: Caller) -> None:
    fakes.account("leonardo", KEY).next("reset_before")
    with pytest.raises(ProtocolError):
        leonardo.post(CREATE, {**LAKE, "padding": "x" * 5_000_000})


def test_a_body_may_come_in_chunks(fakes: Fakes, leonardo: Caller) -> None:
    body = json.dumps(LAKE).encode()
    headers = {**leonardo.headers, "Content-Type": "application/json"}
    for _ in range(2):  # what is left of a body would spoil the next call on the same connection
        chunks = iter((body[:9], body[9:]))
        said(leonardo.pool.request("POST", leonardo.base + CREATE, body=chunks, headers=headers, chunked=True))
    assert [call.body for call in fakes.account("leonardo", KEY).calls] == [body, body]


def test_limits_say_how_long_in_each_way(fakes: Fakes, leonardo: Caller) -> None:
    account = fakes.account("leonardo", KEY)
    for fault in ("limit_seconds", "limit_date", "limit_bare"):
        account.next(fault, "poll")
    replies = [leonardo.get("/v1/generations/none") for _ in range(3)]
    assert [reply.status for reply in replies] == [429, 429, 429]
    waits = [reply.headers.get("Retry-After") for reply in replies]
    assert waits[0] == "1"
    assert parsedate_to_datetime(waits[1]).timestamp() - time.time() < 2
    assert waits[2] is None
    assert said(replies[0], 429)["code"] == "unexpected"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_errors_come_in_the_vendors_words_or_as_a_page(fakes: Fakes, leonardo: Caller, status: int) -> None:
    account = fakes.account("leonardo", KEY)
    account.next("error_json", "submit", status=status)
    account.next("error_page", "submit", status=status)
    assert said(leonardo.post(CREATE, LAKE), status)["path"] == "$"
    broken = leonardo.post(CREATE, LAKE)
    assert (broken.status, broken.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert len(account.bill) == 0


def test_lost_answers_leave_the_charge(fakes: Fakes, leonardo: Caller) -> None:
    account = fakes.account("leonardo", KEY)
    account.next("truncated_json")
    with pytest.raises(json.JSONDecodeError):
        said(leonardo.post(CREATE, LAKE))
    account.next("cut_off", "submit")
    with pytest.raises(ProtocolError, match="IncompleteRead"):
        leonardo.post(CREATE, LAKE)
    account.next("gateway_lost")
    assert leonardo.post(CREATE, LAKE).status == 504
    assert len(account.bill) == len(account.tasks) == 3


def test_a_slow_answer_comes_in_drops_and_ends_with_the_server() -> None:
    with running() as fakes, calling(fakes.base("leonardo"), {"Authorization": f"Bearer {KEY}"}) as caller:
        account = fakes.account("leonardo", KEY)
        account.behaviour.drip_s = 0.2
        account.next("slow", "submit")
        began = time.monotonic()
        said(caller.post(CREATE, LAKE))
        assert time.monotonic() - began > 0.15
        account.behaviour.drip_s = 600
        account.next("slow", "me")
        url = f"{caller.base}/v1/me"
        drops = caller.pool.request("GET", url, headers=dict(caller.headers), preload_content=False)
        assert drops.read(1) == b"{"
        began = time.monotonic()
    assert time.monotonic() - began < 5
    drops.close()


def test_a_silence_outlasts_a_client_that_pays_for_it(fakes: Fakes, leonardo: Caller) -> None:
    account = fakes.account("leonardo", KEY)
    account.next("silence", times=2)
    with pytest.raises(ReadTimeoutError):
        leonardo.pool.request("POST", leonardo.base + CREATE, json=LAKE, headers=leonardo.headers, timeout=0.1)
    assert len(account.bill) == 1
    account.behaviour.silence_s = 0.05
    _reset(leonardo)
    assert len(account.bill) == 2


def test_a_redirect_leads_to_a_slash_and_back(fakes: Fakes, leonardo: Caller) -> None:
    account = fakes.account("leonardo", KEY)
    account.next("redirect", "list")
    there = leonardo.get("/v1/generations/user/me?limit=3")
    assert (there.status, there.headers["Location"]) == (308, "/leonardo/api/rest/v1/generations/user/me/?limit=3")
    back = leonardo.get(fakes.url + there.headers["Location"])
    assert (back.status, back.headers["Location"]) == (308, "/leonardo/api/rest/v1/generations/user/me?limit=3")
    assert said(leonardo.get(fakes.url + back.headers["Location"])) == {"generations": []}
    account.next("redirect", "submit")
    followed = leonardo.pool.request(
        "POST", leonardo.base + CREATE, json=LAKE, headers=dict(leonardo.headers), redirect=True, retries=3
    )
    said(followed)
    assert len(account.bill) == 1


def test_the_same_seed_brings_the_same_faults_and_never_too_many_in_a_row() -> None:
    def faults(seed: int) -> list[Fault | None]:
        fakes = Fakes(faults=Faults(seed, share=0.5))
        account = fakes.account("mubert", KEY)
        return [struck.fault if (struck := account.strike("poll")) else None for _ in range(200)]

    first = faults(1)
    assert first == faults(1) != faults(2)
    assert 50 < sum(fault is not None for fault in first) < 120
    assert not any(all(first[place : place + 3]) for place in range(198))
    assert Fault.TRUNCATED_MEDIA not in first
    assert {Fault.UNKNOWN_STATE, Fault.RESET_AFTER, Fault.ERROR_PAGE} <= set(first)


def test_a_fault_that_cannot_happen_is_refused() -> None:
    with pytest.raises(ValueError, match="leonardo has no silent"):
        Fakes().account("leonardo", KEY).next("silent")
    with pytest.raises(ValueError, match="fits poll"):
        Fakes().account("mubert", KEY).next("unknown_state", "submit")


def test_unknown_paths_methods_and_keys_are_refused_in_the_vendors_words(fakes: Fakes, leonardo: Caller) -> None:
    assert said(leonardo.get("/v1/nothing"), 404)["code"] == "unexpected"
    assert leonardo.get("/v2/generations").status == 405
    assert said(leonardo.get("/v1/me", Authorization="Bearer wrong-key"), 401)["code"] == "access-denied"
    with calling(leonardo.base, {}) as stranger:
        assert stranger.get("/v1/me").status == 401
    assert fakes.account("leonardo", KEY).calls == ()


def test_each_vendor_has_terms_of_its_own(fakes: Fakes, leonardo: Caller) -> None:
    texts = {leonardo.media(fakes.terms(name)).data for name in fakes.vendors}
    assert len(texts) == len(fakes.vendors)


def test_another_process_reads_and_changes_accounts(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "video_pipeline_tests.vendors", "--faulty", "0.3", "--seed", "7"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        base = told["env"]["VIDEO_PIPELINE_LEONARDO_BASE_URL"]
        with calling(f"{told['url']}/_control/leonardo", {}) as control:
            said(control.post(f"/{KEY}", {"faults": None, "next": [{"fault": "reset_after", "call": "submit"}]}))
            with calling(base, {"Authorization": f"Bearer {KEY}"}) as caller:
                _reset(caller)
            account = said(control.get(f"/{KEY}"))
            assert account["bill"]["total"] == "0.035"
            assert [(task["prompt"], task["finished"]) for task in account["tasks"]] == [("a lake", False)]
            assert [(call["call"], call["fault"], call["status"]) for call in account["calls"]] == [
                ("submit", "reset_after", 0)
            ]
            assert KEY not in json.dumps(account)
            assert "nonsense" in said(control.post(f"/{KEY}", {"behaviour": {"nonsense": 1}}), 400)["error"]
            aged = said(control.post(f"/{KEY}", {"advance_s": 60}))
            assert aged["tasks"][0]["finished"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_nothing_listens_when_the_block_has_ended() -> None:
    with running() as fakes:
        url = fakes.terms("mubert")
        with urllib3.PoolManager(retries=False) as pool:
            assert pool.request("GET", url).status == 200
    with urllib3.PoolManager(retries=False) as pool, pytest.raises(urllib3.exceptions.NewConnectionError):
        pool.request("GET", url)
