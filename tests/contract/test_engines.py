"""What every engine of a task does, whoever it is: one set of behaviours, run for each."""

import re
from collections.abc import Callable
from typing import cast

import jiwer
import numpy as np
import pytest

from dubbing_pipeline.engines.base import (
    Engine,
    Samples,
    SpeechDetector,
    SpeechRequest,
    Synthesizer,
    Task,
    Transcriber,
    TranslationLine,
    TranslationRequest,
    Translator,
)
from dubbing_pipeline.engines.registry import ADAPTERS, Registry
from dubbing_pipeline.errors import Cancelled, EngineFailed, LanguageUnsupported
from lib.engines import need_engine, registry, spoken

SENTENCE = "The old library opens on Monday. Nobody has seen the three grey cats."
RATE_HZ = 16_000


@pytest.fixture(scope="module")
def engines() -> Registry:
    return registry()


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Two seconds of silence, a sentence, two seconds of silence."""
    quiet = np.zeros(2 * RATE_HZ, np.float32)
    said = spoken(SENTENCE, voice="slt", folder=tmp_path_factory.mktemp("speech"))
    return np.concatenate([quiet, said, quiet])


def silent(_: float) -> None:
    pass


def stop(_: float) -> None:
    raise Cancelled("stages.cancelled")


def words(text: str) -> str:
    plain = re.sub(r"[^\w\s]", " ", text.lower())
    return " ".join(plain.split()).replace("gray", "grey")


DETECTORS = ("silero", "fake")
TRANSCRIBERS = (("whisper", "tiny.en"), ("fake", ""))
TRANSLATORS = ("apertium", "fake")
SYNTHESIZERS = (
    ("espeak", "", "es"),
    ("espeak", "", "en"),
    ("piper", "en", "en"),
    ("fake", "", "es"),
)

every_detector = pytest.mark.parametrize("name", DETECTORS)
every_transcriber = pytest.mark.parametrize(("name", "model"), TRANSCRIBERS)
every_translator = pytest.mark.parametrize("name", TRANSLATORS)
every_synthesizer = pytest.mark.parametrize(("name", "model", "language"), SYNTHESIZERS)


# Every engine

ENGINES: list[tuple[Task, str, str]] = [
    *(("detect_speech", name, "") for name in DETECTORS),
    *(("transcribe", name, model) for name, model in TRANSCRIBERS),
    *(("translate", name, "") for name in TRANSLATORS),
    *dict.fromkeys(("synthesize", name, model) for name, model, _ in SYNTHESIZERS),
]


@pytest.mark.parametrize(("task", "name", "model"), ENGINES)
def test_an_engine_says_what_it_is_and_can(
    engines: Registry, task: Task, name: str, model: str
) -> None:
    engine = need_engine(engines, task, name, model)
    assert (engine.capabilities.task, engine.ref.name) == (task, name)
    assert engine.ref.version
    assert engine.ref.model_sha256 == "" or re.fullmatch("[0-9a-f]{64}", engine.ref.model_sha256)
    assert engine.capabilities.code_license
    assert "/" not in engine.ref.model + engine.ref.version


@pytest.mark.parametrize(("task", "name", "model"), ENGINES)
def test_a_reference_opens_the_same_engine_again(
    engines: Registry, task: Task, name: str, model: str
) -> None:
    ref = need_engine(engines, task, name, model).ref
    open_again: dict[Task, Callable[..., Engine]] = {
        "detect_speech": engines.speech_detector,
        "transcribe": engines.transcriber,
        "translate": engines.translator,
        "synthesize": engines.synthesizer,
    }
    assert open_again[task](ref).ref == ref
    assert registry().open(task, name, ref.model).ref == ref


def test_the_suite_leaves_no_local_adapter_out() -> None:
    remote = {("command", task) for task in ("transcribe", "translate", "synthesize")}
    local = {(a.name, a.task) for a in ADAPTERS if not a.needs_network} - remote
    assert local == {(name, task) for task, name, _ in ENGINES}


# Detectors


@every_detector
def test_speech_is_found_where_it_is(engines: Registry, speech: Samples, name: str) -> None:
    engine = cast("SpeechDetector", need_engine(engines, "detect_speech", name))
    spans = engine.detect(speech, tick=silent)
    end_ms = speech.size * 1000 // RATE_HZ
    assert 1_800 <= spans[0].start_ms <= 2_500
    assert end_ms - 2_500 <= spans[-1].end_ms <= end_ms - 1_500
    edges = [edge for span in spans for edge in (span.start_ms, span.end_ms)]
    assert edges == sorted(edges)


@every_detector
@pytest.mark.parametrize("seconds", [0, 1, 3])
def test_silence_has_no_speech(engines: Registry, name: str, seconds: int) -> None:
    engine = cast("SpeechDetector", need_engine(engines, "detect_speech", name))
    assert engine.detect(np.zeros(seconds * RATE_HZ, np.float32), tick=silent) == ()


def test_music_is_no_speech_to_silero(engines: Registry) -> None:
    engine = cast("SpeechDetector", need_engine(engines, "detect_speech", "silero"))
    time = np.arange(10 * RATE_HZ) / RATE_HZ
    tones = [np.sin(2 * np.pi * hz * time) for hz in (220.0, 277.2, 329.6)]
    chord = np.mean(tones, axis=0).astype(np.float32)
    assert engine.detect(chord, tick=silent) == ()


def test_silero_finds_the_same_in_blocks_as_in_one_run(engines: Registry, speech: Samples) -> None:
    from faster_whisper.vad import get_vad_model  # noqa: PLC0415

    engine = need_engine(engines, "detect_speech", "silero")
    film = np.tile(speech, 5)
    padded = np.pad(film, (0, -film.size % 512))
    blocks = engine._blocks(film, silent)  # type: ignore[attr-defined]
    assert np.array_equal(np.concatenate(list(blocks)), get_vad_model()(padded).reshape(-1))


# Recognisers


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


# Translators

LINES = {
    7: "Good morning, my friends.",
    3: "He has 3 dogs and 1,250 euros.",
    12: "The warp drive of NASA is broken!",
    4: "When does the train leave? I do not know.",
    90: "...",
}
GLOSSARY = {"warp drive": "motor de curvatura", "NASA": "Agencia Espacial"}


def asked(target: str = "es") -> TranslationRequest:
    lines = [TranslationLine(number, text) for number, text in LINES.items()]
    return TranslationRequest("en", target, lines, GLOSSARY)


def translated(engine: Engine, target: str = "es") -> dict[int, str]:
    answers = cast("Translator", engine).translate(asked(target), tick=silent)
    assert all(text.strip() for each in answers for text in each.texts)
    return {each.id: each.texts[0] for each in answers}


@every_translator
def test_every_line_comes_back_under_its_own_id_in_order(engines: Registry, name: str) -> None:
    assert list(translated(need_engine(engines, "translate", name))) == list(LINES)


@every_translator
def test_numbers_and_terms_are_kept(engines: Registry, name: str) -> None:
    found = translated(need_engine(engines, "translate", name))
    for number, text in LINES.items():
        assert re.findall(r"\d+", text) == re.findall(r"\d+", found[number])
    assert all(term in found[12] for term in GLOSSARY.values())


@every_translator
def test_the_same_lines_give_the_same_translation(engines: Registry, name: str) -> None:
    engine = need_engine(engines, "translate", name)
    assert translated(engine) == translated(engine)


@every_translator
def test_a_pair_that_is_missing_is_named(engines: Registry, name: str) -> None:
    engine = cast("Translator", need_engine(engines, "translate", name))
    with pytest.raises(LanguageUnsupported) as caught:
        engine.translate(TranslationRequest("en", "tlh", [TranslationLine(1, "Hi.")]), tick=silent)
    assert caught.value.params["target"] == "tlh"
    assert caught.value.params["fix"]


@every_translator
def test_translation_can_be_stopped(engines: Registry, name: str) -> None:
    engine = cast("Translator", need_engine(engines, "translate", name))
    with pytest.raises(Cancelled):
        engine.translate(asked(), tick=stop)


@every_translator
def test_no_lines_are_no_translation(engines: Registry, name: str) -> None:
    engine = cast("Translator", need_engine(engines, "translate", name))
    assert engine.translate(TranslationRequest("en", "es", []), tick=silent) == ()


def test_apertium_gives_the_sense(engines: Registry) -> None:
    found = translated(need_engine(engines, "translate", "apertium", "en-es"))
    assert found[7] == "Buenos días, mis amigos."
    assert found[3].startswith("Tiene 3 perros y 1,250")
    assert found[4].startswith("¿Cuando") or found[4].startswith("¿Cuándo")
    assert found[90] == "..."


def test_apertium_goes_by_a_third_language_and_keeps_terms_on_the_way(engines: Registry) -> None:
    engine = need_engine(engines, "translate", "apertium", "en-pt")
    found = translated(engine, "pt")
    assert found[7] == "Bons dias, meus amigos."
    assert all(term in found[12] for term in GLOSSARY.values())


def test_apertium_keeps_two_hundred_lines_apart(engines: Registry) -> None:
    engine = cast("Translator", need_engine(engines, "translate", "apertium", "en-es"))
    texts = [f"I have {n} dogs" + (". And" if n % 3 else "\n\nand a cat") for n in range(200)]
    lines = [TranslationLine(n, text) for n, text in enumerate(texts)]
    answers = engine.translate(TranslationRequest("en", "es", lines), tick=silent)
    assert [each.id for each in answers] == list(range(200))
    assert all(str(each.id) in re.findall(r"\d+", each.texts[0]) for each in answers)


# Synthesizers

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
@pytest.mark.parametrize("rate", [0.85, 1.15, 1.3])
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
    texts = ["Ten.", "Ten and twenty and thirty.", "Ten.", "Ten, twenty."]
    rates = [1.0, 1.2, 1.2, 1.0]
    requests = [SpeechRequest(t, language, voice, r) for t, r in zip(texts, rates, strict=True)]
    together = engine.speak(requests, tick=silent)
    alone = [engine.speak([request], tick=silent)[0] for request in requests]
    for one, other in zip(together, alone, strict=True):
        assert np.array_equal(one.samples, other.samples)


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
