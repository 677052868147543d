"""Settings come in order, are checked all at once, and keep their secrets."""

from pathlib import Path
from typing import get_args

import pytest

from dubbing_pipeline.config.public_config import Mode
from dubbing_pipeline.config.settings import (
    Settings,
    check_file,
    describe,
    known_names,
    load_settings,
)
from dubbing_pipeline.config.shown import shown_values
from dubbing_pipeline.errors import SettingsError, SettingsErrors
from dubbing_pipeline.model.spec import MODES

D = "DUBBING_PIPELINE_"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": "/usr/bin"}


def problems(environ: dict[str, str]) -> list[tuple[str, object]]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    error = caught.value
    parts = error.parts if isinstance(error, SettingsErrors) else (error,)
    return [(part.code, part.params.get("key")) for part in parts]


def settings_file(tmp_path: Path, text: str, *, mode: int = 0o600) -> str:
    file = tmp_path / "settings.env"
    file.write_text(text)
    file.chmod(mode)
    return str(file)


def warned(settings: Settings) -> list[tuple[str, object]]:
    return [(warning.code, warning.params["key"]) for warning in settings.warnings]


def test_without_any_setting_the_defaults_hold(home: dict[str, str]) -> None:
    public = load_settings(home, cores=6).public
    assert public.state_dir == Path(home["HOME"], ".local/share/dubbing-pipeline/state")
    assert public.models_dir == Path(home["HOME"], ".cache/dubbing-pipeline/models")
    assert (public.slots, public.port, public.max_upload_bytes) == (3, 8000, 64 << 30)


def test_the_users_folders_follow_xdg(home: dict[str, str]) -> None:
    public = load_settings(home | {"XDG_DATA_HOME": "/data", "XDG_CACHE_HOME": "no/root"}).public
    assert public.output_dir == Path("/data/dubbing-pipeline/output")
    assert public.cache_dir == Path(home["HOME"], ".cache/dubbing-pipeline")


def test_models_lie_in_the_cache_folder_that_was_chosen(home: dict[str, str]) -> None:
    assert load_settings(home | {f"{D}CACHE_DIR": "/c"}).public.models_dir == Path("/c/models")


def test_environment_comes_before_file_and_file_before_default(
    home: dict[str, str], tmp_path: Path
) -> None:
    file = settings_file(tmp_path, f"PORT=81\n{D}SLOTS=7\n")
    settings = load_settings(home | {f"{D}SETTINGS_PATH": file, "PORT": "82"})
    assert (settings.public.port, settings.public.slots) == (82, 7)
    origins = [settings.origins[name] for name in ("PORT", f"{D}SLOTS", "HOST")]
    assert origins == ["environment", file, "default"]


def test_an_empty_value_counts_as_not_set(home: dict[str, str]) -> None:
    assert load_settings(home | {"PORT": "", f"{D}STT_URL": ""}).public.port == 8000


def test_without_home_each_folder_is_asked_for() -> None:
    assert problems({"PORT": "80"})[0] == ("config.no_home", f"{D}STATE_DIR")


