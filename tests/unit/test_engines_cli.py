"""`dub engines`, as a person calls it."""

import json
from pathlib import Path

import pytest

from dubbing_pipeline.cli import cli


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def dub(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        cli(arguments, prog_name="dub")
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def test_the_list_says_what_brings_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("engines", "list") == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line.split(maxsplit=3) for line in lines if " whisper-small " in line)
    assert row == ["transcribe", "whisper-small", "no", "dub engines install whisper-small"]


def test_the_list_as_json_has_languages_licences_and_reasons(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert dub("engines", "list", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["engines"]}
    small = rows["whisper-small"]
    assert (small["ready"], small["fix"]) == (False, "dub engines install whisper-small")
    assert "whisper-small" in small["reason"]
    assert set(small) >= {"task", "languages", "pairs", "needs_network", "code_license"}


def test_a_system_package_is_named_by_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("engines", "install", "apertium-eng-spa") == 1
    assert "sudo apt-get install apertium apertium-eng-spa" in capsys.readouterr().err


def test_an_unknown_model_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("engines", "install", "nonsense") == 5
    assert "whisper-small" in capsys.readouterr().err


def test_a_model_is_installed_from_a_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_text(name)
    command = ["engines", "install", "whisper-small.en", "--from-file", str(folder)]
    assert dub(*command, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert not shown["pinned"]
    assert Path(shown["path"], "model.bin").read_text() == "model.bin"


def test_a_folder_that_is_another_model_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "model.bin").write_text("x")
    assert dub("engines", "install", "whisper-small", "--from-file", str(tmp_path)) == 1
    assert "model.bin" in capsys.readouterr().err
