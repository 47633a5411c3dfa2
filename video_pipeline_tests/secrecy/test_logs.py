"""That no log shows a key, whichever library writes it and wherever it goes."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import urllib3

from video_pipeline.secrecy import mask_logs
from video_pipeline_tests.receivers import receiver, status

KEY = "canary-4f1d88aa90"


@pytest.fixture(autouse=True)
def _masked() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    mask_logs([KEY])
    yield
    logging.setLogRecordFactory(before)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler of the root writes at DEBUG, installed after the masking, as that of a library may be."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.setLevel(level)
    root.removeHandler(handler)


def test_text_and_arguments_are_masked(written: io.StringIO) -> None:
    logging.getLogger("any.library").warning("sent %s to %s", {"key": KEY}, "acme")
    logging.getLogger("any.library").warning(f"sent {KEY}")
    assert written.getvalue() == "sent {'key': '***'} to acme\nsent ***\n"


def test_an_exception_is_masked_with_its_causes_and_notes(written: io.StringIO) -> None:
    try:
        try:
            raise ValueError(f"bad header {KEY}")
        except ValueError as cause:
            error = RuntimeError("it broke")
            error.add_note(f"with {KEY}")
            raise error from cause
    except RuntimeError:
        logging.getLogger("any").exception("sending failed", stack_info=True)
    text = written.getvalue()
    assert KEY not in text
    assert "bad header ***" in text
    assert "RuntimeError: it broke" in text


def test_a_clean_exception_keeps_what_handlers_make_of_it(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("nothing secret")
    except ValueError:
        logging.getLogger("any").exception("it failed: %s", "plainly")
    (record,) = caplog.records
    assert record.exc_info
    assert record.args == ("plainly",)


def test_a_text_that_its_arguments_do_not_fit_is_masked(written: io.StringIO) -> None:
    logging.getLogger("any").warning("%d pieces", KEY)
    assert written.getvalue() == "%d pieces ('***',)\n"


def test_the_library_of_http_shows_no_key_at_debug(written: io.StringIO) -> None:
    with receiver(status(200, b"{}")) as told, urllib3.PoolManager() as pool:
        pool.request("GET", f"{told.url}?key={KEY}", headers={"Authorization": f"Bearer {KEY}"})
    assert "GET /hook?key=***" in written.getvalue()
    assert KEY not in written.getvalue()


def test_keys_that_are_configured_anew_count_at_once(written: io.StringIO) -> None:
    mask_logs(["another-key-1"])
    logging.getLogger("any").warning("another-key-1")
    assert written.getvalue() == "***\n"
    made_by = logging.getLogRecordFactory()
    mask_logs([KEY])
    assert type(made_by.behind) is not type(made_by)  # type: ignore[attr-defined] # no factory before a factory


def test_what_looks_like_a_key_is_masked_though_nobody_configured_it(written: io.StringIO) -> None:
    logging.getLogger("any").info("GET /a?X-Amz-Signature=%s&b=1", "f00dfeed")
    assert written.getvalue() == "GET /a?X-Amz-Signature=***&b=1\n"
