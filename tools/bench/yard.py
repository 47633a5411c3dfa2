"""Owns the place where contenders work: directories, ready-made inputs, the verifier; hides what is kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.bench.material import Pool
from tools.bench.measure import measure
from tools.bench.plain import Argv
from tools.bench.programme import Programme
from tools.bench.verification import Verifier

LIMIT_S = 6 * 3600.0
_PREPARING_S = 1800


class PreparationError(Exception):
    """What a contender needs could not be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Yard:
    """Everything that all experiments share."""

    work: Path
    ffmpeg: Path
    pool: Pool
    verifier: Verifier

    def programme_file(self, programme: Programme) -> Path:
        """The programme as JSON."""
        folder = self._folder(programme)
        return programme.write(folder / "programme.json")

    def ours(self, programme: Programme, cache: Path, report: Path, renders: dict[str, Path]) -> Argv:
        """The command that renders `renders` (format_quality to file) with the product."""
        words = [f"{name}={path}" for name, path in renders.items()]
        file = self.programme_file(programme)
        return [sys.executable, "-m", "tools.bench.ours", str(file), str(cache), str(report), *words]

    def master(self, programme: Programme) -> Path:
        """A finished mp4/high of `programme`; made, not measured, when no run has left one."""
        master = self._folder(programme) / "master.mp4"
        if not master.exists():
            self._render(programme, self._folder(programme) / "cache_of_master", master, keep_cache=False)
        return master

    def keep_master(self, programme: Programme, made: Path) -> None:
        """Take over the output of a run, unless there is a master."""
        master = self._folder(programme) / "master.mp4"
        if not master.exists() and made.exists():
            made.replace(master)

    def warm_cache(self, programme: Programme, copy: Path) -> None:
        """Make `copy` a cache that holds all of `programme`; the copy shares the bytes."""
        cache = self._folder(programme) / "warm_cache"
        if not cache.exists():
            out = self._folder(programme) / "warm.mp4"
            self._render(programme, cache, out, keep_cache=True)
            out.unlink()
        shutil.copytree(cache, copy, copy_function=os.link)

    def mix(self, programme: Programme) -> Path:
        """The ready mix: what the master's sound decodes to, 16 bit."""
        mix = self._folder(programme) / "mix.s16"
        words = ["-i", str(self.master(programme)), "-vn", "-f", "s16le", "-ac", "2", "-ar", "48000"]
        return self._by_ffmpeg(words, mix)

    def planes(self, programme: Programme) -> Path:
        """A directory with each picture as raw BT.709 planes of 1080p, named by its checksum."""
        folder = self.work / "planes"
        folder.mkdir(parents=True, exist_ok=True)
        for scene in programme.scenes:
            scaling = "scale=1920:1080:out_color_matrix=bt709:out_range=tv,format=yuv420p"
            words = ["-i", scene.picture.path, "-frames:v", "1", "-vf", scaling, "-f", "rawvideo"]
            self._by_ffmpeg(words, folder / f"{scene.picture.sha256}.yuv")
        return folder

    def _folder(self, programme: Programme) -> Path:
        folder = self.work / "prepared" / programme.name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _render(self, programme: Programme, cache: Path, out: Path, *, keep_cache: bool) -> None:
        folder = self._folder(programme)
        part = out.with_name(f"making_{out.name}")
        argv = self.ours(programme, cache, folder / "prepared.json", {"mp4_high": part})
        done = measure(argv, folder, [part], limit_s=LIMIT_S)
        if not keep_cache or not done.usable:
            shutil.rmtree(cache, ignore_errors=True)
        if not done.usable:
            raise PreparationError(f"the product could not render {programme.name}: {done.status} {done.message}")
        part.replace(out)

    def _by_ffmpeg(self, words: list[str], out: Path) -> Path:
        if out.exists():
            return out
        part = out.with_name(f"{out.name}.part")
        start = partial(subprocess.run, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        try:
            start([str(self.ffmpeg), "-nostdin", "-v", "error", "-y", *words, str(part)], timeout=_PREPARING_S)
        except subprocess.CalledProcessError as error:
            raise PreparationError(f"{out.name} could not be prepared: {error.stderr[-500:]}") from error
        part.replace(out)
        return out
