"""`dub run`: one film, no server."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")]


def run(
    film: Annotated[Path, typer.Argument(help="The film to dub.", readable=False)],
    to: Annotated[str, typer.Option("--to", help="Language to dub into: es, pt, en.")],
    *,
    source: Annotated[
        str, typer.Option("--from", help="Language of the film; found out if left away.")
    ] = "",
    mode: Annotated[str, typer.Option("--mode", help="Which engines: low, medium or high.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the result.", readable=False)
    ] = None,
    subtitles: Annotated[
        Path | None,
        typer.Option("--subtitles", help="What is said, in place of recognition.", readable=False),
    ] = None,
    target_subtitles: Annotated[
        Path | None,
        typer.Option(
            "--target-subtitles",
            help="What shall be said, in place of translation.",
            readable=False,
        ),
    ] = None,
    glossary: Annotated[
        Path | None, typer.Option("--glossary", help="CSV file: term, translation.", readable=False)
    ] = None,
    voices: Annotated[
        list[str] | None, typer.Option("--voices", help="SPEAKER=VOICE, as often as needed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Dub one film into a folder of its own; nothing is ever overwritten."""
    from dubbing_pipeline.cli.door import open_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.cli.progress import shown  # noqa: PLC0415 - heavy
    from dubbing_pipeline.cli.workshop import open_dubber, say_finished  # noqa: PLC0415 - heavy
    from dubbing_pipeline.stages.dub import Request  # noqa: PLC0415 - heavy
    from dubbing_pipeline.stages.wishes import read_spec  # noqa: PLC0415 - heavy

    settings = open_settings()
    spec = read_spec(
        to=to,
        source=source,
        mode=mode or settings.public.default_mode,
        glossary=glossary,
        voices=voices or [],
    )
    request = Request(
        film=film.absolute(),
        spec=spec,
        out_dir=(out or settings.public.output_dir).absolute(),
        source_subtitles=subtitles,
        target_subtitles=target_subtitles,
    )
    with open_dubber(settings) as dubber, shown() as watch:
        finished = dubber.dub(request, watch)
    say_finished(finished, as_json=as_json)
