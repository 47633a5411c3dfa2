"""The sheets of the documentation: one for each kind, and none that is slow to load."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tools.sheets import MOST_BYTES, ORDERS, OUT, WIDTH, small
from video_pipeline.domain.brief import KINDS


def test_there_is_a_sheet_of_every_kind_that_can_be_ordered() -> None:
    assert set(ORDERS) == set(KINDS)
    for kind in KINDS:
        file = OUT / f"kind-{kind}.jpg"
        assert file.stat().st_size <= MOST_BYTES
        with Image.open(file) as sheet:
            assert sheet.width <= WIDTH


def test_a_sheet_that_is_hard_to_pack_loses_quality_until_it_is_small(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (480, 2 * WIDTH, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "sheet.jpg", quality=95)
    content = small(tmp_path / "sheet.jpg")
    assert len(content) <= MOST_BYTES
    with Image.open(io.BytesIO(content)) as sheet:
        assert sheet.size == (WIDTH, 240)
