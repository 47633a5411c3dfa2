"""What a run says on the terminal: one line for what was expected, one stack for what was not."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
import pytest

from video_pipeline.definitions import defs
from video_pipeline.domain.errors import PromptRefusedError, StudioError
from video_pipeline.orchestration.failures import RETRIES_MAX, translated
from video_pipeline.orchestration.partitions import JOB_TAG
from video_pipeline.orchestration.runs import PARTITION_TAG
from video_pipeline.orchestration.schedules import SCHEDULES
from video_pipeline.orchestration.terminal import QUIET, console

Said = Callable[[Exception, dict[str, str]], list[str]]


@pytest.fixture
def said(instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]) -> Said:
    """What a run prints whose first of two steps fails with that error, and whose tags are those."""

    def ran(error: Exception, tags: dict[str, str]) -> list[str]:
        @dg.op
        def images(context) -> int:  # type: ignore[no-untyped-def] # Dagster reads annotations, and not as strings
            context.log.warning("the grammar writes")
            context.log.info("a detail")
            with translated(RETRIES_MAX):
                raise error

        @dg.op
        def master(begun: int) -> None:
            pass

        @dg.job(logger_defs={"console": console}, executor_def=dg.in_process_executor)
        def run() -> None:
            master(images())

        capfd.readouterr()
        config = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}
        assert not run.execute_in_process(instance=instance, run_config=config, tags=tags, raise_on_error=False).success
        return capfd.readouterr().err.splitlines()

    return ran


@pytest.mark.parametrize(
    ("error", "tags", "line"),
    [
        (PromptRefusedError("leonardo refused the words"), {}, "images: leonardo refused the words"),
        (
            StudioError("the answer was lost"),
            {PARTITION_TAG: "3fa85f64"},
            "job 3fa85f64, images: the answer was lost; video-pipeline job retry 3fa85f64",
        ),
        (
            PromptRefusedError("refused; video-pipeline job refine 3fa85f64 1"),
            {PARTITION_TAG: "3fa85f64", JOB_TAG: "3fa85f64"},
            "job 3fa85f64, images: refused; video-pipeline job refine 3fa85f64 1",
        ),
        # The run of a work order: to retry its job would be another thing.
        (StudioError("no room"), {JOB_TAG: "3fa85f64"}, "job 3fa85f64, images: no room"),
    ],
)
def test_an_expected_failure_is_one_line(said: Said, error: StudioError, tags: dict[str, str], line: str) -> None:
    """Two stacks of sixty lines each were printed, and three lines of what had not been executed."""
    warning, told = said(error, tags)
    assert warning.endswith("images - the grammar writes")
    assert told.endswith(f" - dagster - ERROR - {line}")


def test_the_stack_of_what_nobody_meant_is_printed_once(said: Said) -> None:
    told = "\n".join(said(ZeroDivisionError("plainly a mistake"), {}))
    assert told.count("ZeroDivisionError: plainly a mistake") == 1
    assert told.count("Stack Trace:") == 1
    assert "not executing" not in told.lower()


def test_the_studios_jobs_say_it_so_where_sensors_and_schedules_ask_for_them() -> None:
    for name in ("storyboard_job", "delivery_job", "order_job", "order_albums_job", "sweep_uploads_job", "check_job"):
        assert defs.resolve_job_def(name).loggers["console"] is console
    asked = [each.evaluate_tick(dg.build_schedule_context()).run_requests for each in SCHEDULES]
    configs = [request.run_config for requests in asked for request in requests or ()]
    assert len(configs) >= 3
    assert [each for each in configs if each["loggers"] != QUIET["loggers"]] == []
