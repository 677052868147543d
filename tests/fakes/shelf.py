"""A registry that holds what a test puts on it, by task, name and model."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dubbing_pipeline.engines.base import Capabilities, Engine, EngineRef, Task
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.errors import EngineMissing, RefusedError


@dataclass(frozen=True)
class Item:
    """An engine that says what it can do, and does nothing."""

    task: Task
    name: str
    model: str = ""
    languages: Iterable[str] = ()
    pairs: Iterable[tuple[str, str]] = ()
    detects: bool = False
    network: bool = False
    sha256: str = ""

    @property
    def ref(self) -> EngineRef:
        return EngineRef(self.name, "1", self.model, self.sha256)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            task=self.task,
            resource="cpu",
            needs_network=self.network,
            code_license="MIT",
            model_license="MIT",
            languages=frozenset(self.languages),
            pairs=frozenset(self.pairs),
            detects_language=self.detects,
        )


@dataclass
class Shelf(Registry):
    """Opens what is on it; the rest is missing, with a command that names it."""

    items: tuple[Item, ...]
    settings: EngineSettings = field(
        default_factory=lambda: EngineSettings(Path("/nowhere/models"), Path("/nowhere/cache"))
    )

    def open(self, task: Task, name: str, model: str = "") -> Engine:
        for item in self.items:
            if (item.task, item.name, item.model) == (task, name, model):
                if item.network and self.settings.offline:
                    raise RefusedError("engines.offline", engine=name)
                return item
        fix = f"dub engines install {name}-{model}".rstrip("-")
        raise EngineMissing("engines.program_missing", engine=name, fix=fix)
