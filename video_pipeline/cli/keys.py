"""Owns `video-pipeline key`; hides how a length of time is written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, errors, print_json, print_table
from video_pipeline.domain.access import KeyRecord, Scope
from video_pipeline.domain.errors import InvalidInputError, NotFoundError

app = typer.Typer(help="API keys: programs that act for a user.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]

NEVER = "never"
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
PREFIX_MIN_CHARACTERS = 6


@app.command("new", epilog="Example: video-pipeline key new --user mia --name laptop --scope edit --expires 90d")
def new(
    user: Annotated[str, typer.Option(help="For whom the key acts.")],
    name: Annotated[str, typer.Option(help="What it is for, for example laptop.")],
    scope: Annotated[Scope, typer.Option(help="What it may do, at most what its user may.")],
    expires: Annotated[str, typer.Option(help="For how long: 30m, 12h, 90d, 52w or never.")] = "90d",
    as_json: AsJson = False,
) -> None:
    """Make a key. Its secret is printed this once, alone on standard output, and kept nowhere."""
    key, secret = bootstrap.access_store().create_key(user, name, scope, key_life(expires))
    if as_json:
        print_json(key_json(key) | {"secret": secret})
        return
    until = f"until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "until it is revoked"
    sentence = f"key {key.id} of {key.user_name} may {key.scope} {until}; its secret, which is shown this once:"
    errors.print(sentence, markup=False, highlight=False)
    print(secret, flush=True)


@app.command("list", epilog="Example: video-pipeline key list --user mia")
def list_(
    user: Annotated[str | None, typer.Option(help="Only the keys of this user.")] = None, as_json: AsJson = False
) -> None:
    """List keys, also those that count no more, newest first. Secrets are not among what is known of them."""
    keys = bootstrap.access_store().list_keys(user)
    if as_json:
        print_json([key_json(key) for key in keys])
        return
    rows = [
        (
            str(k.id)[:8],
            f"{k.hint}…",
            k.user_name,
            k.name,
            k.scope,
            _state(k),
            _moment(k.expires_at),
            _moment(k.last_used_at),
        )
        for k in keys
    ]
    empty = "no keys yet: video-pipeline key new --user NAME --name WHAT-FOR --scope edit"
    columns = ("id", "secret", "user", "name", "scope", "state", "expires", "last used")
    print_table("Keys", columns, rows, empty=empty)


@app.command("revoke", epilog="Example: video-pipeline key revoke 3f2a9c10")
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="The key's id, or its first characters (at least 6).")],
    as_json: AsJson = False,
) -> None:
    """Let a key count no more, at once and for good."""
    store = bootstrap.access_store()
    revoked = store.revoke_key(_with_id(store.list_keys(), key).id)
    if as_json:
        print_json(key_json(revoked))
    else:
        console.print(f"key {revoked.id} ({revoked.name}) is revoked", markup=False, highlight=False)


def key_life(text: str) -> timedelta | None:
    """A length of time such as 90d; None for never. InvalidInputError for anything else."""
    if text == NEVER:
        return None
    found = re.fullmatch(r"([0-9]{1,6})([mhdw])", text, re.ASCII)
    if found is None:
        raise InvalidInputError(f"{text[:40]!r} is no length of time; write 30m, 12h, 90d, 52w or {NEVER}")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def key_json(key: KeyRecord) -> dict[str, Any]:
    """A key for programs, without its secret."""
    return {
        "key_id": key.id,
        "hint": key.hint,
        "user": key.user_name,
        "name": key.name,
        "scope": str(key.scope),
        "state": _state(key),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


def find_key(keys: list[KeyRecord], wanted: str) -> KeyRecord:
    """The key of this name, the one that counts if several have it, or of this id; NotFoundError when there is none.

    InvalidInputError when several fit.
    """
    named = [key for key in keys if key.name == " ".join(wanted.split())]
    live = [key for key in named if _state(key) == "live"]
    if len(live) > 1:
        raise InvalidInputError(f"{len(live)} keys are called {wanted!r}; give the id: video-pipeline key list")
    return next(iter([*live, *named]), None) or _with_id(keys, wanted)


def _with_id(keys: list[KeyRecord], wanted: str) -> KeyRecord:
    prefix = wanted.strip().lower()
    fitting = [key for key in keys if str(key.id).startswith(prefix)] if len(prefix) >= PREFIX_MIN_CHARACTERS else []
    if not fitting:
        raise NotFoundError(f"there is no key {wanted[:80]!r}; see them: video-pipeline key list")
    if len(fitting) > 1:
        raise InvalidInputError(f"{len(fitting)} keys begin with {wanted!r}; give more of the id")
    return fitting[0]


def _state(key: KeyRecord) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= datetime.now(UTC) else "live"


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M}"
