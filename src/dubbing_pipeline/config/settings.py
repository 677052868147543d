"""The one loader. Only doors call it; everybody else is handed values.

Order: the process environment, then the file at ``DUBBING_PIPELINE_SETTINGS_PATH``, then the
defaults. An empty value counts as not set. A secret comes from the file that ``NAME_FILE``
names, then from ``$CREDENTIALS_DIRECTORY/name``, and only then from a value in clear, with a
warning.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from dubbing_pipeline.config.cross_checks import cross_check
from dubbing_pipeline.config.environment_file import read_environment_file
from dubbing_pipeline.config.field import PREFIX, SettingField, fields_of
from dubbing_pipeline.config.handed_in import HandedInSettings
from dubbing_pipeline.config.names import (
    ENVIRONMENT,
    RawValue,
    find_unknown,
    new_name,
    normal_prefixes,
    resolve_old_names,
)
from dubbing_pipeline.config.public_config import PublicConfig
from dubbing_pipeline.config.secret_config import SecretConfig
from dubbing_pipeline.config.secret_file import gather_secrets
from dubbing_pipeline.errors import Param, SettingsError, SettingsErrors

DEFAULT: Final = "default"

_SETTINGS_PATH: Final = PREFIX + "SETTINGS_PATH"
_TRANSITION: Final = PREFIX + "TRANSITION_PREFIXES"
_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"

_Model = TypeVar("_Model", bound=HandedInSettings)


@dataclass(frozen=True, slots=True)
class SettingsWarning:
    """Something that works and should be put right. Words are in the catalogues, as of errors."""

    code: str
    params: Mapping[str, Param]


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process.

    ``origins`` tells for each environment name where its value came from: ``environment``,
    ``default``, or a file's path.
    """

    public: PublicConfig
    secret: SecretConfig
    origins: Mapping[str, str]
    warnings: tuple[SettingsWarning, ...] = ()


@cache
def describe() -> tuple[SettingField, ...]:
    """List every setting with all that is known about it."""
    return (*fields_of(PublicConfig, secret=False), *fields_of(SecretConfig, secret=True))


@cache
def known_names() -> frozenset[str]:
    """Give every environment name that is ours, with the ``_FILE`` forms of secrets."""
    return frozenset(
        name
        for setting in describe()
        for name in ([setting.env, setting.env + "_FILE"] if setting.secret else [setting.env])
    )


def load_settings(environ: Mapping[str, str], *, cores: int | None = None) -> Settings:
    """Read, check and freeze the settings of this process.

    Args:
        environ: The process environment.
        cores: Processor cores, for the default of slots; asked of the machine if not told.

    Raises:
        SettingsError: One is wrong; ``SettingsErrors`` if several are.
    """
    found = _from_environment(environ)
    path = _settings_path(found)
    if path is not None:
        found = _from_file(path) | found
    return check_values(found, environ=environ, cores=cores or os.cpu_count() or 1)


