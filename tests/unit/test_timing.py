"""The timing planner keeps its laws for any film, and its decisions for the films on record."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from dubbing_pipeline.errors import UsageError
from dubbing_pipeline.model.speech import Fit
from dubbing_pipeline.stages.timing import LIMITS, Limits, Placing, plan, slots
from lib.simulation import film, measure, shortened

GOLDEN = sorted((Path(__file__).parent / "golden" / "timing").glob("*.json"))
FILM_MS = 20_000

PLACINGS = st.builds(
    lambda start, length, **rest: Placing(0, start, start + length, **rest),
    st.integers(0, 18_000),
    st.integers(0, 5_000),
    speaker=st.sampled_from("ABC"),
    natural_ms=st.integers(0, 8_000),
    audio_mode=st.sampled_from(["tts", "tts", "tts", "original", "mute"]),
)
FILMS = st.lists(PLACINGS, max_size=12).map(
    lambda lines: [replace(line, id=number) for number, line in enumerate(lines)]
)
LIMIT_SETS = st.builds(
    Limits,
    floor=st.sampled_from([0.8, 0.88, 1.0]),
    gentle=st.sampled_from([1.0, 1.06]),
    soft=st.sampled_from([1.06, 1.12, 1.2]),
    hard=st.sampled_from([1.2, 1.35, 1.5]),
)


def voices(lines: Sequence[Placing], fits: Mapping[int, Fit]) -> dict[str, list[Fit]]:
    """Fits of each speaker, in order of their start."""
    found: dict[str, list[Fit]] = {}
    for line in lines:
        if line.id in fits:
            found.setdefault(line.speaker, []).append(fits[line.id])
    return {speaker: sorted(row, key=lambda fit: fit.start_ms) for speaker, row in found.items()}


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_film_on_record_is_planned_as_it_was(file: Path) -> None:
    record = json.loads(file.read_text())
    lines = [Placing(**line) for line in record["lines"]]
    fits = plan(lines, record["film_ms"])
    assert {str(line_id): asdict(fit) for line_id, fit in fits.items()} == record["fits"]


def test_there_are_films_on_record() -> None:
    assert len(GOLDEN) >= 14


@given(FILMS, LIMIT_SETS)
def test_every_take_is_placed_and_nothing_else_is(lines: list[Placing], limits: Limits) -> None:
    spoken = {line.id for line in lines if line.audio_mode == "tts" and line.natural_ms > 0}
    assert plan(lines, FILM_MS, limits).keys() == spoken


@given(FILMS, LIMIT_SETS)
def test_words_are_never_cut(lines: list[Placing], limits: Limits) -> None:
    for line in lines:
        fit = plan(lines, FILM_MS, limits).get(line.id)
        if fit is not None:
            assert fit.natural_ms == line.natural_ms
            assert fit.tempo == round(line.natural_ms / (fit.end_ms - fit.start_ms), 4)


@given(FILMS, LIMIT_SETS)
def test_tempo_stays_within_its_limits(lines: list[Placing], limits: Limits) -> None:
    for fit in plan(lines, FILM_MS, limits).values():
        assert fit.tempo <= limits.hard
        assert fit.tempo >= limits.floor or fit.end_ms - fit.start_ms == 1


@given(FILMS, LIMIT_SETS)
def test_lines_of_one_speaker_never_overlap(lines: list[Placing], limits: Limits) -> None:
    for row in voices(lines, plan(lines, FILM_MS, limits)).values():
        for before, after in pairwise(row):
            assert after.start_ms - before.end_ms >= limits.guard_same_ms


@given(FILMS, LIMIT_SETS)
def test_no_line_leads_and_order_is_kept(lines: list[Placing], limits: Limits) -> None:
    fits = plan(lines, FILM_MS, limits)
    for line in lines:
        if line.id in fits:
            assert fits[line.id].lag_ms == fits[line.id].start_ms - line.start_ms >= 0
    onsets = {line.id: line.start_ms for line in lines}
    assert [onsets[line_id] for line_id in fits] == sorted(onsets[line_id] for line_id in fits)


@given(FILMS, LIMIT_SETS)
def test_a_line_is_late_only_behind_one_that_overflows(
    lines: list[Placing], limits: Limits
) -> None:
    for row in voices(lines, plan(lines, FILM_MS, limits)).values():
        for before, after in pairwise([None, *row]):
            assert after is not None
            late = after.lag_ms > limits.lag_ms
            assert not late or (before is not None and before.end_ms > after.start_ms - 81)
            assert not late or any(fit.state == "overflow" for fit in row)


@given(FILMS, LIMIT_SETS)
def test_a_line_past_its_room_or_the_film_is_listed(lines: list[Placing], limits: Limits) -> None:
    for fit in plan(lines, FILM_MS, limits).values():
        assert (fit.overflow_ms > 0) == (fit.state == "overflow")
        assert fit.end_ms <= FILM_MS or fit.overflow_ms > 0
        assert fit.state != "overflow" or fit.tempo > limits.hard - 0.01 or fit.natural_ms < 200


@given(FILMS, LIMIT_SETS)
def test_a_film_that_already_fits_is_left_alone(lines: list[Placing], limits: Limits) -> None:
    fits = plan(lines, FILM_MS, limits)
    length_ms = max([FILM_MS, *(fit.end_ms for fit in fits.values())])
    placed = [
        Placing(line.id, fit.start_ms, fit.end_ms, line.speaker, fit.end_ms - fit.start_ms)
        for line in lines
        for fit in [fits.get(line.id)]
        if fit is not None
    ]
    for line_id, again in plan(placed, length_ms, limits).items():
        assert (again.tempo, again.lag_ms, again.overflow_ms) == (1.0, 0, 0)
        assert (again.start_ms, again.end_ms) == (fits[line_id].start_ms, fits[line_id].end_ms)


@given(FILMS, st.randoms(use_true_random=False))
def test_the_order_in_which_lines_are_given_does_not_matter(
    lines: list[Placing], dice: random.Random
) -> None:
    shuffled = list(lines)
    dice.shuffle(shuffled)
    assert plan(shuffled, FILM_MS) == plan(lines, FILM_MS)


@given(FILMS)
def test_neighbours_differ_by_a_step_unless_it_would_strain_the_slower(
    lines: list[Placing],
) -> None:
    for row in voices(lines, plan(lines, FILM_MS)).values():
        for before, after in pairwise(row):
            slower, faster = sorted((before, after), key=lambda fit: fit.tempo)
            near = after.start_ms - before.end_ms <= LIMITS.near_ms
            coarse = 2 * slower.tempo / slower.natural_ms
            wanted = min(LIMITS.soft, faster.tempo - LIMITS.step)
            assert not near or slower.tempo >= wanted - 2 * coarse - 0.001


@given(FILMS)
def test_rooms_depend_on_no_take(lines: list[Placing]) -> None:
    rooms = slots([replace(line, natural_ms=0) for line in lines], FILM_MS)
    assert all(rooms[line_id] == fit.slot_ms for line_id, fit in plan(lines, FILM_MS).items())


@given(FILMS)
def test_speakers_who_take_turns_are_not_doubled_without_overflow(lines: list[Placing]) -> None:
    ordered = sorted(lines, key=lambda line: line.start_ms)
    turns, free_ms = [], 0
    for line in ordered:
        if line.start_ms >= free_ms and line.audio_mode == "tts":
            turns.append(line)
            free_ms = line.end_ms
    fits = [fit for fit in plan(turns, FILM_MS).values() if fit.end_ms > fit.start_ms]
    for before, after in pairwise(fits):
        assert before.overflow_ms > 0 or after.start_ms >= before.end_ms


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_a_changed_take_moves_only_lines_near_it(seed: int) -> None:
    lines, film_ms = film(60, mean_need=0.9, seed=seed)
    changed = [
        replace(line, natural_ms=line.natural_ms * 2) if line.id == 30 else line for line in lines
    ]
    before, after = plan(lines, film_ms), plan(changed, film_ms)
    moved = [line_id for line_id in before if before[line_id] != after[line_id]]
    assert moved == [] or (min(moved) >= 20 and max(moved) <= 45)


@given(FILMS, st.data())
def test_kept_lines_stay_unless_their_own_speaker_runs_into_them(
    lines: list[Placing], data: st.DataObject
) -> None:
    before = plan(lines, FILM_MS)
    changed = [
        replace(line, natural_ms=data.draw(st.integers(1, 8_000)))
        if line.id in before and data.draw(st.booleans())
        else line
        for line in lines
    ]
    kept = {
        old.id: before[old.id]
        for old, new in zip(lines, changed, strict=True)
        if old == new and old.id in before
    }
    after = plan(changed, FILM_MS, kept=kept)
    assert after.keys() == before.keys()
    moved = {line_id for line_id, fit in kept.items() if after[line_id] != fit}
    for row in voices(changed, after).values():
        assert all(one.end_ms <= other.start_ms for one, other in pairwise(row))
    assert not moved or any(after[line_id].overflow_ms > 0 for line_id in after)


def test_everything_kept_is_the_same_plan() -> None:
    lines, film_ms = film(300, mean_need=1.15, seed=4)
    fits = plan(lines, film_ms)
    assert plan(lines, film_ms, kept=fits) == fits


@pytest.mark.parametrize("setting", [{"hard": 1.6}, {"hard": 1.1}, {"floor": 1.1}, {"floor": 0.2}])
def test_limits_out_of_order_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(UsageError) as caught:
        Limits(**setting)  # type: ignore[arg-type]
    assert caught.value.code == "stages.tempo_limits"


def test_a_made_up_film_with_shortened_text_meets_the_targets() -> None:
    lines, film_ms = film(1500, mean_need=1.0, seed=20)
    row = measure(shortened(lines, film_ms, by=0.2), film_ms)
    assert row.cut == 0
    assert row.iou >= 0.85
    assert row.tempo_p95 <= 1.15
    assert row.tempo_max <= 1.35
    assert row.over_1_2 <= 0.05
    assert row.dead <= 0.06


def test_a_made_up_film_of_long_text_loses_no_word_and_stays_followable() -> None:
    lines, film_ms = film(1500, mean_need=1.15, seed=20)
    row = measure(lines, film_ms)
    assert row.cut == 0
    assert row.iou >= 0.83
    assert row.tempo_max <= 1.35
    assert row.over_1_2 <= 0.25
    assert row.doubled <= 0.06
