"""Programs that a test needs: missing on a laptop is a skip, missing in CI a failure."""

import os
import shutil
import subprocess
from typing import NoReturn

import pytest


def need(program: str) -> str:
    """Give the program's path, or end the test: skipped with the reason, failed if ``CI=true``."""
    found = shutil.which(program)
    return found or lack(f"{program} is not installed; scripts/setup --tests brings it")


def need_filter(name: str) -> None:
    """End the test if ffmpeg was built without a filter; ``flite`` is not in every build."""
    ffmpeg = need("ffmpeg")
    shown = subprocess.run(
        [ffmpeg, "-hide_banner", "-h", f"filter={name}"], check=True, capture_output=True, text=True
    ).stdout
    if not shown.startswith(f"Filter {name}"):
        lack(f"ffmpeg has no filter {name}; Debian's and Ubuntu's builds have it")


def lack(reason: str) -> NoReturn:
    """End the test for what is not here: skipped with the reason, failed if ``CI=true``."""
    if os.environ.get("CI") == "true":  # noqa: TID251  # the one question asked of it
        pytest.fail(reason)
    pytest.skip(reason)
