"""Capitals, spaces and opening marks around a rule-based translator."""

import pytest

from dubbing_pipeline.engines.casing import finish, prepare


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("on september first", "on September first"),
        ("see you on monday", "see you on Monday"),
        ("you may go in march", "you may go in march"),
        ("i think i'm late", "I think I'm late"),
        ("HELLO MY FRIENDS, STOP! NOW!", "Hello my friends, stop! Now!"),
        ("NASA is here", "NASA is here"),
        ("two\n lines", "two lines"),
    ],
)
def test_english_is_given_the_case_its_dictionary_knows(text: str, ready: str) -> None:
    assert prepare(text, "en") == ready


def test_other_languages_keep_their_case() -> None:
    assert prepare("El lunes, i fue", "es") == "El lunes, i fue"


def tidied(text: str, source: str, pair: str = "en-es") -> str:
    before, _, after = pair.partition("-")
    return finish(text, source=source, source_language=before, target_language=after)


@pytest.mark.parametrize(
    ("text", "source", "wanted"),
    [
        ("buenos días Todo el mundo.", "Good morning everybody.", "Buenos días todo el mundo."),
        ("hola Mundo", "hello world", "hola mundo"),
        (" Vi  el perro .", "I saw the dog.", "Vi el perro."),
        ("Vive en Alemania.", "He lives in germany.", "Vive en Alemania."),
        ("Conoce a Juan Pérez.", "He knows Juan Pérez.", "Conoce a Juan Pérez."),
        ("La OTAN vino.", "NATO came.", "La OTAN vino."),
        ("El coche de Juan.", "Juan's car.", "El coche de Juan."),
        ("Adiós. Hasta luego.", "Bye. See you.", "Adiós. Hasta luego."),
    ],
)
def test_capitals_and_spaces_are_set_right(text: str, source: str, wanted: str) -> None:
    assert tidied(text, source) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Es cierto?", "¿Es cierto?"),
        ("No sé! Quién es?", "¡No sé! ¿Quién es?"),
        ("¿Quién es?", "¿Quién es?"),
        ('"Vienes?"', '"¿Vienes?"'),
        ("— Vienes?", "— ¿Vienes?"),
        ("Voy.", "Voy."),
    ],
)
def test_spanish_questions_are_opened(text: str, wanted: str) -> None:
    assert tidied(text, "Is it?") == wanted


def test_other_languages_open_nothing() -> None:
    assert tidied("É verdade?", "Is it true?", "en-pt") == "É verdade?"


def test_english_keeps_its_capitals() -> None:
    text = "On Monday I speak Spanish with 25 Germans."
    assert tidied(text, "El lunes hablo español con 25 alemanes.", "es-en") == text


def test_a_line_that_begins_with_a_placeholder_is_not_capitalised_after_it() -> None:
    assert tidied("[0] es nuevo", "The drive is new") == "[0] es nuevo"
