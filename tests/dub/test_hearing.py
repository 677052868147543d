"""Films are heard as they are: their words, their times, and who says them."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from statistics import median

import pytest

from dubbing_pipeline.errors import NothingToDub
from dubbing_pipeline.stages.folder_store import open_store
from lib.hearing import Hearing, hear
from lib.samples import sample
from samples.make import Sample
from scoring.speakers import Turn, score_speakers
from scoring.words import word_errors

Listen = Callable[[str], Hearing]


@pytest.fixture(scope="module")
def listen(tmp_path_factory: pytest.TempPathFactory) -> Listen:
    @cache
    def once(name: str) -> Hearing:
        with open_store(tmp_path_factory.mktemp(name), "test") as store:
            return hear(store, sample(name))

    return once


def true_turns(film: Sample) -> list[Turn]:
    return [Turn(line.start_ms, line.end_ms, line.speaker) for line in film.truth.lines]


def onset_errors_ms(film: Sample, starts_ms: Sequence[int]) -> list[int]:
    """How far the nearest found start is from that of each true line."""
    return [min(abs(found - line.start_ms) for found in starts_ms) for line in film.truth.lines]


@pytest.mark.parametrize(
    ("name", "limit"), [("clean", 0.05), ("three", 0.05), ("silences", 0.05), ("noisy", 0.15)]
)
def test_words_are_heard(listen: Listen, name: str, limit: float) -> None:
    assert word_errors(sample(name).truth.text, listen(name).text).rate <= limit


@pytest.mark.parametrize("name", ["clean", "three", "silences", "overlap", "noisy"])
def test_at_least_95_percent_of_lines_have_the_right_speaker(listen: Listen, name: str) -> None:
    assert score_speakers(true_turns(sample(name)), listen(name).turns).accuracy >= 0.95


@pytest.mark.parametrize(("name", "count"), [("clean", 2), ("three", 3), ("noisy", 2)])
def test_there_are_as_many_speakers_as_there_are(listen: Listen, name: str, count: int) -> None:
    assert len(listen(name).speakers) == count


@pytest.mark.parametrize(
    ("name", "limit_ms"), [("clean", 30), ("three", 30), ("silences", 30), ("noisy", 60)]
)
def test_lines_begin_when_their_sound_does(listen: Listen, name: str, limit_ms: int) -> None:
    starts_ms = [line.start_ms for line in listen(name).timeline.lines]
    assert median(onset_errors_ms(sample(name), starts_ms)) <= limit_ms


def test_pitch_tells_a_woman_from_a_man(listen: Listen) -> None:
    genders = [facts["gender"] for facts in listen("clean").speakers.values()]
    assert genders == ["f", "m"]


def test_speech_is_where_the_truth_has_it(listen: Listen) -> None:
    found = listen("clean").speech_spans
    for line in sample("clean").truth.lines:
        middle_ms = (line.start_ms + line.end_ms) // 2
        assert any(start_ms <= middle_ms <= end_ms for start_ms, end_ms in found)


def test_hearing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        with open_store(tmp_path / name, "test") as store:
            hear(store, sample("clean"))
            files = sorted(path for path in tmp_path.joinpath(name).rglob("*") if path.is_file())
            texts.append([(path.name, path.read_bytes()) for path in files])
    assert texts[0] == texts[1]


def test_music_is_refused_with_its_reason(tmp_path: Path) -> None:
    with open_store(tmp_path, "test") as store, pytest.raises(NothingToDub) as caught:
        hear(store, sample("music"))
    assert caught.value.code in {"stages.no_speech", "stages.no_words"}


def test_spanish_subtitles_without_names_get_their_speakers(tmp_path: Path) -> None:
    film = sample("spanish")
    with open_store(tmp_path, "test") as store:
        found = hear(store, film, subtitles=film.subtitles)
    assert score_speakers(true_turns(film), found.turns).accuracy >= 0.95
    assert [line.source for line in found.timeline.lines] == [
        line.text for line in film.truth.lines
    ]
