"""Secrets come from files first, and are never shown."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from dubbing_pipeline.config.settings import load_settings
from dubbing_pipeline.config.shown import shown_values
from dubbing_pipeline.errors import SettingsError

KEY = "DUBBING_PIPELINE_STT_KEY"


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "DUBBING_PIPELINE_STT_URL": "http://localhost:1",
        "DUBBING_PIPELINE_STT_MODEL": "large",
    }


def secret_file(folder: Path, content: bytes, *, mode: int = 0o600) -> Path:
    file = folder / "secret"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def value_of(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def refusal(environ: dict[str, str]) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return caught.value


def test_a_file_comes_before_credentials_and_environment(
    base: dict[str, str], tmp_path: Path
) -> None:
    file = secret_file(tmp_path, b"from file\n")
    (tmp_path / KEY.lower()).write_text("from credentials")
    (tmp_path / KEY.lower()).chmod(0o400)
    environ = base | {KEY: "clear", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert value_of(load_settings(environ).secret.stt_key) == "from credentials"
    assert value_of(load_settings(environ | {f"{KEY}_FILE": str(file)}).secret.stt_key) == (
        "from file"
    )


def test_a_secret_in_clear_works_with_a_warning(base: dict[str, str]) -> None:
    settings = load_settings(base | {KEY: "clear"})
    assert value_of(settings.secret.stt_key) == "clear"
    assert [(w.code, w.params["key"]) for w in settings.warnings] == [
        ("config.secret_in_clear", KEY)
    ]


def test_a_secret_from_a_file_gives_no_warning(base: dict[str, str], tmp_path: Path) -> None:
    file = secret_file(tmp_path, b"x\r\n")
    settings = load_settings(base | {f"{KEY}_FILE": str(file)})
    assert (value_of(settings.secret.stt_key), settings.warnings) == ("x", ())
    assert settings.origins[KEY] == str(file)


@pytest.mark.parametrize(
    ("content", "mode", "code"),
    [
        (b"x", 0o604, "config.secret_open_to_all"),
        (b"x", 0o602, "config.secret_open_to_all"),
        (b"", 0o600, "config.secret_empty"),
        (b"\n", 0o600, "config.secret_empty"),
        (b"one\ntwo\n", 0o600, "config.secret_not_one_line"),
        (b"x" * 70_000, 0o600, "config.secret_not_one_line"),
        (b"\xff\xfe", 0o600, "config.secret_unreadable"),
    ],
)
def test_a_file_that_is_no_safe_secret_is_refused(
    base: dict[str, str], tmp_path: Path, content: bytes, mode: int, code: str
) -> None:
    file = secret_file(tmp_path, content, mode=mode)
    error = refusal(base | {f"{KEY}_FILE": str(file)})
    assert (error.code, error.params["key"]) == (code, KEY)


def test_the_refusal_names_the_command_that_closes_the_file(
    base: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    file = secret_file(folder, b"x", mode=0o644)
    error = refusal(base | {f"{KEY}_FILE": str(file)})
    assert error.params["fix"] == f"chmod o-rwx '{file}'"


def test_a_settings_file_with_a_secret_must_not_be_open_to_all(
    base: dict[str, str], tmp_path: Path
) -> None:
    file = secret_file(tmp_path, f"{KEY}=x\n".encode(), mode=0o644)
    error = refusal(base | {"DUBBING_PIPELINE_SETTINGS_PATH": str(file)})
    assert error.code == "config.secret_open_to_all"


def test_a_bad_secret_is_not_shown(base: dict[str, str]) -> None:
    error = refusal(base | {"REDIS_URL": "http://user:hunter2@host"})
    assert "hunter2" not in str(error)


def test_no_secret_is_shown_or_printed(base: dict[str, str]) -> None:
    settings = load_settings(base | {KEY: "hunter2", "REDIS_URL": "redis://:hunter2@host"})
    assert "hunter2" not in repr(settings) + str(shown_values(settings))
    assert {"name": KEY, "value": "***", "origin": "environment"} in shown_values(settings)
