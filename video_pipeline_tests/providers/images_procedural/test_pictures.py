"""What the painted pictures measure: light, colour, variety, smoothness."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from video_pipeline.domain.scenery import Motif, Palette, TimeOfDay, Weather
from video_pipeline.providers.images_procedural.lexicon import DETAILS
from video_pipeline.providers.images_procedural.painter import PAINTERS, paint
from video_pipeline.providers.images_procedural.reader import Scenery, read_prompt
from video_pipeline.providers.images_procedural.stage import Stage

SMALL = (192, 108)
FULL = (1920, 1080)
Pixels = npt.NDArray[np.uint8]

OUTDOORS = (Motif.LAKE, Motif.MOUNTAINS, Motif.SEA, Motif.DUNES, Motif.MEADOW, Motif.WINTER_CABIN, Motif.SKY)


@cache
def picture(scenery: Scenery, seed: int = 1, size: tuple[int, int] = SMALL) -> Pixels:
    cv2.setNumThreads(1)
    return paint(scenery, seed, size)


def scene(motif: Motif, time: TimeOfDay = TimeOfDay.DAY, palette: Palette = Palette.TEAL) -> Scenery:
    return Scenery(motif, time, Weather.CLEAR, palette)


def luma(pixels: Pixels) -> float:
    return float((pixels @ np.array([0.2126, 0.7152, 0.0722])).mean())


def perceptual_hash(pixels: Pixels) -> npt.NDArray[np.bool_]:
    """64 signs of the lowest cosines of the picture at 32 x 32."""
    grey = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(grey.astype(np.float32))[:8, :8].ravel()
    return np.asarray(low > np.median(low[1:]))


def closest(pictures: list[Pixels]) -> int:
    hashes = [perceptual_hash(each) for each in pictures]
    return min(int((a != b).sum()) for a, b in itertools.combinations(hashes, 2))


ALIKE_BITS = 10
"""Two pictures at most this far apart look alike: re-encodes and crops of one picture stay within 10 of 64 bits,
unrelated pictures lie around 32."""


@pytest.mark.slow
@pytest.mark.parametrize("motif", Motif)
def test_every_motif_can_be_painted_at_every_time_of_day(motif: Motif) -> None:
    for time in TimeOfDay:
        pixels = picture(scene(motif, time))
        assert pixels.dtype == np.uint8
        assert pixels.shape == (108, 192, 3)
        assert 18 <= luma(pixels) <= 200, (motif, time, luma(pixels))
        assert pixels.std() > 12, "a picture of one tone"


@pytest.mark.slow
@pytest.mark.parametrize("motif", Motif)
def test_light_has_no_holes_before_it_is_graded(motif: Motif) -> None:
    """The grading would hide a NaN; so the painters' own light is looked at, in every weather."""
    for number, weather in enumerate(Weather):
        stage = Stage(Scenery(motif, TimeOfDay.NIGHT, weather, Palette.ROSE), number, *SMALL)
        light = PAINTERS[motif](stage)
        assert np.isfinite(light).all()
        assert light.min() > -0.5


@pytest.mark.parametrize("size", [(90, 160), (64, 64), (171, 65)])
@pytest.mark.slow
def test_other_shapes(size: tuple[int, int]) -> None:
    for motif in Motif:
        pixels = paint(scene(motif, TimeOfDay.DUSK), 3, size)
        assert pixels.shape == (size[1], size[0], 3)
        assert 18 <= luma(pixels) <= 200


@pytest.mark.parametrize("size", [(0, 100), (100, 63), (5000, 100)])
def test_sizes_that_cannot_be_painted(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="sides from 64 to 4096"):
        paint(scene(Motif.LAKE), 1, size)


DIGEST = """
import cv2, hashlib
from video_pipeline.domain.scenery import Motif
from video_pipeline.providers.images_procedural import paint, read_prompt
cv2.setNumThreads(1)
pictures = [paint(read_prompt(f"a {motif} at dusk, snow"), 11, (128, 72)) for motif in Motif]
print(" ".join(hashlib.sha256(each.tobytes()).hexdigest() for each in pictures))
"""


@pytest.mark.slow
def test_two_processes_paint_the_same_bytes() -> None:
    other = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True)
    ours = [
        hashlib.sha256(paint(read_prompt(f"a {motif} at dusk, snow"), 11, (128, 72)).tobytes()).hexdigest()
        for motif in Motif
    ]
    assert other.stdout.split() == ours


def six(motif: Motif) -> list[Pixels]:
    """One scenery painted from six seeds."""
    text = read_prompt(f"16:9 background of a {motif} at dusk, clear, golden tones")
    return [picture(text, seed) for seed in range(6)]


@pytest.mark.slow
@pytest.mark.parametrize("motif", Motif)
def test_six_seeds_of_one_motif_do_not_look_alike(motif: Motif) -> None:
    assert closest(six(motif)) > ALIKE_BITS


@pytest.mark.slow
@pytest.mark.parametrize("motif", [Motif.CANDLE_HALL, Motif.LAKE])
def test_an_album_of_one_motif_has_twenty_pictures(motif: Motif) -> None:
    words = zip(list(TimeOfDay) * 4, list(Weather) * 4, list(Palette) * 3, list(DETAILS[motif]) * 4, strict=False)
    texts = [f"16:9 background of a {motif} at {t}, {w}, {p} tones, {d}" for t, w, p, d in words][:20]
    assert len(texts) == 20
    assert closest([picture(read_prompt(text), 100 + number) for number, text in enumerate(texts)]) > ALIKE_BITS


