"""Owns the command line's root and the translation of errors into exit codes; hides nothing.

Exit codes: 0 done, 1 failed for good, 2 wrong use or wrong value, 3 may work later, 4 not found, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from video_pipeline.cli import (
    channels,
    database,
    estimate,
    files,
    jobs,
    keys,
    licences,
    maintenance,
    money,
    people,
    produce,
    providers,
    publication,
    serve,
    statistics,
    storyboard,
    thumbnails,
    transcode,
    webhooks,
)
from video_pipeline.cli.doctor import doctor
from video_pipeline.cli.output import errors
from video_pipeline.domain.errors import InvalidInputError, NotFoundError, StudioError, TransientError

app = typer.Typer(
    name="video-pipeline",
    epilog="Everything is configured by environment variables; see the README.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(produce.run)
app.command("up")(serve.up)
app.command("api")(serve.api)
app.command("transcode", epilog=transcode.EXAMPLE)(transcode.transcode)
app.command("doctor")(doctor)
app.command("statistics", epilog=statistics.EXAMPLE)(statistics.statistics)
app.add_typer(channels.app, name="channel")
jobs.app.add_typer(storyboard.app)
jobs.app.add_typer(files.app)
jobs.app.add_typer(thumbnails.app)
jobs.app.add_typer(publication.app)
jobs.app.add_typer(licences.app)
jobs.app.add_typer(estimate.app)
app.add_typer(jobs.app, name="job")
app.add_typer(people.app, name="user")
app.add_typer(keys.app, name="key")
app.add_typer(database.app, name="db")
app.add_typer(webhooks.app, name="webhook")
app.add_typer(providers.app, name="provider")
app.add_typer(money.app, name="money")
app.add_typer(maintenance.app, name="maintenance")


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"video-pipeline {version('video-pipeline')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version and end.")
    ] = False,
) -> None:
    """Order long ambient videos and get them: planned, composed, illustrated, rendered, exported."""


EXIT_CODES: tuple[tuple[type[StudioError], int], ...] = (
    (InvalidInputError, 2),
    (NotFoundError, 4),
    (TransientError, 3),
    (StudioError, 1),
)


def exit_code(error: StudioError) -> int:
    """The exit code of the first class in the table that fits."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


def main() -> None:
    """Run the command line; errors raised on purpose become a line, one for each note, and a code."""
    # Beta and supersession notes of the libraries are for developers, not for operators.
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        app()
    except StudioError as error:
        for line in (f"error: {error}", *getattr(error, "__notes__", ())):
            errors.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        errors.print("interrupted; what is finished is kept: video-pipeline job retry JOB", style="yellow")
        sys.exit(130)
