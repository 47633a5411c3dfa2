"""Owns measuring the memory of this process and its children while a job runs; hides the sampling."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import psutil

INTERVAL_S = 0.5


class PeakMemory:
    """The highest sum of resident memory of the process tree, sampled twice a second.

    Pages that processes share are counted once for each, so the figure is an upper bound.
    """

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="peak-memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        here = psutil.Process()
        while True:
            self.peak_bytes = max(self.peak_bytes, tree_bytes(here))
            if self._ended.wait(INTERVAL_S):
                return


def tree_bytes(process: psutil.Process) -> int:
    """Resident memory of `process` and all its descendants in bytes; those that end meanwhile count as nothing."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        try:
            total += int(each.memory_info().rss)
        except psutil.NoSuchProcess:
            continue
    return total
