"""Owns the command line of the benchmark; hides which experiments belong to which flags."""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tools.bench import contenders, experiments, machine, report
from tools.bench.contenders import MOVIEPY_PARTS
from tools.bench.environment import UnavailableError, bench_python
from tools.bench.experiments import Section
from tools.bench.material import Pool, own_pool, procedural_pool
from tools.bench.measure import ROOT, say
from tools.bench.programme import Programme, frames_of_minutes
from tools.bench.verification import Verifier
from tools.bench.yard import Yard
from video_pipeline.ffmpeg import find_ffmpeg

SHORT = 5
SCENES = {5: 5, 15: 5, 30: 10, 60: 20, 90: 30, 180: 60}
"""Scenes of a programme by its minutes: of three minutes each, but for the short one."""

LENGTHS = (15, 30, 60, 90, 180)
RIVALS = tuple(contenders.TITLES)
OTHERS = ("motion", "webm", "renditions", "swap", "lengths")
DOCUMENTS = ROOT / "docs" / "benchmarks"
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be run."""

    minutes: tuple[int, ...]
    only: frozenset[str]
    full: bool
    repeats: int
    everything: bool  # no flag narrows it

    def wants(self, name: str) -> bool:
        """True when contender or experiment `name` is to run."""
        if self.only:
            return name in self.only
        if name == MOVIEPY_PARTS:  # not what anybody does, and it takes minutes
            return self.everything or self.full
        return name in RIVALS or self.everything


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0 when everything of ours was right."""
    given = _parser().parse_args(words)
    signal.signal(signal.SIGTERM, _interrupt)
    choice = _choice(given)
    work = given.work.resolve()
    try:
        work.mkdir(parents=True, exist_ok=True)
        return _run(given, choice, work)
    except KeyboardInterrupt:
        say("interrupted; what was running has been ended")
        return INTERRUPTED
    finally:
        _clear(work, keep_material=given.keep)


def _clear(work: Path, *, keep_material: bool) -> None:
    """Remove what the benchmark made in `work`, and nothing else that may be there."""
    made = [work / name for name in ("running", "prepared", "planes")]
    made += [] if keep_material else work.glob("material_*")
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # results, or somebody's own files
        work.rmdir()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the render engine beside its rivals.")
    parser.add_argument(
        "--minutes", type=int, choices=(5, 60), help="stills only, at this length (default: everything)"
    )
    parser.add_argument("--json", action="store_true", help="nothing on stdout but one JSON object")
    parser.add_argument("--full", action="store_true", help="no slices: run slow rivals whole at 60 minutes, for hours")
    parser.add_argument("--repeats", type=int, default=3, help="rounds; slow rivals run a third of them (default 3)")
    parser.add_argument("--only", default="", help=f"comma separated, of {', '.join((*RIVALS, *OTHERS))}")
    parser.add_argument("--music", type=Path, help="a directory with music of your own; needs --pictures")
    parser.add_argument("--pictures", type=Path, help="a directory with pictures of your own; needs --music")
    parser.add_argument("--work", type=Path, default=ROOT / ".bench", help="where big files go (default .bench)")
    parser.add_argument("--keep", action="store_true", help="keep the material for the next time")
    parser.add_argument("--out", type=Path, help="where JSON and plots go (default docs/benchmarks when all is run)")
    return parser


def _choice(given: argparse.Namespace) -> Choice:
    only = frozenset(filter(None, (word.strip() for word in given.only.split(","))))
    unknown = sorted(only - {*RIVALS, *OTHERS})
    if unknown:
        _parser().error(f"--only knows {', '.join((*RIVALS, *OTHERS))}; not {', '.join(unknown)}")
    if given.repeats < 1:
        _parser().error("--repeats must be at least 1")
    if (given.music is None) != (given.pictures is None):
        _parser().error("--music and --pictures belong together")
    minutes = (given.minutes,) if given.minutes else (5, 60)
    return Choice(minutes, only, given.full, given.repeats, everything=not given.minutes and not only)


def _run(given: argparse.Namespace, choice: Choice, work: Path) -> int:
    ffmpeg = find_ffmpeg(None).path
    yard = Yard(work, ffmpeg, _pool(given, choice, work), Verifier(ffmpeg))
    out = given.out or (DOCUMENTS if choice.everything and not given.music else work)
    results: report.Results = {
        "machine": machine.describe(),
        "material": yard.pool.origin,
        "command": shlex.join(["make", "bench", *([f"ARGS={shlex.join(sys.argv[1:])}"] if sys.argv[1:] else [])]),
        "sections": {},
    }
    for name, section in _sections(yard, choice):
        results["sections"][name] = section
        report.write_json(results, out / "results.json")  # what is measured stays, whatever comes next
    if given.out or choice.everything:
        _draw(out)
    print(report.tables(results), file=sys.stderr if given.json else sys.stdout)
    say(f"results: {out / 'results.json'}")
    wrong = report.faults(results)
    for fault in wrong:
        say(f"WRONG: {fault}")
    minutes = choice.minutes[-1]
    print(json.dumps(report.summary(results["sections"].get(f"stills_{minutes}"), minutes)), flush=True)
    return 1 if wrong else 0


def _pool(given: argparse.Namespace, choice: Choice, work: Path) -> Pool:
    if given.music:
        return own_pool(work, given.music, given.pictures)
    # A short programme alone needs little material.
    return (
        procedural_pool(work, 5, 64)
        if choice.minutes == (5,) and not choice.wants("lengths")
        else procedural_pool(work)
    )


def _sections(yard: Yard, choice: Choice) -> Iterator[tuple[str, Section]]:
    """Run what `choice` asks for; each section by its name."""
    repeats = choice.repeats
    for minutes in choice.minutes:
        programme, whole = _programme(yard.pool, minutes), choice.full or minutes == SHORT
        if any(choice.wants(name) for name in RIVALS):
            yield f"stills_{minutes}", experiments.compare(yard, programme, repeats, whole=whole, wanted=choice.wants)
        if choice.wants("motion"):
            yield f"motion_{minutes}", experiments.motion(yard, programme, repeats, whole=whole)
        # libvpx needs as long for each frame of an hour: only if asked for.
        if choice.wants("webm") and (minutes == SHORT or choice.only):
            yield f"webm_{minutes}", experiments.webm(yard, programme, repeats, whole=whole)
    longest = _programme(yard.pool, choice.minutes[-1])
    if choice.wants("renditions"):
        yield "renditions", experiments.renditions(yard, longest, repeats)
    if choice.wants("swap"):
        yield "swap", experiments.swap(yard, longest, repeats)
    if choice.wants("lengths"):
        yield "lengths", experiments.lengths(yard, [_programme(yard.pool, each) for each in LENGTHS], repeats)


def _programme(pool: Pool, minutes: int) -> Programme:
    scenes = SCENES[minutes]
    return pool.programme(f"{minutes}min", scenes, frames_of_minutes(minutes, scenes))


def _draw(out: Path) -> None:
    """Plots beside the JSON; without matplotlib there are none, and that is said."""
    try:
        script = ROOT / "tools" / "bench" / "plots.py"
        subprocess.run([str(bench_python()), str(script), str(out / "results.json"), str(out)], check=True, timeout=300)
    except (UnavailableError, OSError, subprocess.SubprocessError) as error:
        say(f"no plots: {error}")


if __name__ == "__main__":
    sys.exit(main())
