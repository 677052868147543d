"""Words that fit their room are chosen by how long they really take, and settled ones stay."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dubbing_pipeline.model.speech import LineEdit
from dubbing_pipeline.stages.folder_store import open_store
from lib.small_film import LINES, SmallFilm
from lib.tools import need

LONG, MIDDLE, SHORT = "palabra " * 12, "palabra " * 8, "palabra " * 5
TEXTS = [text.strip() for text in (LONG, MIDDLE, SHORT)]


@pytest.fixture
def film(tmp_path: Path) -> Iterator[SmallFilm]:
    need("ffmpeg")
    with open_store(tmp_path, "test") as store:
        first = replace(LINES[0], target=TEXTS[0])
        yield SmallFilm(store, lines=[first, *LINES[1:]], variants={"1": TEXTS})


def test_the_longest_words_that_fit_their_room_are_spoken(film: SmallFilm) -> None:
    # 4 s at the fake's 15 characters a second, hurried a little: 64 of 95 fit, so 63 do
    assert film.timeline_of(film.fit()).line(1).target == TEXTS[1]


def test_words_that_fit_are_kept_though_shorter_ones_are_offered(film: SmallFilm) -> None:
    film.lines = (replace(LINES[0], target=TEXTS[2]), *LINES[1:])
    assert film.timeline_of(film.fit()).line(1).target == TEXTS[2]


def test_the_shortest_words_are_spoken_if_none_fit(film: SmallFilm) -> None:
    film.lines = (film.lines[0], replace(LINES[1], start_ms=3100), *LINES[2:])
    assert film.timeline_of(film.fit()).line(1).target == TEXTS[2]


def test_words_a_person_chose_are_spoken_though_shorter_ones_were_offered(film: SmallFilm) -> None:
    made = film.revise(film.fit(), (1, LineEdit(target=TEXTS[0])))
    assert film.timeline_of(made).line(1).target == TEXTS[0]


def test_a_line_nobody_changed_keeps_its_words_when_its_room_shrinks(film: SmallFilm) -> None:
    first = film.fit()
    made = film.revise(first, (2, LineEdit(start_ms=3500)))
    assert film.timeline_of(made).line(1) == film.timeline_of(first).line(1)


def test_a_speaker_an_editor_adds_takes_nobodys_voice(film: SmallFilm) -> None:
    first = film.fit()
    made = film.revise(first, (1, LineEdit(speaker="A new one")))
    voices = [film.takes_of(each)[line].voice for each in (first, made) for line in (2, 3)]
    assert voices[:2] == voices[2:]
