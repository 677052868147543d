"""The numbers of the report, and the verdict, follow from what was measured."""

from dataclasses import replace

import pytest

from dubbing_pipeline.media.audio import Loudness
from dubbing_pipeline.model.speech import Line, Timeline
from dubbing_pipeline.stages.call import Json
from dubbing_pipeline.stages.checks import RULES, evaluate
from dubbing_pipeline.stages.metrics import Hearing, metrics_of
from lib.measured import FILM, FIT, HEARING, LINE, SPOKEN

TIMELINE = Timeline(
    "en", "es", 10_000, (Line(1, 0, 1000, "A", "a line here", "una frase aquí", fit=FIT),)
)
EXACT_KEYS = (
    "lines speech_overlap_f1 speech_overlap_iou dead_air_ratio onset_error_p50_ms onset_lag_p95_ms "
    "tempo_p95 tempo_max lines_over_1_2 words_cut lines_overflow loudness_lufs true_peak_dbtp "
    "duration_delta_ms video_bitexact media_s"
)


def failing(metrics: dict[str, Json]) -> set[str]:
    return {check["name"] for check in metrics["checks"] if not check["ok"]}


def with_line(**changed: Json) -> Hearing:
    return replace(HEARING, lines=[replace(LINE, **changed)])


def test_a_good_dub_passes_every_check() -> None:
    metrics = metrics_of(TIMELINE, HEARING, FILM)
    assert metrics["passed"]
    assert failing(metrics) == set()
    assert len(metrics["checks"]) == len(RULES)


def test_the_promised_numbers_are_there() -> None:
    assert set(EXACT_KEYS.split()) <= metrics_of(TIMELINE, HEARING, FILM).keys()


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({"cut_ms": 21}, {"words_cut"}),
        ({"cut_ms": 61}, {"words_cut", "words_lost"}),
        ({"offset_ms": 101}, {"lines_off_plan"}),
        ({"onset_error_ms": 151}, {"onset_error_p50_ms", "onset_lag_p95_ms"}),
        ({"onset_error_ms": -80}, {"onset_error_p50_ms"}),
        ({"tempo": 1.3}, {"tempo_p95", "share_over_1_2"}),
        ({"overflow_ms": 1}, {"lines_overflow"}),
        ({"leak": 0.6}, {"leak", "lines_leaking"}),
        ({"characters_per_second": 23.0}, {"share_hurried"}),
    ],
)
def test_a_line_fails_the_checks_it_breaks(changed: dict[str, Json], failed: set[str]) -> None:
    assert failing(metrics_of(TIMELINE, with_line(**changed), FILM)) == failed


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({"dub_in_film": 0.1}, {"dub_in_film"}),
        ({"original_in_film": 0.0}, {"original_in_film"}),
        ({"duration_delta_ms": -60}, {"duration_off_ms"}),
        ({"duration_delta_ms": 300}, {"duration_off_ms", "duration_far_off_ms"}),
        ({"loudness": Loudness(-18.0, -0.5, 5.0)}, {"loudness_off_lu", "true_peak_dbtp"}),
        ({"loudness": Loudness(-30.0, -9.0, 5.0)}, {"loudness_off_lu", "loudness_far_off_lu"}),
        ({"video_bitexact": False}, {"video_bitexact"}),
        ({"tracks_tagged": False}, {"tracks_tagged"}),
    ],
)
def test_a_film_fails_the_checks_it_breaks(changed: dict[str, Json], failed: set[str]) -> None:
    assert failing(metrics_of(TIMELINE, HEARING, replace(FILM, **changed))) == failed


def test_only_hard_checks_fail_a_film() -> None:
    assert metrics_of(TIMELINE, with_line(overflow_ms=900), FILM)["passed"]
    assert not metrics_of(TIMELINE, with_line(cut_ms=200), FILM)["passed"]


def test_a_stem_without_speech_fails() -> None:
    metrics = metrics_of(TIMELINE, replace(HEARING, dub=[]), FILM)
    assert {"speech_in_stem", "dead_air_ratio"} <= failing(metrics)
    assert not metrics["passed"]


def test_speech_past_the_films_end_makes_it_longer_by_right() -> None:
    line = replace(TIMELINE.lines[0], fit=replace(FIT, start_ms=9500, end_ms=10_500))
    late = replace(TIMELINE, lines=(line,))
    longer = metrics_of(late, HEARING, replace(FILM, duration_delta_ms=500))
    assert not {"duration_off_ms", "duration_far_off_ms"} & failing(longer)
    much_longer = metrics_of(late, HEARING, replace(FILM, duration_delta_ms=900))
    assert {"duration_off_ms", "duration_far_off_ms"} <= failing(much_longer)


def test_questions_that_do_not_arise_are_not_asked() -> None:
    silent = replace(TIMELINE, lines=(replace(TIMELINE.lines[0], audio_mode="mute", fit=None),))
    film = replace(FILM, dub_in_film=None, original_in_film=None, video_bitexact=None)
    metrics = metrics_of(silent, Hearing([], SPOKEN, []), film)
    assert metrics["passed"]
    assert {check["name"] for check in metrics["checks"]} == {
        "duration_far_off_ms",
        "duration_off_ms",
        "true_peak_dbtp",
        "tracks_tagged",
    }


def test_silence_is_a_number_that_json_can_hold() -> None:
    silent = replace(FILM, loudness=Loudness(-70.0, float("-inf"), 0.0))
    assert metrics_of(TIMELINE, HEARING, silent)["true_peak_dbtp"] == -120.0


def test_a_step_of_tempo_counts_between_neighbours_only() -> None:
    fits = [FIT, replace(FIT, start_ms=1500, end_ms=2300, tempo=1.3)]
    lines = tuple(Line(n, 0, 1, "A", "x", "y", fit=fit) for n, fit in enumerate(fits))
    assert "tempo_step_max" in failing(metrics_of(replace(TIMELINE, lines=lines), HEARING, FILM))
    far = replace(fits[1], start_ms=7000, end_ms=7800)
    lines = (lines[0], replace(lines[1], fit=far))
    assert "tempo_step_max" not in failing(
        metrics_of(replace(TIMELINE, lines=lines), HEARING, FILM)
    )


def test_a_fact_nobody_thought_of_is_noticed() -> None:
    with pytest.raises(KeyError):
        evaluate({})
