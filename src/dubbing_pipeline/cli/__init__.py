"""The command line: one file a command; each parses, calls one function, prints."""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated

import typer

from dubbing_pipeline import __version__
from dubbing_pipeline.cli import config, doctor, engines, jobs, lines, presets, queue
from dubbing_pipeline.cli.edge import run_at_edge
from dubbing_pipeline.cli.ending import ENDING
from dubbing_pipeline.cli.run import run
from dubbing_pipeline.cli.worker import worker

app = typer.Typer(
    name="dub",
    help="Dub films on your own machine: recognise, translate, speak, mix.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its help costs 100 ms more at each start
)
app.command()(run)
app.command()(worker)
app.add_typer(jobs.app, name="jobs")
app.add_typer(queue.app, name="queue")
app.add_typer(presets.app, name="presets")
app.add_typer(lines.app, name="lines")
app.add_typer(engines.app, name="engines")
app.add_typer(config.app, name="config")
app.command("doctor")(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dub {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where a defect happened.")] = False,
) -> None:
    """Take the options that stand before a command; ``cli.edge`` looks at them by itself."""


def cli(arguments: Sequence[str] | None = None, *, prog_name: str | None = None) -> None:
    """Run the command line and leave with its exit code: the door of console scripts.

    Exit codes: 0 good, 1 failed, 2 usage, 3 bad settings, 4 refused by policy, 5 not found,
    130 interrupted, 143 terminated, 129 the terminal is gone.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names go out as they came in
    given = list(sys.argv[1:] if arguments is None else arguments)
    with ENDING.orderly():
        code = run_at_edge(
            lambda: app(args=given, prog_name=prog_name),
            arguments=given,
            environ=os.environ,  # noqa: TID251 - the door
        )
    sys.exit(code)
