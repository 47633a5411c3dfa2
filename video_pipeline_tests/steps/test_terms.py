"""Reading the page of a vendor's terms: from a real server on loopback, into the books, quoted from then on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from video_pipeline.domain.errors import InvalidInputError, UnreachableError
from video_pipeline.domain.records import JobRecord
from video_pipeline.outbound import HttpMessenger
from video_pipeline.steps import terms
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.terms import take_terms
from video_pipeline_tests.receivers import hang_up, receiver, status
from video_pipeline_tests.store.material import FREE, save_image

PAGE = "<h1>Terms</h1><p>You may, from 1 March 2026 on. ©</p>".encode()


@pytest.fixture
def online(studio: Studio) -> Studio:
    """A studio that reaches servers of this machine."""
    return replace(studio, web=HttpMessenger(allow_private=True))


def test_a_page_is_kept_as_it_was_and_quoted(online: Studio, order: Callable[..., JobRecord]) -> None:
    lease = online.jobs.claim(order().id, "run")
    with receiver(status(200, PAGE, **{"Content-Type": "text/html"}), status(200, b"You may not.")) as server:
        taken = take_terms(online, "procedural", server.url)
        assert server.messages[0].path == "/hook"
        save_image(online.jobs, lease, 1, by=_vendor(server.url))  # type: ignore[arg-type] # the real store
        later = take_terms(online, "procedural", server.url)
        save_image(online.jobs, lease, 2, by=_vendor(server.url))  # type: ignore[arg-type] # the real store
    assert (taken.provider, taken.url, taken.bytes) == ("procedural", server.url, len(PAGE))
    assert taken.sha256 == hashlib.sha256(PAGE).hexdigest()
    assert online.jobs.terms_content(taken.sha256) == PAGE
    quoted = [(row.terms_sha256, row.terms_taken_at) for row in online.jobs.licences(lease.job_id)]
    assert quoted == [(taken.sha256, taken.fetched_at), (later.sha256, later.fetched_at)]


def _vendor(url: str) -> object:
    return replace(FREE, licence=replace(FREE.licence, terms_url=url))


def test_a_page_that_cannot_be_read_leaves_nothing(online: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "TERMS_MAX_BYTES", 1000)
    moved = status(301, Location="https://example.org/elsewhere")
    with receiver(status(404, b"gone"), moved, status(200, b"x" * 1001), status(200), hang_up) as server:
        for reason in ("answers 404", "answers 301", "more than 1,000 bytes", "empty file"):
            with pytest.raises(InvalidInputError, match=reason):
                take_terms(online, "leonardo", server.url)
        with pytest.raises(UnreachableError):
            take_terms(online, "leonardo", server.url)
    assert online.jobs.newest_terms("leonardo") is None


def test_where_nothing_is_fetched_that_is_told(studio: Studio) -> None:
    with pytest.raises(InvalidInputError, match="the terms of leonardo"):
        take_terms(studio, "leonardo", "https://example.org/")
