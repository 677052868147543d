"""`dub doctor`: is everything here that a dub needs, and what to do if not."""

from typing import Annotated

import typer

from dubbing_pipeline.cli.answer import print_json


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at this machine and say what a dub lacks; exit code 1 if something fails."""
    from dubbing_pipeline.cli.door import environment, language  # noqa: PLC0415 - heavy
    from dubbing_pipeline.deploy.doctor import examine  # noqa: PLC0415 - heavy
    from dubbing_pipeline.utils.messages import render  # noqa: PLC0415 - heavy

    locale = language()
    rows = []
    for finding in examine(environment()):
        text = render(finding.code, finding.params, locale=locale)
        rows.append(
            {
                "check": finding.check,
                "state": finding.state,
                "code": finding.code,
                "message": text,
                "params": dict(finding.params),
            }
        )
        if not as_json:
            typer.echo(f"{finding.state:<4}  {text}")
    good = all(row["state"] != "fail" for row in rows)
    if as_json:
        print_json({"ok": good, "findings": rows}, indent=1)
    if not good:
        raise typer.Exit(1)