def test_the_hash_tells_a_copy() -> None:
    """The measure itself: a resized, brightened copy stays within the limit."""
    pixels = picture(scene(Motif.LAKE))
    copy = cv2.convertScaleAbs(cv2.resize(cv2.resize(pixels, (140, 80)), SMALL), alpha=1.05, beta=3)
    assert closest([pixels, np.asarray(copy, np.uint8)]) <= ALIKE_BITS


def test_words_that_mean_the_same_give_another_picture() -> None:
    first, second = (read_prompt(f"a lake at dusk, clear, teal tones, {word}") for word in ("quiet", "still"))
    assert (first.motif, first.details, first.palette) == (second.motif, second.details, second.palette)
    assert closest([picture(first), picture(second)]) > ALIKE_BITS


@pytest.mark.parametrize("motif", OUTDOORS)
@pytest.mark.slow
def test_night_is_darker_than_dusk_and_dusk_than_day(motif: Motif) -> None:
    night, dusk, day = (luma(picture(scene(motif, time))) for time in (TimeOfDay.NIGHT, TimeOfDay.DUSK, TimeOfDay.DAY))
    assert night + 15 < dusk < day - 15


@pytest.mark.parametrize("motif", Motif)
@pytest.mark.slow
def test_golden_pictures_are_warmer_than_sapphire_ones(motif: Motif) -> None:
    def warmth(palette: Palette) -> float:
        red, _, blue = picture(scene(motif, TimeOfDay.DUSK, palette)).reshape(-1, 3).mean(axis=0)
        return float((red - blue) / (red + blue))

    assert warmth(Palette.GOLD) > warmth(Palette.SAPPHIRE) + 0.08


@pytest.mark.parametrize("motif", [Motif.LAKE, Motif.MOUNTAINS, Motif.MEADOW, Motif.WINTER_CABIN, Motif.DUNES])
@pytest.mark.slow
def test_mist_lowers_the_contrast(motif: Motif) -> None:
    """Of the land, below the sky: clouds differ between weathers, and sun and sky keep their own range."""

    def contrast(weather: Weather) -> float:
        values = []
        for seed in range(3):
            pixels = picture(Scenery(motif, TimeOfDay.DAY, weather, Palette.TEAL, DETAILS[motif][:1]), seed)
            land = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[50:80].astype(np.float64)
            values.append(land.std() / land.mean())
        return float(np.mean(values))

    assert contrast(Weather.MIST) < 0.9 * contrast(Weather.CLEAR)


@pytest.mark.slow
@pytest.mark.parametrize("motif", Motif)
def test_each_detail_changes_the_picture(motif: Motif) -> None:
    """Against a picture with another detail; noise does not count, a pixel must move by 12 levels."""
    size = (256, 144)
    scenes = [Scenery(motif, TimeOfDay.DUSK, Weather.CLEAR, Palette.TEAL, (name,)) for name in DETAILS[motif]]
    painted = [cv2.GaussianBlur(picture(each, 5, size), (0, 0), 1.0).astype(int) for each in scenes]
    for (a, first), (b, second) in itertools.combinations(enumerate(painted), 2):
        changed = (np.abs(first - second).max(axis=2) > 12).mean()
        assert changed > 0.001, (DETAILS[motif][a], DETAILS[motif][b], changed)


def features(pixels: Pixels) -> npt.NDArray[np.float64]:
    """Where light and detail lie, apart from colour and exposure."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float64)
    grey = (grey - grey.mean()) / grey.std()
    detail = np.abs(cv2.Laplacian(grey, cv2.CV_64F))
    rows = [half.mean() for half in np.array_split(grey, 6)] + [
        np.log(half.mean()) for half in np.array_split(detail, 6)
    ]
    edges = [np.log(np.abs(np.diff(grey, axis=axis)).mean()) for axis in (0, 1)]
    return np.array([*rows, *edges])


@pytest.mark.slow
def test_motifs_can_be_told_apart_by_simple_features() -> None:
    """The nearest mean of four seeds names the motif of two other seeds far more often than the 1 in 14 of chance."""
    data = {motif: np.array([features(each) for each in six(motif)]) for motif in Motif}
    spread = np.concatenate([each - each.mean(axis=0) for each in data.values()]).std(axis=0)
    means = {motif: each[:4].mean(axis=0) for motif, each in data.items()}
    hits = [
        min(means, key=lambda other: float((((seen - means[other]) / spread) ** 2).sum())) is motif
        for motif, each in data.items()
        for seen in each[4:]
    ]
    assert np.mean(hits) > 0.55


def banding(pixels: Pixels) -> float:
    """The share of pixels that lie in runs of at least 12 equal ones along a column."""
    same = np.ones((pixels.shape[0] - 11, *pixels.shape[1:]), bool)
    for step in range(1, 12):
        same &= pixels[step : pixels.shape[0] - 11 + step] == pixels[: pixels.shape[0] - 11]
    return float(same.mean())


@pytest.mark.parametrize("motif", [Motif.SEA, Motif.ABSTRACT])
@pytest.mark.slow
def test_smooth_skies_have_no_bands(motif: Motif) -> None:
    """At full size, where gradients are slowest; the same picture without grain shows that bands would be seen."""
    scenery = scene(motif, TimeOfDay.NIGHT, Palette.SAPPHIRE)
    cv2.setNumThreads(1)
    sky = slice(0, 500)
    assert banding(paint(scenery, 2, FULL)[sky]) < 0.001
    assert banding(paint(scenery, 2, FULL, grain_levels=0)[sky]) > 0.02
