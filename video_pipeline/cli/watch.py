"""Owns the live display of a job's progress; hides polling and drawing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from video_pipeline.cli.output import errors
from video_pipeline.domain.errors import StudioError
from video_pipeline.domain.job import ENDED, JobStatus
from video_pipeline.domain.progress import waits_in
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.timebase import clock
from video_pipeline.ports import JobStore

POLL_S = 0.5


class Display:
    """Draws reports of progress: a bar on a terminal, elsewhere a line per stage and wait; always on standard error."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("[bold]{task.fields[stage]:<10}"),
            BarColumn(bar_width=36),
            TextColumn("{task.percentage:>5.1f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=errors,
            transient=False,
        )
        self._task: TaskID | None = None
        self._last = "", ""

    def __enter__(self) -> Display:
        if errors.is_terminal:
            self._task = self._bar.add_task("job", total=100, stage="waiting", note="")
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, status: JobStatus, progress: dict[str, Any] | None) -> None:
        """Draw one report."""
        stage = str((progress or {}).get("stage", status))
        message = str((progress or {}).get("message", status))
        percent = 100.0 if status is JobStatus.COMPLETED else float((progress or {}).get("percent", 0.0))
        left = (progress or {}).get("eta_s")
        note = f"{message}, {clock(left)} left in this stage" if left and status not in ENDED else message
        if self._task is not None:
            self._bar.update(self._task, completed=percent, stage=stage, note=note)
        elif (stage, waits_in(message)) != self._last:
            errors.print(f"{stage}: {message}", markup=False, highlight=False, soft_wrap=True)
        self._last = stage, waits_in(message)


def follow(jobs: JobStore, job_id: UUID, until: Callable[[JobRecord], bool]) -> JobRecord:
    """Show the job's progress until it has ended or `until` says so; the job as it then stands."""
    pause = threading.Event()
    with Display() as display:
        while True:
            job = jobs.get_job(job_id)
            display.show(job.status, job.progress)
            if job.status in ENDED or until(job):
                return job
            pause.wait(POLL_S)


@contextmanager
def shown(jobs: JobStore, job_id: UUID) -> Iterator[None]:
    """Show the job's progress from a thread while the caller works on it."""
    ended = threading.Event()

    def draw() -> None:
        with Display() as display:
            while True:
                last_round = ended.is_set()
                try:
                    job = jobs.get_job(job_id)
                    display.show(job.status, job.progress)
                except StudioError as error:
                    errors.print(f"progress is not to be had: {error}", markup=False)
                if last_round:
                    return
                ended.wait(POLL_S)

    thread = threading.Thread(target=draw, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
