"""The state folder belongs to one user, and only that user opens it."""

import pwd
import shlex
from collections.abc import Sequence
from pathlib import Path

from dubbing_pipeline.errors import RefusedError


def refuse_foreign_state(state_dir: Path, *, user_id: int, command: Sequence[str]) -> None:
    """Refuse to work in a state folder of somebody else.

    That goes for root, too: it would leave files behind that the service cannot open.

    Args:
        state_dir: The folder; one that is not there yet is nobody's.
        user_id: The effective user.
        command: What was called, to be shown as it should have been.

    Raises:
        RefusedError: Names the owner and the command to give instead; or the folder cannot
            even be reached.
    """
    try:
        owner_id = state_dir.stat().st_uid
    except (FileNotFoundError, NotADirectoryError):
        return  # whoever makes it will say why it cannot be made
    except PermissionError as error:
        user = _user_name(user_id)
        raise RefusedError("config.state_out_of_reach", folder=str(state_dir), user=user) from error
    if owner_id != user_id:
        owner = _user_name(owner_id)
        fix = shlex.join(["sudo", "-u", owner, *command])
        raise RefusedError(
            "config.foreign_state",
            folder=str(state_dir),
            owner=owner,
            user=_user_name(user_id),
            fix=fix,
        )


def _user_name(user_id: int) -> str:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"#{user_id}"
