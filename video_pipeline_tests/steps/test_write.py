"""Words that cost money: booked, capped, and never bought twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.errors import StoreUnavailableError
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import CapScope, PurchaseState
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.storyboard import Song
from video_pipeline.ports import Script
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.conftest import Database

Order = Callable[..., JobRecord]


class Model:
    """A language model: the grammar's words, for money."""

    name = "openai/some-model"
    price_usd = Decimal("0.05")

    def __init__(self, trouble: Exception | None = None) -> None:
        self.stand_in = GrammarWriter()
        self.asked = 0
        self.trouble = trouble

    def write(
        self, brief: Brief, samples: Sequence[int], *, songs: Sequence[Song] = (), pictures: int | None = None
    ) -> Script:
        """A script that cost 1.2345 cents."""
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        script = self.stand_in.write(brief, samples, songs=songs, pictures=pictures)
        return replace(script, cost_usd=Decimal("0.012345"), title="Words of a model")


def plan(studio: Studio, model: Model, job: JobRecord) -> JobRecord:
    """Have a job planned by a model."""
    return perform(replace(studio, writer=model), job.id, Stage.STORYBOARD, "run")


def title(job: JobRecord) -> str:
    """What the plan is called."""
    assert job.storyboard is not None
    return job.storyboard.title


def test_words_are_set_aside_for_and_booked_with_the_plan(studio: Studio, order: Order, database: Database) -> None:
    planned = plan(studio, Model(), order())
    assert title(planned) == "Words of a model"
    assert planned.actual_cost_usd == Decimal("0.0124")  # rounded up
    with database.engine.connect() as connection:
        entries = connection.execute(text("SELECT entry::text, amount, provider FROM cost_ledger ORDER BY id")).all()
    assert entries == [
        ("reserve", Decimal("0.05"), "openai/some-model"),
        ("settle", Decimal("0.0124"), "openai/some-model"),
    ]


def test_where_a_cap_leaves_no_money_for_words_the_grammar_writes(studio: Studio, order: Order) -> None:
    studio.jobs.set_cap(CapScope.DAY, Decimal("0.01"))
    model = Model()
    planned = plan(studio, model, order())
    assert title(planned) != "Words of a model"
    assert (model.asked, planned.actual_cost_usd) == (0, 0)


def test_words_whose_answer_was_lost_are_counted_and_not_bought_again(studio: Studio, order: Order) -> None:
    job, killed = order(), Model(KeyboardInterrupt())  # type: ignore[arg-type] # as when the process is told to end
    with pytest.raises(KeyboardInterrupt):
        plan(studio, killed, job)
    studio.jobs.retry(job.id)
    model = Model()
    planned = plan(studio, model, job)
    assert model.asked == 0
    assert title(planned) != "Words of a model"
    (bought,) = studio.jobs.purchases(job.id)
    assert (bought.state, bought.cost_usd) == (PurchaseState.LOST, model.price_usd)
    assert planned.actual_cost_usd == model.price_usd


def test_the_grammar_buys_nothing(studio: Studio, order: Order) -> None:
    job = perform(studio, order().id, Stage.STORYBOARD, "run")
    assert studio.jobs.purchases(job.id) == []


def test_an_error_of_the_books_is_told(studio: Studio, order: Order) -> None:
    with pytest.raises(StoreUnavailableError):
        plan(studio, Model(StoreUnavailableError("the database did not answer")), order())
