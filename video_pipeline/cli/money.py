"""Owns `video-pipeline money`: caps, what was bought, and what a person has to decide about it; hides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, print_json, print_table
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.money import usd
from video_pipeline.domain.purchases import (
    FIRST_CAPS_USD,
    TRIALS,
    Cap,
    CapScope,
    PurchaseRecord,
    PurchaseState,
    Spending,
    plain,
)
from video_pipeline.domain.records import JobRecord
from video_pipeline.ports import JobStore

app = typer.Typer(help="What was bought, what may be, and what a person has to decide.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]
Job = Annotated[str | None, typer.Option("--job", help="The job's id, or its first characters (at least 6).")]
Channel = Annotated[str | None, typer.Option("--channel", help="Name or id of a channel.")]

NO_CAP = "none"
_PURCHASES = ("id", "job", "what", "provider", "state", "money", "note")
"""What fits into 80 characters; money in parentheses is set aside. Credits, ids of tasks and times are in the JSON."""


@app.command("spending", epilog="Example: video-pipeline money spending --job 3fa85f64")
def spending(job: Job = None, channel: Channel = None, as_json: AsJson = False) -> None:
    """Show how the caps stand: of the day and the month, and of a job and its channel, or of a channel."""
    jobs = bootstrap.job_store()
    if job is not None and channel is not None:
        raise InvalidInputError("a job belongs to its channel already; leave out --channel or --job")
    job_id = None if job is None else jobs.find_job(job).id
    channel_id = None if channel is None else jobs.find_channel(channel).id
    told = jobs.spending(job_id, channel_id=channel_id)
    if as_json:
        print_json([spending_json(each) for each in told])
        return
    rows = [
        (_named(each), usd(each.cap_usd, "no limit"), usd(each.paid_usd), usd(each.reserved_usd), _left(each))
        for each in told
    ]
    print_table(
        "Spending (US$, days and months in UTC)", ("cap of", "cap", "paid", "set aside", "left"), rows, empty=""
    )


@app.command("caps", epilog="Example: video-pipeline money caps --json")
def caps(as_json: AsJson = False) -> None:
    """List the caps that hold."""
    jobs = bootstrap.job_store()
    found = jobs.caps()
    names = {channel.id: channel.name for channel in jobs.list_channels()}
    said = {cap.scope for cap in found if cap.channel_id is None}
    usual = [(scope, None, amount) for scope, amount in FIRST_CAPS_USD.items() if scope not in said]
    if as_json:
        print_json([asdict(cap) for cap in found] + [_first_json(scope, amount) for scope, _, amount in usual])
        return
    rows: list[Sequence[object]] = [
        (cap.scope, _whose(cap, names), usd(cap.amount_usd, "no limit"), f"{cap.set_by}, {cap.set_at:%Y-%m-%d}")
        for cap in found
    ]
    rows += [(scope, "all", usd(amount), "nobody: it holds from the start") for scope, _, amount in usual]
    print_table("Caps (US$)", ("cap of", "channel", "amount", "set by"), rows, empty="")


@app.command("cap", epilog="Example: video-pipeline money cap month 200")
def cap(
    scope: Annotated[CapScope, typer.Argument(help="What it counts: a job, or a channel, day or month (UTC).")],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT|none", help="US dollars, or none for no limit.")],
    channel: Channel = None,
    as_json: AsJson = False,
) -> None:
    """Set a cap: what is paid and set aside may not exceed it. Of a job or a channel also for one channel alone."""
    jobs = bootstrap.job_store()
    channel_id = None if channel is None else jobs.find_channel(channel).id
    jobs.set_cap(scope, None if amount.lower() == NO_CAP else dollars(amount), channel_id=channel_id)
    made = next(each for each in jobs.caps() if (each.scope, each.channel_id) == (scope, channel_id))
    if as_json:
        print_json(asdict(made))
        return
    whose = f" of the channel {channel}" if channel else ""
    text = f"the cap of a {scope}{whose} is {usd(made.amount_usd, 'no limit')}"
    own = [each for each in jobs.caps() if each.scope == scope and each.channel_id is not None]
    if channel_id is None and own:
        names = {each.id: each.name for each in jobs.list_channels()}
        text += "; these channels keep their own: " + ", ".join(_whose(each, names) for each in own)
    console.print(text, markup=False, highlight=False, soft_wrap=True)


@app.command("purchases", epilog="Example: video-pipeline money purchases --state doubtful")
def purchases(
    job: Job = None,
    state: Annotated[list[PurchaseState] | None, typer.Option(help="Only those; may be given several times.")] = None,
    trials: Annotated[bool, typer.Option("--trials", help="Only those of `provider try`.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    as_json: AsJson = False,
) -> None:
    """List what was bought, of whom, and what came of it, newest first."""
    jobs = bootstrap.job_store()
    found = jobs.purchases(_job_id(jobs, job, trials=trials), states=tuple(state or ()), limit=limit)
    if as_json:
        print_json([plain(each) for each in found])
        return
    print_table("Purchases (US$)", _PURCHASES, [_line(each) for each in found], empty="nothing was bought")
    doubtful = [each for each in found if each.state is PurchaseState.DOUBTFUL]
    if doubtful:
        lines = [
            "doubtful: look into the vendor's dashboard, then say what is so: video-pipeline money resolve ID --spent, "
            "or --unspent",
            *map(_doubt, doubtful),
        ]
        console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


@app.command("resolve", epilog="Example: video-pipeline money resolve 5d0c8a3e --spent 0.04")
def resolve(
    purchase: Annotated[str, typer.Argument(metavar="PURCHASE", help="Its id, or its first characters (at least 6).")],
    amount: Annotated[
        str | None, typer.Argument(metavar="[AMOUNT]", help="US dollars that were taken; by default its price.")
    ] = None,
    spent: Annotated[
        bool | None, typer.Option("--spent/--unspent", help="Whether the vendor took money, as its dashboard says.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say of a doubtful purchase whether the vendor took money for it; then its job can be retried.

    Also of one that a vendor was asked for and on whose job nobody works.
    """
    jobs = bootstrap.job_store()
    if spent is None:
        raise InvalidInputError("say --spent or --unspent, as the vendor's dashboard has it")
    if amount is not None and not spent:
        raise InvalidInputError("where nothing was spent there is no amount; leave it out")
    found = jobs.find_purchase(purchase)
    cost = (found.price_usd if amount is None else dollars(amount)) if spent else None
    done = jobs.resolve_purchase(found.id, cost)
    if as_json:
        print_json(plain(done))
        return
    what = f"{usd(done.cost_usd)} were taken" if spent else f"{usd(done.price_usd)} are given back"
    text = f"{done.what} of {done.provider}: it was {found.state} and is {done.state}; {what}"
    console.print(f"{text}; {_next(done)}", markup=False, highlight=False, soft_wrap=True)


