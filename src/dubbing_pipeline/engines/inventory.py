"""What is ready here, for which languages, and the command for what is not."""

from collections.abc import Iterator
from dataclasses import dataclass

from dubbing_pipeline.engines.base import Engine, Pair, Task
from dubbing_pipeline.engines.catalogue import pinned_models
from dubbing_pipeline.engines.command import described
from dubbing_pipeline.engines.piper_voices import find_voices
from dubbing_pipeline.engines.registry import ADAPTERS, Adapter, Registry
from dubbing_pipeline.errors import DubbingError


@dataclass(frozen=True, slots=True)
class Entry:
    """One engine with one model. ``refusal`` is None when it is ready; else it says why not.

    ``name`` is what people call it, and where it can be installed, what they install.
    """

    task: Task
    name: str
    needs_network: bool
    languages: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    code_license: str = ""
    model_license: str = ""
    refusal: DubbingError | None = None

    @property
    def ready(self) -> bool:
        return self.refusal is None

    @property
    def fix(self) -> str:
        return "" if self.refusal is None else str(self.refusal.params.get("fix", ""))


def inventory(registry: Registry) -> tuple[Entry, ...]:
    """List the engines that the registry knows, the ready ones of each task first.

    The fake is left out: it dubs nothing that a person wants.
    """
    real = (adapter for adapter in ADAPTERS if adapter.name != "fake")
    found = [entry for adapter in real for entry in _entries(registry, adapter)]
    return tuple(sorted(found, key=lambda entry: (entry.task, not entry.ready)))


def _entries(registry: Registry, adapter: Adapter) -> Iterator[Entry]:
    for model in _models(registry, adapter):
        name = "-".join(part for part in (adapter.name, model) if part)
        try:
            engine = registry.open(adapter.task, adapter.name, model)
        except DubbingError as refusal:
            yield Entry(adapter.task, name, adapter.needs_network, refusal=refusal)
        else:
            yield _ready(name, engine)


def _models(registry: Registry, adapter: Adapter) -> tuple[str, ...]:
    """Name the models to ask for: the adapter's own, described commands, voices by language."""
    if adapter.name == "command":
        told = described(registry.settings)
        return tuple(name for name, one in told.items() if one.task == adapter.task)
    if adapter.name == "piper":
        pinned = (name for name, model in pinned_models().items() if model.kind == "piper")
        here = (voice.language for voice in find_voices(registry.settings))
        return tuple(dict.fromkeys([*(name.removeprefix("piper-") for name in pinned), *here]))
    return adapter.models


def _ready(name: str, engine: Engine) -> Entry:
    can = engine.capabilities
    return Entry(
        task=can.task,
        name=name,
        needs_network=can.needs_network,
        languages=tuple(sorted(can.languages)),
        pairs=tuple(sorted(can.pairs)),
        code_license=can.code_license,
        model_license=can.model_license,
    )
