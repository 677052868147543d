"""Each code has its words in every language, and each message has a code that is raised."""

import ast
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import dubbing_pipeline
from dubbing_pipeline import errors
from dubbing_pipeline.errors import DubbingError, InputRefused, SettingsError, SettingsErrors
from dubbing_pipeline.utils.messages import catalogue, locales, pick_locale, render

SOURCE = Path(dubbing_pipeline.__file__).parent
ERROR_NAMES = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, DubbingError)
} - {"SettingsErrors"}
OTHER_USERS = {"SettingsWarning", "render", "Finding", "Reason"}


@dataclass(frozen=True)
class Use:
    """A place that names a code. ``given`` is None where the parameters are not spelt out."""

    place: str
    code: str
    given: frozenset[str] | None


def placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def called_name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def given_names(call: ast.Call) -> frozenset[str] | None:
    mapping = call.args[1] if len(call.args) > 1 else None
    if isinstance(mapping, ast.Dict):
        return frozenset(k.value for k in mapping.keys if isinstance(k, ast.Constant))  # type: ignore[misc]
    if mapping is not None or any(word.arg is None for word in call.keywords):
        return None
    return frozenset(word.arg for word in call.keywords if word.arg)


def uses_in(file: Path) -> Iterator[Use]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and called_name(node) in ERROR_NAMES | OTHER_USERS:
            first = node.args[0] if node.args else None
            codes = [
                inner.value
                for inner in (
                    [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                )
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
            ]
            for code in codes:
                yield Use(f"{file.relative_to(SOURCE)}:{node.lineno}", code, given_names(node))


def texts_in(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


FILES = sorted(SOURCE.rglob("*.py"))
USES = [use for file in FILES for use in uses_in(file)]


@pytest.mark.parametrize("locale", locales())
def test_every_code_that_is_used_has_its_words(locale: str) -> None:
    missing = {f"{use.code} ({use.place})" for use in USES if use.code not in catalogue(locale)}
    assert not missing


@pytest.mark.parametrize("locale", locales())
def test_every_placeholder_is_given_where_the_message_is_used(locale: str) -> None:
    lacking = {
        f"{use.code} ({use.place}): {sorted(wanted - use.given)}"
        for use in USES
        if use.given is not None
        and (wanted := placeholders(catalogue(locale).get(use.code, ""))) - use.given
    }
    assert not lacking


def test_no_message_is_left_over() -> None:
    named = {text for file in FILES for text in texts_in(file)}
    assert not set(catalogue("en")) - named


def test_all_languages_have_the_same_messages_with_the_same_placeholders() -> None:
    english = {code: placeholders(text) for code, text in catalogue("en").items()}
    for locale in locales():
        other = {code: placeholders(text) for code, text in catalogue(locale).items()}
        assert other == english, locale


def test_a_message_stands_in_the_file_of_its_room() -> None:
    for file in (SOURCE / "locale").rglob("*.po"):
        codes = [
            line.removeprefix('msgid "').rstrip('"\n')
            for line in file.read_text().splitlines()
            if line.startswith('msgid "') and line != 'msgid ""'
        ]
        assert {code.partition(".")[0] for code in codes} == {file.stem}, file
        assert (SOURCE / file.stem).exists(), file
        assert len(codes) == len(set(codes)), file


def test_no_message_is_empty() -> None:
    empty = [(loc, code) for loc in locales() for code, text in catalogue(loc).items() if not text]
    assert not empty


def test_english_and_spanish_are_there() -> None:
    assert set(locales()) >= {"en", "es"}


def test_an_error_is_told_in_the_language_asked_for() -> None:
    error = InputRefused("model.no_such_line", line=9, lines=2)
    assert render(error, locale="es").startswith("No existe la línea 9")
    assert render(error).startswith("There is no line 9")


def test_a_language_without_catalogue_falls_back_to_english() -> None:
    assert render("cli.error", {"message": "x"}, locale="fi") == "dub: x"


def test_an_unknown_code_is_shown_with_its_values() -> None:
    assert render("nowhere.nothing", {"a": 1}) == "nowhere.nothing a=1"


def test_a_missing_value_is_no_new_error() -> None:
    assert render("cli.error", {}) == "cli.error"


def test_gathered_errors_are_told_line_by_line() -> None:
    parts = [SettingsError("config.old_name", key=key, new="N") for key in ("A", "B")]
    lines = render(SettingsErrors(parts)).splitlines()
    assert [line[:2] for line in lines] == ["2 ", "A ", "B "]


@pytest.mark.parametrize(
    ("environ", "locale"),
    [
        ({}, "en"),
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "es_MX"}, "es"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "fr:es:en"}, "es"),
        ({"LANG": "es_ES@euro", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "C", "LANGUAGE": "es"}, "en"),
    ],
)
def test_the_terminal_chooses_the_language(environ: dict[str, str], locale: str) -> None:
    assert pick_locale(environ) == locale
