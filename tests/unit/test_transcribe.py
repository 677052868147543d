"""Hearing a film: in parts that a kill cannot take away, in one language, with its doubts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from dubbing_pipeline.engines.base import Samples, SpeechSpan, Tick, Transcript
from dubbing_pipeline.engines.fake import FakeDetector
from dubbing_pipeline.errors import Cancelled, EngineFailed, NothingToDub, UsageError
from dubbing_pipeline.stages.artifacts import read_json
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Json, Keys, StageCall
from dubbing_pipeline.stages.folder_store import FolderStore, open_store
from dubbing_pipeline.stages.transcribe import BLOCK_MS, STAGE
from dubbing_pipeline.stages.transcript import Heard, heard_from
from fakes.hearing import REF, CountingTranscriber, Ears, bursts, put_sound, segment

ENGINES = {"transcriber": REF, "detector": REF}


@dataclass
class Rig:
    store: FolderStore
    ear: CountingTranscriber = field(default_factory=CountingTranscriber)
    tick: Tick = lambda _: None

    def run(self, sound: Samples, language: str | None = "en", **inputs: str) -> Keys:
        keys = {"speech": put_sound(self.store, [sound]), **inputs}
        call = StageCall("transcribe", 1, keys, {"language": language}, ENGINES)
        return STAGE.run(call, StageContext(self.store, Ears(self.ear), self.tick))

    def hear(self, sound: Samples, language: str | None = "en", **inputs: str) -> Heard:
        return heard_from(self.read(self.run(sound, language, **inputs), "transcript"))

    def read(self, keys: Keys, role: str) -> Json:
        return read_json(self.store, keys[role])


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with open_store(tmp_path, "test") as store:
        yield Rig(store)


def stop_at(progress: float) -> Callable[[float], None]:
    def tick(now: float) -> None:
        if now >= progress:
            raise Cancelled("stages.silent_take")

    return tick


def test_words_and_spans_of_a_film_are_found(rig: Rig) -> None:
    keys = rig.run(bursts(3))
    spans = rig.read(keys, "speech_spans")
    heard = heard_from(rig.read(keys, "transcript"))
    assert [round(start, -2) for start, _ in spans] == [1_000, 5_000, 9_000]
    assert [round(each.start_ms, -2) for each in heard.utterances] == [1_000, 5_000, 9_000]
    assert (heard.language, heard.duration_ms) == ("en", 12_000)


def test_a_killed_run_goes_on_with_the_first_chunk_that_is_missing(rig: Rig) -> None:
    sound = bursts(60)
    rig.tick = stop_at(0.6)
    with pytest.raises(Cancelled):
        rig.run(sound)
    before = len(rig.ear.asked)
    rig.tick = lambda _: None
    rig.run(sound)
    undisturbed = CountingTranscriber()
    Rig(rig.store, undisturbed).run(sound[:-1])
    assert before >= 2
    assert len(rig.ear.asked) <= len(undisturbed.asked) + 2


def test_a_second_run_recognises_nothing_and_gives_the_same(rig: Rig) -> None:
    first = rig.run(bursts(30))
    asked = len(rig.ear.asked)
    assert rig.run(bursts(30)) == first
    assert len(rig.ear.asked) == asked


def test_no_chunk_asks_for_more_than_a_minute(rig: Rig) -> None:
    rig.run(bursts(60))
    assert all(length_s <= 28 for length_s, _ in rig.ear.asked)
    assert sum(length_s for length_s, _ in rig.ear.asked) >= 60 * 3


def test_the_language_is_found_once_and_kept(rig: Rig) -> None:
    rig.ear.change = lambda found, _: replace(found, language="de")
    assert rig.hear(bursts(60), None).language == "de"
    assert {language for _, language in rig.ear.asked[3:]} == {"de"}


def test_an_unsure_language_is_asked_of_three_chunks(rig: Rig) -> None:
    def change(found: Transcript, asked: int) -> Transcript:
        language = "fr" if asked <= 2 else "es"
        return replace(found, language=language, language_probability=0.5)

    rig.ear.change = change
    assert rig.hear(bursts(60), None).language == "es"


def test_speech_over_the_border_of_two_blocks_is_one_span(rig: Rig) -> None:
    count = BLOCK_MS // 4_000
    keys = rig.run(bursts(count + 4, length_s=3.5, pause_s=0.5))
    spans = rig.read(keys, "speech_spans")
    assert len(spans) == count + 4
    assert all(3_400 <= end - start <= 3_600 for start, end in spans)


@dataclass
class EverywhereDetector(FakeDetector):
    def detect(self, samples: Samples, *, tick: Tick) -> tuple[SpeechSpan, ...]:
        return (SpeechSpan(0, samples.size // 16),)


def test_endless_speech_is_cut_in_its_pauses(rig: Rig) -> None:
    key = put_sound(rig.store, [bursts(30)])
    call = StageCall("transcribe", 1, {"speech": key}, {"language": "en"}, ENGINES)
    STAGE.run(call, StageContext(rig.store, Ears(rig.ear, EverywhereDetector()), rig.tick))
    heard = heard_from(read_json(rig.store, call.key("transcript")))
    assert len(heard.utterances) == 30


def test_speech_that_was_skipped_is_heard_again_alone(rig: Rig) -> None:
    def change(found: Transcript, asked: int) -> Transcript:
        return replace(found, segments=found.segments[:1]) if asked == 1 else found

    rig.ear.change = change
    heard = rig.hear(bursts(3))
    assert len(heard.utterances) == 3
    assert len(rig.ear.asked) == 3


def test_words_without_times_are_laid_over_their_segment(rig: Rig) -> None:
    rig.ear.change = lambda found, _: replace(found, segments=(segment("two words", 200, 3_200),))
    (utterance,) = rig.hear(bursts(1)).utterances
    assert [word.text for word in utterance.words] == ["two", "words"]
    assert [round(word.start_ms, -2) for word in utterance.words] == [1_000, 2_200]


def test_silence_is_refused_before_anything_is_recognised(rig: Rig) -> None:
    with pytest.raises(NothingToDub) as caught:
        rig.run(bursts(4) * 0)
    assert caught.value.code == "stages.no_speech"
    assert not rig.ear.asked


def test_noise_that_the_recogniser_rejects_is_no_film_to_dub(rig: Rig) -> None:
    rig.ear.change = lambda found, _: replace(found, segments=(), rejected=found.segments)
    with pytest.raises(NothingToDub) as caught:
        rig.run(bursts(4))
    assert caught.value.code == "stages.no_words"


def test_one_phrase_over_and_over_is_the_recognisers_failure(rig: Rig) -> None:
    rig.ear.change = lambda found, _: replace(
        found, segments=tuple(replace(each, text="Thank you.", words=()) for each in found.segments)
    )
    with pytest.raises(EngineFailed):
        rig.run(bursts(40))


SRT = """1
00:00:01,000 --> 00:00:02,500
ANNA: Good morning.

