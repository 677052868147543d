"""`dub engines`: which engines are ready, for which languages, and how to bring the others."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dubbing_pipeline.cli.answer import print_json

app = typer.Typer(help="List engines, and install their models.", no_args_is_help=True)

_SHOWN = 10
"""Languages or pairs in a line of the list; ``--json`` has them all."""


@app.command("list")
def list_engines(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List what is ready and for which languages; for the rest, the command that brings it."""
    from dubbing_pipeline.cli.door import environment, open_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.engines.installation import engine_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.engines.inventory import inventory  # noqa: PLC0415 - heavy
    from dubbing_pipeline.engines.registry import Registry  # noqa: PLC0415 - heavy

    told = engine_settings(open_settings(), environment(), threads=os.cpu_count() or 1)
    rows = [_row(entry) for entry in inventory(Registry(told))]
    if as_json:
        print_json({"engines": rows}, indent=1)
        return
    for row in rows:
        typer.echo(f"{row['task']:<13} {row['name']:<17} {_told(row)}")


@app.command()
def install(
    name: Annotated[str, typer.Argument(help="As `dub engines list` names it: whisper-small.")],
    from_file: Annotated[
        Path | None,
        typer.Option("--from-file", help="Take it from this folder or archive, without network."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring a model here: pinned, checked by its hash, resumed where it was cut off."""
    from dubbing_pipeline.cli.door import (  # noqa: PLC0415 - heavy
        environment,
        language,
        open_settings,
    )
    from dubbing_pipeline.engines.install import Installer  # noqa: PLC0415 - heavy
    from dubbing_pipeline.engines.installation import engine_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.utils.clock import SystemClock  # noqa: PLC0415 - heavy
    from dubbing_pipeline.utils.messages import render  # noqa: PLC0415 - heavy

    told = engine_settings(open_settings(), environment(), threads=1)
    installer = Installer(told, clock=SystemClock())
    done = installer.install(name, from_file=from_file, tick=_show_progress)
    if as_json:
        shown = {"name": name, "path": str(done.path), "sha256": done.sha256}
        print_json({**shown, "pinned": done.pinned, "was_there": done.was_there})
        return
    code = "engines.installed" if done.pinned else "engines.installed_unpinned"
    if done.was_there:
        code = "engines.installed_before"
    params = {"name": name, "path": str(done.path), "sha256": done.sha256}
    typer.echo(render(code, params, locale=language()))


def _row(entry: Any) -> dict[str, Any]:
    from dubbing_pipeline.cli.door import language  # noqa: PLC0415 - heavy
    from dubbing_pipeline.utils.messages import render  # noqa: PLC0415 - heavy

    refusal = entry.refusal
    return {
        "task": entry.task,
        "name": entry.name,
        "ready": entry.ready,
        "languages": list(entry.languages),
        "pairs": ["-".join(pair) for pair in entry.pairs],
        "needs_network": entry.needs_network,
        "code_license": entry.code_license,
        "model_license": entry.model_license,
        "fix": entry.fix,
        "reason": None if refusal is None else render(refusal, locale=language()),
    }


def _told(row: dict[str, Any]) -> str:
    if not row["ready"]:
        return f"no    {row['fix'] or row['reason']}"
    words = row["pairs"] or row["languages"]
    more = f" +{len(words) - _SHOWN}" if len(words) > _SHOWN else ""
    licenses = " / ".join(word for word in (row["code_license"], row["model_license"]) if word)
    return f"ready {' '.join(words[:_SHOWN])}{more}  ({licenses})"


def _show_progress(done: float) -> None:
    if sys.stderr.isatty():
        end = "\n" if done >= 1.0 else ""
        typer.echo(f"\r{done:6.1%}{end}", nl=False, err=True)
