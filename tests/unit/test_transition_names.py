"""Old names are accepted only under a declared prefix, and never in silence."""

from pathlib import Path

import pytest

from dubbing_pipeline.config.settings import Settings, load_settings
from dubbing_pipeline.errors import SettingsError

D = "DUBBING_PIPELINE_"
OLD = f"{D}TRANSITION_PREFIXES"


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def renamed(settings: Settings) -> list[tuple[object, object]]:
    return [(w.params["key"], w.params["new"]) for w in settings.warnings]


def refusal(environ: dict[str, str]) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return caught.value


@pytest.mark.parametrize("prefix", ["FILMER", "FILMER_", "OTHER, FILMER_"])
def test_an_old_name_stands_for_the_new_one_with_a_warning(
    base: dict[str, str], prefix: str
) -> None:
    settings = load_settings(base | {OLD: prefix, "FILMER_SLOTS": "5"})
    assert settings.public.slots == 5
    assert renamed(settings) == [("FILMER_SLOTS", f"{D}SLOTS")]


def test_an_old_prefix_also_stands_before_names_that_have_none(base: dict[str, str]) -> None:
    settings = load_settings(base | {OLD: "FILMER_", "FILMER_PORT": "81"})
    assert (settings.public.port, renamed(settings)) == (81, [("FILMER_PORT", "PORT")])


def test_without_a_declared_prefix_old_names_are_nothing_to_us(base: dict[str, str]) -> None:
    assert load_settings(base | {"FILMER_SLOTS": "5"}, cores=2).public.slots == 1


def test_new_and_old_name_may_agree(base: dict[str, str]) -> None:
    settings = load_settings(base | {OLD: "FILMER", "FILMER_SLOTS": "5", f"{D}SLOTS": "5"})
    assert renamed(settings) == [("FILMER_SLOTS", f"{D}SLOTS")]
    assert settings.public.slots == 5


def test_new_and_old_name_may_not_differ(base: dict[str, str]) -> None:
    error = refusal(base | {OLD: "FILMER", "FILMER_SLOTS": "5", f"{D}SLOTS": "6"})
    assert error.code == "config.transition_conflict"
    assert (error.params["key"], error.params["other"]) == ("FILMER_SLOTS", f"{D}SLOTS")


def test_two_old_names_may_not_differ(base: dict[str, str]) -> None:
    error = refusal(base | {OLD: "FILMER,CUTTER", "FILMER_SLOTS": "5", "CUTTER_SLOTS": "6"})
    assert (error.params["key"], error.params["other"]) == ("FILMER_SLOTS", "CUTTER_SLOTS")


def test_an_unknown_name_under_an_old_prefix_is_refused_with_the_new_name(
    base: dict[str, str],
) -> None:
    error = refusal(base | {OLD: "FILMER", "FILMER_SLOT": "5"})
    assert (error.code, error.params["near"]) == ("config.unknown_name", f"{D}SLOTS")


def test_the_longest_prefix_wins(base: dict[str, str]) -> None:
    settings = load_settings(base | {OLD: "OLD,OLD_ONE", "OLD_ONE_SLOTS": "5"})
    assert settings.public.slots == 5


@pytest.mark.parametrize("prefix", ["REDIS", D, "DUBBING", "HOST,LOG_"])
def test_a_prefix_of_our_own_names_is_refused(base: dict[str, str], prefix: str) -> None:
    assert refusal(base | {OLD: prefix}).code == "config.transition_prefix_ours"


def test_an_old_secret_file_is_accepted(base: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k")
    file.chmod(0o600)
    endpoint = {f"{D}STT_URL": "http://localhost", f"{D}STT_MODEL": "large"}
    settings = load_settings(base | endpoint | {OLD: "FILMER", "FILMER_STT_KEY_FILE": str(file)})
    assert settings.secret.stt_key is not None
    assert renamed(settings) == [("FILMER_STT_KEY_FILE", f"{D}STT_KEY_FILE")]


def test_the_settings_file_may_be_named_by_an_old_name(
    base: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "old.env"
    file.write_text("FILMER_SLOTS=9\n")
    settings = load_settings(base | {OLD: "FILMER", "FILMER_SETTINGS_PATH": str(file)})
    assert settings.public.slots == 9
