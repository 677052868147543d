"""`dub doctor` tells all of it, and ends with 1 only if something fails."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dubbing_pipeline.cli import cli
from dubbing_pipeline.config.settings import load_settings
from dubbing_pipeline.deploy.doctor import examine
from dubbing_pipeline.deploy.engine_checks import check_engines
from dubbing_pipeline.deploy.finding import findings_of
from dubbing_pipeline.engines.installation import engine_settings, hub_folder
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.errors import EngineMissing, SettingsError, SettingsErrors
from dubbing_pipeline.utils.messages import render
from lib.tools import need


def nothing_here(argv: Sequence[str]) -> str:
    raise EngineMissing("utils.program_missing", program=argv[0], fix="")


def told(capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    with pytest.raises(SystemExit) as leaving:
        cli(["doctor", "--json"])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code, json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DUBBING_PIPELINE_MIN_FREE_BYTES", "1")


def test_a_machine_that_was_set_up_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    for program in ("ffmpeg", "ffprobe", "espeak-ng", "apertium"):
        need(program)
    code, answer = told(capsys)
    assert (code, answer["ok"]) == (0, True)
    checks = {row["check"] for row in answer["findings"]}
    assert {"python", "ffmpeg", "network", "settings", "state_dir", "transcribe"} <= checks


def test_bad_settings_fail_and_are_told_one_by_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("HOST", "x y")
    code, answer = told(capsys)
    rows = [row for row in answer["findings"] if row["check"] == "settings"]
    assert (code, answer["ok"]) == (1, False)
    assert {row["params"]["key"] for row in rows} == {"PORT", "HOST"}


def test_each_line_begins_with_its_state(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli(["doctor"])
    states = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert "ok" in states
    assert states <= {"ok", "warn", "fail"}


def test_everything_that_fails_says_what_to_do() -> None:
    failing = [each for each in examine({}, ask=nothing_here) if each.state == "fail"]
    assert failing
    for each in failing:
        words = render(each.code, each.params)
        assert any(hint in words for hint in ("Run ", "Set ", "Install ", "Expected")), words


def test_an_error_that_gathers_others_gives_a_finding_for_each() -> None:
    parts = [SettingsError("config.old_name", key=key, new="N") for key in "AB"]
    assert [each.params["key"] for each in findings_of(SettingsErrors(parts), check="c")] == [
        "A",
        "B",
    ]


def test_a_warning_of_the_settings_is_a_warning_here(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "REDIS_URL": "redis://localhost"}
    found = [each for each in examine(environ, ask=nothing_here) if each.check == "settings"]
    assert [(each.state, each.code) for each in found] == [
        ("ok", "deploy.settings_good"),
        ("warn", "config.secret_in_clear"),
    ]


def registry(environ: Mapping[str, str]) -> Registry:
    return Registry(engine_settings(load_settings(environ), environ, threads=1))


def test_every_task_is_told_ready_or_how_to_make_it_so(tmp_path: Path) -> None:
    found = [*check_engines(registry({"HOME": str(tmp_path)}))]
    assert {each.check for each in found} == {
        "detect_speech",
        "transcribe",
        "translate",
        "synthesize",
    }
    assert all(each.state == "ok" or "fix" in each.params for each in found)


def test_engines_are_told_folders_permissions_and_endpoints(tmp_path: Path) -> None:
    environ = {
        "HOME": str(tmp_path),
        "DUBBING_PIPELINE_MODELS_DIR": "/models",
        "DUBBING_PIPELINE_OFFLINE": "1",
        "DUBBING_PIPELINE_STT_URL": "http://localhost:1/api",
        "DUBBING_PIPELINE_STT_MODEL": "large",
        "DUBBING_PIPELINE_STT_KEY": "hunter2",
    }
    told_engines = registry(environ).settings
    assert (told_engines.models_dir, told_engines.offline) == (Path("/models"), True)
    assert told_engines.stt is not None
    assert told_engines.stt.key is not None
    assert (told_engines.stt.model, told_engines.stt.key.get_secret_value()) == (
        "large",
        "hunter2",
    )
    assert told_engines.llm is None


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({}, None),
        ({"HOME": "/h"}, "/h/.cache/huggingface/hub"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({"HF_HOME": "/f", "XDG_CACHE_HOME": "/c"}, "/f/hub"),
        ({"HF_HUB_CACHE": "/x", "HF_HOME": "/f"}, "/x"),
    ],
)
def test_the_hub_cache_is_found_as_the_hub_finds_it(
    environ: dict[str, str], folder: str | None
) -> None:
    assert hub_folder(environ) == (Path(folder) if folder else None)
