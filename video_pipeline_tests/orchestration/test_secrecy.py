"""That what Dagster keeps of a run holds no key, whoever wrote it there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import dagster as dg
import pytest

from video_pipeline import bootstrap
from video_pipeline.domain.errors import ProviderRefusedError
from video_pipeline.orchestration.failures import RETRIES_MAX, translated

KEY = "canary-4f1d88aa90"


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("VIDEO_PIPELINE_OPENAI_API_KEY", KEY)
    factory = logging.getLogRecordFactory()
    for function in (bootstrap.settings, bootstrap.vendor_settings):
        function.cache_clear()
    bootstrap.settings()
    yield
    for function in (bootstrap.settings, bootstrap.vendor_settings):
        function.cache_clear()
    logging.setLogRecordFactory(factory)


def _unmeant() -> None:
    try:
        raise ValueError(f"Invalid header value b'Bearer {KEY}'")
    except ValueError as error:
        raise RuntimeError("the call failed") from error


def _refused() -> None:
    raise ProviderRefusedError("acme refused it")


@pytest.mark.parametrize("trouble", [_unmeant, _refused])
def test_no_event_of_a_run_holds_a_key(trouble: Callable[[], None]) -> None:
    @dg.op
    def leaky(context) -> None:  # type: ignore[no-untyped-def] # Dagster reads annotations, and not as strings
        context.log.info(f"asking with {KEY}")
        logging.getLogger("urllib3").warning("sent %s", KEY)
        with translated(RETRIES_MAX):
            trouble()

    @dg.job
    def one() -> None:
        leaky()

    with dg.DagsterInstance.ephemeral() as instance:
        result = one.execute_in_process(instance=instance, raise_on_error=False)
        kept = repr([*result.all_events, *instance.all_logs(result.run_id)])
    assert not result.success
    assert "asking with ***" in kept
    assert ("the call failed" if trouble is _unmeant else "acme refused it") in kept
    assert KEY not in kept


def test_an_error_without_a_key_keeps_its_class() -> None:
    with pytest.raises(ZeroDivisionError), translated(RETRIES_MAX):
        raise ZeroDivisionError("plainly a mistake")
