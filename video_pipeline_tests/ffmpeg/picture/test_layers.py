"""Words that are kept: drawn once for a size, again when they would look different or were damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from video_pipeline.ffmpeg.picture import layers
from video_pipeline.ffmpeg.picture.canvas import Size
from video_pipeline.ffmpeg.picture.layers import LayerFile, keep_words, layer_of
from video_pipeline.ffmpeg.work.cache import Cache
from video_pipeline.ffmpeg.work.crew import StopFlag

SMALL = Size(320, 180)


class Desk:
    """Draws words in sessions of one cache, and tells whether they were drawn anew."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cache = Cache(folder / "cache")
        self._stop = StopFlag(folder / "stop")
        self._drawn: list[str] = []
        draw = layers.draw_words
        monkeypatch.setattr(layers, "draw_words", lambda text, *size: self._drawn.append(text) or draw(text, *size))

    def keep(self, text: str, size: Size = SMALL) -> tuple[LayerFile, bool, int]:
        """The layer, whether it was drawn, and how many samples of a grey picture it changes."""
        self._drawn.clear()
        with self.cache.session() as session:
            layer = keep_words(text, size, session, self._stop)
            planes = np.full((size.height * 3 // 2, size.width), 128, np.uint8)
            layer_of(layer).over(planes, 1.0)
            return layer, bool(self._drawn), int((planes != 128).sum())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_words_are_drawn_once_for_each_size(desk: Desk) -> None:
    """A programme whose stretches were all there took a third of a second for each of its quotes."""
    first, drawn, changed = desk.keep("Late rain")
    assert drawn
    assert changed > 100
    again, drawn, changed_again = desk.keep("Late rain")
    assert not drawn
    assert (again.left, again.top, again.sha256, changed_again) == (first.left, first.top, first.sha256, changed)
    assert desk.keep("Late snow")[1]
    assert desk.keep("Late rain", Size(180, 320))[1]


def test_words_are_drawn_again_with_other_fonts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.keep("Late rain")
    monkeypatch.setattr(layers, "lettering_mark", lambda: "a font more")
    assert desk.keep("Late rain")[1]


def test_a_damaged_layer_is_drawn_again(desk: Desk) -> None:
    layer, _, changed = desk.keep("Late rain")
    (kept,) = desk.cache.root.rglob(layer.path.name)
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    kept.write_bytes(content)
    assert desk.keep("Late rain")[1:] == (True, changed)
    assert not desk.keep("Late rain")[1]
