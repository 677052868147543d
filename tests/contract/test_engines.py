"""What every engine says of itself, whoever it is."""

import re
from collections.abc import Callable

import pytest

from dubbing_pipeline.engines.base import Engine, Task
from dubbing_pipeline.engines.registry import ADAPTERS, Registry
from lib.engines import (
    DETECTORS,
    SYNTHESIZERS,
    TRANSCRIBERS,
    TRANSLATORS,
    need_engine,
    registry,
)

ENGINES: list[tuple[Task, str, str]] = [
    *(("detect_speech", name, "") for name in DETECTORS),
    *(("transcribe", name, model) for name, model in TRANSCRIBERS),
    *(("translate", name, "") for name in TRANSLATORS),
    *dict.fromkeys(("synthesize", name, model) for name, model, _ in SYNTHESIZERS),
]


@pytest.mark.parametrize(("task", "name", "model"), ENGINES)
def test_an_engine_says_what_it_is_and_can(
    engines: Registry, task: Task, name: str, model: str
) -> None:
    engine = need_engine(engines, task, name, model)
    assert (engine.capabilities.task, engine.ref.name) == (task, name)
    assert engine.ref.version
    assert engine.ref.model_sha256 == "" or re.fullmatch("[0-9a-f]{64}", engine.ref.model_sha256)
    assert engine.capabilities.code_license
    assert "/" not in engine.ref.model + engine.ref.version


@pytest.mark.parametrize(("task", "name", "model"), ENGINES)
def test_a_reference_opens_the_same_engine_again(
    engines: Registry, task: Task, name: str, model: str
) -> None:
    ref = need_engine(engines, task, name, model).ref
    open_again: dict[Task, Callable[..., Engine]] = {
        "detect_speech": engines.speech_detector,
        "transcribe": engines.transcriber,
        "translate": engines.translator,
        "synthesize": engines.synthesizer,
    }
    assert open_again[task](ref).ref == ref
    assert registry().open(task, name, ref.model).ref == ref


def test_the_suite_leaves_no_local_adapter_out() -> None:
    remote = {("command", task) for task in ("transcribe", "translate", "synthesize")}
    local = {(a.name, a.task) for a in ADAPTERS if not a.needs_network} - remote
    assert local == {(name, task) for task, name, _ in ENGINES}
