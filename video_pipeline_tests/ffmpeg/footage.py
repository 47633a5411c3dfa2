"""Owns the foreign videos of the transcode tests, made by the ffmpeg program, and what is measured on the results."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.records import RenderReport
from video_pipeline.ffmpeg import FfmpegTools
from video_pipeline_tests.ffmpeg.material import Workshop

SMALL = Rendition.parse("mp4", "320x180@400k")
SMALL_WEBM = Rendition.parse("webm", "320x180@400k")

# A white flash and a beep at the same moment, once a second.
FLASHES = "color=black:s={size}:r={rate}:d={seconds},drawbox=c=white:t=fill:enable='lt(mod(t\\,1)\\,0.07)'"
BEEPS = "aevalsrc='0.3*sin(6283*t)*lt(mod(t\\,1)\\,0.05)|0.3*sin(6283*t)*lt(mod(t\\,1)\\,0.05)':s=48000:d={seconds}"


@dataclass(frozen=True)
class Studio:
    """Makes foreign videos in a folder and transcodes them."""

    workshop: Workshop
    folder: Path
    tools: FfmpegTools

    def make(self, name: str, *arguments: str, picture: str = "", sound: str = "") -> Path:
        """A video of lavfi sources, encoded with `arguments`."""
        path = self.folder / name
        inputs = [word for source in (picture, sound) if source for word in ("-f", "lavfi", "-i", source)]
        self.workshop.run("-v", "error", "-y", *inputs, *arguments, f"file:{path}")
        return path

    def flashing(self, name: str, *arguments: str, size: str = "320x180", rate: str = "30", seconds: int = 3) -> Path:
        """A video in which picture and sound mark each second."""
        facts = {"size": size, "rate": rate, "seconds": seconds}
        return self.make(name, *arguments, picture=FLASHES.format(**facts), sound=BEEPS.format(**facts))

    def transcode(
        self,
        video: Path,
        rendition: Rendition = SMALL,
        out: str = "out",
        *,
        crop: bool = False,
        report: Callable[[float, str], None] = lambda share, message: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[Path, RenderReport]:
        path = self.folder / f"{out}.{rendition.format.extension}"
        made = self.tools.transcode(video, rendition, path, report=report, cancelled=cancelled, crop=crop)
        return path, made


def frames_of(path: Path, pixel_format: str = "gray") -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format=pixel_format) for frame in file.decode(video=0)]


def rgb_at(path: Path, places: list[tuple[int, int]], number: int = 0) -> list[tuple[int, ...]]:
    """The colours of some places (x, y) of one frame, as BT.709 of limited range means them."""
    with av.open(str(path)) as file:
        for index, frame in enumerate(file.decode(video=0)):
            if index == number:
                planes = frame.to_ndarray(format="yuv444p").astype(float)
                break
    colours = []
    for x, y in places:
        luma, blue, red = ((planes[:, y, x] - [16, 128, 128]) / [219, 224, 224]).tolist()
        r, b = luma + 1.5748 * red, luma + 1.8556 * blue
        g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152
        colours.append(tuple(round(255 * min(max(each, 0.0), 1.0)) for each in (r, g, b)))
    return colours


def flashes_of(path: Path) -> list[float]:
    """When the middle of the picture turns white, in seconds."""
    found, before = [], 0.0
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            luma = float(frame.to_ndarray(format="gray")[80:100, 150:170].mean())
            if luma > 120 >= before:
                found.append(float(frame.time or 0))
            before = luma
    return found


def beeps_of(sound: NDArray[np.float32]) -> list[float]:
    """When a beep begins in sound of shape (samples, 2), in seconds."""
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 0.2 * np.abs(sound).max())
    starts = [loud[0], *loud[1:][np.diff(loud) > 9600]]
    return [float(start) / 48_000 for start in starts]


FAKE = """#!{python} -SE
import json, os, signal, subprocess, sys, time
REAL, MODES, LOG = {real!r}, json.loads({modes!r}), {log!r}
FOREIGN = ("-preset", "-rc", "-cq", "-b:v", "-quality", "-global_quality", "-realtime", "-rc_mode", "-profile:v")
argv = sys.argv[1:]
if "-encoders" in argv:
    subprocess.run([REAL, *argv], check=True)
    print(*(" V....D " + name + " fake" for name in MODES), sep="\\n")
    sys.exit(0)
name = argv[argv.index("-c:v") + 1] if "-c:v" in argv else ""
mode, trial = MODES.get(name, "real"), "lavfi" in argv
if mode == "real":
    os.execv(REAL, [REAL, *argv])
with open(LOG, "a") as log:
    log.write(name + (" trial\\n" if trial else " work\\n"))
at = argv.index("-c:v") + 1
argv[at] = "libvpx-vp9" if name.startswith("vp9") else "libx264"
for option in FOREIGN:
    while option in argv:
        place = argv.index(option)
        del argv[place : place + 2]
argv[-1:-1] = ["-preset", "ultrafast"] if argv[argv.index("-c:v") + 1] == "libx264" else ["-cpu-used", "8"]
if mode == "fails":
    sys.exit("Cannot load libfake.so.1")
if mode == "hangs":
    time.sleep(600)
if mode == "crashes":
    os.kill(os.getpid(), signal.SIGSEGV)
if mode == "rubbish":
    open(argv[-1].removeprefix("file:"), "wb").write(os.urandom(50000))
    sys.exit(0)
if mode == "other picture":
    argv = [word.replace("testsrc2", "smptebars") for word in argv]
if mode == "ends early" or (mode == "ends early at work" and not trial):
    argv[-1:-1] = ["-frames:v", "25"]
if mode in ("dies at work", "stands still at work") and not trial:
    argv[-1:-1] = ["-frames:v", "25"]
    subprocess.run([REAL, *argv], close_fds=False)
    if mode.startswith("stands"):
        time.sleep(600)
    sys.exit("fake driver: device lost after 25 frames")
os.execv(REAL, [REAL, *argv])
"""


@dataclass(frozen=True)
class FakeHardware:
    """A program in front of ffmpeg that plays hardware encoders in one of many moods, and notes when it is asked."""

    program: Path
    log: Path

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


def fake_hardware(folder: Path, ffmpeg: Path, modes: dict[str, str]) -> FakeHardware:
    program, log = folder / "ffmpeg-with-hardware", folder / "asked.txt"
    program.write_text(FAKE.format(python=sys.executable, real=str(ffmpeg), modes=json.dumps(modes), log=str(log)))
    program.chmod(0o755)
    return FakeHardware(program, log)
