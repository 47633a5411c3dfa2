"""The OpenAPI document says what the application does; it is made of it and committed nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from video_pipeline_tests.api.conftest import Stocked

PUBLIC = {
    *(("get", f"/api/v2/{name}") for name in ("health", "ready")),
    *((method, "/api/v2/session") for method in ("get", "post")),
    ("get", "/api/v2/jobs/{job_id}/metadata"),
    ("post", "/api/v2/vendors/{vendor}/webhook"),
}
REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def document(shared: Stocked) -> dict[str, Any]:
    """What the server says about itself, to everybody."""
    reply = shared.stranger().get("/openapi.json")
    assert reply.status == 200
    found: dict[str, Any] = reply.json
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(part)


def test_it_is_openapi_31_and_names_its_licence(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["license"]["identifier"] == "Apache-2.0"
    assert len(list(operations(document))) > 45


def test_every_operation_is_told_in_words_under_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = []
    for method, path, operation in operations(document):
        assert operation.get("summary"), (method, path)
        assert operation.get("description"), (method, path)
        assert operation.get("tags"), (method, path)
        names.append(operation["operationId"])
    assert len(names) == len(set(names))


def test_every_parameter_beside_ids_is_told_in_words_or_has_a_narrow_form(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] in ("path", "query", "header", "cookie")
            assert parameter["schema"], (method, path, parameter["name"])


def test_every_operation_has_its_errors_as_problems(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        failures = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
        if path.endswith("/health"):
            continue
        assert "503" in failures, (method, path)
        if (method, path) not in PUBLIC:
            assert "401" in failures, (method, path)
            assert operation.get("security"), (method, path)
        if "{" in path:
            assert "404" in failures, (method, path)
        if method not in ("get", "head") and (method, path) not in PUBLIC:
            assert path.endswith("/estimate") or "403" in failures, (method, path)
        for code, answer in failures.items():
            if path.endswith("/ready") and code == "503":
                continue
            assert answer["description"], (method, path, code)
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, (method, path, code)


def test_every_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    bodies = 0
    for method, path, operation in operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            schema = resolved(document, content["schema"])
            if kind == "application/json":
                bodies += 1
                (example,) = schema["examples"]
                assert set(example) >= set(schema.get("required", ())), (method, path)
                assert set(example) <= set(schema["properties"]), (method, path)
                assert schema["additionalProperties"] is False
    assert bodies >= 9


def test_every_reference_leads_somewhere_and_every_form_is_referred_to(document: dict[str, Any]) -> None:
    referred = {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    for reference in referred:
        resolved(document, {"$ref": reference})
    forms = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert forms - referred == set()
    assert "HTTPValidationError" not in document["components"]["schemas"]


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The form itself; KeyError when the reference leads nowhere."""
    while "$ref" in schema:
        root, *path = schema["$ref"].split("/")
        assert root == "#"
        schema = document
        for part in path:
            schema = schema[part]
    return schema


def test_the_parameters_of_the_first_api_have_its_limits(document: dict[str, Any]) -> None:
    given = {each["name"]: each for each in document["paths"]["/api/v2/jobs/{job_id}/refine"]["post"]["parameters"]}
    assert given["scene_number"]["required"] is True
    assert given["scene_number"]["schema"]["minimum"] == 1
    for name, longest in (("new_image_prompt", 2000), ("new_description", 1000)):
        (text, _) = given[name]["schema"]["anyOf"]
        assert (text["minLength"], text["maxLength"], given[name]["required"]) == (10, longest, False)
    export = document["paths"]["/api/v2/jobs/{job_id}/export"]["get"]
    defaults = {each["name"]: each["schema"].get("default") for each in export["parameters"]}
    assert (defaults["format"], defaults["quality"], defaults["wait"]) == ("mp4", "medium", True)
    assert {"200", "202", "400", "404", "500", "503"} <= set(export["responses"])
    assert {"200", "202", "400", "404", "429", "500"} <= set(
        document["paths"]["/api/v2/jobs/{job_id}/refine"]["post"]["responses"]
    )


def test_idempotency_keys_are_told_of(document: dict[str, Any]) -> None:
    assert "Idempotency-Key" in document["info"]["description"]
    assert "If-Match" in document["info"]["description"]


def test_it_is_committed_nowhere() -> None:
    places = [REPOSITORY / name for name in ("docs", "video_pipeline", "video_pipeline_tests")]
    found = [path for place in places for path in place.rglob("*openapi*") if path.suffix != ".py"]
    assert [path for path in found if path.is_file() and "__pycache__" not in path.parts] == []
