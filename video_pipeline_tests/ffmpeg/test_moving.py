"""The slow zoom in finished files: no step where the loop closes, where groups join, or where a dissolve begins."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from video_pipeline.domain.timeline import Motion
from video_pipeline.ffmpeg.canvas import zoom_factor
from video_pipeline.ffmpeg.plan import loop_at
from video_pipeline_tests.ffmpeg.material import Workshop


def dots(path: Path) -> Path:
    """Dots left and right of the centre: their distance is the magnification."""
    y, x = np.mgrid[0:1080, 0:1920]
    light = sum(np.exp(-((x - cx) ** 2 + (y - 540.0) ** 2) / 3000) for cx in (480.0, 1440.0))
    Image.fromarray(np.repeat((40 + 180 * light)[:, :, None], 3, axis=2).astype(np.uint8)).save(path)
    return path


def distances(file: Path) -> NDArray[np.float64]:
    """Of the dots in each frame of a file of 854 x 480, in pixels."""
    found = []
    x = np.arange(427)
    with av.open(str(file)) as container:
        for frame in container.decode(video=0):
            row = np.maximum(frame.to_ndarray()[236:244].astype(float).mean(axis=0) - 60, 0)
            left, right = row[:427], row[427:854]
            found.append((right * x).sum() / right.sum() + 427 - (left * x).sum() / left.sum())
    return np.array(found)


# How far from its place a dot is seen: the encoders leave movements of a fraction of a pixel for the next frames.
@pytest.mark.parametrize(("kind", "tolerance"), [("mp4", 0.45), ("webm", 0.8)])
def test_zoom_is_where_it_should_be_in_groups_dissolve_and_the_next_loop(
    workshop: Workshop, tmp_path: Path, kind: str, tolerance: float
) -> None:
    picture = dots(workshop.folder / "dots.png")
    # 23.5 s alone: the loop of 20 s closes once and its last group is not whole. Both scenes show the same dots.
    timeline = workshop.album(2, seconds=24, motion=Motion.SLOW_ZOOM, pictures=[picture, picture])
    file = tmp_path / f"out.{kind}"
    workshop.render(timeline, f"{kind}_low", file)
    seen = distances(file)
    assert len(seen) == timeline.frames
    fade, period = timeline.transitions[0], loop_at(timeline.rate).period
    alone = timeline.pictures[0].frames - fade.in_offset
    after = alone + fade.frames
    phases = [*range(alone), *range(timeline.frames - after)]
    expected = np.array([seen[0] * zoom_factor(phase % period, period) for phase in phases])
    shown = np.concatenate([seen[:alone], seen[after:]])
    assert np.abs(shown - expected).max() < tolerance
    assert expected.max() - expected.min() > 20
    # In the dissolve two pairs of dots are seen, between the last place of the one and the first of the other.
    between = seen[alone:after]
    assert between.min() > min(seen[alone - 1], seen[after]) - 2
    assert between.max() < max(seen[alone - 1], seen[after]) + 2


def test_a_still_and_a_moving_scene_join_in_one_file(workshop: Workshop, tmp_path: Path) -> None:
    timeline = workshop.album(2, seconds=5)
    moving = timeline.pictures[1].__class__(
        "moving", timeline.pictures[1].media, timeline.pictures[1].frames, Motion.SLOW_ZOOM
    )
    mixed = timeline.__class__(
        "mixed",
        timeline.rate,
        (timeline.pictures[0], moving),
        timeline.transitions,
        timeline.sounds,
        timeline.crossfades,
    )
    file = tmp_path / "out.mp4"
    workshop.render(mixed, "mp4_low", file)
    hashes = workshop.frame_hashes(file)
    assert len(hashes) == mixed.frames
    still = mixed.pictures[0].frames - mixed.transitions[0].in_offset
    assert len(set(hashes[:still])) == 1
    assert len(set(hashes[still:])) == len(hashes) - still
    assert workshop.run("-v", "warning", "-i", str(file), "-f", "null", "-") == ""
