"""Owns which hardware encoders of this machine work, found by using them; hides devices, drivers, what is kept of it.

    trials     what a test picture said: for all processes, some hours from the trial, on the same machine
    distrust   what real work said: for this process alone, until it ends

That ffmpeg knows an encoder says nothing about the machine, and a driver that opens may still crash, hang or write
rubbish. So each candidate encodes a moving test picture in a process of its own, and what comes out is decoded by
software and compared with the picture.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import re
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from statistics import fmean

from video_pipeline.domain.errors import CancelledError, InvalidInputError, MachineError, MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.foreign.encoders import BY_NAME, HARDWARE, Encoder
from video_pipeline.ffmpeg.program.binary import FfmpegBinary, parts
from video_pipeline.ffmpeg.program.command import Coding, compare_command, trial_command
from video_pipeline.ffmpeg.program.runner import run
from video_pipeline.ffmpeg.work.cache import key_of

log = logging.getLogger(__name__)

AUTO, SOFTWARE_ONLY = "auto", "software"

WORTHWHILE_S = 60.0
"""Shorter videos are encoded by software before hardware that may have to be tried first has begun."""

KEPT_S = 6 * 3600.0
"""How long an answer counts; drivers fail with time, and come back after a restart of the machine."""

MEAN_PSNR_DB, LEAST_PSNR_DB = 32.0, 26.0
"""What the test picture must reach in the mean and in each frame; x264 has 47, a frame at the wrong place 20."""

_RATE = FrameRate(25)
_PICTURE = "testsrc2=size=640x360:rate=25:duration=2"
_FRAMES = 50
_BIT_RATE = 2_500_000
_TRIAL_S = 15.0
_AT_ONCE = 4
_POLL_S = 0.2
_SAID = 1500  # characters kept of a refusal, from its start: the cause is said first, then what follows from it
_DEVICES = ("/dev/dri/*", "/dev/nvidia*", "/dev/video*", "/dev/kfd")
_DRIVERS = ("nvidia", "i915", "xe", "amdgpu", "nouveau", "v4l2_mem2mem")
_VARIABLES = ("CUDA_VISIBLE_DEVICES", "LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH", "NVIDIA_VISIBLE_DEVICES")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one encoder works here, and what it said or measured."""

    name: str
    usable: bool
    said: str
    at: float  # when it was tried, seconds since 1970


class Hardware:
    """The hardware encoders of this machine; safe to use from several threads and processes.

    `chosen` is `auto`, `software` or the name of one encoder; InvalidInputError for another word. What trials say is
    kept in the file `keep`, each answer for some hours from its trial, for as long as program, drivers and devices
    stay the same. What failed at real work is refused by this process until it ends, and by no other.
    """

    def __init__(self, binary: FfmpegBinary, chosen: str, keep: Path) -> None:
        if chosen not in (AUTO, SOFTWARE_ONLY, *BY_NAME):
            known = ", ".join((AUTO, SOFTWARE_ONLY, *BY_NAME))
            raise InvalidInputError(f"unknown encoder {chosen}; known are {known}")
        self._binary = binary
        self._chosen = chosen
        self._keep = keep
        self._lock = threading.Lock()
        self._key = ""
        self._found: dict[str, Verdict] = {}
        self._distrusted: dict[str, Verdict] = {}

    def choice(self, codec: str, length_s: float, is_stopped: Callable[[], bool] = lambda: False) -> Encoder | None:
        """The encoder to use for a video of `length_s` seconds; None means software.

        An encoder that was asked for by name is also taken for short videos, but not when it does not work.
        """
        if self._chosen == SOFTWARE_ONLY or (self._chosen == AUTO and length_s < WORTHWHILE_S):
            return None
        wanted = [each for each in HARDWARE if each.codec == codec and self._chosen in (AUTO, each.name)]
        verdicts = {verdict.name: verdict for verdict in self.verdicts(wanted, is_stopped)}
        for encoder in wanted:
            if verdicts[encoder.name].usable:
                return encoder
            if self._chosen == encoder.name:
                log.warning("%s was asked for and does not work: %s", encoder.name, verdicts[encoder.name].said)
        return None

    def refusal(self, codec: str) -> str:
        """Why the encoder that was asked for by name is not used for `codec`; empty when nothing is wrong."""
        encoder = BY_NAME.get(self._chosen)
        verdict = self._distrusted.get(self._chosen) or self._found.get(self._chosen)
        if encoder is None or encoder.codec != codec or verdict is None or verdict.usable:
            return ""
        return f"{verdict.name} does not work here: {verdict.said}"

    def distrust(self, name: str, said: str) -> None:
        """Use an encoder that failed at real work no more in this process."""
        with self._lock:
            self._distrusted[name] = Verdict(name, False, f"failed at work: {said[:_SAID]}", time.time())

    def describe(self) -> str:
        """One line for people: which encoders work, or why none does."""
        if self._chosen == SOFTWARE_ONLY:
            return "software, as configured"
        verdicts = self.verdicts(HARDWARE)
        usable = [verdict.name for verdict in verdicts if verdict.usable]
        if usable:
            return f"{', '.join(usable)} ({self._chosen})"
        causes: dict[str, list[str]] = {}
        for verdict in verdicts:
            causes.setdefault(_gist(verdict.said), []).append(verdict.name)
        reasons = "; ".join(f"{', '.join(names)}: {cause}" for cause, names in causes.items())
        return f"software; no hardware encoder works here ({reasons})"

    def verdicts(
        self, encoders: Sequence[Encoder], is_stopped: Callable[[], bool] = lambda: False
    ) -> tuple[Verdict, ...]:
        """Whether each of `encoders` works; those of which nothing is known are tried now, several at a time."""
        with self._turn(is_stopped):
            key = _facts_of(self._binary)
            if key != self._key:
                self._key, self._found = key, {}
            self._found = {name: verdict for name, verdict in self._found.items() if _is_fresh(verdict)}
            if any(self._is_unknown(encoder) for encoder in encoders):
                self._found = _kept(self._keep, key) | self._found
            unknown = [encoder for encoder in encoders if self._is_unknown(encoder)]
            if unknown:
                tried = try_encoders(self._binary.path, unknown, is_stopped)
                self._found |= {verdict.name: verdict for verdict in tried}
                # What another process found out meanwhile stays.
                _store(self._keep, key, _kept(self._keep, key) | self._found)
            known = self._found | self._distrusted
            return tuple(known[encoder.name] for encoder in encoders)

    def _is_unknown(self, encoder: Encoder) -> bool:
        return encoder.name not in self._found and encoder.name not in self._distrusted

    @contextmanager
    def _turn(self, is_stopped: Callable[[], bool]) -> Iterator[None]:
        """The lock; who waits while another thread tries encoders can be cancelled meanwhile."""
        while not self._lock.acquire(timeout=_POLL_S):
            if is_stopped():
                raise CancelledError("waiting for the trial of the hardware encoders was cancelled")
        try:
            yield
        finally:
            self._lock.release()


