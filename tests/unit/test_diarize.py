"""Lines with speakers, from words and from subtitles."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dubbing_pipeline.engines.base import Samples
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.model.speech import Timeline, Word
from dubbing_pipeline.stages.artifacts import put_json, read_json
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Json, StageCall
from dubbing_pipeline.stages.diarize import STAGE
from dubbing_pipeline.stages.documents import read_timeline
from dubbing_pipeline.stages.folder_store import FolderStore, open_store
from dubbing_pipeline.stages.speakers import gender_of
from dubbing_pipeline.stages.transcript import Heard, Utterance, heard_json
from fakes.hearing import buzz, put_sound

PAUSE = np.zeros(8_000, np.float32)


def low(length_s: float) -> Samples:
    return buzz(length_s, 105.0)


def high(length_s: float) -> Samples:
    """Another pitch, and a brighter sound."""
    return np.diff(buzz(length_s, 210.0), prepend=0.0).astype(np.float32) * 3


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FolderStore]:
    with open_store(tmp_path, "test") as opened:
        yield opened


def run(store: FolderStore, sound: list[Samples], heard: Heard) -> tuple[Timeline, Json]:
    inputs = {
        "speech": put_sound(store, sound),
        "transcript": put_json(store, "7" * 64, heard_json(heard)),
    }
    engines = Registry(EngineSettings(Path(), Path()))
    call = StageCall("diarize", 1, inputs)
    keys = STAGE.run(call, StageContext(store, engines, lambda _: None))
    return read_timeline(store.fetch(keys["lines"])), read_json(store, keys["speakers"])


def spoken(start_ms: int, end_ms: int, count: int, stop: str = ".") -> Utterance:
    """Words spread evenly, 20 ms between them."""
    step = (end_ms - start_ms) // count
    words = tuple(
        Word(start_ms + step * at, start_ms + step * (at + 1) - 20, f"word{at}")
        for at in range(count)
    )
    words = (*words[:-1], replace(words[-1], text=words[-1].text + stop))
    text = " ".join(word.text for word in words)
    return Utterance(start_ms, words[-1].end_ms, text, words)


def heard(*utterances: Utterance, duration_ms: int, origin: str = "recognised") -> Heard:
    return Heard("en", duration_ms, utterances, origin)  # type: ignore[arg-type]


def in_turn(count: int) -> tuple[list[Samples], list[Utterance]]:
    """Two voices, two seconds each, half a second between them."""
    sound = [part for at in range(count) for part in ((high if at % 2 else low)(2.0), PAUSE)]
    return sound, [spoken(2_500 * at, 2_500 * at + 2_000, 6) for at in range(count)]


def test_two_voices_in_turn_are_two_speakers(store: FolderStore) -> None:
    sound, said = in_turn(6)
    timeline, speakers = run(store, sound, heard(*said, duration_ms=15_000))
    assert [line.speaker for line in timeline.lines] == ["S1", "S2"] * 3
    assert [line.id for line in timeline.lines] == [1, 2, 3, 4, 5, 6]
    assert {name: facts["gender"] for name, facts in speakers.items()} == {"S1": "m", "S2": "f"}
    assert speakers["S1"]["f0_hz"] == pytest.approx(105, abs=2)


def test_lines_keep_words_text_and_languages(store: FolderStore) -> None:
    sound, said = in_turn(2)
    timeline, _ = run(store, sound, heard(*said, duration_ms=5_000))
    assert (timeline.source_language, timeline.target_language) == ("en", "")
    assert timeline.duration_ms == 5_000
    assert [line.words for line in timeline.lines] == [each.words for each in said]
    assert [line.source for line in timeline.lines] == [each.text for each in said]


def test_one_voice_is_one_speaker_however_often_it_speaks(store: FolderStore) -> None:
    sound = [part for length in (2.0, 1.2, 3.0, 0.8) for part in (low(length), PAUSE)]
    starts = (0, 2_500, 4_200, 7_700)
    said = [spoken(at, at + 700, 3) for at in starts]
    timeline, speakers = run(store, sound, heard(*said, duration_ms=9_000))
    assert list(speakers) == ["S1"]
    assert timeline.speakers == ("S1",)


def test_a_line_is_split_where_the_voice_changes_without_a_pause(store: FolderStore) -> None:
    sound = [low(3.0), high(3.0), PAUSE, low(3.0), high(3.0)]
    said = [spoken(0, 6_000, 20, ""), spoken(6_500, 12_500, 20, "")]
    timeline, _ = run(store, sound, heard(*said, duration_ms=12_500))
    changes = [
        line.start_ms
        for before, line in zip(timeline.lines, timeline.lines[1:], strict=False)
        if before.speaker != line.speaker
    ]
    assert changes == [3_000, 6_500, 9_500]


def test_speakers_that_subtitles_name_win(store: FolderStore) -> None:
    sound, said = in_turn(4)
    cues = [replace(each, words=(), speaker=name) for each, name in zip(said, "AABB", strict=True)]
    timeline, speakers = run(store, sound, heard(*cues, duration_ms=10_000, origin="subtitles"))
    assert [line.speaker for line in timeline.lines] == ["A", "A", "B", "B"]
    assert set(speakers) == {"A", "B"}


def test_cues_without_a_name_get_that_of_their_voice(store: FolderStore) -> None:
    sound, said = in_turn(6)
    names = ["Anna", "", "", "", "", ""]
    cues = [replace(each, words=(), speaker=name) for each, name in zip(said, names, strict=True)]
    timeline, _ = run(store, sound, heard(*cues, duration_ms=15_000, origin="subtitles"))
    assert [line.speaker for line in timeline.lines] == ["Anna", "S1"] * 3
    assert all(not line.words for line in timeline.lines)


def test_a_made_up_name_is_never_one_that_cues_use(store: FolderStore) -> None:
    sound, said = in_turn(4)
    names = ["S1", "", "S1", ""]
    cues = [replace(each, words=(), speaker=name) for each, name in zip(said, names, strict=True)]
    timeline, _ = run(store, sound, heard(*cues, duration_ms=10_000, origin="subtitles"))
    assert [line.speaker for line in timeline.lines] == ["S1", "S2", "S1", "S2"]


@pytest.mark.parametrize(
    ("hz", "gender"), [(0.0, ""), (88.0, "m"), (128.0, "m"), (152.0, ""), (170.0, "f")]
)
def test_a_gender_is_guessed_only_where_the_pitch_is_plain(hz: float, gender: str) -> None:
    assert gender_of(hz) == gender
