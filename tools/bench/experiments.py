"""Owns what is compared with what; hides the interleaving of repeats and what becomes of a contender that fails."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.bench import contenders
from tools.bench.contenders import CHAIN, DEFAULT, FLOOR, MOVIEPY, MOVIEPY_PARTS, OURS, PARTS, Entry
from tools.bench.environment import UnavailableError
from tools.bench.figures import extrapolated, mebibytes, median_of, paired_ratios, shown, spread
from tools.bench.measure import Measurement, measure, say
from tools.bench.ours import stages_of
from tools.bench.programme import Programme
from tools.bench.yard import LIMIT_S, PreparationError, Yard
from video_pipeline.domain.delivery import NINE

Section = dict[str, Any]
"""One table: title, frames, rows by contender, ratios, stages."""

Ratio = tuple[str, str, str]
"""What it is called, whose time is above the line, whose is below."""


@dataclass(slots=True)
class Series:
    """The runs of one entry."""

    entry: Entry
    runs: list[Measurement] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    stages: list[dict[str, float]] = field(default_factory=list)

    @property
    def usable(self) -> list[Measurement]:
        """The runs that count."""
        return [run for run in self.runs if run.usable]

    def of_whole(self, figures: Iterable[float]) -> list[float]:
        """Times of a slice as times of what it stands for."""
        return [extrapolated(each, self.entry.programme.frames, self.entry.frames) for each in figures]

    @property
    def walls(self) -> list[float]:
        """Wall seconds of the whole programme, repeat by repeat."""
        return self.of_whole(run.wall_s for run in self.usable)

    def to_json(self) -> dict[str, Any]:
        """One row of a table."""
        entry, usable = self.entry, self.usable
        wall, cpu = spread(self.walls), spread(self.of_whole(run.cpu_s for run in usable))
        return {
            "title": entry.title,
            "extrapolated": bool(entry.stands_for),
            "frames_run": entry.programme.frames,
            "frames": entry.frames,
            "wall_s": wall and wall.to_json(),
            "cpu_s": cpu and cpu.to_json(),
            "times_real_time": entry.frames / 30 / wall.median if wall else None,
            "peak_rss_bytes": max((run.peak_rss_bytes for run in usable), default=None),
            "peak_pss_bytes": max((run.peak_pss_bytes for run in usable), default=None),
            "output_bytes": usable[-1].output_bytes if usable else None,
            "runs": [run.to_json() for run in self.runs],
            "verified": self.verdicts,
        }


def interleaved(yard: Yard, entries: Sequence[Entry], repeats: int) -> dict[str, Series]:
    """Run all entries in turn, `repeats` times round; slow ones a third as often. One that fails is not run again."""
    series = {entry.name: Series(entry) for entry in entries}
    for number in range(repeats):
        for each in series.values():
            rounds = max(repeats // 3, 1) if each.entry.slow else repeats
            if number < rounds and all(run.usable for run in each.runs):
                _run(yard, each, number)
    return series


def _run(yard: Yard, series: Series, number: int) -> None:
    entry = series.entry
    folder = yard.work / "running"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    say(f"{entry.programme.name}: {entry.name} ({number + 1}) ...")
    try:
        task = entry.start(folder, number)
        done = measure(task.argv, folder, task.outputs, limit_s=LIMIT_S)
        if done.usable and task.outputs:
            verdicts = [yard.verifier.verdict(path, entry.programme) for path in task.outputs]
            faults = [fault for verdict in verdicts for fault in verdict.faults]
            series.verdicts += [verdict.to_json() for verdict in verdicts] if number == 0 else []
            if entry.checked and faults:
                done = _invalid(done, faults)
        if done.usable and entry.checked:
            series.stages.append(stages_of(json.loads((folder / "ours.json").read_text())))
        if done.usable and entry.name == OURS:
            yard.keep_master(entry.programme, task.outputs[0])
    except (PreparationError, UnavailableError, OSError, ValueError) as error:
        done = Measurement("unavailable", 0.0, 0.0, 0, 0, 0, str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    series.runs.append(done)
    figures = f"{shown(done.wall_s)} s, CPU {shown(done.cpu_s)} s, {mebibytes(done.peak_rss_bytes)} MiB"
    say(f"    {figures}" if done.usable else f"    {done.status}: {done.message[-400:]}")


def _invalid(run: Measurement, faults: Sequence[str]) -> Measurement:
    return Measurement(
        "invalid", run.wall_s, run.cpu_s, run.peak_rss_bytes, run.peak_pss_bytes, run.output_bytes, "; ".join(faults)
    )


def section(title: str, series: dict[str, Series], ratios: Sequence[Ratio]) -> Section:
    """A table of `series` with the `ratios` of those that ran."""
    made: dict[str, Any] = {}
    for label, above, below in ratios:
        if above in series and below in series:
            found = spread(paired_ratios(series[above].walls, series[below].walls))
            if found:
                by_slice = any(series[name].entry.stands_for for name in (above, below))
                made[label] = {**found.to_json(), "of": [above, below], "extrapolated": by_slice}
    return {
        "title": title,
        "rows": {name: each.to_json() for name, each in series.items()},
        "ratios": made,
        "stages": {name: median_of(each.stages) for name, each in series.items() if each.stages},
    }


def compare(
    yard: Yard, programme: Programme, repeats: int, *, whole: bool, wanted: Callable[[str], bool] = lambda name: True
) -> Section:
    """Stills with dissolves: ours, the floor and every rival that is `wanted`; ours always."""
    entries = contenders.stills(yard, programme, whole=whole)
    chosen = [entry for entry in entries if entry.name == OURS or wanted(entry.name)]
    series = interleaved(yard, chosen, repeats)
    tuned = [each for name, each in series.items() if name in (CHAIN, PARTS) and each.walls]
    best = min(tuned, key=lambda each: sorted(each.walls)[len(each.walls) // 2]).entry.name if tuned else PARTS
    ratios = [
        ("vs_ffmpeg_tuned", best, OURS),
        ("vs_ffmpeg_default", DEFAULT, OURS),
        ("vs_moviepy", MOVIEPY, OURS),
        ("vs_floor", OURS, FLOOR),
        ("vs_ffmpeg_chain", CHAIN, OURS),
        ("vs_moviepy_parts", MOVIEPY_PARTS, OURS),
    ]
    return section(f"Stills with dissolves, {programme.seconds / 60:g} minutes", series, ratios)


def motion(yard: Yard, programme: Programme, repeats: int, *, whole: bool) -> Section:
    """A slow zoom in every scene."""
    moving = programme.moving()
    part = moving if whole else contenders.sliced(yard, programme).moving()
    entries = [
        contenders.ours(yard, moving, title="ours, slow zoom, mp4/high, cold cache"),
        contenders.motion_rival(yard, part, 0 if whole else moving.frames),
    ]
    series = interleaved(yard, entries, repeats)
    title = f"Slow zoom with dissolves, {programme.seconds / 60:g} minutes"
    return section(title, series, [("vs_ffmpeg_motion", "ffmpeg_motion", OURS)])


def webm(yard: Yard, programme: Programme, repeats: int, *, whole: bool) -> Section:
    """webm/high from the timeline against the master transcoded."""
    part = programme if whole else contenders.sliced(yard, programme)
    title = "ours, webm/high from the timeline, cold cache"
    entries = [
        contenders.ours(yard, programme, name="ours_webm", title=title, renditions=("webm_high",)),
        contenders.transcode(yard, part, 0 if whole else programme.frames),
    ]
    series = interleaved(yard, entries, repeats)
    return section(
        f"webm/high, {programme.seconds / 60:g} minutes", series, [("vs_ffmpeg_vp9", "ffmpeg_vp9", "ours_webm")]
    )


def renditions(yard: Yard, programme: Programme, repeats: int) -> Section:
    """All nine renditions against mp4/high alone, both from a cold cache."""
    entries = [
        contenders.ours(yard, programme),
        contenders.ours(
            yard,
            programme,
            name="nine",
            title="ours, all nine renditions, cold cache",
            renditions=tuple(each.name for each in NINE),
        ),
    ]
    series = interleaved(yard, entries, repeats)
    return section(f"Nine renditions, {programme.seconds / 60:g} minutes", series, [("nine_vs_one", "nine", OURS)])


def swap(yard: Yard, programme: Programme, repeats: int) -> Section:
    """One picture swapped in a finished programme, against the whole."""
    series = interleaved(yard, [contenders.ours(yard, programme), contenders.swapped(yard, programme)], repeats)
    return section(f"One picture swapped, {programme.seconds / 60:g} minutes", series, [("swap_vs_all", "swap", OURS)])


def lengths(yard: Yard, programmes: Sequence[Programme], repeats: int) -> Section:
    """Cost and memory by length; scenes of one length, more and more of them."""
    entries = [
        contenders.ours(yard, each, name=each.name, title=f"ours, {each.seconds / 60:g} minutes") for each in programmes
    ]
    series = interleaved(yard, entries, repeats)
    first, last = programmes[0].name, programmes[-1].name
    ratios = [(f"{each.name}_vs_{first}", each.name, first) for each in programmes[1:]]
    hour = [each.name for each in programmes if each.seconds == 3600]
    ratios += [(f"{last}_vs_{name}", last, name) for name in hour if name not in (first, last)]
    return section("Cost by length", series, ratios)
