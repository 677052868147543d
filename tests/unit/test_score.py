"""The original gives way where a line is spoken, and each take is as loud as its line was."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dubbing_pipeline.media.flac import SpanReader
from dubbing_pipeline.model.speech import Line
from dubbing_pipeline.stages.call import StageCall
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.stages.mix import open_score
from dubbing_pipeline.stages.mixing import Span
from dubbing_pipeline.stages.score import _merged, _spans_with_edges
from dubbing_pipeline.stages.take import level_db
from lib.small_film import FILM_MS, LINES, Mono, SmallFilm
from lib.tools import need

FIRST, SECOND = replace(LINES[0], end_ms=3000), replace(LINES[1], start_ms=3200, end_ms=4000)


def edges(lines: Sequence[Line], *spans: tuple[int, int]) -> list[tuple[int, int]]:
    found = _spans_with_edges(lines, spans)
    return [(found[line.id].start // 48, found[line.id].end // 48) for line in lines]


def test_speech_that_a_recogniser_missed_at_a_lines_edge_belongs_to_the_line() -> None:
    assert edges([FIRST], (900, 3350)) == [(900, 3350)]


def test_speech_that_goes_on_far_beyond_a_line_does_not() -> None:
    assert edges([FIRST], (100, 9000)) == [(1000, 3000)]


def test_speech_across_two_lines_is_parted_where_the_next_one_begins() -> None:
    assert edges([FIRST, SECOND], (900, 4100)) == [(900, 3000), (3200, 4100)]
    assert edges([FIRST, SECOND], (900, 3300)) == [(900, 3200), (3200, 4000)]


def test_lines_that_overlap_give_way_as_one() -> None:
    spans = [Span(0, 100), Span(50, 150), Span(150, 200), Span(300, 400)]
    assert _merged(spans) == [Span(0, 200), Span(300, 400)]


@pytest.fixture
def film(tmp_path: Path) -> Iterator[SmallFilm]:
    need("ffmpeg")
    with open_store(tmp_path, "test") as store:
        yield SmallFilm(store)


def heard(film: SmallFilm, begin_ms: int, end_ms: int) -> tuple[Mono, Mono]:
    """Read the original as it is heard, and the dub, before any master gain."""
    made = film.fit()
    call = StageCall("mix", 1, {**made["fit"], **made["extract"], **made["transcribe"]})
    with SpanReader(film.store.fetch(call.inputs["sound"])) as sound:
        bed, dub = open_score(call, film.context, sound).read(Span(begin_ms * 48, end_ms * 48))
    return bed, dub


def test_a_take_is_as_loud_as_its_line_but_never_far_from_its_speakers_usual(
    film: SmallFilm,
) -> None:
    film.loud = {1: 0.1, 3: 0.12, 5: 0.1, 6: 0.5}
    levels = [level_db(heard(film, at, at + 2500)[1]) for at in (1000, 9000, 23_000)]
    assert levels[1] - levels[0] == pytest.approx(20 * np.log10(1.2), abs=0.3)
    usual = 20 * np.log10(np.sqrt(0.1 * 0.12))
    assert levels[2] == pytest.approx(usual + 4 - 3, abs=0.5)  # a sine's power is 3 dB below


def test_no_take_is_raised_or_lowered_beyond_what_a_voice_bears(film: SmallFilm) -> None:
    film.loud = dict.fromkeys(range(1, 7), 0.0001)
    natural = -20.0
    _, dub = heard(film, 1000, 3000)
    assert level_db(dub) > natural - 15


def test_two_speakers_at_once_are_both_heard_over_one_lowered_original(film: SmallFilm) -> None:
    film.lines = (LINES[0], replace(LINES[1], start_ms=2000, end_ms=4000), *LINES[2:])
    bed, dub = heard(film, 2200, 2600)
    assert np.abs(bed).max() <= 0.2 * 10 ** (-22 / 20) + 1e-3
    assert level_db(dub) > -30


def test_a_dub_that_outlasts_its_film_is_heard_to_its_end(film: SmallFilm) -> None:
    late = replace(LINES[5], start_ms=FILM_MS - 500, end_ms=FILM_MS, target="palabra " * 6)
    film.lines = (*LINES[:5], late)
    made = film.fit()
    fit = film.timeline_of(made).line(6).fit
    assert fit is not None
    _, dub = heard(film, FILM_MS, fit.end_ms)
    assert level_db(dub) > -40