def _doubt(each: PurchaseRecord) -> str:
    """By what it can be known in a dashboard."""
    asked = f"at {each.submitting_at:%Y-%m-%d %H:%M:%S} UTC " if each.submitting_at else ""
    return f"{str(each.id)[:8]}: {asked}{each.provider} was asked for: {each.prompt}"


def _next(done: PurchaseRecord) -> str:
    if done.job_id == TRIALS:
        return f"try again: video-pipeline provider try {done.provider}"
    return f"go on: video-pipeline job retry {str(done.job_id)[:8]}"


def dollars(text: str) -> Decimal:
    """An amount as somebody writes it; InvalidInputError when it is none."""
    try:
        return Decimal(text.strip().removeprefix("$"))
    except InvalidOperation as error:
        raise InvalidInputError(f"{text!r} is no amount in US dollars; write it as 12.50") from error


def _named(each: Spending) -> str:
    return f"{each.scope} (its channel's own)" if each.is_own else each.scope


def _left(each: Spending) -> str:
    return usd(each.left_usd, "no limit")


def money_facts(jobs: JobStore, job: JobRecord) -> dict[str, object]:
    """What a job costs, by the names that people read."""
    told = money_json(jobs, job)
    facts: dict[str, object] = {
        "estimated": usd(told["estimated_usd"]),
        "paid": usd(told["paid_usd"]),
        "set aside": usd(told["reserved_usd"]),
    }
    if told["doubtful"]:
        ids = ", ".join(each[:8] for each in told["doubtful"])
        facts["doubtful"] = f"{ids}: look into the vendor's dashboard, then video-pipeline money resolve ID"
    return facts


def money_json(jobs: JobStore, job: JobRecord) -> dict[str, Any]:
    """The same for programs."""
    standing = next(each for each in jobs.spending(job.id) if each.scope is CapScope.JOB)
    doubtful = jobs.purchases(job.id, states=(PurchaseState.DOUBTFUL,))
    return {
        "estimated_usd": job.estimated_cost_usd,
        "paid_usd": standing.paid_usd,
        "reserved_usd": standing.reserved_usd,
        "cap_usd": standing.cap_usd,
        "doubtful": [str(each.id) for each in doubtful],
    }


def spending_json(each: Spending) -> dict[str, Any]:
    """How a cap stands, for programs."""
    return asdict(each) | {"left_usd": each.left_usd}


def _first_json(scope: CapScope, amount: Decimal) -> dict[str, Any]:
    return {"scope": scope, "channel_id": None, "amount_usd": amount, "set_by": None, "set_at": None}


def _whose(cap: Cap, names: dict[UUID, str]) -> str:
    return "all" if cap.channel_id is None else names.get(cap.channel_id, str(cap.channel_id))


def _job_id(jobs: JobStore, job: str | None, *, trials: bool) -> UUID | None:
    if trials:
        return TRIALS
    return None if job is None else jobs.find_job(job).id


def _line(each: PurchaseRecord) -> Sequence[object]:
    job = "a trial" if each.job_id == TRIALS else str(each.job_id)[:8]
    return (
        *(str(each.id)[:8], job, each.what, each.provider, each.state),
        *(f"({usd(each.price_usd)})" if each.closed_at is None else usd(each.cost_usd), each.note),
    )
