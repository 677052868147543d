"""What every translator does, whoever it is."""

import re
from typing import cast

import pytest

from dubbing_pipeline.engines.base import Engine, TranslationLine, TranslationRequest, Translator
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.errors import Cancelled, LanguageUnsupported
from lib.engines import TRANSLATORS, need_engine, silent, stop

every_translator = pytest.mark.parametrize("name", TRANSLATORS)


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
    # what can be installed is named; where nothing can, the error has words of its own
    told = caught.value
    assert told.params.get("fix") or told.code == "engines.no_package_for_pair"


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
