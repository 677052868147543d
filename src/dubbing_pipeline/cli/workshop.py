"""What every command that dubs needs: engines, store and runner, opened and closed."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from dubbing_pipeline.cli.answer import print_json
from dubbing_pipeline.cli.door import environment
from dubbing_pipeline.config.settings import Settings
from dubbing_pipeline.engines.installation import engine_settings
from dubbing_pipeline.engines.modes import EngineChoice, Need, resolve
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.stages.dub import Dubber, Finished, Request
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.stages.runner import Runner, load_stages
from dubbing_pipeline.utils.clock import SystemClock
from dubbing_pipeline.utils.ids import incarnation


@contextmanager
def open_dubber(settings: Settings) -> Iterator[Dubber]:
    """Open everything a dub without a server needs."""
    told = engine_settings(settings, environment(), threads=os.cpu_count() or 1)
    registry = Registry(told)
    owner = incarnation(socket.gethostname(), os.getpid())
    clock = SystemClock()
    with (
        open_store(settings.public.state_dir, owner) as artifacts,
        _temporary_files_in(artifacts.scratch().parent),
    ):
        runner = Runner(artifacts=artifacts, engines=registry, clock=clock, load=load_stages)
        yield Dubber(
            artifacts=artifacts,
            runner=runner,
            resolve=lambda request: _resolve(registry, request),
            outside=artifacts.outside,
            clock=clock,
        )


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Have all temporary files of this process in one folder: it is swept if we are killed."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _resolve(registry: Registry, request: Request) -> EngineChoice:
    spec = request.spec
    need = Need(
        target=spec.target_language,
        source=spec.source_language,
        transcriber=request.source_subtitles is None,
        translator=request.target_subtitles is None,
    )
    return resolve(registry, spec.mode, need)


def say_finished(finished: Finished, *, as_json: bool) -> None:
    """Tell where the dub is: one JSON object, or two lines."""
    shown = {"output": str(finished.output), "report": str(finished.report)}
    if as_json:
        print_json({**shown, "metrics": finished.metrics})
        return
    for name, path in shown.items():
        typer.echo(f"{name}: {path}")
