"""Owns `video-pipeline db`; hides nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, print_facts, print_json

app = typer.Typer(help="The database.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]


@app.command("migrate", epilog="Example: video-pipeline db migrate")
def migrate(as_json: AsJson = False) -> None:
    """Bring the schema to this version of the program. Other commands do so as well when they start."""
    facts = bootstrap.database_facts()
    if as_json:
        print_json(facts)
    else:
        console.print(f"the schema is at {facts['schema_version']}", markup=False)


@app.command("info", epilog="Example: video-pipeline db info --json")
def info(as_json: AsJson = False) -> None:
    """Say which server is used, its version and the version of the schema."""
    facts = bootstrap.database_facts()
    if as_json:
        print_json(facts)
    else:
        print_facts("Database", facts)
