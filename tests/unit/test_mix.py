"""A mix is the same in blocks of any size, and a later one differs where a line does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dubbing_pipeline.media.audio import measure_lufs
from dubbing_pipeline.media.flac import SpanReader
from dubbing_pipeline.model.speech import LineEdit
from dubbing_pipeline.stages.artifacts import read_json
from dubbing_pipeline.stages.call import StageCall
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.stages.mix import TARGET_LUFS, mixed, open_score
from dubbing_pipeline.stages.mixing import Span
from lib.small_film import FILM_MS, LINES, RATE_HZ, SmallFilm
from lib.tools import need

SECOND = RATE_HZ
EDITS = {
    "words": LineEdit(target="Otras palabras."),
    "time": LineEdit(start_ms=17_500),
    "speaker": LineEdit(speaker="S2"),
    "stranger": LineEdit(speaker="Somebody"),
    "original": LineEdit(audio_mode="original"),
    "mute": LineEdit(audio_mode="mute"),
}


@pytest.fixture
def film(tmp_path: Path) -> Iterator[SmallFilm]:
    need("ffmpeg")
    with open_store(tmp_path, "test") as store:
        # two levels a speaker, so that one line more or less moves what is usual for them
        yield SmallFilm(store, loud={1: 0.3, 3: 0.3, 5: 0.02, 6: 0.02})


@pytest.mark.parametrize("kind", EDITS)
def test_a_mix_with_a_changed_line_differs_around_that_line_only(
    film: SmallFilm, kind: str
) -> None:
    first = film.mix(film.fit())
    later = film.revise(first, (5, EDITS[kind]), mix=True)
    changed = np.flatnonzero((film.heard(first) != film.heard(later)).any(axis=1))
    assert changed.size
    assert 16 * SECOND < changed[0] < changed[-1] < 22 * SECOND


def test_a_mix_does_not_depend_on_where_its_blocks_begin(film: SmallFilm) -> None:
    made = film.fit()
    inputs = {**made["fit"], **made["extract"], **made["transcribe"]}
    call = StageCall("mix", 1, inputs)
    with SpanReader(film.store.fetch(inputs["sound"])) as sound:
        score = open_score(call, film.context, sound)
        whole, _ = mixed(score, Span(0, 8 * SECOND), 12.0)
        parts = [
            mixed(score, Span(begin, end), 12.0)[0]
            for begin, end in ((0, 47_123), (47_123, 5 * SECOND), (5 * SECOND, 8 * SECOND))
        ]
    assert (np.concatenate(parts) == whole).all()


def test_a_muted_line_is_silent_and_one_left_original_is_as_it_was(film: SmallFilm) -> None:
    first = film.fit()
    quiet, left = LineEdit(audio_mode="mute"), LineEdit(audio_mode="original")
    made = film.revise(first, (3, quiet), (4, left), mix=True)
    mix, gain = film.heard(made), 10 ** (3.0 / 20)
    with SpanReader(film.store.fetch(made["extract"]["sound"])) as sound:
        original = sound.span(13_000, 15_000)
    assert np.abs(mix[9 * SECOND : 11 * SECOND]).max() < 1e-4
    assert np.allclose(mix[13 * SECOND : 15 * SECOND], original * gain, atol=1e-4)


def test_a_first_mix_is_as_loud_as_it_shall_be_and_as_long_as_the_film(film: SmallFilm) -> None:
    made = film.dub()
    path = film.store.fetch(made["mix"]["dub"])
    with SpanReader(path) as dub:
        assert dub.frames == FILM_MS * 48
    assert abs(measure_lufs(path, duration_ms=FILM_MS) - TARGET_LUFS) <= 0.5


def test_a_mix_of_nothing_is_left_as_quiet_as_it_is(film: SmallFilm) -> None:
    film.lines = tuple(replace(line, audio_mode="original") for line in LINES)
    film.loud = dict.fromkeys(range(1, 7), 0.0)
    made = film.dub()
    assert read_json(film.store, made["mix"]["master"]) == {"gain_db": 0.0}


def test_noise_without_a_voice_is_not_made_as_loud_as_one(film: SmallFilm) -> None:
    film.lines = tuple(replace(line, audio_mode="original") for line in LINES)
    film.loud = dict.fromkeys(range(1, 7), 0.0005)
    made = film.dub()
    assert read_json(film.store, made["mix"]["master"]) == {"gain_db": 30.0}
