"""The options of an order: words that are taken, and what is said of others."""

from __future__ import annotations

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from video_pipeline.cli.ordering import Wanted, takes_order
from video_pipeline.domain.brief import MotionWish

app = typer.Typer()


@app.command()
@takes_order
def tell(wanted: Wanted, again: Annotated[bool, typer.Option("--again")] = False) -> None:
    typer.echo(wanted.motion.name + ("!" if again else ""))


@pytest.mark.parametrize(
    ("words", "motion"),
    [([], "STILL"), (["--again"], "STILL!"), (["--motion", "rain"], "RAIN"), (["--motion", "dust"], "PARTICLES")],
)
def test_a_motion_is_known_by_each_of_its_words(words: list[str], motion: str) -> None:
    assert CliRunner().invoke(app, words).output.strip() == motion


def test_an_unknown_motion_is_refused_with_the_known_ones() -> None:
    refused = CliRunner().invoke(app, ["--motion", "lasers"])
    assert refused.exit_code == 2
    assert all(word in refused.output for word in MotionWish)
