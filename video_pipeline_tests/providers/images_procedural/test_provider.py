"""The offline picture provider as the flow uses it: worker processes and files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import InvalidInputError, MachineError, ProviderUnavailableError
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.ports import ImageProvider
from video_pipeline.providers.images_procedural import ProceduralImages, paint, read_prompt
from video_pipeline.providers.workshop import Workshop


@pytest.fixture(scope="module")
def cores() -> Iterator[Cores]:
    with Cores(2) as pool:
        yield pool


def prompt(text: str) -> VisualPrompt:
    return VisualPrompt(order_index=1, text=text, description="")


def test_a_picture_is_an_8_bit_rgb_png_of_the_exact_size(cores: Cores, tmp_path: Path) -> None:
    provider: ImageProvider = ProceduralImages(Workshop(cores, Path()))
    out = tmp_path / "image.png"
    made = provider.illustrate(prompt("a quiet lake at dawn"), 7, (320, 180), out)
    with Image.open(out) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (320, 180))
        pixels = np.asarray(image)
    assert out.read_bytes()[24:26] == b"\x08\x02", "IHDR: 8 bits a sample, colour type 2 is RGB"
    assert np.array_equal(pixels, paint(read_prompt("a quiet lake at dawn"), 7, (320, 180)))
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]
    assert (made.provider, made.provider_id, made.cost_usd) == ("procedural", None, Decimal(0))
    assert made.licence.name.startswith("CC0 1.0")
    assert made.licence.url == "https://creativecommons.org/publicdomain/zero/1.0/"


def test_capabilities(cores: Cores) -> None:
    facts = ProceduralImages(Workshop(cores, Path())).capabilities
    assert (facts.name, facts.concurrency, facts.price_usd) == ("procedural", 2, Decimal(0))


def test_threads_get_the_same_bytes_whichever_worker_paints(cores: Cores, tmp_path: Path) -> None:
    provider = ProceduralImages(Workshop(cores, Path()))
    with ThreadPoolExecutor(4) as threads:
        list(
            threads.map(
                lambda number: provider.illustrate(prompt("ballroom"), 3, (160, 90), tmp_path / f"{number}.png"),
                range(6),
            )
        )
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1
    provider.illustrate(prompt("ballroom"), 4, (160, 90), tmp_path / "other seed.png")
    assert (tmp_path / "other seed.png").read_bytes() != (tmp_path / "0.png").read_bytes()


def test_an_older_picture_is_replaced(cores: Cores, tmp_path: Path) -> None:
    out = tmp_path / "image.png"
    out.write_bytes(b"old")
    ProceduralImages(Workshop(cores, Path())).illustrate(prompt("dunes"), 1, (160, 90), out)
    assert out.read_bytes().startswith(b"\x89PNG")


def test_a_size_that_cannot_be_painted_is_refused_before_any_work(cores: Cores, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="from 64 to 4096 pixels, not 10x10"):
        ProceduralImages(Workshop(cores, Path())).illustrate(prompt("dunes"), 1, (10, 10), tmp_path / "image.png")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(cores: Cores, tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"cannot write .*room"):
        ProceduralImages(Workshop(cores, Path())).illustrate(
            prompt("dunes"), 1, (64, 64), tmp_path / "missing" / "image.png"
        )


class _DyingCores(Cores):
    """Its workers are killed before they can paint."""

    def submit(self, function, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # the arguments do not matter
        return super().submit(os._exit, 1)


def test_a_worker_that_dies_can_be_tried_again(tmp_path: Path) -> None:
    with _DyingCores(1) as dying, pytest.raises(ProviderUnavailableError, match=r"a worker died.*image\.png"):
        ProceduralImages(Workshop(dying, Path())).illustrate(prompt("dunes"), 1, (64, 64), tmp_path / "image.png")
    assert ProviderUnavailableError.retryable
