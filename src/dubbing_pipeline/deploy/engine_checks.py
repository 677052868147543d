"""Looks whether each task of a dub has an engine that is ready here."""

from collections.abc import Iterator, Mapping
from typing import Final

from dubbing_pipeline.deploy.finding import Finding, findings_of
from dubbing_pipeline.engines.base import Engine, Task
from dubbing_pipeline.engines.registry import ADAPTERS, Registry
from dubbing_pipeline.errors import DubbingError

_TASKS: Final[tuple[Task, ...]] = ("detect_speech", "transcribe", "translate", "synthesize")
_SHOWN_LANGUAGES: Final = 12


def check_engines(registry: Registry) -> Iterator[Finding]:
    """Tell for each task what is ready, or how to make the first engine ready."""
    for task in _TASKS:
        ready, refusals = _open_all(registry, task)
        for engine in ready.values():
            yield _ready(task, engine)
        if not ready and refusals:
            yield from findings_of(refusals[0], check=task)


def _open_all(registry: Registry, task: Task) -> tuple[Mapping[str, Engine], list[DubbingError]]:
    ready: dict[str, Engine] = {}
    refusals: list[DubbingError] = []
    for adapter in ADAPTERS:
        # The fake ships for tests and trials; it dubs nothing that a person wants.
        if adapter.task != task or adapter.name == "fake":
            continue
        for model in adapter.models:
            try:
                engine = registry.open(task, adapter.name, model)
            except DubbingError as refusal:
                refusals.append(refusal)
            else:
                ready[f"{adapter.name} {engine.ref.model}"] = engine
    return ready, refusals


def _ready(task: Task, engine: Engine) -> Finding:
    can = engine.capabilities
    words = sorted("-".join(pair) for pair in can.pairs) or sorted(can.languages)
    more = f" +{len(words) - _SHOWN_LANGUAGES}" if len(words) > _SHOWN_LANGUAGES else ""
    params = {
        "task": task,
        "engine": f"{engine.ref.name} {engine.ref.model}".rstrip(),
        "languages": " ".join(words[:_SHOWN_LANGUAGES]) + more or "*",
    }
    return Finding("deploy.engine_ready", params, check=task, state="ok")