2
00:00:02,000 --> 00:00:04,000
[music]

3
00:00:05,000 --> 00:00:07,000
BEN: Good evening.
"""


def subtitles(store: FolderStore, text: str) -> str:
    path = store.scratch(".srt")
    path.write_text(text)
    store.put("5" * 64, path)
    return "5" * 64


def test_subtitles_take_the_place_of_recognition(rig: Rig) -> None:
    heard = rig.hear(bursts(3), "en", subtitles=subtitles(rig.store, SRT))
    assert [(each.speaker, each.text) for each in heard.utterances] == [
        ("ANNA", "Good morning."),
        ("BEN", "Good evening."),
    ]
    assert heard.origin == "subtitles"
    assert not rig.ear.asked


def test_without_a_detector_speech_is_where_the_cues_are(rig: Rig) -> None:
    inputs = {
        "speech": put_sound(rig.store, [bursts(3)]),
        "subtitles": subtitles(rig.store, SRT),
    }
    call = StageCall("transcribe", 1, inputs, {"language": "en"}, {})
    keys = STAGE.run(call, StageContext(rig.store, Ears(rig.ear), rig.tick))
    assert rig.read(keys, "speech_spans") == [[1_000, 2_500], [5_000, 7_000]]


def test_subtitles_need_their_language(rig: Rig) -> None:
    with pytest.raises(UsageError):
        rig.run(bursts(3), None, subtitles=subtitles(rig.store, SRT))


def test_subtitles_of_noises_only_are_refused(rig: Rig) -> None:
    noises = "1\n00:00:01,000 --> 00:00:02,500\n[music]\n"
    with pytest.raises(NothingToDub) as caught:
        rig.run(bursts(3), subtitles=subtitles(rig.store, noises))
    assert caught.value.code == "stages.subtitles_empty"
