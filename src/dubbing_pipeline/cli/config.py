"""`dub config`: what is set, where it came from, and whether it is right."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dubbing_pipeline.cli.answer import print_json

app = typer.Typer(help="Show and check the settings.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def show(as_json: Json = False) -> None:
    """Show every setting with its origin; secrets are masked."""
    from dubbing_pipeline.cli.door import environment, tell_warnings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.config.settings import load_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.config.shown import shown_values  # noqa: PLC0415 - heavy

    settings = load_settings(environment())
    tell_warnings(settings)
    rows = shown_values(settings)
    if as_json:
        print_json({"settings": rows}, indent=1)
        return
    for row in rows:
        typer.echo(f"{row['name']}={row['value']}  # {row['origin']}")


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Check this file alone, not the environment.", dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the settings; exit code 3 and every fault if they are wrong."""
    from dubbing_pipeline.cli.door import environment, language  # noqa: PLC0415 - heavy
    from dubbing_pipeline.config.settings import check_file, load_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.utils.messages import render  # noqa: PLC0415 - heavy

    environ = environment()
    settings = check_file(file, environ) if file else load_settings(environ)
    words = [render(item.code, item.params, locale=language()) for item in settings.warnings]
    if as_json:
        answer: dict[str, Any] = {"ok": True, "warnings": words}
        print_json(answer)
        return
    for text in words:
        typer.echo(render("cli.warning", {"message": text}, locale=language()))
    typer.echo(render("cli.settings_good", {"count": len(settings.origins)}, locale=language()))
