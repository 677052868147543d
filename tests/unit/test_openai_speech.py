"""Recognition and speech by an endpoint, over a real socket."""

import json
from typing import Any

import numpy as np
import pytest

from dubbing_pipeline.engines.base import Samples, SpeechRequest, Transcript
from dubbing_pipeline.engines.openai.synthesizer import OpenAiSynthesizer
from dubbing_pipeline.engines.openai.transcriber import LONGEST_S, OpenAiTranscriber, pieces
from dubbing_pipeline.engines.openai.wire import Wire
from dubbing_pipeline.engines.settings import Endpoint
from dubbing_pipeline.engines.wav import read_wav, write_wav
from dubbing_pipeline.errors import EngineFailed, LanguageUnsupported
from fakes.clock import FakeClock
from fakes.http_service import HttpService, Reply, serving

SECOND = 16_000
TONE = (0.3 * np.sin(np.arange(2 * SECOND) / 20)).astype(np.float32)
HEARD: dict[str, Any] = {
    "language": "english",
    "text": "Good morning. Ten.",
    "segments": [
        {"start": 0.1, "end": 1.0, "text": " Good morning.", "avg_logprob": -0.2},
        {"start": 1.2, "end": 1.8, "text": " Ten.", "no_speech_prob": 0.1},
    ],
    "words": [
        {"word": "Good", "start": 0.1, "end": 0.4},
        {"word": "morning", "start": 0.4, "end": 1.0},
        {"word": "Ten", "start": 1.2, "end": 1.8},
    ],
}


def wire(service: HttpService) -> Wire:
    return Wire(Endpoint(service.url, "model-x"), clock=FakeClock())


def hear(heard: Any, *, language: str | None = None, samples: Samples = TONE) -> Transcript:
    body = heard if isinstance(heard, bytes) else json.dumps(heard).encode()
    with serving(lambda _: Reply(body)) as service:
        engine = OpenAiTranscriber(wire(service))
        return engine.transcribe(samples, language=language, tick=lambda _: None)


def test_segments_words_and_language_are_taken_over() -> None:
    found = hear(HEARD)
    assert found.language == "en"
    assert [segment.text for segment in found.segments] == ["Good morning.", "Ten."]
    assert [word.text for word in found.segments[0].words] == ["Good", "morning"]
    assert (found.segments[1].start_ms, found.segments[1].end_ms) == (1200, 1800)


def test_what_is_sent_is_wav_with_the_wish_for_words() -> None:
    with serving(lambda _: Reply(json.dumps(HEARD).encode())) as service:
        engine = OpenAiTranscriber(wire(service))
        engine.transcribe(TONE, language="en", tick=lambda _: None)
    body = service.received[0].body
    assert service.received[0].path == "/audio/transcriptions"
    assert all(part in body for part in (b"RIFF", b"model-x", b"verbose_json", b'"language"'))
    assert body.count(b"timestamp_granularities[]") == 2


def test_words_share_their_segment_where_none_were_timed() -> None:
    found = hear({**HEARD, "words": []})
    words = found.segments[0].words
    assert [(word.text, word.start_ms, word.end_ms) for word in words] == [
        ("Good", 100, 400),
        ("morning.", 400, 1000),
    ]


def test_words_alone_make_one_segment() -> None:
    found = hear({**HEARD, "segments": []})
    assert [word.text for segment in found.segments for word in segment.words] == [
        "Good",
        "morning",
        "Ten",
    ]


@pytest.mark.parametrize(
    ("heard", "code"),
    [
        ({"text": "Good morning.", "language": "en"}, "engines.no_times"),
        (b"not json", "engines.answer_unreadable"),
        ({**HEARD, "language": "klingon"}, "engines.language_not_told"),
    ],
)
def test_answers_of_no_use_are_errors(heard: Any, code: str) -> None:
    with pytest.raises(EngineFailed) as caught:
        hear(heard)
    assert caught.value.code == code


def test_silence_is_an_empty_transcript() -> None:
    assert hear({"language": "en", "text": ""}).segments == ()


def test_long_sound_is_cut_where_it_is_quiet_and_nothing_is_left_out() -> None:
    samples = np.full((LONGEST_S + 60) * SECOND, 0.5, np.float32)
    quiet = (LONGEST_S - 10) * SECOND
    samples[quiet : quiet + SECOND] = 0.0
    (start, cut), (again, end) = pieces(samples)
    assert (start, again, end) == (0, cut, samples.size)
    assert quiet < cut < quiet + SECOND


def test_a_second_piece_counts_from_where_it_begins() -> None:
    samples = np.zeros((LONGEST_S + 60) * SECOND, np.float32)
    found = hear({**HEARD, "words": []}, language="en", samples=samples)
    (_, first_end), _ = pieces(samples)
    assert found.segments[2].start_ms == first_end * 1000 // SECOND + 100


def speak(body: bytes, text: str = "Hola, amigos.") -> tuple[HttpService, Any]:
    with serving(lambda _: Reply(body)) as service:
        engine = OpenAiSynthesizer(wire(service))
        asked = SpeechRequest(text, "es", "nova", 1.1)
        return service, engine.speak([asked], tick=lambda _: None)[0]


def test_speech_comes_back_as_samples() -> None:
    service, speech = speak(write_wav(TONE, 24_000))
    assert (speech.sample_rate_hz, speech.samples.size) == (24_000, TONE.size)
    asked = json.loads(service.received[0].body)
    assert asked == {
        "model": "model-x",
        "input": "Hola, amigos.",
        "voice": "nova",
        "response_format": "wav",
        "speed": 1.1,
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<html>busy</html>", "engines.sound_unreadable"),
        (write_wav(np.zeros(0, np.float32), 8_000), "engines.sound_empty"),
    ],
)
def test_no_sound_is_an_error(body: bytes, code: str) -> None:
    with pytest.raises(EngineFailed) as caught:
        speak(body)
    assert caught.value.code == code


def test_nothing_to_say_is_refused_before_asking() -> None:
    with pytest.raises(EngineFailed) as caught:
        speak(b"", text="...")
    assert caught.value.code == "engines.nothing_to_say"


def test_a_language_unknown_is_refused() -> None:
    with serving(lambda _: Reply()) as service, pytest.raises(LanguageUnsupported):
        OpenAiSynthesizer(wire(service)).speak(
            [SpeechRequest("x", "tlh", "nova")], tick=lambda _: None
        )


def test_wav_goes_there_and_back() -> None:
    again = read_wav(write_wav(TONE, SECOND), engine="test")
    assert np.abs(again.samples - TONE).max() < 1e-4


def test_stereo_is_averaged_to_mono() -> None:
    stereo = np.stack([TONE, -TONE], axis=1)
    assert np.abs(read_wav(write_wav(stereo, SECOND), engine="test").samples).max() < 1e-4
