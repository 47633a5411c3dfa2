"""What the document promises, held against the served API by schemathesis: forms, statuses, headers, refusals.

One check is off: that whatever fits its form is accepted. An order names a channel that there is, a refinement a scene
of its storyboard, and no form can say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation import GenerationMode

from video_pipeline.api.shapes import ROOT
from video_pipeline_tests.api.conftest import BRIEF, Stock, stocked_house
from video_pipeline_tests.api.document import operations
from video_pipeline_tests.api.furnished import Furnished, furnish

STREAM = f"{ROOT}/events"
"""Its answer never ends; its parameters are tested below."""

OFF = {"enabled": False}
ORDERS = (f"POST {ROOT}/jobs", f"POST {ROOT}/jobs/estimate")
EDITS = ("approve", "refine", "reorder", "scenes/{scene_number}/restore")
REWORD = "tracks/{order_index}/reword"

MEANT = {
    ("POST /api/v2/jobs/estimate", "unsupported_method"),
    ("POST /api/v2/jobs/estimate", "allow_header_conformance"),
    ("PATCH /api/v2/jobs/{job_id}/uploads/{upload_id}", "negative_data_rejection"),
}
"""GET and DELETE of an estimate ask for a job of that name, which has not the form of an id. A header that nobody knows
is no mistake in HTTP; wrong offsets are tried in test_uploads.py."""


@pytest.fixture(scope="module")
def full(stock: Stock, postgres: Any, tmp_path_factory: pytest.TempPathFactory, cores: Any) -> Iterator[Furnished]:
    """A house in which there is something of each kind."""
    with stocked_house(stock, postgres, tmp_path_factory.mktemp("schemathesis"), cores) as house:
        yield furnish(house)


@dataclass
class Explored:
    """What was called, what was answered, and what was not as promised."""

    called: Counter[str] = field(default_factory=Counter)
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def note(self, event: events.ScenarioFinished) -> None:
        """Take down one scenario."""
        for case_id, node in event.recorder.cases.items():
            label = node.value.operation.label
            self.called[label] += 1
            made = event.recorder.interactions.get(case_id)
            if made is not None and made.response is not None:
                self.answered[label, made.response.status_code] += 1
            self.broken += [
                f"{label}: {check.name}: {check.failure_info.failure}"
                for check in event.recorder.checks.get(case_id, [])
                if check.failure_info is not None and (label, check.name) not in MEANT
            ]


MAKERS = {f"POST {ROOT}/{noun}s": f"{noun}_id" for noun in ("channel", "job", "webhook")}
"""Operations that make something, each with the name of the parameter by which others speak of it."""


def explored(
    full: Furnished,
    phases: dict[str, Any],
    *,
    without: tuple[str, ...] = (),
    latest: dict[str, str] | None = None,
    **more: Any,
) -> Explored:
    """Let the administrator's key try these phases on all operations but the stream and those `without`.

    With `latest`, ids by parameter, a good call speaks of what was made last; without it nearly all of a walk speak of
    what never was.
    """
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "base-url": full.house.address,
            "headers": {"Authorization": f"Bearer {full.boss.key}"},
            "continue-on-failure": True,
            "cache": OFF,  # what was found before must not change what is tried now
            "generation": {"deterministic": True, "database": "none", "no-shrink": True},
            "checks": {"positive_data_acceptance": OFF},
            "phases": {"examples": OFF, "coverage": OFF, "fuzzing": OFF, "stateful": OFF} | phases,
            **more,
        }
    )
    document = full.house.stranger().get("/openapi.json").json
    schema = schemathesis.openapi.from_dict(document, config=config).exclude(path=STREAM)
    channel = full.ids["channel"]

    @schema.hook
    def after_call(context: Any, case: Any, response: Any) -> None:
        if latest is not None and response.status_code == 201 and case.operation.label in MAKERS:
            latest[MAKERS[case.operation.label]] = response.json()["id"]

    @schema.hook
    def map_case(context: Any, case: Any) -> Any:
        """A good order has to be one that can be met: for a channel and providers that there are."""
        is_good = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
        if is_good and case.operation.label in ORDERS and isinstance(case.body, dict):
            case.body = {**BRIEF, "channel_id": channel, "project_name": case.body.get("project_name")}
        if is_good and latest is not None and case.path_parameters:
            case.path_parameters |= {name: latest[name] for name in case.path_parameters if name in latest}
        return case

    for name in without:
        method, path = name.split()
        schema = schema.exclude(method=method, path=path)
    found = Explored()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            found.note(event)
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.broken.append(repr(event))
    return found


@pytest.mark.slow
def test_every_operation_keeps_its_promises_whatever_comes(full: Furnished) -> None:
    ids = full.ids
    known = {
        name: ids[name.removesuffix("_id")]
        for name in ("webhook_id", "channel_id", "delivery_id", "file_id", "upload_id")
    }
    known |= {"job_id": ids["finished"], "thumbnail_id": ids["thumbnail"], "order_id": ids["order"]}
    known |= {"scene_number": 1, "order_index": 2}
    found = explored(
        full,
        {"coverage": {"enabled": True}, "fuzzing": {"enabled": True, "generation": {"max-examples": 5}}},
        without=(f"DELETE {ROOT}/jobs/{{job_id}}",),  # the others would have no job any more
        parameters={f"path.{name}": value for name, value in known.items()},
        operations=[
            {"include-path": f"{ROOT}/jobs/{{job_id}}/{edit}", "parameters": {"path.job_id": ids["waiting"]}}
            for edit in EDITS
        ]
        + [{"include-path": f"{ROOT}/jobs/{{job_id}}/{REWORD}", "parameters": {"path.job_id": ids["unheard"]}}]
        # Nobody makes it in this test.
        + [{"include-path": f"{ROOT}/jobs/{{job_id}}/export", "parameters": {"query.wait": "false"}}],
    )
    assert not found.broken, "\n\n".join(found.broken)
    everything = {f"{each.method} {ROOT}{each.path}" for each in operations()}
    assert everything - {*found.called} == {f"GET {STREAM}", f"DELETE {ROOT}/jobs/{{job_id}}"}
    for seen in ("video", "storyboard", "scenes/{scene_number}/image", "scenes/{scene_number}/waveform"):
        assert found.answered[f"GET {ROOT}/jobs/{{job_id}}/{seen}", 200], seen
    assert found.answered[f"POST {ROOT}/jobs/{{job_id}}/{REWORD}", 200]


def test_one_call_after_the_other_keeps_them_as_well(full: Furnished) -> None:
    made = {"job_id": full.house.ordered(full.boss), "webhook_id": str(full.ids["webhook"])}
    found = explored(full, {"stateful": {"enabled": True, "generation": {"max-examples": 30}}}, latest=made)
    assert not found.broken, "\n\n".join(found.broken)
    spoken_of = sum(
        count for (name, status), count in found.answered.items() if "{" in name and status not in (401, 404, 422)
    )
    assert spoken_of >= 30, f"hardly anything that was made was spoken of: {spoken_of} calls"


def test_the_stream_refuses_what_the_document_does_not_allow(full: Furnished) -> None:
    key = full.boss
    assert key.get("/events", query={"job_id": "no-uuid"}).status == 422
    assert key.get("/events", query={"job_id": str(uuid4())}).status == 404
    assert key.get("/events", headers={"Last-Event-ID": "9" * 41}).status == 422


@pytest.mark.parametrize("place", ["", "0", "-1", "1e9", "9" * 40, "²", "٣", "'; DROP TABLE video_jobs; --"])
def test_the_stream_takes_any_place_to_go_on_from(full: Furnished, place: str) -> None:
    with full.boss.stream("/events", **{"Last-Event-ID": place.encode().decode("latin-1")}) as told:
        assert full.boss.post(f"/jobs/{full.ids['waiting']}/preview").status == 202
        if place == "0":
            assert next(told)["event"] == "job"
