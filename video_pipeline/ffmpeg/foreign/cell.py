"""Owns looking at hostile files in a process of its own, which may crash, hang or grow; hides how it is walled in.

Parsers written in C meet bytes here that somebody may have made to break them. What comes back is JSON, because a
pickle from a process that was taken over would take over this one as well.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from video_pipeline.cores import fork_server
from video_pipeline.domain.errors import CancelledError, MediaError

MEMORY_BYTES = 3 * 2**30
"""Address space beyond what the libraries take; an 8K frame of 10 bits has 100 MB, and decoders keep a dozen."""

_POLL_S = 0.2
_LARGEST_ANSWER = 2**20


def alone(
    function: Callable[..., Any],
    *arguments: Any,
    name: str,
    limit_s: float,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Any:
    """`function(*arguments)`, whose answer must be JSON, run in a process of its own.

    MediaError when it raises one, and when it crashes or takes longer than `limit_s`; `name` is that of the file.
    CancelledError when `is_stopped` says so.
    """
    context = fork_server()
    reading, writing = context.Pipe(duplex=False)
    process = context.Process(target=_inside, args=(writing, function, arguments, limit_s), daemon=True)
    process.start()
    writing.close()
    try:
        _wait(reading, name, limit_s, is_stopped)
        answer = _understood(reading.recv_bytes(_LARGEST_ANSWER))
    except (EOFError, OSError) as error:
        raise MediaError(f"{name} crashes the program that looks at it") from error
    except (ValueError, RecursionError) as error:
        raise MediaError(f"{name} confuses the program that looks at it") from error
    finally:
        reading.close()
        process.kill()
        process.join()
        process.close()
    if "refused" in answer:
        raise MediaError(str(answer["refused"]))
    return answer["found"]


def _understood(answer: bytes) -> dict[str, Any]:
    understood = json.loads(answer)
    if not isinstance(understood, dict) or not {"refused", "found"} & set(understood):
        raise ValueError("the answer is of another kind")
    return understood


def _wait(answer: Connection, name: str, limit_s: float, is_stopped: Callable[[], bool]) -> None:
    deadline = time.monotonic() + limit_s
    while not answer.poll(_POLL_S):
        if is_stopped():
            raise CancelledError(f"looking at {name} was cancelled")
        if time.monotonic() > deadline:
            raise MediaError(f"{name} could not be looked at within {limit_s:.0f} s")


def _inside(writing: Connection, function: Callable[..., Any], arguments: tuple[Any, ...], limit_s: float) -> None:
    # Also ends it when the process that waits for it is killed.
    seconds = max(int(limit_s), 1)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    space = _address_space() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    try:
        answer = {"found": function(*arguments)}
    except MediaError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"refused": "looking at the file needs more memory than is allowed"}
    writing.send_bytes(json.dumps(answer).encode())
    writing.close()


def _address_space() -> int:
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[0]) * resource.getpagesize()
