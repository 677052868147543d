"""The one place where errors become words, exit codes and nothing else.

A ``DubbingError`` is told in the user's language on standard error (or, after ``--json``, as one
object on standard output) and ends with its own exit code. Ctrl-C ends with 130, SIGTERM with 143
and a lost terminal with 129, as shells expect of a program that a signal ended: temporary files
and programs are gone by then. A closed pipe is no error of ours. Anything else is
a defect, and says so; ``--debug`` shows where.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import typer

from dubbing_pipeline.cli.answer import print_json
from dubbing_pipeline.cli.ending import INTERRUPTED, STOPPED
from dubbing_pipeline.errors import DubbingError
from dubbing_pipeline.utils.messages import pick_locale, render

DEFECT: Final = 1


def run_at_edge(
    command: Callable[[], object], *, arguments: Sequence[str], environ: Mapping[str, str]
) -> int:
    """Run a command line and give its exit code.

    Args:
        command: Does the work; may leave by ``SystemExit``.
        arguments: What was typed, without the program's name: ``--json`` and ``--debug`` count.
        environ: For the user's language.
    """
    locale = pick_locale(environ)
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    try:
        code = _exit_code(command)
    except DubbingError as error:
        _tell(error, locale=locale, as_json="--json" in options)
        code = error.exit_code
    except BrokenPipeError:
        code = DEFECT
    except Exception as error:  # noqa: BLE001 - the edge: what nobody expected ends here
        _tell_defect(error, locale=locale, options=options)
        code = DEFECT
    if code in STOPPED:
        _tell(DubbingError("cli.interrupted"), locale=locale, as_json="--json" in options)
    return code if _flushed() else DEFECT


def error_object(error: DubbingError, *, locale: str) -> dict[str, Any]:
    """Give an error as JSON shows it: code, message, parameters, and its parts if it has any."""
    shown: dict[str, Any] = {
        "code": error.code,
        "message": render(error, locale=locale),
        "params": dict(error.params),
    }
    if error.parts:
        shown["parts"] = [error_object(part, locale=locale) for part in error.parts]
    return shown


def _exit_code(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _tell(error: DubbingError, *, locale: str, as_json: bool) -> None:
    if as_json:
        print_json({"error": error_object(error, locale=locale)})
    _say(render("cli.error", {"message": render(error, locale=locale)}, locale=locale))


def _tell_defect(error: Exception, *, locale: str, options: Sequence[str]) -> None:
    if "--debug" in options:
        traceback.print_exception(error)
    params = {"kind": type(error).__name__, "detail": str(error)}
    _tell(DubbingError("cli.defect", **params), locale=locale, as_json="--json" in options)


def _say(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        typer.echo(text, err=True)


def _flushed() -> bool:
    """Flush now: at exit the interpreter would complain about a closed pipe in its own words."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        return False
    return True
