"""`dub lines`: read, change and hear again the lines of a finished folder."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from dubbing_pipeline.cli.answer import print_json
from dubbing_pipeline.model.speech import Edits, Timeline

app = typer.Typer(help="Read and change the lines of a finished dub.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="The folder of a finished dub.", file_okay=False)]
LineId = Annotated[int, typer.Argument(help="Number of the line, as `dub lines list` shows it.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_lines(folder: Folder, *, as_json: Json = False) -> None:
    """Show every line with its times, its fit and what was changed."""
    from dubbing_pipeline.stages.dub import current_timeline  # noqa: PLC0415 - heavy

    timeline, edits = current_timeline(folder.absolute())
    if as_json:
        print_json(_as_json(timeline, edits))
        return
    for line in timeline.lines:
        fit = f"{line.fit.state} {line.fit.tempo:.2f}x" if line.fit else line.audio_mode
        mark = "*" if line.id in edits.lines else " "
        typer.echo(f"{line.id:>4}{mark} {_clock(line.start_ms)} {line.speaker:<8} {fit}")
        typer.echo(f"      {line.source}")
        typer.echo(f"      {line.target}")


@app.command()
def edit(
    folder: Folder,
    line: LineId,
    *,
    text: Annotated[str | None, typer.Option("--text", help="What shall be said.")] = None,
    speaker: Annotated[str | None, typer.Option("--speaker", help="Who says it.")] = None,
    audio: Annotated[
        str | None, typer.Option("--audio", help="tts, original or mute: how it sounds.")
    ] = None,
    start: Annotated[float | None, typer.Option("--start", help="Seconds into the film.")] = None,
    end: Annotated[float | None, typer.Option("--end", help="Seconds into the film.")] = None,
    lock: Annotated[
        bool | None, typer.Option("--lock/--unlock", help="Keep the words as they are.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change one line. Nothing is spoken before `dub lines respeak` or `dub lines render`."""
    from dubbing_pipeline.stages.dub import edit as note  # noqa: PLC0415 - heavy
    from dubbing_pipeline.stages.wishes import read_change  # noqa: PLC0415 - heavy

    change = read_change(
        text=text, speaker=speaker, audio=audio, start_s=start, end_s=end, locked=lock
    )
    edits = note(folder.absolute(), line, change)
    if as_json:
        print_json({"rev": edits.rev})
    else:
        typer.echo(f"rev: {edits.rev}")


@app.command()
def respeak(folder: Folder, line: LineId, *, as_json: Json = False) -> None:
    """Speak one line anew, and mix ten seconds around it to hear it in its place."""
    from dubbing_pipeline.cli.door import open_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.cli.progress import shown  # noqa: PLC0415 - heavy
    from dubbing_pipeline.cli.workshop import open_dubber  # noqa: PLC0415 - heavy

    with open_dubber(open_settings()) as dubber, shown() as watch:
        preview = dubber.respeak(folder.absolute(), line, watch)
    if as_json:
        print_json({"preview": str(preview)})
    else:
        typer.echo(f"preview: {preview}")


@app.command()
def render(folder: Folder, *, as_json: Json = False) -> None:
    """Make the film anew with all changes; the earlier one stays beside it."""
    from dubbing_pipeline.cli.door import open_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.cli.progress import shown  # noqa: PLC0415 - heavy
    from dubbing_pipeline.cli.workshop import open_dubber, say_finished  # noqa: PLC0415 - heavy

    with open_dubber(open_settings()) as dubber, shown() as watch:
        finished = dubber.render(folder.absolute(), watch)
    say_finished(finished, as_json=as_json)


def _as_json(timeline: Timeline, edits: Edits) -> dict[str, Any]:
    return {**asdict(timeline), "rev": edits.rev, "edited": sorted(edits.lines)}


def _clock(time_ms: int) -> str:
    minutes, rest_ms = divmod(time_ms, 60_000)
    return f"{minutes:02}:{rest_ms / 1000:06.3f}"
