"""The plan is pure, every input comes from a step before, and a call is its JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from dubbing_pipeline.engines.base import EngineRef
from dubbing_pipeline.stages.call import Keys, StageCall, canonical
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.stages.plan import Step, plan, plan_preview
from dubbing_pipeline.stages.runner import _call, load_stages
from lib.small_film import CHOICE, SPEC, SmallFilm

CALLS: TypeAdapter[StageCall] = TypeAdapter(StageCall)
GIVEN = {"film", "source_subtitles", "target_subtitles", "settled", "master", "edits"}
SUBTITLED = replace(SPEC, source_subtitles="1" * 64, target_subtitles="2" * 64)
PLANS = {
    "first": plan(SPEC, CHOICE),
    "edited": plan(SPEC, CHOICE, edited=True),
    "preview": plan_preview(SPEC, CHOICE, line=3),
    "subtitled": plan(SUBTITLED, replace(CHOICE, transcriber=None, translator=None)),
}


def from_json(call: StageCall) -> StageCall:
    return CALLS.validate_json(canonical(asdict(call)))


@pytest.mark.parametrize("steps", PLANS.values(), ids=PLANS)
def test_every_step_takes_what_an_earlier_one_made_or_what_was_given(
    steps: Sequence[Step],
) -> None:
    done = {"given"}
    for step in steps:
        assert {made_by for made_by, _ in step.inputs.values()} <= done
        assert {role for made_by, role in step.inputs.values() if made_by == "given"} <= GIVEN
        done.add(step.stage)


def test_an_edited_dub_is_held_to_the_words_places_and_levels_of_the_first() -> None:
    inputs = {step.stage: step.inputs for step in PLANS["edited"]}
    assert "variants" not in inputs["synthesize"]
    assert inputs["fit"]["settled"] == ("given", "settled")
    assert inputs["mix"]["master"] == ("given", "master")
    assert inputs["mix"]["settled"] == ("given", "settled")


@pytest.mark.parametrize("steps", PLANS.values(), ids=PLANS)
def test_a_call_read_from_its_json_has_the_same_keys(steps: Sequence[Step]) -> None:
    stages = load_stages(steps)
    keys = _made_up(steps)
    for step in steps:
        call = _call(stages[step.stage], step, keys)
        assert from_json(call) == call
        assert from_json(call).key("x", part=1) == call.key("x", part=1)


def test_a_key_does_not_depend_on_the_order_of_names() -> None:
    one = StageCall("x", 1, {"a": "1", "b": "2"}, {"c": 1, "d": 2})
    other = StageCall("x", 1, {"b": "2", "a": "1"}, {"d": 2, "c": 1})
    assert one.key("r") == other.key("r")


@pytest.mark.parametrize(
    "other",
    [
        StageCall("x", 2, {"a": "1"}),
        StageCall("x", 1, {"a": "2"}),
        StageCall("x", 1, {"a": "1"}, {"p": 1}),
        StageCall("x", 1, {"a": "1"}, engines={"e": EngineRef("fake", "1")}),
    ],
)
def test_a_key_depends_on_all_that_changes_the_result(other: StageCall) -> None:
    assert StageCall("x", 1, {"a": "1"}).key("r") != other.key("r")


@pytest.fixture
def film(tmp_path: Path) -> Iterator[SmallFilm]:
    with open_store(tmp_path, "test") as store:
        yield SmallFilm(store)


def test_a_stage_runs_from_json_alone(film: SmallFilm) -> None:
    keys = film.given()
    step = next(step for step in PLANS["first"] if step.stage == "synthesize")
    stage = load_stages([step])["synthesize"]
    text = canonical(asdict(_call(stage, step, keys)))
    made = stage.run(CALLS.validate_json(text), film.context)
    assert made == stage.run(_call(stage, step, keys), film.context)
    assert all(film.store.has(key) for key in made.values())


def _made_up(steps: Sequence[Step]) -> dict[str, Keys]:
    """Give keys for everything that steps name."""
    found: dict[str, dict[str, str]] = {}
    for step in steps:
        for made_by, role in step.inputs.values():
            found.setdefault(made_by, {})[role] = canonical([made_by, role]).encode().hex()
    return dict(found)
