"""The runner redoes nothing that is finished, and says what it did."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest

from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.errors import Cancelled, EngineFailed
from dubbing_pipeline.stages.artifacts import put_text
from dubbing_pipeline.stages.base import StageContext, Stages
from dubbing_pipeline.stages.call import Keys, StageCall
from dubbing_pipeline.stages.folder_store import FolderStore, open_store
from dubbing_pipeline.stages.plan import Step
from dubbing_pipeline.stages.runner import Runner, StageEvent
from fakes.clock import FakeClock


@dataclass
class Upper:
    """A stage that writes its input in capitals, and counts how often it ran."""

    name: ClassVar[str] = "upper"
    version: ClassVar[int] = 1
    runs: int = 0

    def run(self, call: StageCall, context: StageContext) -> Keys:
        self.runs += 1
        context.tick(0.5)
        text = context.artifacts.fetch(call.inputs["text"]).read_text()
        return {"text": put_text(context.artifacts, call.key("text"), text.upper())}


@dataclass
class Breaks:
    name: ClassVar[str] = "breaks"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        raise EngineFailed("stages.silent_take", line=1)


STEPS = (Step("upper", "cpu", "short", {"text": ("given", "text")}),)


@dataclass
class Rig:
    store: FolderStore
    upper: Upper = field(default_factory=Upper)
    events: list[StageEvent] = field(default_factory=list)

    @property
    def runner(self) -> Runner:
        stages: Stages = {"upper": self.upper, "breaks": Breaks()}
        return Runner(
            artifacts=self.store,
            engines=Registry(EngineSettings(Path(), Path())),
            clock=FakeClock(),
            load=lambda _: stages,
        )

    def given(self, text: str) -> Keys:
        return {"text": put_text(self.store, text.encode().hex().ljust(64, "0"), text)}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with open_store(tmp_path, "test") as store:
        yield Rig(store)


def test_a_second_run_redoes_nothing(rig: Rig) -> None:
    first = rig.runner.run(STEPS, rig.given("a"), rig.events.append)
    second = rig.runner.run(STEPS, rig.given("a"), rig.events.append)
    assert first.keys == second.keys
    assert rig.upper.runs == 1
    assert [event.kind for event in rig.events] == ["started", "progress", "finished", "reused"]


def test_another_input_is_another_call(rig: Rig) -> None:
    rig.runner.run(STEPS, rig.given("a"), rig.events.append)
    rig.runner.run(STEPS, rig.given("b"), rig.events.append)
    assert rig.upper.runs == 2


def test_a_stage_whose_artifact_is_gone_makes_it_again(rig: Rig) -> None:
    made = rig.runner.run(STEPS, rig.given("a"), rig.events.append)
    rig.store.fetch(made.keys["upper"]["text"]).unlink()
    rig.runner.run(STEPS, rig.given("a"), rig.events.append)
    assert rig.upper.runs == 2


def test_an_error_names_the_stage_it_came_from(rig: Rig) -> None:
    steps = (*STEPS, Step("breaks", "cpu", "short", {}))
    with pytest.raises(EngineFailed) as caught:
        rig.runner.run(steps, rig.given("a"), rig.events.append)
    assert caught.value.__notes__ == ["stage: breaks"]


def test_the_one_who_watches_can_stop_the_work(rig: Rig) -> None:
    def stop(event: StageEvent) -> None:
        if event.kind == "progress":
            raise Cancelled("stages.cancelled")

    with pytest.raises(Cancelled):
        rig.runner.run(STEPS, rig.given("a"), stop)
    rig.runner.run(STEPS, rig.given("a"), rig.events.append)
    assert rig.upper.runs == 2
