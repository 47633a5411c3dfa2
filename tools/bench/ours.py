"""Owns the program that is measured as `ours`: the product's engine, started fresh; hides nothing of its cost.

Run as `python -m tools.bench.ours PROGRAMME CACHE REPORT FORMAT_QUALITY=FILE ...`: renders each file from the timeline.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.bench.programme import Programme
from video_pipeline.cores import Cores
from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import RenderReport
from video_pipeline.ffmpeg import FfmpegTools, find_ffmpeg
from video_pipeline.ports import MediaTools

MAIN_PROCESS = "main process"
"""The stage of what is not done in workers: planning, joining packets, writing, and starting Python."""


def main() -> int:
    """Render what the command line asks for."""
    programme, cache, report = Programme.read(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])
    wanted = [tuple(word.split("=", 1)) for word in sys.argv[4:]]
    with Cores() as cores:
        tools = FfmpegTools(find_ffmpeg(None), cores, cache)
        made = render(tools, programme, {Rendition.parse(*name.split("_")): Path(out) for name, out in wanted})
    report.write_text(json.dumps({"renders": made, "main_cpu_s": time.process_time()}))
    return 0


def render(tools: MediaTools, programme: Programme, outs: dict[Rendition, Path]) -> list[dict[str, Any]]:
    """Render one file, or several in one go; the facts of each."""
    reports = tools.render_all(
        programme.timeline(),
        outs,
        locate=_locate,
        report=lambda share, message: None,
        cancelled=lambda: False,
        finished=lambda report: None,
    )
    return [_facts(rendition, outs[rendition], report) for rendition, report in reports.items()]


def _locate(media: MediaReference) -> Path:
    return Path(media.key)


def _facts(rendition: Rendition, out: Path, report: RenderReport) -> dict[str, Any]:
    return {
        "rendition": rendition.name,
        "file": str(out),
        "frames": report.frames,
        "loudness": asdict(report.loudness),
        "encoded": report.stretches_encoded,
        "reused": report.stretches_reused,
        "wall_s": report.wall_s,
        "stages": report.stages,
    }


def stages_of(report: dict[str, Any]) -> dict[str, float]:
    """CPU seconds by stage of a whole run of this program."""
    stages: dict[str, float] = {}
    for made in report["renders"]:
        # The stages of each file are those of the whole batch when it was finished.
        for stage, seconds in made["stages"].items():
            stages[stage] = max(stages.get(stage, 0.0), seconds)
    return {**stages, MAIN_PROCESS: report["main_cpu_s"]}


if __name__ == "__main__":
    sys.exit(main())
