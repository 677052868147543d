"""Any program as an engine: described in a file, spoken to over its pipes."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dubbing_pipeline.engines.base import SpeechRequest, TranslationLine, TranslationRequest
from dubbing_pipeline.engines.command import CommandEngine, described, open_command
from dubbing_pipeline.engines.modes import Need, resolve
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.errors import (
    EngineFailed,
    EngineMissing,
    LanguageUnsupported,
    ProgramFailed,
    RefusedError,
)
from fakes.shelf import Item, Shelf

SILENCE = np.zeros(16_000, np.float32)

SPEAKER = """
import io, sys, wave
text = sys.stdin.buffer.read().decode()
out = io.BytesIO()
with wave.open(out, "wb") as wav:
    wav.setnchannels(1); wav.setsampwidth(2); wav.setframerate(8000)
    wav.writeframes(b"\\x10\\x00" * (100 * len(text) + len("".join(sys.argv[1:]))))
sys.stdout.buffer.write(out.getvalue())
"""
HEARER = """
import json, sys
assert sys.stdin.buffer.read()[:4] == b"RIFF"
word = {"word": "hola", "start": 0.1, "end": 0.4}
print(json.dumps({"language": sys.argv[1] or "spanish", "text": "hola", "words": [word]}))
"""
TRANSLATOR = """
import json, sys
asked = json.load(sys.stdin)
lines = [{"id": l["id"], "texts": [l["text"].upper()]} for l in asked["lines"]]
print(json.dumps({"lines": lines[int(sys.argv[1]):]}))
"""


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    (tmp_path / "models" / "commands").mkdir(parents=True)
    return EngineSettings(models_dir=tmp_path / "models", cache_dir=tmp_path / "cache")


def describe(
    settings: EngineSettings, task: str, script: str, *arguments: str, more: str = ""
) -> None:
    program = settings.models_dir / f"{task}.py"
    program.write_text(script)
    command = [sys.executable, str(program), *arguments]
    text = f'task = "{task}"\ncommand = {command!r}\n{more}\n'
    (settings.models_dir / "commands" / "mine.toml").write_text(text)


def opened(settings: EngineSettings) -> CommandEngine:
    return open_command(settings, "mine")


def lines(*texts: str) -> TranslationRequest:
    numbered = [TranslationLine(number, text) for number, text in enumerate(texts, start=1)]
    return TranslationRequest("en", "de", numbered)


def test_a_program_speaks(settings: EngineSettings) -> None:
    more = 'languages = ["de"]\nvoices = [{ name = "anna", language = "de", gender = "f" }]'
    describe(settings, "synthesize", SPEAKER, "{voice}", "{rate}", more=more)
    engine = opened(settings)
    assert [voice.gender for voice in engine.voices("de")] == ["f"]
    spoken = engine.speak([SpeechRequest("Hallo", "de", "anna", 1.25)], tick=lambda _: None)[0]
    assert spoken.samples.size == 500 + len("anna1.250")
    assert engine.capabilities.native_rate != (1.0, 1.0)


def test_a_voice_that_is_not_named_is_refused(settings: EngineSettings) -> None:
    describe(settings, "synthesize", SPEAKER, more='languages = ["de"]')
    engine = opened(settings)
    assert [voice.name for voice in engine.voices("de")] == ["default"]
    with pytest.raises(LanguageUnsupported):
        engine.speak([SpeechRequest("x", "de", "berta")], tick=lambda _: None)


def test_a_program_hears(settings: EngineSettings) -> None:
    more = 'languages = ["es"]\ndetects_language = true'
    describe(settings, "transcribe", HEARER, "{language}", more=more)
    found = opened(settings).transcribe(SILENCE, language=None, tick=lambda _: None)
    assert (found.language, found.segments[0].text) == ("es", "hola")


def test_a_program_that_cannot_detect_demands_the_language(settings: EngineSettings) -> None:
    describe(settings, "transcribe", HEARER, "{language}", more='languages = ["es"]')
    for language in (None, "fr"):
        with pytest.raises(LanguageUnsupported):
            opened(settings).transcribe(SILENCE, language=language, tick=lambda _: None)


def test_a_program_translates(settings: EngineSettings) -> None:
    describe(settings, "translate", TRANSLATOR, "0", more='pairs = [["en", "de"]]')
    found = opened(settings).translate(lines("one", "two"), tick=lambda _: None)
    assert [(each.id, each.texts) for each in found] == [(1, ("ONE",)), (2, ("TWO",))]


def test_a_line_left_out_is_an_error(settings: EngineSettings) -> None:
    describe(settings, "translate", TRANSLATOR, "1", more='pairs = [["en", "de"]]')
    with pytest.raises(EngineFailed) as caught:
        opened(settings).translate(lines("one", "two"), tick=lambda _: None)
    assert caught.value.params["lines"] == "1"


@pytest.mark.parametrize("script", ["print('nonsense')", "print('{}')"])
def test_an_answer_of_another_form_is_an_error(settings: EngineSettings, script: str) -> None:
    describe(settings, "translate", script, more='pairs = [["en", "de"]]')
    with pytest.raises(EngineFailed) as caught:
        opened(settings).translate(lines("one"), tick=lambda _: None)
    assert caught.value.code == "engines.answer_unreadable"


def test_a_program_that_ends_badly_is_an_error(settings: EngineSettings) -> None:
    describe(
        settings, "translate", "import sys; sys.exit('out of luck')", more='pairs = [["en", "de"]]'
    )
    with pytest.raises(ProgramFailed) as caught:
        opened(settings).translate(lines("one"), tick=lambda _: None)
    assert "out of luck" in str(caught.value)


def test_a_description_with_an_unknown_word_is_refused(settings: EngineSettings) -> None:
    describe(settings, "translate", TRANSLATOR, more="speed = 3")
    with pytest.raises(EngineFailed) as caught:
        described(settings)
    assert "speed" in str(caught.value.params["detail"])


def test_what_is_not_there_is_missing(settings: EngineSettings) -> None:
    with pytest.raises(EngineMissing):
        opened(settings)
    text = 'task = "translate"\ncommand = ["no-such-program-here"]'
    (settings.models_dir / "commands" / "mine.toml").write_text(text)
    with pytest.raises(EngineMissing):
        opened(settings)


def test_offline_a_program_that_needs_the_network_is_refused(settings: EngineSettings) -> None:
    describe(settings, "translate", TRANSLATOR, more="network = true")
    with pytest.raises(RefusedError):
        opened(replace(settings, offline=True))


def test_a_changed_description_is_another_engine(settings: EngineSettings) -> None:
    describe(settings, "translate", TRANSLATOR, more='version = "1"')
    before = opened(settings).ref
    describe(settings, "translate", TRANSLATOR, more='version = "2"')
    assert opened(settings).ref != before


def test_a_mode_takes_the_command_that_asks_for_it(settings: EngineSettings) -> None:
    describe(settings, "translate", TRANSLATOR, "0", more='pairs = [["en", "de"]]\nmodes = ["low"]')
    shelf = Shelf(
        (
            Item("detect_speech", "silero"),
            Item("synthesize", "espeak", languages=("de",)),
            Item("translate", "command", "mine", pairs=(("en", "de"),)),
            Item("translate", "apertium", "en-de", pairs=(("en", "de"),)),
        ),
        settings,
    )
    choice = resolve(shelf, "low", Need("de", "en", transcriber=False))
    assert choice.translator is not None
    assert choice.translator.name == "command"
