"""The command line: one file a command; each parses, calls one function, prints."""

import typer

cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
