"""Timeline and edits survive a round trip through their files."""

from pathlib import Path

import pytest

from dubbing_pipeline.errors import InputRefused
from dubbing_pipeline.model.speech import Edits, Fit, Line, LineEdit, Timeline, Word
from dubbing_pipeline.stages.documents import (
    edits_text,
    read_edits,
    read_timeline,
    timeline_text,
)

FIT = Fit(0, 500, 500, 600, 1.0, 0, 0, "fits")
LINE = Line(1, 0, 500, "A", "hi", "hola", words=(Word(0, 10, "hi"),), fit=FIT)
TIMELINE = Timeline("en", "es", 1000, (LINE,))


def test_a_timeline_reads_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "timeline.json"
    file.write_text(timeline_text(TIMELINE))
    assert read_timeline(file) == TIMELINE


def test_edits_read_back_as_they_were_written(tmp_path: Path) -> None:
    edits = Edits().with_change(1, LineEdit(target="buenas")).with_change(1, LineEdit(locked=True))
    file = tmp_path / "edits.json"
    file.write_text(edits_text(edits))
    assert read_edits(file) == edits
    assert edits.rev == 2
    assert edits.lines == {1: LineEdit(target="buenas", locked=True)}


def test_no_edits_file_means_nothing_was_changed(tmp_path: Path) -> None:
    assert read_edits(tmp_path / "edits.json") == Edits()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not json", "stages.document_unreadable"),
        ("[]", "stages.document_unreadable"),
        ("{}", "stages.document_schema"),
        ('{"schema": 1, "lines": 3}', "stages.document_unreadable"),
    ],
)
def test_a_damaged_timeline_is_refused_with_its_path(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "timeline.json"
    file.write_text(text)
    with pytest.raises(InputRefused) as caught:
        read_timeline(file)
    assert caught.value.code == code
    assert caught.value.params["path"] == str(file)


def test_edits_change_only_the_lines_they_name() -> None:
    other = Line(2, 600, 900, "B", "bye", "adios")
    timeline = Timeline("en", "es", 1000, (LINE, other))
    edited = Edits().with_change(1, LineEdit(target="buenas")).apply(timeline)
    assert edited.line(1).target == "buenas"
    assert edited.line(2) == other


def test_an_edit_of_a_line_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputRefused) as caught:
        Edits().with_change(9, LineEdit(target="x")).apply(TIMELINE)
    assert caught.value.code == "model.no_such_line"