def test_all_faults_are_told_at_once(home: dict[str, str]) -> None:
    wrong = {"PORT": "0", "HOST": "a b", f"{D}SLOT": "2", f"{D}STT_KEY_FILE": "/nowhere"}
    assert set(problems(home | wrong)) == {
        ("config.bad_value", "PORT"),
        ("config.bad_value", "HOST"),
        ("config.unknown_name", f"{D}SLOT"),
        ("config.secret_unreadable", f"{D}STT_KEY"),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (f"{D}STATE_DIR", "relative/path"),
        (f"{D}JOBS_DB_NAME", "../jobs.db"),
        (f"{D}AUTH_DB_NAME", ".hidden"),
        (f"{D}ROLE", "boss"),
        (f"{D}SLOTS", "two"),
        (f"{D}LEASE_TTL_S", "1"),
        (f"{D}DAILY_JOB_CAP", "-1"),
        (f"{D}MAX_UPLOAD_BYTES", "lots"),
        (f"{D}OFFLINE", "perhaps"),
        (f"{D}DEFAULT_MODE", "best"),
        (f"{D}STT_URL", "ftp://host"),
        (f"{D}LLM_URL", "http://user:pass@host"),
        (f"{D}ALLOWED_HOSTS", "good.example,bad_example"),
        (f"{D}IMPORT_DIRS", "/films,films"),
        (f"{D}POST_JOB_COMMAND", "say 'unfinished"),
        (f"{D}PUBLIC_URL", "example.org"),
        (f"{D}SETTINGS_PATH", "settings.env"),
        ("HOST", "300.1.1.1"),
        ("PORT", "65536"),
        ("ALLOWED_SUBNETS", "192.168.1.7/24"),
        ("REMOTE_ACCESS_MODE", "on"),
        ("COOKIE_SECURE", "yes"),
        ("QUEUE_BACKEND", "kafka"),
        ("REDIS_QUEUE_STREAM_KEY", "a*"),
        ("REDIS_URL", "http://host"),
        ("LOG_LEVEL", "loud"),
        ("CLOUDFLARE_TEAM_DOMAIN", "a/b"),
    ],
)
def test_a_bad_value_says_key_value_and_what_was_expected(
    home: dict[str, str], name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(home | {name: value})
    params = caught.value.params
    assert caught.value.code == "config.bad_value"
    assert (params["key"], params["value"]) == (name, "***" if name == "REDIS_URL" else value)
    assert params["expected"] == next(f.expects for f in describe() if f.env == name)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("HOST", "tailscale", "tailscale"),
        ("HOST", "::1", "::1"),
        ("ALLOWED_SUBNETS", "default, 192.168.1.0/24", ("default", "192.168.1.0/24")),
        (f"{D}MAX_UPLOAD_BYTES", "2GiB", 2 << 30),
        (f"{D}OFFLINE", "1", True),
        (f"{D}ALLOWED_HOSTS", "a.example,*.b.example", ("a.example", "*.b.example")),
        (f"{D}PUBLIC_URL", "https://dub.example/", "https://dub.example"),
        ("LOG_LEVEL", "DEBUG", "debug"),
    ],
)
def test_good_values_are_read(home: dict[str, str], name: str, value: str, read: object) -> None:
    attribute = next(f.name for f in describe() if f.env == name)
    assert getattr(load_settings(home | {name: value}).public, attribute) == read


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({f"{D}LEASE_TTL_S": "300"}, [("config.lease_too_long", f"{D}LEASE_TTL_S")]),
        ({"QUEUE_BACKEND": "redis"}, [("config.needs", "QUEUE_BACKEND")]),
        (
            {f"{D}OFFLINE": "1", f"{D}ALLOW_DOWNLOADS": "1"},
            [("config.contradiction", f"{D}OFFLINE")],
        ),
        ({"REMOTE_ACCESS_MODE": "cloudflare"}, [("config.needs", "REMOTE_ACCESS_MODE")] * 2),
        (
            {f"{D}AUTH_DB_NAME": "jobs.db"},
            [
                ("config.file_name_taken", f"{D}AUTH_DB_NAME"),
                ("config.file_name_taken", f"{D}JOBS_DB_NAME"),
            ],
        ),
        (
            {f"{D}JOBS_DB_NAME": "documents.db"},
            [("config.file_name_taken", f"{D}JOBS_DB_NAME")],
        ),
        ({f"{D}SESSION_IDLE_DAYS": "91"}, [("config.session_order", f"{D}SESSION_IDLE_DAYS")]),
        ({f"{D}STT_URL": "http://localhost"}, [("config.needs", f"{D}STT_URL")]),
        ({f"{D}LLM_MODEL": "m"}, [("config.needs", f"{D}LLM_MODEL")]),
        ({f"{D}TTS_KEY": "k"}, [("config.needs", f"{D}TTS_KEY")]),
    ],
)
def test_settings_that_cannot_work_together_are_refused(
    home: dict[str, str], environ: dict[str, str], found: list[tuple[str, object]]
) -> None:
    assert problems(home | environ) == found


def test_a_misspelt_name_is_refused_with_the_nearest_one(home: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(home | {f"{D}OUTPUT_DIRR": "/x"})
    assert caught.value.params["near"] == f"{D}OUTPUT_DIR"


def test_a_name_like_no_other_is_refused_without_a_guess(home: dict[str, str]) -> None:
    assert problems(home | {f"{D}QQQQQQQQQQQQQQQQQQQQQ": "1"})[0][0] == "config.strange_name"


def test_names_of_others_are_left_alone_in_the_environment(home: dict[str, str]) -> None:
    assert load_settings(home | {"PORTS": "x", "REDIS_HOST": "y"}).public.port == 8000


def test_in_a_file_of_ours_every_name_must_be_known(home: dict[str, str], tmp_path: Path) -> None:
    file = settings_file(tmp_path, "PORTS=80\n")
    assert problems(home | {f"{D}SETTINGS_PATH": file}) == [("config.unknown_name", "PORTS")]


def test_a_file_names_no_other_file(home: dict[str, str], tmp_path: Path) -> None:
    file = settings_file(tmp_path, f"{D}SETTINGS_PATH=/other\n")
    assert problems(home | {f"{D}SETTINGS_PATH": file})[0][0] == "config.nested_file"


def test_a_file_is_checked_without_the_environment(home: dict[str, str], tmp_path: Path) -> None:
    file = settings_file(tmp_path, "PORT=81\n")
    settings = check_file(Path(file), home | {"PORT": "82", f"{D}NONSENSE": "1"})
    assert settings.public.port == 81


def test_a_value_is_never_changed_after_loading(home: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings(home).public.port = 1


def test_every_setting_has_a_name_of_its_own_and_words() -> None:
    fields = describe()
    assert len({field.env for field in fields}) == len(fields)
    assert all(field.doc.endswith(".") and field.expects for field in fields)
    assert {f"{D}STT_KEY", f"{D}STT_KEY_FILE", "REDIS_URL_FILE", "HOST"} <= known_names()


def test_modes_are_those_of_the_dub() -> None:
    assert get_args(Mode) == MODES


def test_every_default_is_itself_a_good_value(home: dict[str, str]) -> None:
    written = {row["name"]: row["value"] for row in shown_values(load_settings(home))}
    again = load_settings(home | written)
    assert again.public == load_settings(home).public
