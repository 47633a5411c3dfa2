"""What providers state of themselves is what they ask their vendors for, and what the documentation says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from video_pipeline.cores import Cores
from video_pipeline.domain.money import usd
from video_pipeline.domain.storyboard import Instrument, Mode, MusicPrompt, VisualPrompt
from video_pipeline.ports import Capabilities, EngineCapabilities
from video_pipeline.providers import leonardo, registry
from video_pipeline_tests.providers import buying
from video_pipeline_tests.vendors import Fakes
from video_pipeline_tests.vendors.leonardo import SIZES

DOCS = Path(__file__).parents[2] / "docs" / "providers.md"


@pytest.fixture(scope="module")
def stated(cores: Cores, fakes: Fakes) -> dict[str, Capabilities | EngineCapabilities]:
    """What vendors of pieces, pictures and clips state, by name."""
    shop = buying.workshop(cores, fakes, "key")
    opened = [registry.music_providers(shop), registry.image_providers(shop), registry.video_engines(shop)]
    facts = [each.capabilities for table in opened for each in table.values()]  # type: ignore[attr-defined]
    return {each.name: each for each in facts if each.limits is not None}


@pytest.mark.parametrize(
    ("name", "longest_s", "largest"),
    [
        ("mubert", 3600, None),
        ("beatoven", 150, None),
        ("leonardo", None, (3840, 2160)),
        ("replicate", None, (2048, 1152)),
        ("recraft", None, (1344, 768)),
        ("gemini", None, None),  # it is asked for 2K, and says nowhere how many pixels that has
        ("runway_standard", 10, (1280, 720)),
        ("runway_gen3", 8, (1920, 1080)),
    ],
)
def test_the_longest_and_the_largest_stand_in_the_documentation(
    stated: dict[str, Capabilities | EngineCapabilities],
    name: str,
    longest_s: int | None,
    largest: tuple[int, int] | None,
) -> None:
    facts = stated[name]
    assert (facts.longest_s, facts.largest) == (longest_s, largest)
    (row,) = [line for line in DOCS.read_text().splitlines() if line.startswith(f"| `{name}` |")]
    assert longest_s is None or f"{longest_s} s" in row
    assert largest is None or f"{largest[0]}x{largest[1]}" in row


def test_prices_stand_in_the_documentation(stated: dict[str, Capabilities | EngineCapabilities]) -> None:
    """Of a picture for thumbnails it named the price without the enlargement that the estimate counts."""
    lines = DOCS.read_text().splitlines()
    for name, facts in stated.items():
        (row,) = [line for line in lines if line.startswith(f"| `{name}` |")]
        second = facts.second_usd if isinstance(facts, EngineCapabilities) else Decimal(0)
        assert usd(facts.price_usd or second) in row.rpartition("|")[0].rpartition("|")[2]
    (thumbnails,) = [line for line in lines if "VIDEO_PIPELINE_THUMBNAIL_PROVIDER` |" in line]
    assert usd(stated["recraft"].price_usd) in thumbnails


DEAR = Decimal("0.0777")
PIECE = MusicPrompt(1, "Rain", "Slow piano.", 60, "D", Mode.MINOR, (Instrument.PAD,), 0.4, ("calm",), 5 * 48_000)
PICTURE = VisualPrompt(1, "a lake at dusk", "A lake")


@pytest.mark.parametrize("own", [{}, dict.fromkeys((*registry.MUSIC, *registry.IMAGES), DEAR)])
@pytest.mark.parametrize("name", ["mubert", "beatoven", "leonardo", "gemini", "replicate", "recraft"])
def test_what_is_booked_is_on_the_bill_where_a_vendor_says_it_and_else_by_the_price(
    cores: Cores, fakes: Fakes, key: str, tmp_path: Path, name: str, own: Mapping[str, Decimal]
) -> None:
    """The bill of a fake that does not say what it took is by the usual price of its client, or demos would differ."""
    shop = replace(buying.workshop(cores, fakes, key), prices=own)
    if name in registry.MUSIC:
        made = registry.MUSIC[name](shop).compose(PIECE, 1, tmp_path / "piece.flac", buying.Remembered())
    else:
        made = registry.IMAGES[name](shop).illustrate(PICTURE, 1, (1344, 768), tmp_path / "p.png", buying.Remembered())
    tells_cost = fakes.vendors[name].tells_cost
    assert made.cost_usd == (fakes.account(name, key).bill.total if tells_cost or not own else DEAR)


@pytest.mark.parametrize("size", [(64, 64), (854, 480), (1920, 1080), (3840, 2160), (2160, 3840), (7680, 4320)])
def test_leonardo_is_asked_for_sizes_that_its_model_makes(size: tuple[int, int]) -> None:
    """It refuses others, such as an upright picture for 2160 lines."""
    narrowest, widest, lowest, highest, _ = SIZES[leonardo.MODEL]
    width, height = leonardo.made_size(size)
    assert narrowest <= width <= widest
    assert lowest <= height <= highest
    assert width % leonardo.STEP == height % leonardo.STEP == 0
    assert width / height == pytest.approx(size[0] / size[1], rel=0.01)
    assert (width >= size[0] and height >= size[1]) or width == widest or height == highest
