"""Every line comes back translated, and every speaker keeps what is known of the voice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dubbing_pipeline.errors import NothingToDub, UsageError
from dubbing_pipeline.model.speech import Line
from dubbing_pipeline.stages.artifacts import put_json, put_text, read_json
from dubbing_pipeline.stages.call import Keys, StageCall, digest
from dubbing_pipeline.stages.documents import read_timeline, timeline_text
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.stages.translate import STAGE
from lib.small_film import FAKE, LINES, SmallFilm

SPEAKERS = {"S1": {"f0_hz": 210.0, "gender": "f"}, "S2": {"f0_hz": 110.0, "gender": "m"}}
SUBTITLES = """1
00:00:01,000 --> 00:00:03,000
TOM: Buenos días.

2
00:00:05,000 --> 00:00:07,000
EVA: Adiós.
"""


@pytest.fixture
def film(tmp_path: Path) -> Iterator[SmallFilm]:
    with open_store(tmp_path, "test") as store:
        yield SmallFilm(store)


def translated(
    film: SmallFilm, lines: Sequence[Line] = LINES, *, to: str = "es", subtitles: str = ""
) -> Keys:
    heard = timeline_text(replace(film.timeline, target_language="", lines=tuple(lines)))
    inputs = {
        "lines": put_text(film.store, digest({"heard": heard}), heard),
        "speakers": put_json(film.store, digest(SPEAKERS), SPEAKERS),
    }
    if subtitles:
        inputs["subtitles"] = put_text(film.store, digest(subtitles), subtitles)
    params = {"language": to, "glossary": {}}
    call = StageCall("translate", 1, inputs, params, {"translator": FAKE})
    return STAGE.run(call, film.context)


def test_each_line_gets_the_first_translation_and_all_are_kept(film: SmallFilm) -> None:
    made = translated(film)
    timeline = read_timeline(film.store.fetch(made["timeline"]))
    assert {line.target for line in timeline.lines} == {"[es] Some words."}
    assert read_json(film.store, made["variants"])["1"] == ["[es] Some words."]


def test_a_line_without_words_stays_as_it_sounds(film: SmallFilm) -> None:
    made = translated(film, [replace(LINES[0], source="♪"), *LINES[1:]])
    timeline = read_timeline(film.store.fetch(made["timeline"]))
    assert [line.audio_mode for line in timeline.lines[:2]] == ["original", "tts"]


def test_a_film_in_which_no_line_has_words_is_nothing_to_dub(film: SmallFilm) -> None:
    with pytest.raises(NothingToDub) as caught:
        translated(film, [replace(line, source="♪ …") for line in LINES])
    assert caught.value.code == "stages.nothing_to_speak"


def test_a_film_in_the_target_language_is_refused(film: SmallFilm) -> None:
    with pytest.raises(UsageError) as caught:
        translated(film, to="en")
    assert caught.value.code == "stages.same_language"


def test_speakers_are_cast_in_the_order_they_appear(film: SmallFilm) -> None:
    lines = [replace(LINES[0], speaker="S10"), *LINES[1:]]
    cast = read_json(film.store, translated(film, lines)["cast"])
    assert [each["name"] for each in cast] == ["S10", "S2", "S1"]


def test_speakers_whom_subtitles_name_sound_like_those_they_speak_over(film: SmallFilm) -> None:
    cast = read_json(film.store, translated(film, subtitles=SUBTITLES)["cast"])
    assert [(each["name"], each["gender"]) for each in cast[:2]] == [("TOM", "f"), ("EVA", "m")]
