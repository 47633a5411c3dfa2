"""Owns the command `python -m video_pipeline_tests.ffmpeg.truth FILE...`; hides where timelines and media are found.

The timeline of a file is the .otio file beside it unless another one is named; its media are looked for in the folders
above. The exit code is 1 when anything is not as promised.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from video_pipeline.domain.delivery import MASTER, Rendition
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.ffmpeg import find_ffmpeg
from video_pipeline_tests.ffmpeg.truth import Claim, claim_of, verify
from video_pipeline_tests.timelines import from_otio


def main() -> int:
    """Verify each file and print what was found."""
    parser = argparse.ArgumentParser(prog="truth", description="Verify finished programmes against their timelines.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--timeline", type=Path, help="an .otio file; by default the one beside each FILE")
    parser.add_argument("--media", type=Path, help="the folder that the media's keys start from")
    parser.add_argument("--rendition", help="such as webm_low; by default what FILE is called, else the master's")
    parser.add_argument("--seeks", type=int, default=200, help="places that are reached at random (200)")
    options = parser.parse_args()
    bad = 0
    for file in options.files:
        print(file)
        claim = _claim(file, options.timeline, options.media, options.rendition or file.stem)
        for finding in verify(claim, seeks=options.seeks):
            print(f"  {finding}", flush=True)
            bad += not finding.good
    print(f"{bad} findings are not as promised" if bad else "all as promised")
    return 1 if bad else 0


def _claim(file: Path, beside: Path | None, media: Path | None, name: str) -> Claim:
    timeline = from_otio((beside or file.with_name(f"{file.name}.otio")).read_text())
    key = timeline.sounds[0].media.key
    root = media or next((folder for folder in file.resolve().parents if (folder / key).exists()), None)
    if root is None:
        raise SystemExit(f"{key} is in no folder above {file}; say --media")
    return claim_of(file, timeline, _rendition(name), lambda each: root / each.key, find_ffmpeg(None).path)


def _rendition(name: str) -> Rendition:
    try:
        return Rendition.parse(*name.split("_", 1)) if "_" in name else MASTER
    except InvalidInputError:
        return MASTER


if __name__ == "__main__":
    sys.exit(main())
