"""What a person typed is read, or refused with the value that is off."""

from pathlib import Path

import pytest

from dubbing_pipeline.errors import InputRefused, UsageError
from dubbing_pipeline.model.spec import DubSpec
from dubbing_pipeline.model.speech import LineEdit
from dubbing_pipeline.stages.wishes import read_change, read_glossary, read_spec


def spec(**other: object) -> DubSpec:
    asked: dict[str, object] = {"to": "es", "source": "en", "mode": "low", "voices": []}
    return read_spec(**{"glossary": None, **asked, **other})  # type: ignore[arg-type]


def test_tags_are_read_down_to_the_language() -> None:
    assert spec(to="es-MX", source="eng").target_language == "es"
    assert spec(to="es-MX", source="eng").source_language == "en"


def test_without_a_source_language_there_is_no_silent_default() -> None:
    assert spec(source="").source_language is None


def test_voices_are_read_by_speaker() -> None:
    assert spec(voices=["S1=es+f2", "S 2 = es"]).voices == {"S1": "es+f2", "S 2": "es"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"to": "en"}, "stages.same_language"),
        ({"to": "klingon!"}, "stages.no_language"),
        ({"mode": "best"}, "stages.no_such_mode"),
        ({"voices": ["S1"]}, "stages.voice_wish"),
        ({"voices": ["=es"]}, "stages.voice_wish"),
    ],
)
def test_a_value_that_is_off_is_refused(wrong: dict[str, object], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        spec(**wrong)
    assert caught.value.code == code


def test_a_glossary_is_read_with_quotes_and_empty_lines(tmp_path: Path) -> None:
    file = tmp_path / "terms.csv"
    file.write_text('sea,mar\n\n"a, b",c\nsea,mar\n', encoding="utf-8-sig")
    assert read_glossary(file) == {"sea": "mar", "a, b": "c"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sea\n", "stages.glossary_line"),
        ("sea,\n", "stages.glossary_line"),
        ("sea,mar,extra\n", "stages.glossary_line"),
        ("sea,mar\nsea,oceano\n", "stages.glossary_twice"),
    ],
)
def test_a_bad_glossary_is_refused_with_its_line(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "terms.csv"
    file.write_text(text)
    with pytest.raises(InputRefused) as caught:
        read_glossary(file)
    assert caught.value.code == code
    assert caught.value.params["line"] == text.count("\n")


def test_a_glossary_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused) as caught:
        read_glossary(tmp_path / "none.csv")
    assert caught.value.code == "stages.glossary_unreadable"


def change(**given: object) -> LineEdit:
    nothing = dict.fromkeys(("text", "speaker", "audio", "start_s", "end_s", "locked"))
    return read_change(**{**nothing, **given})  # type: ignore[arg-type]


def test_a_change_is_read_in_milliseconds_and_single_blanks() -> None:
    read = change(text=" hola \n mundo ", start_s=1.5)
    assert read == LineEdit(target="hola mundo", start_ms=1500)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "stages.nothing_changed"),
        ({"text": "  "}, "stages.empty_text"),
        ({"text": "… !"}, "stages.empty_text"),
        ({"text": "a\udcff"}, "stages.text_not_unicode"),
        ({"speaker": " "}, "stages.empty_speaker"),
        ({"start_s": float("nan")}, "stages.no_time"),
        ({"end_s": float("inf")}, "stages.no_time"),
        ({"audio": "loud"}, "stages.no_such_audio"),
    ],
)
def test_a_change_that_says_nothing_is_refused(given: dict[str, object], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        change(**given)
    assert caught.value.code == code
