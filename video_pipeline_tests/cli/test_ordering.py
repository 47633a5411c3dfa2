"""The options of an order: words that are taken, and what is said of others."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from video_pipeline.cli.ordering import MotionOption
from video_pipeline.domain.brief import MotionWish

app = typer.Typer()


@app.command()
def tell(motion: MotionOption = MotionWish.AUTO) -> None:
    typer.echo(motion.name)


@pytest.mark.parametrize(
    ("words", "motion"),
    [([], "AUTO"), (["--motion", "rain"], "RAIN"), (["--motion", "dust"], "PARTICLES")],
)
def test_a_motion_is_known_by_each_of_its_words(words: list[str], motion: str) -> None:
    assert CliRunner().invoke(app, words).output.strip() == motion


def test_an_unknown_motion_is_refused_with_the_known_ones() -> None:
    refused = CliRunner().invoke(app, ["--motion", "lasers"])
    assert refused.exit_code == 2
    assert all(word in refused.output for word in MotionWish)
