"""Finished files in a real browser: they load, seeks land on the right picture, they play."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from video_pipeline_tests.ffmpeg.browser import Viewing, play
from video_pipeline_tests.ffmpeg.material import Workshop
from video_pipeline_tests.ffmpeg.programme import BITS, COLOURS, album, rendered, square
from video_pipeline_tests.ffmpeg.truth import Claim

TYPES = {
    "webm": 'video/webm; codecs="vp9, opus"',
    "mp4": 'video/mp4; codecs="avc1.640028, mp4a.40.2"',
    "av1": 'video/mp4; codecs="av01.0.04M.08, mp4a.40.2"',
    "m4a": 'audio/mp4; codecs="mp4a.40.2"',
    "opus": 'audio/ogg; codecs="opus"',
}
FREE = ("webm", "opus")
SPOTS = tuple(
    ((left + side / 2) / 1600, (top + side / 2) / 900)
    for left, top, side in (square(b, (1600, 900)) for b in range(BITS + 1))
)


def places(claim: Claim) -> list[tuple[int, float]]:
    """Frames to look at, and the share of the second picture that each shows."""
    cut, fade = claim.timeline.picture_starts[1], claim.timeline.transitions[0]
    first = cut - fade.in_offset
    shares = {0: 0.0, first - 1: 0.0, cut + fade.out_offset: 1.0, claim.timeline.frames - 1: 1.0}
    shares |= {first + step: (step + 1) / (fade.frames + 1) for step in (0, fade.frames // 3, fade.frames - 1)}
    order = sorted(shares.items())
    return order[::2] + order[1::2][::-1]  # there and back


def viewing(claim: Claim, kind: str) -> Viewing:
    middle = [(number + 0.5) * claim.frame_s for number, _ in places(claim)]
    return Viewing(claim.file, TYPES[kind], tuple(middle), SPOTS)


def check_sound(seen: dict[str, Any], claim: Claim) -> None:
    assert "error" not in seen, seen
    assert seen["duration"] == pytest.approx(claim.timeline.frames * claim.frame_s, abs=claim.frame_s)
    assert [look["time"] for look in seen["looks"]] == pytest.approx(
        [(number + 0.5) * claim.frame_s for number, _ in places(claim)], abs=0.001
    )
    assert seen["played"] >= 1.0


def check(seen: dict[str, Any], claim: Claim) -> None:
    assert "error" not in seen, seen
    assert (seen["width"], seen["height"]) == (claim.rendition.rung.width, claim.rendition.rung.height)
    assert seen["duration"] == pytest.approx(claim.timeline.frames * claim.frame_s, abs=claim.frame_s)
    step = 1 / (claim.timeline.transitions[0].frames + 1)
    for (number, share), look in zip(places(claim), seen["looks"], strict=True):
        colours = look["colours"]
        # WebM counts in milliseconds.
        assert look["at"] == pytest.approx(number * claim.frame_s, abs=0.001)
        for bit, colour in enumerate(colours[:BITS]):
            first, second = (1 >> bit & 1, 2 >> bit & 1)
            bright = (first + (second - first) * share) * 235 + 10
            assert sum(colour) / 3 == pytest.approx(bright, abs=max(0.5 * step * 235, 3)), (number, bit)
        painted = [COLOURS[1][c] * (1 - share) + COLOURS[2][c] * share for c in range(3)]
        # The wrong matrix shifts the green by 13 levels.
        assert colours[BITS] == pytest.approx(painted, abs=6), number
    assert seen["played"] >= 1.0
    assert seen["shown"] >= 20


@pytest.mark.slow
def test_files_load_seek_and_play_in_a_browser(chromium: Path, workshop: Workshop, tmp_path: Path) -> None:
    timeline = album(workshop, 2, seconds=5)
    claims = {kind: rendered(workshop, timeline, f"{kind}_low", tmp_path) for kind in TYPES}
    seen = play(chromium, [viewing(claim, kind) for kind, claim in claims.items()])
    for (kind, claim), found in zip(claims.items(), seen, strict=True):
        # A build of Chromium without licences plays no H.264 and no AAC.
        if kind in FREE or found.get("can"):
            (check if claim.rendition.format.pictured else check_sound)(found, claim)