def try_encoders(
    binary: Path, encoders: Sequence[Encoder], is_stopped: Callable[[], bool] = lambda: False
) -> list[Verdict]:
    """Encode and compare with each of `encoders`; a process that hangs is ended."""
    known = parts(binary, "-encoders")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as threads:

        def tried(encoder: Encoder) -> Verdict:
            if encoder.name not in known:
                usable, said = False, "this ffmpeg was built without it"
            else:
                try:
                    usable, said = _tried(binary, encoder, Path(folder), is_stopped)
                except (MediaError, MachineError, OSError) as error:
                    usable, said = False, str(error)[:_SAID]
            return Verdict(encoder.name, usable, said, time.time())

        return list(threads.map(tried, encoders))


def _tried(binary: Path, encoder: Encoder, folder: Path, is_stopped: Callable[[], bool]) -> tuple[bool, str]:
    clip, stats = folder / f"{encoder.name}.mkv", folder / f"{encoder.name}.psnr"
    options = encoder.arguments(_BIT_RATE, _RATE)
    coding = Coding("matroska", encoder.name, options, encoder.device, encoder.upload)
    run(trial_command(binary, _PICTURE, coding, clip), limit_s=_TRIAL_S, is_stopped=is_stopped)
    run(compare_command(binary, clip, "matroska", _PICTURE, stats), limit_s=_TRIAL_S, is_stopped=is_stopped)
    levels = [float(level) for level in re.findall(r"psnr_avg:([\d.]+|inf)", stats.read_text())]
    if len(levels) != _FRAMES:
        return False, f"it wrote {len(levels)} of {_FRAMES} frames"
    mean, least = fmean(min(level, 100.0) for level in levels), min(levels)
    figures = f"PSNR {mean:.1f} dB, at least {least:.1f} dB"
    if mean < MEAN_PSNR_DB or least < LEAST_PSNR_DB:
        return False, f"what it writes is not the picture: {figures}"
    return True, figures


def _gist(said: str) -> str:
    """The line of what ffmpeg said that names the cause, shortened."""
    message = re.sub(r"^ffmpeg on .* failed with status -?\d+: ", "", said)
    lines = [re.sub(r"^(\[[^\]]*\] ?)+", "", line) for line in message.splitlines()]
    telling = [line for line in lines if re.search(r"cannot|fail|no |not |unsupported|error", line, re.IGNORECASE)]
    return (telling or lines or ["no message"])[0].strip()[:90]


@cache
def _boot_facts() -> list[str]:
    return [platform.release(), *(f"{name}={os.environ.get(name, '')}" for name in _VARIABLES)]


def _facts_of(binary: FfmpegBinary) -> str:
    """A key of everything that decides which encoders work and can be seen from here."""
    devices = sorted(str(path) for pattern in _DEVICES for path in Path("/").glob(pattern.lstrip("/")))
    drivers = []
    for name in _DRIVERS:
        for fact in ("version", "srcversion"):
            with suppress(OSError):
                drivers.append(f"{name} {Path('/sys/module', name, fact).read_text().strip()}")
    program = binary.path.stat()
    identity = [str(binary.path), binary.version, program.st_size, program.st_mtime_ns]
    trial = [_PICTURE, _BIT_RATE, [asdict(encoder) for encoder in HARDWARE]]
    return key_of([identity, devices, drivers, _boot_facts(), trial])


def _is_fresh(verdict: Verdict) -> bool:
    return 0 <= time.time() - verdict.at < KEPT_S


def _kept(keep: Path, key: str) -> dict[str, Verdict]:
    """The answers kept in a file that still count; none when they are of another machine."""
    try:
        content = json.loads(keep.read_text())
        if content["key"] == key:
            verdicts = [Verdict(**each) for each in content["verdicts"]]
            return {verdict.name: verdict for verdict in verdicts if _is_fresh(verdict)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.debug("no kept answers about encoders: %s", error)
    return {}


def _store(keep: Path, key: str, found: dict[str, Verdict]) -> None:
    part = keep.with_name(f"{keep.name}.{uuid.uuid4().hex}.part")
    content = {"key": key, "verdicts": [asdict(verdict) for verdict in found.values()]}
    try:
        keep.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(content))
        part.replace(keep)
    except OSError as error:  # the answers are found again next time
        log.debug("cannot keep answers about encoders: %s", error)
        part.unlink(missing_ok=True)
