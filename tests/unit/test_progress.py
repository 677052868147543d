"""How far a dub is: lines for programs, and an estimate that learns from what has run."""

import io

import pytest

from dubbing_pipeline.cli.progress import SHARES, Estimate, Lines, _rounded
from dubbing_pipeline.stages.plan import plan
from dubbing_pipeline.stages.runner import StageEvent
from fakes.clock import FakeClock
from lib.small_film import CHOICE, SPEC


def test_every_stage_of_a_dub_has_a_share_and_all_are_one() -> None:
    stages = [step.stage for step in plan(SPEC, CHOICE)]
    assert sum(SHARES[stage] for stage in ("import", *stages, "publish")) == pytest.approx(
        1, abs=0.02
    )


def test_too_little_is_known_at_the_start_to_guess() -> None:
    estimate = Estimate(FakeClock())
    assert estimate.left_s(StageEvent("import", "progress", 1.0)) is None


def test_the_rest_takes_as_long_as_its_share_of_what_was_done() -> None:
    clock = FakeClock()
    estimate = Estimate(clock)
    for stage in ("import", "extract"):
        estimate.left_s(StageEvent(stage, "finished"))
    clock.advance(52)
    left_s = estimate.left_s(StageEvent("transcribe", "progress", 1.0))
    assert left_s == pytest.approx(48)


def test_what_was_reused_took_no_time_and_is_not_waited_for() -> None:
    clock = FakeClock()
    estimate = Estimate(clock)
    for stage in ("extract", "transcribe", "diarize", "translate"):
        estimate.left_s(StageEvent(stage, "reused", 1.0))
    clock.advance(10)
    left_s = estimate.left_s(StageEvent("synthesize", "finished", 1.0))
    assert left_s == pytest.approx(10 * (1 - 0.58 - 0.10) / 0.10)


def test_an_estimate_is_never_below_nothing() -> None:
    estimate = Estimate(FakeClock())
    left_s = [estimate.left_s(StageEvent(stage, "finished", 1.0)) for stage in SHARES]
    assert left_s[-1] == 0.0


def test_progress_is_told_in_steps_of_ten_and_never_backwards() -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    lines.watch(StageEvent("mix", "started"))
    for done in (0.0, 0.05, 0.31, 0.2, 0.35, 1.0):
        lines.watch(StageEvent("mix", "progress", done))
    lines.watch(StageEvent("mix", "finished", 1.0, 3.94))
    told = [line.removeprefix("mix: ") for line in stream.getvalue().splitlines()]
    assert told == ["started", "0 %", "30 %", "100 %", "3.9 s"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min")]
)
def test_a_guess_is_not_told_more_exactly_than_it_is(seconds: float, words: str) -> None:
    assert _rounded(seconds) == words
