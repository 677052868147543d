"""What every command that dubs needs: engines, store and runner, opened and closed."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import SecretStr

from dubbing_pipeline.config.settings import Settings
from dubbing_pipeline.engines.modes import EngineChoice, Need, resolve
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import Endpoint, EngineSettings
from dubbing_pipeline.stages.dub import Dubber, Finished, Request
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.stages.runner import Runner, load_stages
from dubbing_pipeline.utils.clock import SystemClock
from dubbing_pipeline.utils.ids import incarnation


@contextmanager
def open_dubber(settings: Settings) -> Iterator[Dubber]:
    """Open everything a dub without a server needs."""
    registry = Registry(engine_settings(settings))
    owner = incarnation(socket.gethostname(), os.getpid())
    clock = SystemClock()
    with open_store(settings.public.state_dir, owner) as artifacts:
        runner = Runner(artifacts=artifacts, engines=registry, clock=clock, load=load_stages)
        yield Dubber(
            artifacts=artifacts,
            runner=runner,
            resolve=lambda request: _resolve(registry, request),
            clock=clock,
        )


def _resolve(registry: Registry, request: Request) -> EngineChoice:
    spec = request.spec
    need = Need(
        target=spec.target_language,
        source=spec.source_language,
        transcriber=request.source_subtitles is None,
        translator=request.target_subtitles is None,
    )
    return resolve(registry, spec.mode, need)


def engine_settings(settings: Settings) -> EngineSettings:
    """Pick out what engines are told."""
    public, secret = settings.public, settings.secret
    return EngineSettings(
        models_dir=public.models_dir,
        cache_dir=public.cache_dir,
        allow_downloads=public.allow_downloads,
        offline=public.offline,
        threads=os.cpu_count() or 1,
        stt=_endpoint(public.stt_url, public.stt_model, secret.stt_key),
        llm=_endpoint(public.llm_url, public.llm_model, secret.llm_key),
        tts=_endpoint(public.tts_url, public.tts_model, secret.tts_key),
    )


def _endpoint(url: str | None, model: str | None, key: SecretStr | None) -> Endpoint | None:
    if url is None or model is None:
        return None
    return Endpoint(str(url), model, key or SecretStr(""))


def say_finished(finished: Finished, *, as_json: bool) -> None:
    """Tell where the dub is: one JSON object, or two lines."""
    shown = {"output": str(finished.output), "report": str(finished.report)}
    if as_json:
        typer.echo(json.dumps({**shown, "metrics": finished.metrics}, ensure_ascii=False))
        return
    for name, path in shown.items():
        typer.echo(f"{name}: {path}")
