"""The commands about settings, as a person calls them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dubbing_pipeline import __version__
from dubbing_pipeline.cli import cli
from dubbing_pipeline.cli.door import open_settings
from dubbing_pipeline.errors import RefusedError


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def dub(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        cli(arguments, prog_name="dub")
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("--version") == 0
    assert capsys.readouterr().out == f"dub {__version__}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("--help") == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("config", "--version", "--debug"))


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("nonsense") == 2
    assert "nonsense" in capsys.readouterr().err


def test_settings_are_shown_with_origin_and_masked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@localhost")
    assert dub("config", "show") == 0
    out, err = capsys.readouterr()
    assert "REDIS_URL=***  # environment" in out
    assert "PORT=8000  # default" in out
    assert err.startswith("dub: warning: The secret REDIS_URL")
    assert "hunter2" not in out + err


def test_settings_are_shown_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("config", "show", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["settings"]
    assert {"name": "PORT", "value": "8000", "origin": "default"} in rows


def test_good_settings_are_called_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("config", "check") == 0
    assert "settings are good" in capsys.readouterr().out


def test_every_fault_is_told_and_ends_with_three(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "wrong.env"
    file.write_text("PORT=0\nPROT=1\n")
    assert dub("config", "check", "--file", str(file)) == 3
    err = capsys.readouterr().err
    assert "PORT is 0" in err
    assert f"PROT ({file}) is not a setting. Did you mean PORT?" in err


def test_warnings_are_part_of_the_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://localhost")
    assert dub("config", "check", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], len(told["warnings"])) == (True, 1)


def test_a_door_stays_shut_before_the_state_of_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DUBBING_PIPELINE_STATE_DIR", str(tmp_path))
    assert open_settings().public.state_dir == tmp_path
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    with pytest.raises(RefusedError):
        open_settings()


HEAVY = ("pydantic", "rich", "structlog", "babel", "numpy", "faster_whisper", "httpx2", "asyncio")


def test_help_loads_nothing_heavy() -> None:
    """A start of `dub --help` stays quick only as long as these stay out."""
    script = (
        "import sys\n"
        "from dubbing_pipeline.cli import cli\n"
        "try:\n    cli(['--help'])\n"
        "except SystemExit:\n"
        f"    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert told.stderr == "[]\n"
