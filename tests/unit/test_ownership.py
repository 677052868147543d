"""Nobody works in a state folder of somebody else."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dubbing_pipeline.config.ownership import refuse_foreign_state
from dubbing_pipeline.errors import RefusedError


def test_the_owner_may_enter(tmp_path: Path) -> None:
    refuse_foreign_state(tmp_path, user_id=os.geteuid(), command=["dub"])


def test_a_folder_that_is_not_there_yet_is_nobodys(tmp_path: Path) -> None:
    refuse_foreign_state(tmp_path / "new", user_id=54321, command=["dub"])


def test_somebody_else_is_refused_with_the_right_command(tmp_path: Path) -> None:
    owner = tmp_path.owner()
    with pytest.raises(RefusedError) as caught:
        refuse_foreign_state(tmp_path, user_id=54321, command=["dub", "run", "a film"])
    assert caught.value.params["fix"] == f"sudo -u {owner} dub run 'a film'"
    assert caught.value.params["user"] == "#54321"
    assert caught.value.exit_code == 4


LOOK_AS_NOBODY = """
import os, sys
from pathlib import Path
from dubbing_pipeline.config.ownership import refuse_foreign_state
from dubbing_pipeline.errors import RefusedError
from dubbing_pipeline.utils.files import existing_part
if os.geteuid() == 0:  # root may look anywhere
    os.setresuid(65534, 65534, 65534)
state = Path(sys.argv[1], "state")
print(existing_part(state))
try:
    refuse_foreign_state(state, user_id=65534, command=[])
except RefusedError as error:
    print(error.code)
"""


def test_a_folder_out_of_reach_is_refused() -> None:
    with TemporaryDirectory() as closed:
        Path(closed).chmod(0)
        told = subprocess.run(
            [sys.executable, "-c", LOOK_AS_NOBODY, closed],
            check=True,
            capture_output=True,
            text=True,
        )
        Path(closed).chmod(0o700)
    assert told.stdout.split() == [closed, "config.state_out_of_reach"]
