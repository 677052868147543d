"""What every recogniser does, whoever it is."""

from typing import cast

import jiwer
import numpy as np
import pytest

from dubbing_pipeline.engines.base import Samples, Transcriber
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.errors import Cancelled, LanguageUnsupported
from lib.engines import RATE_HZ, SENTENCE, TRANSCRIBERS, need_engine, silent, stop, words

every_transcriber = pytest.mark.parametrize(("name", "model"), TRANSCRIBERS)


@every_transcriber
def test_what_is_heard_has_words_with_times_in_order(
    engines: Registry, speech: Samples, name: str, model: str
) -> None:
    engine = cast("Transcriber", need_engine(engines, "transcribe", name, model))
    found = engine.transcribe(speech, language="en", tick=silent)
    assert found.language == "en"
    heard = [word for segment in found.segments for word in segment.words]
    assert heard
    assert [word.start_ms for word in heard] == sorted(word.start_ms for word in heard)
    assert all(word.text == word.text.strip() and word.text for word in heard)
    assert heard[-1].end_ms <= speech.size * 1000 // RATE_HZ + 100


@every_transcriber
def test_the_same_sound_gives_the_same_answer(
    engines: Registry, speech: Samples, name: str, model: str
) -> None:
    engine = cast("Transcriber", need_engine(engines, "transcribe", name, model))
    first, second = (engine.transcribe(speech, language="en", tick=silent) for _ in range(2))
    assert first == second


@every_transcriber
def test_silence_is_heard_as_nothing(engines: Registry, name: str, model: str) -> None:
    engine = cast("Transcriber", need_engine(engines, "transcribe", name, model))
    found = engine.transcribe(np.zeros(5 * RATE_HZ, np.float32), language="en", tick=silent)
    assert found.segments == ()


@every_transcriber
def test_a_language_the_recogniser_lacks_is_refused(
    engines: Registry, speech: Samples, name: str, model: str
) -> None:
    engine = cast("Transcriber", need_engine(engines, "transcribe", name, model))
    with pytest.raises(LanguageUnsupported):
        engine.transcribe(speech, language="tlh", tick=silent)


@every_transcriber
def test_recognition_can_be_stopped(
    engines: Registry, speech: Samples, name: str, model: str
) -> None:
    engine = cast("Transcriber", need_engine(engines, "transcribe", name, model))
    with pytest.raises(Cancelled):
        engine.transcribe(speech, language="en", tick=stop)


def test_whisper_hears_every_word(engines: Registry, speech: Samples) -> None:
    engine = cast("Transcriber", need_engine(engines, "transcribe", "whisper", "tiny.en"))
    found = engine.transcribe(speech, language="en", tick=silent)
    heard = " ".join(segment.text for segment in found.segments)
    assert jiwer.wer(words(SENTENCE), words(heard)) <= 0.05
    assert abs(found.segments[0].start_ms - 2_200) <= 400


def test_a_model_of_one_language_demands_it_and_names_the_command(
    engines: Registry, speech: Samples
) -> None:
    engine = cast("Transcriber", need_engine(engines, "transcribe", "whisper", "tiny.en"))
    assert not engine.capabilities.detects_language
    for language in (None, "es"):
        with pytest.raises(LanguageUnsupported) as caught:
            engine.transcribe(speech, language=language, tick=silent)
        assert caught.value.params["fix"] == "dub engines install whisper-small"


def test_the_languages_of_whisper_are_those_of_its_tokenizer() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES  # noqa: PLC0415

    from dubbing_pipeline.engines.whisper import LANGUAGES  # noqa: PLC0415

    assert set(_LANGUAGE_CODES) == LANGUAGES
