"""Who works when: urgent tasks first, what several need once, an end that leaves nobody working."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import CancelledError, MachineError, MediaError
from video_pipeline.ffmpeg.work.crew import OTHER, Crew, StopFlag


def note(place: Path, name: str, seconds: float = 0.0) -> str:
    with place.open("a") as file:
        file.write(name + "\n")
    time.sleep(seconds)
    return name


def urgent(place: Path, name: str) -> str:
    return note(place, name)


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def fail() -> None:
    raise MediaError("broken")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def wait_for(flag: StopFlag) -> None:
    while not flag.is_up():
        time.sleep(0.01)
    flag.check()


@pytest.fixture(scope="module")
def one_worker() -> Iterator[Cores]:
    with Cores(1) as cores:
        yield cores


def crew_of(cores: Cores, tmp_path: Path, shares: list[float] | None = None, *, cancelled: bool = False) -> Crew:
    stages = {urgent: "urgent", burn: "burning"}
    tell = (lambda share, text: shares.append(share)) if shares is not None else (lambda share, text: None)
    return Crew(cores, StopFlag(tmp_path / "stop"), tell, lambda: cancelled, stages)


def test_urgent_work_overtakes_what_waits(one_worker: Cores, tmp_path: Path) -> None:
    crew, place = crew_of(one_worker, tmp_path), tmp_path / "order"
    slow = [crew.submit(1, "", note, place, f"slow {number}", 0.05) for number in range(6)]
    fast = crew.submit(1, "", urgent, place, "urgent")
    assert crew.gather([*slow, fast])[-1] == "urgent"
    order = place.read_text().splitlines()
    # One is with the worker and one is ready for it; the others are overtaken.
    assert order.index("urgent") <= 2
    assert [name for name in order if name != "urgent"] == [f"slow {number}" for number in range(6)]


def test_time_is_counted_by_stage_and_progress_only_grows(one_worker: Cores, tmp_path: Path) -> None:
    shares: list[float] = []
    crew = crew_of(one_worker, tmp_path, shares)
    crew.announce(4)
    crew.gather(
        [crew.submit(2, "", burn, 0.1), crew.submit(2, "", burn, 0.1), crew.submit(1, "", note, tmp_path / "x", "")]
    )
    assert 0.19 <= crew.spent["burning"] < 2
    assert crew.spent[OTHER] < crew.spent["burning"]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_what_several_threads_need_is_done_once(one_worker: Cores, tmp_path: Path) -> None:
    crew, place = crew_of(one_worker, tmp_path), tmp_path / "once"

    def ask(number: int) -> list[str]:
        return crew.gather(crew.share("the same", lambda: [crew.submit(1, "", note, place, "made")]))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(4))) == [["made"]] * 4
    assert place.read_text() == "made\n"


def test_a_failure_reaches_only_those_who_wait_for_it(one_worker: Cores, tmp_path: Path) -> None:
    crew = crew_of(one_worker, tmp_path)
    broken, whole = crew.submit(1, "", fail), crew.submit(1, "", note, tmp_path / "x", "whole")
    with pytest.raises(MediaError, match="broken"):
        crew.gather([broken])
    assert crew.gather([whole]) == ["whole"]


def test_dismissing_ends_what_runs_waits_and_is_waited_for(one_worker: Cores, tmp_path: Path) -> None:
    crew = crew_of(one_worker, tmp_path)
    running = crew.submit(1, "", wait_for, crew.stop)
    waiting = [crew.submit(1, "", note, tmp_path / "never", "") for _ in range(5)]
    with ThreadPoolExecutor(1) as thread:
        waited = thread.submit(crew.gather, waiting)
        threading.Timer(0.2, crew.dismiss).start()
        with pytest.raises(CancelledError):
            waited.result(timeout=30)
    with pytest.raises(CancelledError):
        running.result(timeout=30)
    with pytest.raises(CancelledError):
        crew.submit(1, "", note, tmp_path / "never", "")
    assert one_worker.submit(note, tmp_path / "free", "free").result(timeout=30) == "free"


def test_the_operator_can_cancel_while_everybody_waits(one_worker: Cores, tmp_path: Path) -> None:
    crew = crew_of(one_worker, tmp_path, cancelled=True)
    running = crew.submit(1, "", wait_for, crew.stop)
    with pytest.raises(CancelledError, match="operator"):
        crew.gather([running])
    crew.dismiss()


def test_a_crash_fails_the_piece_of_work_that_crashes_and_no_other_order(tmp_path: Path) -> None:
    """One damaged file failed every order that used the workers just then, and was tried again and again."""
    with Cores(2) as cores:
        guilty, innocent = crew_of(cores, tmp_path), crew_of(cores, tmp_path)
        others = [innocent.submit(1, "", note, tmp_path / "x", str(number), 0.05) for number in range(6)]
        crashing = guilty.submit(1, "decoded track 1 of 3", crash)
        with pytest.raises(MachineError, match="died twice before it had decoded track 1 of 3") as caught:
            guilty.gather([crashing])
        assert not caught.value.retryable
        assert innocent.gather(others) == [str(number) for number in range(6)]


class NoProcesses(Cores):
    """A machine that starts no more processes."""

    def submit(self, *arguments: Any, **named: Any) -> Future[Any]:
        raise OSError(24, "Too many open files")


def dismissed(crew: Crew) -> bool:
    """Whether the crew can be dismissed at all."""
    dismissing = threading.Thread(target=crew.dismiss, daemon=True)
    dismissing.start()
    dismissing.join(20)
    return not dismissing.is_alive()


def test_work_that_no_process_can_be_started_for_fails_and_is_not_waited_for(tmp_path: Path) -> None:
    crew = crew_of(NoProcesses(1), tmp_path)
    with pytest.raises(OSError, match="Too many open files"):
        crew.gather([crew.submit(1, "", burn, 0.0)])
    assert dismissed(crew)


def test_a_crew_is_dismissed_even_when_its_flag_cannot_be_put_up(one_worker: Cores, tmp_path: Path) -> None:
    """On a full disk it was not: those who waited for it waited for ever."""
    nowhere = tmp_path / "file" / "stop"
    nowhere.parent.touch()
    crew = Crew(one_worker, StopFlag(nowhere), lambda share, text: None, lambda: False)
    tasks = [crew.submit(1, "", note, tmp_path / "x", "", 0.05) for _ in range(5)]
    assert dismissed(crew)
    assert tasks[-1].cancelled()
    with pytest.raises(CancelledError):
        crew.gather(tasks)
