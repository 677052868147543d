"""Programs that a test needs: missing on a laptop is a skip, missing in CI a failure."""

import os
import shutil

import pytest


def need(program: str) -> str:
    """Give the program's path, or end the test: skipped with the reason, failed if ``CI=true``."""
    found = shutil.which(program)
    if found:
        return found
    reason = f"{program} is not installed; scripts/setup --tests brings it"
    if os.environ.get("CI") == "true":  # noqa: TID251  # the one question asked of it
        pytest.fail(reason)
    pytest.skip(reason)
