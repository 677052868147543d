"""Lines keep their ids, terms and numbers, whatever the program does to them."""

import re
from collections.abc import Callable

import pytest

from dubbing_pipeline.engines.apertium_lines import LineTranslator
from dubbing_pipeline.engines.base import TranslationLine, TranslationRequest
from dubbing_pipeline.errors import EngineFailed

Words = Callable[[str], str]


class Program:
    """Stands for the pipe: parts blocks, changes each, counts its runs."""

    def __init__(self, change: Words) -> None:
        self.change = change
        self.runs: list[int] = []

    def __call__(self, mode: str, data: bytes) -> bytes:
        blocks = data.decode().split("\0")[:-1]
        self.runs.append(len(blocks))
        return "".join(f"{self.change(block[:-3])}.[]\0" for block in blocks).encode() + b"\0" * 8


def translate(
    program: Program, *texts: str, modes: tuple[str, ...] = ("en-es",), **terms: str
) -> list[str]:
    lines = [TranslationLine(number, text) for number, text in enumerate(texts)]
    request = TranslationRequest("en", "es", lines, terms)
    return LineTranslator(request, modes=modes, program=program).translate()


def marked(text: str) -> str:
    return re.sub(r"[a-z]{3,}", lambda match: match[0] + "o", text)


def test_all_lines_go_through_one_process() -> None:
    program = Program(marked)
    assert translate(program, "the cat", "...", "the dog") == ["theo cato", "...", "theo dogo"]
    assert program.runs == [2]


def test_two_modes_are_two_processes() -> None:
    program = Program(marked)
    assert translate(program, "the cat", modes=("en-es", "es-pt")) == ["theoo catoo"]
    assert program.runs == [1, 1]


def test_a_term_is_replaced_where_its_own_translation_came_out() -> None:
    program = Program(marked)
    assert translate(program, "the cat and the dog", cat="gato") == ["theo gato ando theo dogo"]
    assert program.runs == [2]


def test_a_term_that_came_out_otherwise_is_kept_by_a_placeholder() -> None:
    """The program says something else for a word inside a sentence than for the word alone."""
    program = Program(lambda text: text.replace("the cat", "el minino").replace("cat", "gata"))
    assert translate(program, "the cat sleeps", cat="micho") == ["the micho sleeps"]


def test_a_number_that_is_lost_is_kept_by_a_placeholder() -> None:
    program = Program(lambda text: text.replace("3", "three"))
    assert translate(program, "it has 3 dogs") == ["it has 3 dogs"]


def test_a_program_that_throws_placeholders_away_gets_only_what_stands_between() -> None:
    program = Program(lambda text: re.sub(r"\[\d+\]", "", text).replace("3", "three"))
    assert translate(program, "it has 3 cats", cats="gatos") == ["it has 3 gatos"]


def test_only_lines_that_lost_something_are_asked_for_again() -> None:
    program = Program(lambda text: text.replace("3", "three"))
    translate(program, "one dog", "3 dogs", "two dogs")
    assert program.runs == [3, 1, 1]


def test_a_program_that_shifts_blocks_is_asked_line_by_line() -> None:
    def whole(mode: str, data: bytes) -> bytes:
        blocks = data.decode().split("\0")[:-1]
        return b"only one.[]\0" if len(blocks) > 1 else data

    lines = [TranslationLine(1, "one"), TranslationLine(2, "two")]
    request = TranslationRequest("en", "es", lines)
    assert LineTranslator(request, modes=("en-es",), program=whole).translate() == ["one", "two"]


def test_a_line_that_never_comes_back_whole_is_an_error() -> None:
    request = TranslationRequest("en", "es", [TranslationLine(1, "one")])
    with pytest.raises(EngineFailed) as caught:
        LineTranslator(request, modes=("en-es",), program=lambda mode, data: b"").translate()
    assert caught.value.params["text"] == "one"


def test_marks_of_unknown_words_are_taken_off() -> None:
    assert translate(Program(lambda text: f"*{text}"), "qwerty") == ["qwerty"]


def test_an_address_goes_through_untouched() -> None:
    program = Program(str.upper)
    assert translate(program, "see www.example.org now") == ["SEE www.example.org NOW"]
