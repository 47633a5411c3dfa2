"""Owns the end of a connection at a deadline, and what is said of one that failed; hides sockets and their errors.

For whoever speaks HTTP: to addresses that users name, and to vendors.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

TROUBLE = (OSError, HTTPError, http.client.HTTPException)
"""What a connection raises that fails."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")


@contextlib.contextmanager
def cut_off(connection: HTTPConnection, deadline: float) -> Iterator[Callable[[], bool]]:
    """Shut the connection down at `deadline`, a time of `time.monotonic`; yields what tells whether that was done.

    The time limits of a socket do not do: they begin anew with each byte that comes.
    """
    left_s = max(0.001, deadline - time.monotonic())
    connection.timeout = left_s
    line = connection.sock  # now: the connection may let go of it before the answer is read
    if line is not None:
        line.settimeout(left_s)
    cut = threading.Event()

    def shut() -> None:
        cut.set()
        with contextlib.suppress(OSError):
            if line is not None:
                # The one below TLS: saying goodbye in TLS would wait for an answer.
                socket.socket.shutdown(line, socket.SHUT_RDWR)

    timer = threading.Timer(left_s, shut)
    timer.daemon = True
    timer.start()
    try:
        yield cut.is_set
    finally:
        timer.cancel()


def trouble_in_words(error: BaseException) -> str:
    """One line about what went wrong on the line, without the objects that the library puts into its own."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, TimeoutError):
        return "it did not answer in time"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return _UNPRINTABLE.sub(" ", f"{type(cause).__name__}: {cause}")[:200]
