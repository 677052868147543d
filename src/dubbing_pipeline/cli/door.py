"""Where commands meet the process: its environment, its settings, its language."""

import os
import sys
from collections.abc import Mapping

import typer

from dubbing_pipeline.config.ownership import refuse_foreign_state
from dubbing_pipeline.config.settings import Settings, load_settings
from dubbing_pipeline.utils.messages import pick_locale, render


def environment() -> Mapping[str, str]:
    """Give the environment that the process was started with."""
    return os.environ  # noqa: TID251 - the door: from here on it is handed in


def language() -> str:
    """Give the language that messages are shown in."""
    return pick_locale(environment())


def open_settings() -> Settings:
    """Load the settings, tell the warnings on standard error, and check whose state it is.

    Raises:
        SettingsError: A setting is wrong; ``SettingsErrors`` if several are.
        RefusedError: The state folder is somebody else's.
    """
    settings = load_settings(environment())
    tell_warnings(settings)
    command = ["dub", *sys.argv[1:]]
    refuse_foreign_state(settings.public.state_dir, user_id=os.geteuid(), command=command)
    return settings


def tell_warnings(settings: Settings) -> None:
    """Say on standard error what works and should be put right."""
    for warning in settings.warnings:
        text = render(warning.code, warning.params, locale=language())
        typer.echo(render("cli.warning", {"message": text}, locale=language()), err=True)
