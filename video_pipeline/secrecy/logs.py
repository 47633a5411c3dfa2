"""Owns that no log of this process shows a key; hides how records are made.

A filter belongs to one logger, or to one handler, and libraries bring their own; each record of each logger, though,
is made by one factory. Here it cleans what it makes, before any handler gets to see it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from video_pipeline.domain.masking import mask

_FORMATTER = logging.Formatter()


class MaskingFactory:
    """Makes records whose text, traceback and stack hold none of `secrets`, nor what looks like a key."""

    def __init__(self, secrets: Sequence[str], make: Any = logging.LogRecord) -> None:
        self._secrets = tuple(secrets)
        self._make = make

    @property
    def behind(self) -> Any:
        """The factory that it stands before."""
        return self._make

    def __call__(self, *args: Any, **options: Any) -> logging.LogRecord:
        """The cleaned record."""
        record: logging.LogRecord = self._make(*args, **options)
        self._clean_text(record)
        self._clean_traceback(record)
        if record.stack_info:
            record.stack_info = mask(record.stack_info, self._secrets)
        return record

    def _clean_text(self, record: logging.LogRecord) -> None:
        """Records that are clean keep their arguments, which some handlers use."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - handlers report a text that its arguments do not fit, and quote both
            text = f"{record.msg} {record.args!r}"
        masked = mask(text, self._secrets)
        if masked != text:
            record.msg, record.args = masked, ()

    def _clean_traceback(self, record: logging.LogRecord) -> None:
        if not record.exc_info or record.exc_info[0] is None:
            return
        text = _FORMATTER.formatException(record.exc_info)
        masked = mask(text, self._secrets)
        if masked != text:
            # What stands in the text is printed instead of the exception, which holds the key.
            record.exc_text, record.exc_info = masked, None


def mask_logs(secrets: Sequence[str]) -> None:
    """From now on no record of this process holds one of `secrets`; called again, the new ones count."""
    made_by = logging.getLogRecordFactory()
    logging.setLogRecordFactory(
        MaskingFactory(secrets, made_by.behind if isinstance(made_by, MaskingFactory) else made_by)
    )
