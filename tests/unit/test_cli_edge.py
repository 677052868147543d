"""Errors leave the command line as words and an exit code, and nothing else does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dubbing_pipeline.cli.edge import run_at_edge
from dubbing_pipeline.errors import (
    Cancelled,
    DubbingError,
    InputRefused,
    NotFoundError,
    RefusedError,
    SettingsError,
    SettingsErrors,
    UsageError,
)

PARAMS: dict[str, Any] = {"line": 3, "lines": 2}


def raising(error: BaseException) -> Callable[[], object]:
    def command() -> object:
        raise error

    return command


def edge(command: Callable[[], object], *arguments: str, **environ: str) -> int:
    return run_at_edge(command, arguments=arguments, environ=environ)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (InputRefused, 1),
        (Cancelled, 1),
        (UsageError, 2),
        (SettingsError, 3),
        (RefusedError, 4),
        (NotFoundError, 5),
    ],
)
def test_an_error_ends_with_its_own_exit_code(kind: type[DubbingError], code: int) -> None:
    assert edge(raising(kind("model.no_such_line", **PARAMS))) == code


def test_an_error_is_told_in_the_users_language(capsys: pytest.CaptureFixture[str]) -> None:
    edge(raising(InputRefused("model.no_such_line", **PARAMS)), LANG="es_ES.UTF-8")
    out, err = capsys.readouterr()
    assert (out, err.startswith("dub: No existe la línea 3")) == ("", True)


def test_after_json_an_error_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    edge(raising(InputRefused("model.no_such_line", **PARAMS)), "lines", "--json")
    told = json.loads(capsys.readouterr().out)["error"]
    assert (told["code"], told["params"]) == ("model.no_such_line", PARAMS)
    assert told["message"].startswith("There is no line 3")


def test_gathered_errors_are_parts_of_the_object(capsys: pytest.CaptureFixture[str]) -> None:
    parts = [SettingsError("config.old_name", key=key, new="N") for key in "AB"]
    assert edge(raising(SettingsErrors(parts)), "--json") == 3
    told = json.loads(capsys.readouterr().out)["error"]
    assert [part["params"]["key"] for part in told["parts"]] == ["A", "B"]


def test_a_word_after_two_dashes_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    edge(raising(InputRefused("model.no_such_line", **PARAMS)), "--", "--json")
    assert capsys.readouterr().out == ""


def test_a_defect_asks_for_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert edge(raising(ZeroDivisionError("by nothing"))) == 1
    err = capsys.readouterr().err
    assert "ZeroDivisionError: by nothing" in err
    assert "Traceback" not in err


def test_a_defect_shows_where_after_debug(capsys: pytest.CaptureFixture[str]) -> None:
    edge(raising(ZeroDivisionError("by nothing")), "--debug")
    assert "Traceback" in capsys.readouterr().err


def test_a_defect_is_an_object_after_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert edge(raising(ZeroDivisionError("by nothing")), "--json") == 1
    told = json.loads(capsys.readouterr().out)["error"]
    assert (told["code"], told["params"]["kind"]) == ("cli.defect", "ZeroDivisionError")


def test_ctrl_c_ends_with_130_and_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert edge(raising(KeyboardInterrupt())) == 130
    assert "Interrupted" in capsys.readouterr().err


def test_a_closed_pipe_is_no_defect(capsys: pytest.CaptureFixture[str]) -> None:
    assert edge(raising(BrokenPipeError())) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("leaving", "code"), [(None, 0), (0, 0), (4, 4), ("text", 1)])
def test_a_command_may_leave_by_itself(leaving: object, code: int) -> None:
    assert edge(raising(SystemExit(leaving))) == code


def test_a_reader_that_goes_away_gets_no_traceback() -> None:
    """`dub config show | head -0`, with the reader gone before the first word."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "dubbing_pipeline", "config", "show"]
    ended = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, env={"HOME": "/"}, check=False
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_a_file_name_that_is_no_text_is_told_in_every_locale(tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xffd.mp4")
    command = [sys.executable, "-m", "dubbing_pipeline", "run", name, "--to", "es", "--json"]
    strict = {"PYTHONIOENCODING": "utf-8:strict", "HOME": str(tmp_path), "PATH": os.defpath}
    done = subprocess.run(command, env=strict, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == NotFoundError.exit_code
    told = json.loads(done.stdout.decode("utf-8", "strict"))
    assert told["error"]["params"]["path"].endswith(name)
