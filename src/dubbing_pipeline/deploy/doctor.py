"""The doctor: looks at everything a dub needs here, changes nothing, and says what to do."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from dubbing_pipeline.config.settings import Settings, load_settings
from dubbing_pipeline.deploy.engine_checks import check_engines
from dubbing_pipeline.deploy.finding import Finding, findings_of
from dubbing_pipeline.deploy.folder_checks import check_folders, read_mounts
from dubbing_pipeline.deploy.program_checks import (
    Ask,
    ask_program,
    check_confinement,
    check_ffmpeg,
    check_python,
    check_speakers_and_translators,
)
from dubbing_pipeline.engines.installation import engine_settings
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.errors import SettingsError
from dubbing_pipeline.utils.process import dies_with_parent, network_isolation

_MOUNTINFO: Final = Path("/proc/self/mountinfo")


def examine(environ: Mapping[str, str], *, ask: Ask = ask_program) -> Iterator[Finding]:
    """Look at this machine; findings come as they are made.

    Args:
        environ: The process environment.
        ask: Runs a program for its output.
    """
    yield check_python(sys.version_info[:3])
    yield from check_ffmpeg(ask)
    yield from check_speakers_and_translators(ask)
    yield from check_confinement(
        isolation=network_isolation(),
        dies_with_parent=dies_with_parent(),
        limits=shutil.which("prlimit") is not None,
    )
    try:
        settings = load_settings(environ)
    except SettingsError as error:
        yield from findings_of(error, check="settings")
        return
    yield from _examine_installation(settings, environ)


def _examine_installation(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    yield Finding("deploy.settings_good", check="settings", state="ok")
    for warning in settings.warnings:
        yield Finding(warning.code, warning.params, check="settings", state="warn")
    mounts = read_mounts(_MOUNTINFO.read_text(errors="surrogateescape"))
    yield from check_folders(settings.public, mounts=mounts, user_id=os.geteuid())
    threads = os.cpu_count() or 1
    yield from check_engines(Registry(engine_settings(settings, environ, threads=threads)))
