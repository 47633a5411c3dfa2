"""Owns asking a program of the operator's whether a file may come in, such as a virus scanner; hides the process.

The program gets the path of the file as its last argument. Its exit code decides, as clamdscan's does: 0 lets the file
in, 1 refuses it. Any other end is no answer, and without an answer nothing comes in.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import signal
import subprocess
from pathlib import Path

from video_pipeline.domain.errors import InvalidInputError, MachineError, MediaError

LIMIT_S = 600.0
"""A film of some gigabytes takes minutes."""

TOLD_CHARACTERS = 300

log = logging.getLogger(__name__)


class CommandScanner:
    """`ports.Scanner` by a command; safe to share between threads."""

    def __init__(self, command: str, *, limit_s: float = LIMIT_S) -> None:
        """InvalidInputError when `command` cannot be split into words as a shell would."""
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise InvalidInputError(f"the scanner's command {command!r} cannot be read: {error}") from error
        if not self._words:
            raise InvalidInputError("the scanner's command is empty; leave the setting out to have none")
        self._limit_s = limit_s

    def check(self, path: Path) -> None:
        """MediaError when the program refuses the file, MachineError when it gives no answer."""
        try:
            process = subprocess.Popen(
                [*self._words, str(path.resolve())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise MachineError(f"the scanner {self._words[0]} cannot be run: {error.strerror}") from error
        try:
            output, _ = process.communicate(timeout=self._limit_s)
        except subprocess.TimeoutExpired as error:
            raise MachineError(f"the scanner gave no answer within {self._limit_s:g} seconds") from error
        finally:
            _end(process)
        if process.returncode == 0:
            return
        said = " ".join(output.decode(errors="replace").replace(str(path.resolve()), path.name).split())
        log.warning("the scanner ended with %d on %s: %s", process.returncode, path, said[:TOLD_CHARACTERS])
        if process.returncode == 1:
            raise MediaError(f"{path.name} was refused by the scanner of this studio: {said[:TOLD_CHARACTERS]}")
        raise MachineError(f"the scanner gave no answer, it ended with {process.returncode}; nothing was taken in")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of it stays, whatever it has started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
