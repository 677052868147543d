"""What every synthesizer does, whoever it is."""

from typing import cast

import jiwer
import numpy as np
import pytest

from dubbing_pipeline.engines.base import (
    Engine,
    Samples,
    SpeechRequest,
    Synthesizer,
    Transcriber,
)
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.errors import Cancelled, EngineFailed, LanguageUnsupported
from lib.engines import RATE_HZ, SYNTHESIZERS, need_engine, silent, stop, words

every_synthesizer = pytest.mark.parametrize(("name", "model", "language"), SYNTHESIZERS)


SAY = {
    "en": "The old library opens on Monday, and nobody has seen the grey cats.",
    "es": "La vieja biblioteca abre el lunes, y nadie ha visto los gatos grises.",
}


def say(engine: Engine, language: str, rate: float = 1.0, voice: int = 0) -> Samples:
    synthesizer = cast("Synthesizer", engine)
    request = SpeechRequest(SAY[language], language, synthesizer.voices(language)[voice].name, rate)
    return synthesizer.speak([request], tick=silent)[0].samples


@every_synthesizer
def test_speech_is_sound_of_sensible_length(
    engines: Registry, name: str, model: str, language: str
) -> None:
    engine = cast("Synthesizer", need_engine(engines, "synthesize", name, model))
    voice = engine.voices(language)[0]
    request = SpeechRequest(SAY[language], language, voice.name)
    speech = engine.speak([request], tick=silent)[0]
    seconds = speech.samples.size / speech.sample_rate_hz
    assert speech.samples.dtype == np.float32
    assert 8 <= len(SAY[language]) / seconds <= 25
    assert 0.05 <= np.abs(speech.samples).max() <= 1.0


@every_synthesizer
def test_equal_requests_give_equal_samples(
    engines: Registry, name: str, model: str, language: str
) -> None:
    engine = need_engine(engines, "synthesize", name, model)
    assert engine.capabilities.deterministic
    assert np.array_equal(say(engine, language), say(engine, language))


@every_synthesizer
@pytest.mark.parametrize("rate", [0.85, 1.3])
def test_the_native_rate_is_what_it_says(
    engines: Registry, name: str, model: str, language: str, rate: float
) -> None:
    engine = need_engine(engines, "synthesize", name, model)
    low, high = engine.capabilities.native_rate
    assert low <= rate <= high
    assert say(engine, language).size / say(engine, language, rate).size == pytest.approx(
        rate, rel=0.08
    )


@every_synthesizer
def test_answers_come_in_the_order_of_the_requests(
    engines: Registry, name: str, model: str, language: str
) -> None:
    engine = cast("Synthesizer", need_engine(engines, "synthesize", name, model))
    voice = engine.voices(language)[0].name
    texts = ["Ten.", "Ten and twenty and thirty.", "Ten, twenty."]
    rates = [1.0, 1.2, 1.0]
    requests = [SpeechRequest(t, language, voice, r) for t, r in zip(texts, rates, strict=True)]
    together = engine.speak(requests, tick=silent)
    for index in (0, 1):
        alone = engine.speak([requests[index]], tick=silent)[0]
        assert np.array_equal(together[index].samples, alone.samples)


@every_synthesizer
def test_a_language_or_voice_that_is_missing_is_refused(
    engines: Registry, name: str, model: str, language: str
) -> None:
    engine = cast("Synthesizer", need_engine(engines, "synthesize", name, model))
    assert engine.voices("tlh") == ()
    with pytest.raises(LanguageUnsupported):
        engine.speak([SpeechRequest("Hi.", language, "nobody")], tick=silent)


@every_synthesizer
def test_speaking_can_be_stopped(engines: Registry, name: str, model: str, language: str) -> None:
    engine = cast("Synthesizer", need_engine(engines, "synthesize", name, model))
    voice = engine.voices(language)[0].name
    with pytest.raises(Cancelled):
        engine.speak([SpeechRequest("Hi.", language, voice)], tick=stop)


@pytest.mark.parametrize(("name", "model"), [("espeak", ""), ("piper", "en")])
def test_a_text_without_a_word_is_an_error(engines: Registry, name: str, model: str) -> None:
    engine = cast("Synthesizer", need_engine(engines, "synthesize", name, model))
    voice = engine.voices("en")[0].name
    with pytest.raises(EngineFailed):
        engine.speak([SpeechRequest("...", "en", voice)], tick=silent)


def test_espeak_speaks_as_several_people(engines: Registry) -> None:
    engine = need_engine(engines, "synthesize", "espeak")
    voices = cast("Synthesizer", engine).voices("es")
    assert {voice.gender for voice in voices} == {"f", "m"}
    takes = {say(engine, "es", voice=index).tobytes() for index in range(len(voices))}
    assert len(takes) == len(voices)


def test_what_piper_says_whisper_understands(engines: Registry) -> None:
    """The second-pass check of a dub, without any download."""
    voice = need_engine(engines, "synthesize", "piper", "en")
    ear = cast("Transcriber", need_engine(engines, "transcribe", "whisper", "tiny.en"))
    samples = say(voice, "en")
    at = np.arange(0, samples.size - 1, 22_050 / RATE_HZ)
    resampled = np.interp(at, np.arange(samples.size), samples).astype(np.float32)
    found = ear.transcribe(resampled, language="en", tick=silent)
    heard = " ".join(segment.text for segment in found.segments)
    assert jiwer.wer(words(SAY["en"]), words(heard)) <= 0.10