def check_file(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings that a file alone gives, whatever the process environment says.

    ``environ`` only tells where home and credentials are.

    Raises:
        SettingsError: One is wrong; ``SettingsErrors`` if several are.
    """
    return check_values(_from_file(path), environ=environ, cores=os.cpu_count() or 1)


def check_values(
    found: Mapping[str, RawValue], *, environ: Mapping[str, str], cores: int
) -> Settings:
    """Check values from wherever they were found, and fill in the defaults.

    Raises:
        SettingsError: One is wrong; ``SettingsErrors`` if several are.
    """
    prefixes = _prefixes(found)
    known = known_names()
    values, renamed, problems = resolve_old_names(found, known=known, prefixes=prefixes)
    problems += find_unknown(found, known=known, prefixes=prefixes)
    secrets, in_clear, secret_problems = gather_secrets(
        values,
        names=[setting.env for setting in describe() if setting.secret],
        credentials=environ.get(_CREDENTIALS),
    )
    problems += secret_problems
    values |= secrets
    public = _build(PublicConfig, values, problems, defaults=_defaults(environ, values, cores))
    secret = _build(SecretConfig, values, problems, defaults={})
    if public is not None and secret is not None:
        problems += cross_check(public, secret)
    if public is None or secret is None or problems:
        raise problems[0] if len(problems) == 1 else SettingsErrors(problems)
    warnings = [
        *(SettingsWarning("config.old_name", {"key": r.old, "new": r.new}) for r in renamed),
        *(SettingsWarning("config.secret_in_clear", {"key": key}) for key in in_clear),
    ]
    return Settings(public, secret, _origins(values), tuple(warnings))


def _from_environment(environ: Mapping[str, str]) -> dict[str, RawValue]:
    return {name: RawValue(text, ENVIRONMENT) for name, text in environ.items() if text}


def _from_file(path: Path) -> dict[str, RawValue]:
    values = read_environment_file(path)
    if values.get(_SETTINGS_PATH):
        raise SettingsError("config.nested_file", key=_SETTINGS_PATH, path=str(path))
    return {name: RawValue(text, str(path)) for name, text in values.items() if text}


def _settings_path(found: Mapping[str, RawValue]) -> Path | None:
    prefixes = _prefixes(found)
    name = next((n for n in sorted(found) if new_name(n, prefixes) == _SETTINGS_PATH), "")
    value = found.get(_SETTINGS_PATH) or found.get(name)
    if value is None:
        return None
    if not Path(value.text).is_absolute():
        raise _bad_value(_field(_SETTINGS_PATH), value.text)
    return Path(value.text)


def _prefixes(found: Mapping[str, RawValue]) -> tuple[str, ...]:
    if _TRANSITION not in found:
        return ()
    told = found[_TRANSITION].text.split(",")
    return normal_prefixes((part.strip() for part in told if part.strip()), known_names())


def _defaults(
    environ: Mapping[str, str], values: Mapping[str, RawValue], cores: int
) -> dict[str, Any]:
    """Work out the defaults that depend on the machine and on the user."""
    data = _user_folder(environ, "XDG_DATA_HOME", ".local/share")
    cache_home = _user_folder(environ, "XDG_CACHE_HOME", ".cache")
    defaults: dict[str, Any] = {"slots": max(1, cores // 2)}
    if data is not None:
        defaults |= {f"{name}_dir": data / name for name in ("state", "output", "log")}
    cache_dir = values.get(PREFIX + "CACHE_DIR")
    chosen = Path(cache_dir.text) if cache_dir else cache_home
    if chosen is not None:
        defaults |= {"cache_dir": chosen, "models_dir": chosen / "models"}
    return defaults


def _user_folder(environ: Mapping[str, str], name: str, below_home: str) -> Path | None:
    told = environ.get(name, "")
    home = environ.get("HOME", "")
    # The XDG specification has relative values ignored.
    if Path(told).is_absolute():
        return Path(told) / "dubbing-pipeline"
    return Path(home, below_home, "dubbing-pipeline") if Path(home).is_absolute() else None


def _build(
    model: type[_Model],
    values: Mapping[str, RawValue],
    problems: list[SettingsError],
    *,
    defaults: Mapping[str, Any],
) -> _Model | None:
    fields = {f.name: f for f in describe() if f.name in model.model_fields}
    given = {name: values[f.env].text for name, f in fields.items() if f.env in values}
    try:
        return model(**{**defaults, **given})
    except ValidationError as error:
        wrong = dict.fromkeys(str(item["loc"][0]) for item in error.errors())
        problems += [_bad_value(fields[name], given.get(name)) for name in wrong]
        return None


def _bad_value(setting: SettingField, text: str | None) -> SettingsError:
    if text is None:
        return SettingsError("config.no_home", key=setting.env, default=setting.default)
    shown = "***" if setting.secret else text
    return SettingsError("config.bad_value", key=setting.env, value=shown, expected=setting.expects)


def _field(env: str) -> SettingField:
    return next(setting for setting in describe() if setting.env == env)


def _origins(values: Mapping[str, RawValue]) -> dict[str, str]:
    return {
        setting.env: values[setting.env].source if setting.env in values else DEFAULT
        for setting in describe()
    }
