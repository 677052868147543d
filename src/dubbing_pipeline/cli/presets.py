"""`dub presets`: named choices for dubs."""

from typing import Annotated, Any

import typer

from dubbing_pipeline.cli.answer import print_json

app = typer.Typer(help="Keep named choices for dubs.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_presets(*, as_json: Json = False) -> None:
    """List the presets of this machine's user."""
    documents, owner = _documents()
    found = documents.list_all("presets", owner)
    if as_json:
        print_json({"presets": found})
        return
    for preset in found:
        typer.echo(f"{preset['id']}  {preset['name']}: to {preset['to']}, mode {preset['mode']}")


@app.command()
def save(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    to: Annotated[str, typer.Option("--to", help="Language to dub into.")],
    *,
    mode: Annotated[str, typer.Option("--mode", help="low, medium or high.")] = "low",
    as_json: Json = False,
) -> None:
    """Keep a choice under a name."""
    from dubbing_pipeline.stages.wishes import read_spec  # noqa: PLC0415 - heavy

    spec = read_spec(to=to, source="", mode=mode, glossary=None, voices=[])
    documents, owner = _documents()
    value = {"name": name, "to": spec.target_language, "mode": spec.mode}
    saved = documents.save("presets", owner, value)
    if as_json:
        print_json(saved)
    else:
        typer.echo(saved["id"])


@app.command()
def remove(preset: Annotated[str, typer.Argument(help="Id of the preset.")]) -> None:
    """Forget a preset."""
    documents, owner = _documents()
    documents.remove("presets", owner, preset)


def _documents() -> tuple[Any, str]:
    from dubbing_pipeline.cli.door import open_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.jobs.presets import Documents  # noqa: PLC0415 - heavy
    from dubbing_pipeline.model.job import LOCAL_OWNER  # noqa: PLC0415 - heavy
    from dubbing_pipeline.utils.clock import SystemClock  # noqa: PLC0415 - heavy

    path = open_settings().public.state_dir / "documents.db"
    return Documents(path, SystemClock()), LOCAL_OWNER
