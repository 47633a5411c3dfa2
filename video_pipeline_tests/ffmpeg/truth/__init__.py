"""Owns the truth about finished files: what they are, show and sound like, measured from outside; hides how.

claim       what a file should be, and how findings are judged
container   time stamps, headers, index, decoders
promise     what each frame of a timeline shows (independent of the engine where that can be)
picture     each frame the promised one, however it is reached
sound       places, levels, clicks and loudness

    findings = verify(claim_of(file, timeline, rendition, locate, ffmpeg))
    assert not wrong(findings)

Needs no test runner: the benchmark uses it too, and `python -m video_pipeline_tests.ffmpeg.truth` as a command.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timeline import Timeline
from video_pipeline_tests.ffmpeg.truth.claim import Claim, Finding, wrong
from video_pipeline_tests.ffmpeg.truth.container import container_findings, tracks_of
from video_pipeline_tests.ffmpeg.truth.picture import picture_findings
from video_pipeline_tests.ffmpeg.truth.sound import sound_findings

__all__ = ["Claim", "Finding", "claim_of", "verify", "wrong"]


def claim_of(
    file: Path, timeline: Timeline, rendition: Rendition, locate: Callable[[MediaReference], Path], ffmpeg: Path
) -> Claim:
    """The claim that `file` is `timeline` as `rendition`; `ffmpeg` is the program whose decoders are believed."""
    media = [clip.media for clip in (*timeline.pictures, *timeline.sounds)]
    return Claim(file, timeline, rendition, {reference.sha256: locate(reference) for reference in media}, ffmpeg)


def verify(claim: Claim, *, seeks: int = 200) -> list[Finding]:
    """Everything that can be said about a file with sound and, if it has a picture track, pictures."""
    tracks = tracks_of(claim.file)
    findings = list(container_findings(claim, tracks))
    if "video" in tracks:
        findings += picture_findings(claim, tracks["video"], seeks)
    findings += sound_findings(claim)
    return findings
