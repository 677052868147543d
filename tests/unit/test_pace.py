"""Lengths of texts are estimated, learned from a voice, and the text that fits is chosen."""

import pytest

from dubbing_pipeline.stages.pace import (
    calibrate,
    choose_variant,
    estimate_ms,
    misfit,
    spoken_characters,
)

TEXTS = ("a" * 60, "a" * 45, "a" * 30)


def test_a_language_has_its_own_rate_and_an_unknown_one_the_middle() -> None:
    assert estimate_ms("a" * 30, "en-GB") == 2000
    assert estimate_ms("a" * 30, "zh") == 5000
    assert estimate_ms("a" * 28, "xx") == 2000


def test_the_voice_replaces_the_table() -> None:
    assert estimate_ms("a" * 30, "en", 10.0) == 3000


def test_digits_and_acronyms_count_as_they_are_said() -> None:
    assert spoken_characters("on  7 May") == len("on 7 May") + 4
    assert spoken_characters("the BBC says") == len("the BBC says") + 6
    assert spoken_characters("STOP") == len("STOP")


def test_a_voice_is_known_after_three_lines_by_its_median() -> None:
    assert calibrate([("a" * 10, 1000), ("a" * 12, 1000)]) is None
    assert calibrate([("a" * 10, 1000), ("a" * 12, 1000), ("a" * 90, 1000)]) == 12.0
    assert calibrate([("a", 0), ("a", 0), ("a", 0)]) is None


@pytest.mark.parametrize(("source_ms", "room_ms", "chosen"), [(4000, 4200, 0), (3000, 3100, 1)])
def test_the_first_text_that_needs_no_change_of_tempo_is_chosen(
    source_ms: int, room_ms: int, chosen: int
) -> None:
    assert choose_variant(TEXTS, language="en", source_ms=source_ms, room_ms=room_ms) == chosen


def test_the_nearest_text_is_chosen_where_none_fits() -> None:
    assert choose_variant(TEXTS, language="en", source_ms=1100, room_ms=1200) == 2
    assert choose_variant(TEXTS, language="en", source_ms=9000, room_ms=9500) == 0


def test_within_a_tenth_the_translators_first_choice_stands() -> None:
    assert choose_variant(TEXTS, language="en", source_ms=3600, room_ms=3750) == 0


def test_a_line_of_less_than_a_second_keeps_its_first_text() -> None:
    assert choose_variant(TEXTS, language="en", source_ms=800, room_ms=900) == 0


def test_a_text_as_long_as_the_source_or_its_gap_misfits_by_nothing() -> None:
    assert misfit(2000, 2000, 2500) == misfit(2500, 2000, 2500) == 0
    assert misfit(2600, 2000, 2500) > 0 > misfit(1900, 2000, 2500)
