"""Owns the control of fakes from another process; hides how accounts are written as JSON.

`GET /_control/{vendor}/{key}` tells an account; `POST` to it takes any of
`{"behaviour": {...}, "next": [{"fault", "call"?, "times"?, "status"?, "wait_s"?}], "faults": {"seed", "share"?} | null,
"advance_s": 60}` and tells it as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from video_pipeline_tests.vendors.accounts import Account, Clock
from video_pipeline_tests.vendors.faults import Faults, named
from video_pipeline_tests.vendors.vendor import Vendor
from video_pipeline_tests.vendors.wire import Reply, Request, json_reply


def answer(vendors: Mapping[str, Vendor], clock: Clock, request: Request) -> Reply:
    """Tell or change one account."""
    parts = request.path.split("/", 3)
    if len(parts) < 4 or parts[2] not in vendors:
        return json_reply({"error": f"there is no {request.path}; use /_control/vendor/key"}, 404)
    account = vendors[parts[2]].account(parts[3])
    if request.method == "POST":
        try:
            _change(account, clock, json.loads(request.body))
        except (ValueError, TypeError, KeyError) as error:
            return json_reply({"error": str(error)}, 400)
    return json_reply(_told(account))


def _change(account: Account, clock: Clock, wish: dict[str, Any]) -> None:
    if strange := wish.keys() - {"behaviour", "next", "faults", "advance_s"}:
        raise ValueError(f"no such wish: {', '.join(sorted(strange))}")
    with account.lock:
        account.behaviour.change(wish.get("behaviour", {}))
        for each in wish.get("next", ()):
            account.next(**each)
        if "faults" in wish:
            account.faults = _plan(wish["faults"])
    clock.advance(wish.get("advance_s", 0))


def _plan(wish: dict[str, Any] | None) -> Faults | None:
    if wish is None:
        return None
    return Faults(**{**wish, "among": named(wish["among"])} if "among" in wish else wish)


def _told(account: Account) -> dict[str, Any]:
    """Without headers: they hold the key."""
    bill = account.bill
    return {
        "bill": {
            "total": str(bill.total),
            "charges": [
                {"at": each.at, "task_id": each.task_id, "amount": str(each.amount), "prompt": each.prompt}
                for each in bill
            ],
        },
        "tasks": [
            {
                "id": task.id,
                "kind": task.kind,
                "prompt": task.prompt,
                "owner": task.owner,
                "polls": task.polls,
                "finished": task.finished,
                "failed": task.finished and task.failed,
                "cancelled": task.cancelled,
            }
            for task in account.listed()
        ],
        "refused": list(account.refused),
        "calls": [
            {
                "at": each.at,
                "call": each.call,
                "method": each.method,
                "path": each.path,
                "body": each.body.decode(errors="replace"),
                "fault": each.fault,
                "status": each.status,
            }
            for each in account.calls
        ],
    }
