"""`dub run`: one film, no server."""

from pathlib import Path
from typing import Annotated

import typer

# Files are opened, and refused in our own words, further in.
Film = Annotated[Path, typer.Argument(help="The film to dub.", readable=False)]
To = Annotated[str, typer.Option("--to", help="Language to dub into: es, pt, en.")]
From = Annotated[str, typer.Option("--from", help="Language of the film; found out if left away.")]
ModeName = Annotated[str, typer.Option("--mode", help="Which engines: low, medium or high.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the result.", readable=False)]
Subtitles = Annotated[
    Path | None,
    typer.Option("--subtitles", help="What is said, in place of recognition.", readable=False),
]
TargetSubtitles = Annotated[
    Path | None,
    typer.Option(
        "--target-subtitles", help="What shall be said, in place of translation.", readable=False
    ),
]
Glossary = Annotated[
    Path | None, typer.Option("--glossary", help="CSV file: term, translation.", readable=False)
]
Voices = Annotated[
    list[str] | None, typer.Option("--voices", help="SPEAKER=VOICE, as often as needed.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")]


def run(
    film: Film,
    to: To,
    *,
    source: From = "",
    mode: ModeName = "",
    out: Out = None,
    subtitles: Subtitles = None,
    target_subtitles: TargetSubtitles = None,
    glossary: Glossary = None,
    voices: Voices = None,
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
