"""Environment files are read as systemd reads them, and nothing is lost in silence."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from dubbing_pipeline.config.environment_file import parse_environment, read_environment_file
from dubbing_pipeline.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=b", "b"),
        ("A=", ""),
        ("A=b c", "b c"),
        ("  A =  b  \t\r\n", "b"),
        ("A='b $c \"d\"'", 'b $c "d"'),
        ('A="b \\"c\\" \\$d \\e"', 'b "c" $d \\e'),
        ("A='two\nlines'\n", "two\nlines"),
        ('A="two\nlines"\n', "two\nlines"),
        ('A="join\\\ned"', "joined"),
        ("A=join\\\ned\n", "joined"),
        ("A=b\\ c\\\\\n", "b c\\"),
        ("A=b\\ \n", "b "),
        ("A=b # no comment", "b # no comment"),
        ("A=b=c", "b=c"),
        ("A=it's", "it's"),
        ("A=${HOME}", "${HOME}"),
        ("# c\n; c\n\n \t\nA=b\r\n\r\n", "b"),
    ],
)
def test_values_are_read_as_systemd_reads_them(text: str, value: str) -> None:
    assert parse_environment(text, path="f") == {"A": value}


@pytest.mark.parametrize(
    "text", ["A", "export A=b", "1A=b", "A='b", 'A="b', "A='b' c", "A='b''c'", "-A=b", "A=b\\"]
)
def test_a_line_that_systemd_would_skip_or_bend_is_refused_by_number(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_environment(f"# one\nB=c\n{text}", path="f")
    assert (caught.value.code, caught.value.params["line"]) == ("config.bad_line", 3)


def test_a_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_environment("A='1\n2'\nA=2\n", path="f")
    assert (caught.value.code, caught.value.params["line"]) == ("config.name_twice", 3)


def test_a_missing_file_and_a_binary_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    for name in ("missing", "binary"):
        with pytest.raises(SettingsError) as caught:
            read_environment_file(tmp_path / name)
        assert caught.value.code == "config.file_unreadable"


@given(st.text(st.characters(exclude_characters="'", exclude_categories=["Cs"])))
def test_any_text_survives_single_quotes(value: str) -> None:
    assert parse_environment(f"A='{value}'\n", path="f") == {"A": value}


@given(st.text(st.sampled_from("AB=ab'\"\\ \t\r\n#;$")))
def test_any_file_is_read_or_refused(text: str) -> None:
    try:
        values = parse_environment(text, path="f")
    except SettingsError:
        return
    assert set(values) <= set("".join(c if c.isalpha() else " " for c in text).split())
