"""Terms, numbers and symbols come out of a translation as they went in."""

import pytest
from hypothesis import given, strategies as st

from dubbing_pipeline.engines.placeholders import (
    digits,
    is_whole,
    protect,
    rejoin,
    replace_terms,
    restore,
    terms_in,
)

GLOSSARY = {"warp drive": "motor de curvatura", "warp": "curva", "NASA": "NASA"}


def test_a_term_is_swapped_whole_and_comes_back_translated() -> None:
    protected = protect("The Warp Drive works.", glossary=GLOSSARY)
    assert protected.text == "The [0] works."
    assert restore("El [0] funciona.", protected) == "El motor de curvatura funciona."


def test_a_term_inside_another_word_is_left_alone() -> None:
    assert protect("The warpath of NASAx.", glossary=GLOSSARY).originals == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write to a@b.org, now.", "Write to [0], now."),
        ("See https://a.b/c?d=1.", "See [0]."),
        ("50 % of $5", "50 % of [0]5"),
        ("♪ la ♪ [laughs]", "[0] la [1] [2]laughs[3]"),
    ],
)
def test_addresses_and_symbols_are_swapped(text: str, shown: str) -> None:
    assert protect(text, glossary={}).text == shown


def test_numbers_are_swapped_only_when_asked() -> None:
    assert protect("At 12:30, 1,000.5 km", glossary={}).originals == ()
    assert protect("At 12:30, 1,000.5 km", glossary={}, numbers=True).originals == (
        "12:30",
        "1,000.5",
    )


@pytest.mark.parametrize(
    ("text", "whole"),
    [("a [0] b [1]", True), ("[1] [0]", True), ("[0]", False), ("[0] [0] [1]", False)],
)
def test_a_translation_is_whole_with_each_placeholder_once(text: str, whole: bool) -> None:
    assert is_whole(text, protect("$ and #", glossary={})) is whole


def test_pieces_go_back_together() -> None:
    protected = protect("The warp drive of NASA failed.", glossary=GLOSSARY)
    assert protected.pieces == ("The ", " of ", " failed.")
    assert rejoin(["El", "de la", "falló."]) == "El [0] de la [1] falló."


def test_digits_are_counted_without_placeholders() -> None:
    assert digits("[3] at 12:30 and 7") == ["12", "30", "7"]


@given(st.text(max_size=80), st.booleans())
def test_what_is_swapped_comes_back_as_it_was(text: str, numbers: bool) -> None:
    protected = protect(text, glossary={}, numbers=numbers)
    assert is_whole(protected.text, protected)
    assert restore(protected.text, protected) == text


def replaced(text: str, counted: dict[str, int]) -> str | None:
    alone = {"book": "libro", "books": "libros", "city": "ciudad", "town": "ciudad"}
    wanted = {"book": "tomo", "books": "tomos", "city": "urbe", "town": "villa"}
    return replace_terms(text, counted, alone=alone, glossary=wanted)


def test_terms_are_counted_as_whole_words() -> None:
    found = terms_in("Books, a book and the BOOK.", {"book": "tomo", "books": "tomos"})
    assert found == {"books": 1, "book": 2}
    assert terms_in("anything", {}) == {}


def test_wanted_words_take_the_place_of_the_translators_own() -> None:
    assert replaced("Libros y un libro.", {"books": 1, "book": 1}) == "Tomos y un tomo."


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("Un cuaderno.", {"book": 1}),
        ("Libro y libro.", {"book": 1}),
        ("La ciudad.", {"city": 1, "town": 1}),
    ],
)
def test_a_term_that_cannot_be_placed_for_certain_is_not(
    text: str, counted: dict[str, int]
) -> None:
    assert replaced(text, counted) is None
