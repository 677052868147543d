"""`dub jobs`: hand in films to be dubbed, see how they fare, steer them."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from dubbing_pipeline.cli.answer import print_json
from dubbing_pipeline.model.job import HIGH, LOW, NORMAL, Job, Priority

app = typer.Typer(help="Dub in the background: hand in, watch, steer.", no_args_is_help=True)

JobId = Annotated[str, typer.Argument(help="Id of the job, as `dub jobs list` shows it.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

PUBLISH_LOOK_S = 0.2
PUBLISH_LOOKS = 50

_PRIORITIES: dict[str, Priority] = {"high": HIGH, "normal": NORMAL, "low": LOW}


@app.command()
def submit(
    film: Annotated[Path, typer.Argument(help="The film to dub.")],
    to: Annotated[str, typer.Option("--to", help="Language to dub into: es, pt, en.")],
    *,
    source: Annotated[str, typer.Option("--from", help="Language of the film.")] = "",
    mode: Annotated[str, typer.Option("--mode", help="low, medium or high.")] = "",
    subtitles: Annotated[Path | None, typer.Option("--subtitles", help="What is said.")] = None,
    target_subtitles: Annotated[
        Path | None, typer.Option("--target-subtitles", help="What shall be said.")
    ] = None,
    glossary: Annotated[Path | None, typer.Option("--glossary", help="CSV file.")] = None,
    voices: Annotated[list[str] | None, typer.Option("--voices", help="SPEAKER=VOICE.")] = None,
    priority: Annotated[str, typer.Option("--priority", help="high, normal or low.")] = "normal",
    key: Annotated[
        str | None, typer.Option("--key", help="The same key gives the same job for a day.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress until it has ended.")] = False,
    as_json: Json = False,
) -> None:
    """Hand a film in; it is dubbed by `dub worker` or the server."""
    from dubbing_pipeline.cli.door import open_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.cli.office import open_office  # noqa: PLC0415 - heavy
    from dubbing_pipeline.model.ports import DubRequest  # noqa: PLC0415 - heavy
    from dubbing_pipeline.stages.wishes import read_spec  # noqa: PLC0415 - heavy

    spec = read_spec(
        to=to,
        source=source,
        mode=mode or open_settings().public.default_mode,
        glossary=glossary,
        voices=voices or [],
    )
    request = DubRequest(
        spec=spec,
        film=film.absolute(),
        source_subtitles=subtitles and subtitles.absolute(),
        target_subtitles=target_subtitles and target_subtitles.absolute(),
        priority=_priority(priority),
        idempotency_key=key,
    )
    with open_office() as office:
        job = office.jobs.submit(request)
        if wait:
            _follow(office, job.id, as_json=as_json)
        else:
            _say(job, as_json=as_json)


@app.command("list")
def list_jobs(
    *,
    state: Annotated[list[str] | None, typer.Option("--state", help="Only these.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those in the trash.")] = False,
    as_json: Json = False,
) -> None:
    """List jobs, the newest first."""
    from dubbing_pipeline.cli.office import open_office  # noqa: PLC0415 - heavy
    from dubbing_pipeline.model.ports import JobQuery  # noqa: PLC0415 - heavy

    states: Any = tuple(state or ())
    with open_office() as office:
        found = office.jobs.list_jobs(JobQuery(states=states, limit=limit, deleted=deleted))
    if as_json:
        print_json({"jobs": [job_object(job) for job in found]})
        return
    for job in found:
        typer.echo(f"{job.id}  {job.state:<11} {_progress(job):<20} {job.title}")


@app.command()
def show(job_id: JobId, *, as_json: Json = False) -> None:
    """Show one job."""
    from dubbing_pipeline.cli.office import open_office  # noqa: PLC0415 - heavy

    with open_office() as office:
        _say(office.jobs.show(job_id), as_json=as_json)


@app.command()
def wait(job_id: JobId, *, as_json: Json = False) -> None:
    """Show a job's progress until it has ended; Ctrl-C leaves it running."""
    from dubbing_pipeline.cli.office import open_office  # noqa: PLC0415 - heavy

    with open_office() as office:
        _follow(office, job_id, as_json=as_json)


