"""Which engines a mode stands for, and when it says no."""

from dataclasses import replace

import pytest

from dubbing_pipeline.engines.modes import TABLE, EngineChoice, Need, resolve
from dubbing_pipeline.engines.registry import ADAPTERS
from dubbing_pipeline.errors import EngineMissing, LanguageUnsupported, RefusedError
from dubbing_pipeline.model.spec import MODES, Mode
from fakes.shelf import Item, Shelf

ALL = ("en", "es", "de")
PAIRS = (("en", "es"), ("es", "en"), ("de", "es"))
SILERO = Item("detect_speech", "silero")
TINY_EN = Item("transcribe", "whisper", "tiny.en", languages=("en",), sha256="t")
SMALL = Item("transcribe", "whisper", "small", languages=ALL, detects=True, sha256="s")
LARGE = Item("transcribe", "whisper", "large-v3", languages=ALL, detects=True, sha256="l")
ESPEAK = Item("synthesize", "espeak", languages=ALL)
PIPER_EN = Item("synthesize", "piper", "en", languages=("en",), sha256="p")
PIPER_ES = Item("synthesize", "piper", "es", languages=("es",), sha256="q")
PIPER_ES_HIGH = Item("synthesize", "piper", "es-high", languages=("es",), sha256="h")
LLM = Item("translate", "openai", pairs=PAIRS, network=True)
APERTIUM = (
    Item("translate", "apertium", pairs=PAIRS),
    *(Item("translate", "apertium", "-".join(pair), pairs=(pair,)) for pair in PAIRS),
)
START = (SILERO, TINY_EN, ESPEAK, *APERTIUM)
"""What a fresh installation has, without any download."""


def names(choice: EngineChoice) -> dict[str, str]:
    return {task: f"{ref.name} {ref.model}".strip() for task, ref in choice.refs().items()}


def chosen(mode: Mode, need: Need, *items: Item) -> dict[str, str]:
    return names(resolve(Shelf((*START, *items)), mode, need))


def test_low_runs_on_a_fresh_installation() -> None:
    assert chosen("low", Need("es", "en")) == {
        "detect_speech": "silero",
        "transcribe": "whisper tiny.en",
        "translate": "apertium en-es",
        "synthesize": "espeak",
    }


def test_a_spanish_film_with_subtitles_goes_into_english_in_medium() -> None:
    need = Need("en", "es", transcriber=False)
    assert chosen("medium", need, PIPER_EN) == {
        "detect_speech": "silero",
        "translate": "apertium es-en",
        "synthesize": "piper en",
    }


def test_medium_prefers_a_language_model_for_the_words() -> None:
    found = chosen("medium", Need("es", "en"), SMALL, PIPER_ES, LLM)
    assert (found["transcribe"], found["translate"]) == ("whisper small", "openai")


def test_high_takes_the_best_of_each() -> None:
    found = chosen("high", Need("es", "en"), LARGE, SMALL, PIPER_ES, PIPER_ES_HIGH, LLM)
    assert found["transcribe"] == "whisper large-v3"
    assert found["synthesize"] == "piper es-high"


def test_low_uses_a_larger_model_for_a_language_the_small_one_lacks() -> None:
    assert chosen("low", Need("en", "es"), SMALL)["transcribe"] == "whisper small"


def test_a_film_of_unknown_language_needs_a_model_that_finds_out() -> None:
    with pytest.raises(LanguageUnsupported) as caught:
        chosen("low", Need("es"))
    assert caught.value.code == "engines.language_needed"
    assert caught.value.params["fix"] == "dub engines install whisper-small"
    found = chosen("low", Need("es"), SMALL)
    assert (found["transcribe"], found["translate"]) == ("whisper small", "apertium")


def test_a_language_no_model_knows_names_the_command_that_helps() -> None:
    with pytest.raises(LanguageUnsupported) as caught:
        chosen("low", Need("en", "de"))
    assert caught.value.params["fix"] == "dub engines install whisper-small"


def test_a_pair_that_is_missing_is_refused() -> None:
    with pytest.raises(EngineMissing):
        chosen("low", Need("de", "en"))


@pytest.mark.parametrize(
    ("mode", "fix"),
    [
        ("medium", "dub engines install whisper-small"),
        ("high", "dub engines install whisper-large-v3"),
    ],
)
def test_a_mode_that_lacks_engines_is_refused_with_the_command(mode: Mode, fix: str) -> None:
    with pytest.raises(EngineMissing) as caught:
        chosen(mode, Need("es", "en"))
    assert caught.value.params["fix"] == fix


def test_high_without_a_language_model_is_never_lowered() -> None:
    with pytest.raises(EngineMissing) as caught:
        chosen("high", Need("es", "en"), LARGE, PIPER_ES_HIGH)
    assert caught.value.params["fix"] == "dub engines install openai"


def test_a_mode_that_would_do_what_a_lower_one_does_is_not_available() -> None:
    voice = replace(PIPER_ES_HIGH, sha256=PIPER_ES.sha256)
    need = Need("es", "en", transcriber=False)
    with pytest.raises(RefusedError) as caught:
        chosen("high", need, PIPER_ES, voice, LLM)
    assert caught.value.params == {"mode": "high", "lower": "medium"}


def test_offline_forbids_engines_that_need_the_network() -> None:
    shelf = Shelf((*START, SMALL, PIPER_ES, LLM))
    shelf.settings = replace(shelf.settings, offline=True)
    assert names(resolve(shelf, "medium", Need("es", "en")))["translate"] == "apertium en-es"


def test_given_subtitles_of_both_kinds_need_neither_recogniser_nor_translator() -> None:
    found = chosen("low", Need("es", "en", transcriber=False, translator=False))
    assert sorted(found) == ["detect_speech", "synthesize"]


def test_the_table_names_only_engines_that_exist() -> None:
    known = {(adapter.task, adapter.name) for adapter in ADAPTERS}
    asked = {
        (task, candidate.name)
        for mode in MODES
        for task, row in TABLE[mode].items()
        for candidate in row
    }
    assert asked <= known


def test_low_needs_no_network() -> None:
    remote = {adapter.name for adapter in ADAPTERS if adapter.needs_network}
    assert not [each for row in TABLE["low"].values() for each in row if each.name in remote]
