"""Owns `video-pipeline provider`: who can be asked, whether their keys are taken, and trying one; hides nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, errors, human_size, print_facts, print_json, print_table
from video_pipeline.domain.errors import InvalidInputError, StudioError
from video_pipeline.domain.money import usd
from video_pipeline.domain.purchases import VendorState
from video_pipeline.ports import Checkable, Checkup
from video_pipeline.steps.roster import Seller, Trade, provider_of, seller_of, sellers
from video_pipeline.steps.terms import take_terms
from video_pipeline.steps.trial import SUFFIXES, check_place, trial_price, try_provider

app = typer.Typer(help="Who makes music, pictures, clips and words.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="As in `provider list`.")]
Account = Annotated[str, typer.Argument(metavar="NAME", help="As in `provider list`, or the vendor's, such as runway.")]
Kind = Annotated[Trade | None, typer.Option(help="Needed where one makes several things.")]

_COLUMNS = ("kind", "name", "price", "at most", "at once", "ready", "asked next")


@app.command("list", epilog="Example: video-pipeline provider list --json")
def list_(as_json: AsJson = False) -> None:
    """List everybody who can be asked: price, limits, whether a key is missing, how calls have gone lately."""
    found = sellers(bootstrap.roster(), bootstrap.job_store().vendor_states())
    if as_json:
        print_json([seller_json(each) for each in found])
        return
    print_table("Providers", _COLUMNS, [_line(each) for each in found], empty="")
    for words in dict.fromkeys(each.missing for each in found if each.missing):
        console.print(words, markup=False, highlight=False, soft_wrap=True)
    for each in found:
        if lately := _lately(each.state):
            console.print(f"{each.name}: {lately}", markup=False, highlight=False, soft_wrap=True)


@app.command("check", epilog="Example: video-pipeline provider check mubert")
def check(name: Account, kind: Kind = None, as_json: AsJson = False) -> None:
    """Ask a vendor, without spending, whether it takes the key and what is left; read its page of terms.

    It is asked a single time, and has 10 s to answer. Exit code 1 when it does not take the key, 3 when it does not
    answer.
    """
    roster = bootstrap.roster()
    seller = seller_of(roster, name, kind, of_account=True)
    if seller.missing:
        raise InvalidInputError(seller.missing)
    provider = provider_of(roster, seller)
    if seller.limits is not None:
        errors.print(f"checking {name}; nothing is asked twice", markup=False, highlight=False)
    told = provider.check() if isinstance(provider, Checkable) else Checkup({"key": "none is needed: it works here"})
    terms = _terms(seller, told)
    if as_json:
        print_json({"name": seller.name, "kind": seller.trade, "facts": dict(told.facts), "terms": terms})
        return
    print_facts(name, {**told.facts, "terms": _terms_words(terms)})


@app.command("try", epilog="Example: video-pipeline provider try leonardo --out lake.png")
def try_(
    name: Name,
    kind: Kind = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where it is put; by default trial-NAME in this folder.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Spend the money without being asked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have one small real piece made: it costs what one costs, and caps and ledger hold."""
    seller = seller_of(bootstrap.roster(), name, kind)
    price_usd = trial_price(bootstrap.roster(), seller)
    place = out or Path(f"trial-{seller.name.replace('/', '-')}{SUFFIXES[seller.trade]}")
    check_place(seller, place)
    if price_usd and not yes:
        _agree(f"{seller.name} takes up to {usd(price_usd)} for {seller.trade}")
    done = try_provider(bootstrap.studio(), seller, place)
    made = done.generation
    if as_json:
        told = {"name": seller.name, "kind": seller.trade, "path": done.path, "bytes": done.path.stat().st_size}
        told |= {"cost_usd": made.cost_usd, "credits": made.credits, "task_id": made.provider_id}
        print_json(told | {"purchase_id": made.purchase_id and str(made.purchase_id)})
        return
    size = human_size(done.path.stat().st_size)
    text = f"{done.path} ({size}) is made by {seller.name}; it took {usd(made.cost_usd)}"
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _agree(price: str) -> None:
    """Ask a person; InvalidInputError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise InvalidInputError(f"{price}; say --yes to spend that, there is nobody here to ask")
    errors.print(price, markup=False, highlight=False)
    typer.confirm("Spend it?", abort=True, err=True)


def _terms(seller: Seller, told: Checkup) -> dict[str, Any]:
    """The page of terms as it is now, or why it is not read; the key is checked all the same."""
    page = None if told.licence is None else told.licence.terms_page
    if page is None or seller.limits is None:
        return {"url": page, "sha256": None, "taken_at": None, "problem": None}
    try:
        taken = take_terms(bootstrap.studio(), seller.name, page)
    except StudioError as error:
        return {"url": page, "sha256": None, "taken_at": None, "problem": str(error)}
    return {"url": taken.url, "sha256": taken.sha256, "taken_at": taken.fetched_at, "problem": None}


def _terms_words(terms: dict[str, Any]) -> str:
    if terms["problem"]:
        return f"not read: {terms['problem']}"
    if terms["sha256"] is None:
        return terms["url"] or "none are known"
    return f"{terms['url']}, read {terms['taken_at']:%Y-%m-%d %H:%M} UTC, SHA-256 {terms['sha256']}"


def seller_json(each: Seller) -> dict[str, Any]:
    """One who can be asked, for programs."""
    return {
        "kind": each.trade,
        "name": each.name,
        "price_usd": each.price_usd,
        "second_usd": each.second_usd,
        "longest_s": each.longest_s,
        "largest": each.largest,
        "concurrency": each.concurrency,
        "local": each.limits is None,
        "ready": each.ready,
        "missing": each.missing or None,
        "fallbacks": list(each.fallbacks),
        "state": each.state,
    }


def _line(each: Seller) -> tuple[object, ...]:
    return (
        *(each.trade, each.name, _price(each), _most(each)),
        *(each.concurrency, "no" if each.missing else "yes", ", ".join(each.fallbacks)),
    )


def _most(each: Seller) -> str:
    """The longest and the largest thing that it makes, as far as that is stated."""
    length = f"{each.longest_s} s" if each.longest_s else ""
    size = "x".join(map(str, each.largest or ()))
    return ", ".join(words for words in (length, size) if words)


def _price(each: Seller) -> str:
    if each.second_usd:
        return f"{usd(each.second_usd)} a second"
    return usd(each.price_usd) if each.price_usd else "free"


def _lately(state: VendorState | None) -> str:
    if state is None:
        return ""
    if state.closed_until is not None:
        return f"left alone until {state.closed_until:%H:%M:%S} UTC: {state.failures} failures, {state.last_error}"
    if state.paused_until is not None:
        return f"asked to wait until {state.paused_until:%H:%M:%S} UTC"
    if not state.under_way and not state.failures:
        return ""
    words = f"{state.under_way} under way"
    return f"{words}, {state.failures} failures: {state.last_error}" if state.failures else words