@app.command()
def cancel(job_id: JobId, *, as_json: Json = False) -> None:
    """Stop a job: a waiting one at once, a running one soon."""
    _steer("cancel", job_id, as_json=as_json)


@app.command()
def retry(job_id: JobId, *, as_json: Json = False) -> None:
    """Queue a failed, cancelled or quarantined job again."""
    _steer("retry", job_id, as_json=as_json)


@app.command()
def pause(job_id: JobId, *, as_json: Json = False) -> None:
    """Hold a waiting job back."""
    _steer("pause", job_id, as_json=as_json)


@app.command()
def resume(job_id: JobId, *, as_json: Json = False) -> None:
    """Let a paused job go on waiting."""
    _steer("resume", job_id, as_json=as_json)


@app.command()
def priority(
    job_id: JobId,
    level: Annotated[str, typer.Argument(help="high, normal or low.")],
    *,
    as_json: Json = False,
) -> None:
    """Change a job's class."""
    _steer("prioritize", job_id, _priority(level), as_json=as_json)


@app.command()
def delete(job_id: JobId) -> None:
    """Put an ended job into the trash; it is gone after seven days."""
    from dubbing_pipeline.cli.office import open_office  # noqa: PLC0415 - heavy

    with open_office() as office:
        office.jobs.delete(job_id)


def job_object(job: Job) -> dict[str, Any]:
    """Give a job as JSON shows it; the spec is left out."""
    shown = asdict(job)
    shown.pop("spec")
    return shown


def _steer(what: str, job_id: str, *values: Any, as_json: bool) -> None:
    from dubbing_pipeline.cli.office import open_office  # noqa: PLC0415 - heavy

    with open_office() as office:
        _say(getattr(office.jobs, what)(job_id, *values), as_json=as_json)


def _priority(word: str) -> Priority:
    from dubbing_pipeline.errors import UsageError  # noqa: PLC0415 - with the others

    if word not in _PRIORITIES:
        raise UsageError("cli.priority", word=word)
    return _PRIORITIES[word]


def _follow(office: Any, job_id: str, *, as_json: bool) -> None:
    """Show a job's progress; the exit code says how it ended."""
    from dubbing_pipeline.cli.door import language  # noqa: PLC0415 - heavy
    from dubbing_pipeline.utils.messages import render  # noqa: PLC0415 - heavy

    job = office.jobs.show(job_id)
    try:
        for job in office.jobs.watch(job_id):
            typer.echo(f"{job.state:<11} {_progress(job)}", err=True)
    except KeyboardInterrupt:
        typer.echo(render("cli.job_goes_on", {"job": job_id}, locale=language()), err=True)
        raise
    _say(job, as_json=as_json, outputs=_laid_out(office, job))
    if job.state != "done":
        sys.exit(1)


def _laid_out(office: Any, job: Job) -> list[str]:
    """Wait a moment until the worker has laid the files out, and give their paths."""
    import threading  # noqa: PLC0415 - only here

    pause = threading.Event()
    outputs = office.store.outputs(job.id)
    for _ in range(PUBLISH_LOOKS):
        if all(output.path for output in outputs):
            break
        pause.wait(PUBLISH_LOOK_S)
        outputs = office.store.outputs(job.id)
    return [output.path for output in outputs if output.path]


def _say(job: Job, *, as_json: bool, outputs: Sequence[str] = ()) -> None:
    if as_json:
        shown = {"job": job_object(job), "outputs": list(outputs)}
        print_json(shown)
        return
    typer.echo(f"job: {job.id}")
    typer.echo(f"state: {job.state}{' (paused)' if job.paused else ''}")
    if job.reason is not None:
        from dubbing_pipeline.cli.door import language  # noqa: PLC0415 - heavy
        from dubbing_pipeline.utils.messages import render  # noqa: PLC0415 - heavy

        typer.echo(f"reason: {render(job.reason.code, job.reason.params, locale=language())}")
    for path in outputs:
        typer.echo(f"output: {path}")


def _progress(job: Job) -> str:
    if job.state != "running" or not job.progress.stage:
        return job.progress.stage
    return f"{job.progress.stage} {job.progress.share:.0%}"
