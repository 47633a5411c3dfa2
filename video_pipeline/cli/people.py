"""Owns `video-pipeline user`; hides how a password gets in without standing in a list of processes."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, errors, print_json, print_table
from video_pipeline.domain.access import Scope, UserRecord, checked_user_name
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.passwords import PASSWORD_CHARACTERS, checked_password, invented_password

app = typer.Typer(help="Users: who may log in to the studio, and what each may do.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name, in any case of letters.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")]
Generate = Annotated[bool, typer.Option("--generate", help="Invent a strong password and print it, this once.")]


@app.command("new", epilog="Example: video-pipeline user new mia --scope spend")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="1 to 64 letters, digits, dots, _, - and @.")],
    scope: Annotated[Scope, typer.Option(help="What the user may do; each scope includes those before it.")],
    password_stdin: FromStdin = False,
    generate: Generate = False,
    as_json: AsJson = False,
) -> None:
    """Add a user. Without an option the password is asked for twice, or invented where nobody can be asked."""
    checked_user_name(name)
    password, invented = _password(password_stdin, generate)
    user = bootstrap.access_store().create_user(name, password, scope)
    _tell(user, f"user {user.name} may {user.scope}", password if invented else None, as_json)


@app.command("list", epilog="Example: video-pipeline user list --json")
def list_(as_json: AsJson = False) -> None:
    """List users."""
    users = bootstrap.access_store().list_users()
    if as_json:
        print_json([user_json(user) for user in users])
        return
    rows = [(u.name, u.scope, "no" if u.disabled_at else "yes", f"{u.created_at:%Y-%m-%d %H:%M}") for u in users]
    empty = "no users yet: video-pipeline user new NAME --scope admin"
    print_table("Users", ("name", "scope", "enabled", "since"), rows, empty=empty)


@app.command("password", epilog="Example: video-pipeline user password mia")
def password(
    name: Name, password_stdin: FromStdin = False, generate: Generate = False, as_json: AsJson = False
) -> None:
    """Give a user another password; all sessions of the user end. Keys stay as they are."""
    store = bootstrap.access_store()
    store.find_user(name)  # before anybody types a password in vain
    chosen, invented = _password(password_stdin, generate)
    user = store.set_password(name, chosen)
    _tell(user, f"user {user.name} has another password, and is logged out", chosen if invented else None, as_json)


@app.command("scope", epilog="Example: video-pipeline user scope mia edit")
def scope(name: Name, scope: Annotated[Scope, typer.Argument(help="The new scope.")], as_json: AsJson = False) -> None:
    """Say anew what a user may do. No key of the user may do more, whatever it was made with."""
    user = bootstrap.access_store().set_scope(name, scope)
    _tell(user, f"user {user.name} may {user.scope}", None, as_json)


@app.command("disable", epilog="Example: video-pipeline user disable mia")
def disable(name: Name, as_json: AsJson = False) -> None:
    """Let a user in no more: sessions end, keys count no more until the user is enabled again."""
    user = bootstrap.access_store().disable_user(name)
    _tell(user, f"user {user.name} is disabled", None, as_json)


@app.command("enable", epilog="Example: video-pipeline user enable mia")
def enable(name: Name, as_json: AsJson = False) -> None:
    """Let a disabled user in again, with the same password and keys."""
    user = bootstrap.access_store().enable_user(name)
    _tell(user, f"user {user.name} is enabled", None, as_json)


def user_json(user: UserRecord) -> dict[str, Any]:
    """A user for programs."""
    return {
        "name": user.name,
        "scope": str(user.scope),
        "enabled": user.disabled_at is None,
        "disabled_at": user.disabled_at,
        "created_at": user.created_at,
    }


def _password(from_stdin: bool, generate: bool) -> tuple[str, bool]:
    """A password that keeps the rules, and whether it was invented here. There is no option for it on purpose."""
    if from_stdin and generate:
        raise InvalidInputError("give --password-stdin or --generate, not both")
    if from_stdin:
        return checked_password(sys.stdin.readline().rstrip("\r\n")), False
    if generate or not sys.stdin.isatty():
        return invented_password(), True
    lowest, highest = PASSWORD_CHARACTERS[0], PASSWORD_CHARACTERS[-1]
    question = f"Password ({lowest} to {highest} characters)"
    return checked_password(typer.prompt(question, hide_input=True, confirmation_prompt=True, err=True)), False


def _tell(user: UserRecord, sentence: str, password: str | None, as_json: bool) -> None:
    if as_json:
        print_json(user_json(user) | ({} if password is None else {"password": password}))
        return
    if password is None:
        console.print(sentence, markup=False, highlight=False)
        return
    errors.print(f"{sentence}; the password, which is shown this once:", markup=False, highlight=False)
    print(password, flush=True)
