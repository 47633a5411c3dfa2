"""Owns a process that buys music and pictures for jobs, and kills itself where it is told to; hides the counting.

It loads everything once and makes a child for each line of JSON on its standard input; a line of JSON on its standard
output says how the child ended. Moments are counted: before and after each commit that has written something, and
before each call of a vendor, when it is sent, and when its answer has come.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event
from urllib3.connection import HTTPConnection

from video_pipeline.domain.delivery import Format, Quality, Rendition
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.progress import Stage
from video_pipeline.ffmpeg import FfmpegTools, find_ffmpeg
from video_pipeline.outbound import HttpMessenger
from video_pipeline.providers import registry
from video_pipeline.providers.http import Account
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps import attempt, gates, paint, pipeline, thumbnail_picture
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.recover import bring_back
from video_pipeline.steps.studio import Studio
from video_pipeline.store import LocalMediaStore, PostgresJobStore, connect
from video_pipeline_tests.vendors.leonardo import PRICE as PICTURE_USD
from video_pipeline_tests.vendors.mubert import PRICE as TRACK_USD

FFMPEG = find_ffmpeg(None)  # found once, for all children
STAGES = (Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES)
SMALL = (320, 180)
"""Of pictures: a kill does not depend on how many pixels there are."""

WRITES = re.compile(r"\s*(insert|update|delete)", re.IGNORECASE)


@dataclass
class Moments:
    """The moments of a run, numbered from 1; at `kill_at` it ends as by `kill -9`."""

    kill_at: int | None
    names: list[str] = field(default_factory=list)

    def pass_by(self, name: str) -> None:
        """Count a moment, and die if it is the one."""
        self.names.append(name)
        if len(self.names) == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


class Here:
    """Stands in for the worker processes: does everything at once, in this process, so that it dies as one."""

    workers = 1

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it, and return how it ended."""
        done: Future[Any] = Future()
        try:
            done.set_result(function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - told by the future
            done.set_exception(error)
        return done


def watch_commits(engine: Engine, moments: Moments) -> None:
    """Count the commits of transactions that have written something."""
    writing: set[int] = set()

    @event.listens_for(engine, "before_cursor_execute")
    def note(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if WRITES.match(statement):
            writing.add(id(connection.connection.dbapi_connection))

    commit = engine.dialect.do_commit

    def counted(connection: Any) -> None:
        raw = id(getattr(connection, "dbapi_connection", connection))
        if raw not in writing:
            commit(connection)
            return
        writing.discard(raw)
        moments.pass_by("before a commit")
        commit(connection)
        moments.pass_by("after a commit")

    engine.dialect.do_commit = counted  # type: ignore[method-assign] # counted


def watch_calls(moments: Moments) -> None:
    """Count what goes to vendors and what comes back."""
    ask, answer = HTTPConnection.request, HTTPConnection.getresponse

    def request(self: HTTPConnection, *args: Any, **kwargs: Any) -> None:
        moments.pass_by("before a call")
        ask(self, *args, **kwargs)
        moments.pass_by("a call is sent")

    def getresponse(self: HTTPConnection) -> Any:
        came = answer(self)
        moments.pass_by("an answer has come")
        return came

    HTTPConnection.request = request  # type: ignore[method-assign] # counted
    HTTPConnection.getresponse = getresponse  # type: ignore[method-assign] # counted


def studio_of(setting: dict[str, Any], line: dict[str, Any], engine: Engine) -> Studio:
    """A studio whose vendors are the fakes; both are called by one thread at a time unless more are asked for."""
    key = line["key"]
    messenger = HttpMessenger(allow_private=True)
    accounts = {
        "mubert": Account("mubert", setting["mubert"], {"company_id": key, "license_token": key}, messenger),
        "leonardo": Account("leonardo", setting["leonardo"], {"api_key": key}, messenger),
    }
    here: Any = Here()
    prices = {"mubert": TRACK_USD, "leonardo": PICTURE_USD}
    workshop = Workshop(here, Path("nowhere"), accounts, pace=0.01, prices=prices)
    at_once = line.get("at_once", 1)
    music, images = registry.MUSIC["mubert"](workshop), registry.IMAGES["leonardo"](workshop)
    for each in (music, images):
        object.__setattr__(each.capabilities, "concurrency", at_once)
    return Studio(
        jobs=PostgresJobStore(engine),
        media=LocalMediaStore(Path(setting["media"])),
        tools=FfmpegTools(FFMPEG, here, Path(setting["cache"])),
        music={"mubert": music},
        images={"leonardo": images},
        writer=registry.prompt_writer(),
        thumbnail_provider="leonardo",
    )


def finish(studio: Studio, job_id: UUID) -> None:
    """Bring a job to where it awaits approval, as `job run` and `job retry` do."""
    job = studio.jobs.get_job(job_id)
    if job.status not in (JobStatus.PLANNED, JobStatus.AWAITING_APPROVAL) or studio.jobs.lost_jobs():
        bring_back(studio.jobs, studio.media, job_id)
    for stage in STAGES:
        perform(studio, job_id, stage, f"run of {os.getpid()}")


def live(setting: dict[str, Any], line: dict[str, Any]) -> None:
    """The life of a child."""
    moments = Moments(line.get("kill_at"))
    engine = connect(setting["database"])
    watch_commits(engine, moments)
    watch_calls(moments)
    finish(studio_of(setting, line, engine), UUID(line["job"]))
    if "moments" in line:
        Path(line["moments"]).write_text(json.dumps(moments.names))


def main() -> None:
    """Serve the lines of the standard input."""
    setting = json.loads(sys.stdin.readline())
    paint.picture_size = gates.picture_size = lambda _brief: SMALL
    thumbnail_picture.MASTER = Rendition(Format.MP4, Quality.LOW)
    # They cost nothing, come when all is bought, and take longer than all of it.
    pipeline.thumbnails_if_possible = lambda *_: None
    attempt.PROGRESS_INTERVAL_S = 0.0  # every report is written, so that a run has the same moments each time
    for text in sys.stdin:
        line = json.loads(text)
        child = os.fork()
        if child == 0:
            try:
                live(setting, line)
                os._exit(0)
            except BaseException:  # noqa: BLE001 - told by the exit code
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"killed": os.WIFSIGNALED(status), "code": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
