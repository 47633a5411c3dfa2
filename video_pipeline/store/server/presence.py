"""Owns telling whether the process that took a lease is still there; hides process numbers and their reuse.

A lease that its holder cannot renew any more expires by itself; on the same machine one can know at once. A process is
named by the boot of its machine, its namespace of process numbers, its number and the time it started, so that a
number that was used again, or that means another process in another container, is never taken for it.
"""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")
_BOOT = _PROC / "sys/kernel/random/boot_id"


def this_process() -> str:
    """The name of this process; empty where the system does not tell (only Linux does)."""
    try:
        return _name(os.getpid()) or ""
    except OSError:
        return ""


def is_gone(name: str) -> bool:
    """True when the process called `name` ran on this machine and has ended; False when in doubt."""
    here = this_process()
    if not name or not here or name.split("/")[:2] != here.split("/")[:2]:
        return False
    try:
        return _name(int(name.split("/")[2])) != name
    except OSError:
        return False  # it is there, but nothing about it is told to us


def _name(pid: int) -> str | None:
    """boot/namespace/number/start; None when there is no such process, or when it only waits to be collected.

    OSError when the system does not tell.
    """
    boot = _BOOT.read_text().strip()
    namespace = os.readlink(_PROC / "self/ns/pid")
    try:
        # The program's name, in parentheses, may itself have spaces and parentheses.
        state, *numbers = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except ProcessLookupError:
        return None
    except FileNotFoundError:
        if _answers(pid):
            raise
        return None
    return None if state in {"Z", "X"} else f"{boot}/{namespace}/{pid}/{numbers[18]}"


def _answers(pid: int) -> bool:
    """True when there is such a process; /proc may hide those of other users (mount option hidepid)."""
    try:
        os.kill(pid, 0)  # signal 0 is never delivered
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
