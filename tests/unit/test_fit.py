"""Takes come to their planned length, and what nobody changed stays where it was."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from dubbing_pipeline.model.speech import LineEdit, Timeline
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.stages.takes import take_frames
from lib.small_film import LINES, SmallFilm
from lib.tools import need


@pytest.fixture
def film(tmp_path: Path) -> Iterator[SmallFilm]:
    need("ffmpeg")
    with open_store(tmp_path, "test") as store:
        yield SmallFilm(store)


def spans_of(timeline: Timeline, speaker: str) -> list[tuple[int, int]]:
    placed = [line.fit for line in timeline.lines if line.speaker == speaker and line.fit]
    return sorted((fit.start_ms, fit.end_ms) for fit in placed)


def test_a_placed_take_is_as_long_as_planned_to_the_sample(film: SmallFilm) -> None:
    made = film.fit()
    takes = film.takes_of(made)
    for line in film.timeline_of(made).lines:
        assert line.fit is not None
        planned = (line.fit.end_ms - line.fit.start_ms) * 48
        assert take_frames(film.store, takes[line.id].placed) == (planned, 48_000)


def test_lines_nobody_changed_keep_their_fit_and_their_take(film: SmallFilm) -> None:
    first = film.fit()
    second = film.revise(first, (3, LineEdit(target="Otras palabras.")))
    for before, after in zip(
        film.timeline_of(first).lines, film.timeline_of(second).lines, strict=True
    ):
        same_take = film.takes_of(first)[before.id] == film.takes_of(second)[before.id]
        assert (before.fit == after.fit, same_take) == (
            (True, True) if before.id != 3 else (False, False)
        )


def test_an_edit_back_to_the_old_words_gives_the_old_timeline(film: SmallFilm) -> None:
    first = film.fit()
    old = LineEdit(target=LINES[2].target)
    second = film.revise(first, (3, LineEdit(target="Otras palabras.")), (3, old))
    assert film.timeline_of(second) == film.timeline_of(first)


def test_a_changed_line_that_got_long_is_not_spoken_over_the_speakers_next(film: SmallFilm) -> None:
    long = LineEdit(target="palabras " * 20)
    timeline = film.timeline_of(film.revise(film.fit(), (1, long)))
    for before, after in pairwise(spans_of(timeline, "S1")):
        assert before[1] < after[0]


@pytest.mark.parametrize("mode", ["original", "mute"])
def test_a_line_that_is_no_longer_spoken_has_no_fit_and_no_take(film: SmallFilm, mode: str) -> None:
    edit = LineEdit(audio_mode="mute" if mode == "mute" else "original")
    made = film.revise(film.fit(), (3, edit))
    assert film.timeline_of(made).line(3).fit is None
    assert 3 not in film.takes_of(made)


def test_a_line_marked_original_is_spoken_again_when_asked_for(film: SmallFilm) -> None:
    first = film.fit()
    made = film.revise(first, (3, LineEdit(audio_mode="original")), (3, LineEdit(audio_mode="tts")))
    assert film.timeline_of(made) == film.timeline_of(first)


def test_a_line_of_another_speaker_is_not_moved_for_an_overlap(film: SmallFilm) -> None:
    across = replace(LINES[1], start_ms=2000, end_ms=4000)
    film.lines = (LINES[0], across, *LINES[2:])
    fit = film.timeline_of(film.fit()).line(2).fit
    assert fit is not None
    assert fit.start_ms == across.start_ms
