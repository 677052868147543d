"""Nobody works in a state folder of somebody else."""

import os
from pathlib import Path

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
