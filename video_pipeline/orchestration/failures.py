"""Owns the translation of the studio's errors into Dagster's; hides nothing. It happens here and nowhere else."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from video_pipeline import bootstrap
from video_pipeline.domain.errors import StudioError
from video_pipeline.domain.masking import mask

RETRIES_MAX = 3
"""How often Dagster repeats a step that failed in a way that may pass."""

RETRY_DELAY_S = 5.0
LONGEST_DELAY_S = 900.0
"""A vendor that asks to wait until tomorrow is asked again before: the run would stand open for as long."""


def delay_s(error: StudioError, retry_number: int) -> float:
    """Seconds until the step is repeated: growing from time to time, or as long as a vendor asks to wait."""
    asked = getattr(error, "retry_after_s", None) or 0.0
    return min(max(RETRY_DELAY_S * 2.0**retry_number, float(asked)), LONGEST_DELAY_S)


@contextmanager
def translated(retry_number: int, rest: Callable[[str, float], None] | None = None) -> Iterator[None]:
    """Turn a StudioError into a retry when one can help and is left, else into a failure without retries.

    `rest` is called with the error's words and the seconds to let pass: it tells somebody, and a signal ends it at
    once, whereas Dagster's own wait ends when it is over. Without it Dagster waits.

    What nobody meant to raise passes as it is, unless a key stands in it.
    """
    try:
        yield
    except StudioError as error:
        if error.retryable and retry_number < RETRIES_MAX:
            seconds = delay_s(error, retry_number)
            if rest is None:
                raise dg.RetryRequested(RETRIES_MAX, seconds) from error
            rest(str(error), seconds)
            raise dg.RetryRequested(RETRIES_MAX) from error
        raise dg.Failure(
            str(error), metadata={"error": type(error).__name__, "retryable": error.retryable}, allow_retries=False
        ) from error
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        clean = mask(told, bootstrap.vendor_settings().secrets)
        if clean == told:
            raise
        # Events are kept for ever, with the text of each cause: a key in one would be as well.
        raise dg.Failure(clean, metadata={"error": type(error).__name__}, allow_retries=False) from None
