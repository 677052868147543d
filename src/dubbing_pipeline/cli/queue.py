"""`dub queue`: how the queue stands, and taking a stream over."""

from dataclasses import asdict
from typing import Annotated

import typer

from dubbing_pipeline.cli.answer import print_json

app = typer.Typer(help="See how the queue stands.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def status(*, as_json: Json = False) -> None:
    """Show level, backlog and processes."""
    from dubbing_pipeline.cli.office import open_office  # noqa: PLC0415 - heavy
    from dubbing_pipeline.runtime.queue_status import read_status  # noqa: PLC0415 - heavy

    with open_office() as office:
        shown = asdict(read_status(office.store, office.setup.queue))
    if as_json:
        print_json(shown)
        return
    processes = shown.pop("processes")
    for name, value in shown.items():
        typer.echo(f"{name}: {value}")
    for row in processes:
        typer.echo(f"process: {row['incarnation']} role {row['role']} level {row['level']}")


@app.command()
def adopt(*, as_json: Json = False) -> None:
    """Take the configured Redis stream over from another installation of this service."""
    import asyncio  # noqa: PLC0415 - heavy

    from dubbing_pipeline.cli.office import open_office  # noqa: PLC0415 - heavy
    from dubbing_pipeline.runtime.queue_status import adopt as take_over  # noqa: PLC0415 - heavy

    with open_office() as office:
        before = asyncio.run(take_over(office.store, office.setup.queue))
        shown = {"stream": office.setup.queue.stream, "before": before}
    if as_json:
        print_json(shown)
        return
    typer.echo(f"stream: {shown['stream']}")
    typer.echo(f"before: {before or '-'}")
