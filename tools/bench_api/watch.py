"""Owns watching the server while it is under load: memory, threads, CPU, connections; hides the sampling."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Self

import psutil
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

SAMPLE_S = 0.2
_CONNECTIONS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'video_pipeline'
"""


@dataclass(slots=True)
class Taken:
    """What the server took; the largest of each, but for the CPU time."""

    peak_rss_bytes: int = 0
    threads: int = 0
    connections: int = 0
    cpu_s: float = 0.0
    machine_percent: float = 0.0  # of all cores, by whatever runs

    def to_json(self) -> dict[str, float]:
        """For a JSON file."""
        return asdict(self)


class Watch:
    """Samples one process, and the connections of the database that `engine` reaches, until the end of the block."""

    def __init__(self, pid: int, engine: Engine) -> None:
        self.taken = Taken()
        self._process = psutil.Process(pid)
        self._engine = engine
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._began_s = self._cpu_s()
        psutil.cpu_percent()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        with suppress(psutil.Error):
            self.taken.cpu_s = self._cpu_s() - self._began_s
        self.taken.machine_percent = psutil.cpu_percent()

    def _cpu_s(self) -> float:
        used = self._process.cpu_times()
        return float(used.user + used.system)

    def _sample(self) -> None:
        taken = self.taken
        while not self._ended.is_set():
            with suppress(psutil.Error, SQLAlchemyError):
                taken.peak_rss_bytes = max(taken.peak_rss_bytes, self._process.memory_info().rss)
                taken.threads = max(taken.threads, self._process.num_threads())
                with self._engine.connect() as connection:
                    taken.connections = max(taken.connections, connection.execute(text(_CONNECTIONS)).scalar_one())
            time.sleep(SAMPLE_S)
