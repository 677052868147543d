"""Looks at the folders: may we write there, on what file system, and is there room."""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dubbing_pipeline.config.ownership import refuse_foreign_state
from dubbing_pipeline.config.public_config import PublicConfig
from dubbing_pipeline.deploy.finding import Finding, findings_of
from dubbing_pipeline.errors import DubbingError
from dubbing_pipeline.utils.files import existing_part, free_bytes

_NETWORK: Final = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "davfs", "gfs2", "glusterfs", "lustre", "ncpfs"),
        *("nfs", "nfs4", "ocfs2", "smb3", "smbfs"),
        *("fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
    }
)
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of ``/proc/self/mountinfo``: where, and of what kind."""

    point: Path
    kind: str


def read_mounts(mountinfo: str) -> tuple[Mount, ...]:
    """Read the text of ``/proc/self/mountinfo`` (proc_pid_mountinfo(5))."""
    mounts = []
    for line in mountinfo.splitlines():
        head, _, tail = line.partition(" - ")
        point = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), head.split()[4])
        mounts.append(Mount(Path(point), tail.split()[0]))
    return tuple(mounts)


def check_folders(
    public: PublicConfig, *, mounts: tuple[Mount, ...], user_id: int
) -> Iterator[Finding]:
    """Check each folder of the settings; nothing is made or written."""
    for name in ("state_dir", "output_dir", "log_dir", "cache_dir", "models_dir"):
        folder: Path = getattr(public, name)
        kind = file_system(folder, mounts)
        yield _check_folder(name, folder, kind=kind, wanted=_wanted(name, public))
        if name == "state_dir" and kind in _NETWORK:
            params = {"folder": str(folder), "kind": kind}
            yield Finding("deploy.state_on_network", params, check=name, state="fail")
    try:
        refuse_foreign_state(public.state_dir, user_id=user_id, command=["dub", "doctor"])
    except DubbingError as error:
        yield from findings_of(error, check="state_dir")


def file_system(folder: Path, mounts: tuple[Mount, ...]) -> str:
    """Give the kind of file system that a folder is on, or will be."""
    place = existing_part(folder).resolve()
    # Of two mounts on one point the later one covers the earlier.
    under = [mount for mount in mounts if place.is_relative_to(mount.point)]
    deepest = max((len(mount.point.parts) for mount in under), default=0)
    kinds = [mount.kind for mount in under if len(mount.point.parts) == deepest]
    return kinds[-1] if kinds else "?"


def _check_folder(name: str, folder: Path, *, kind: str, wanted: int) -> Finding:
    place = existing_part(folder)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        fix = f'sudo install -d -o "$(id -un)" {shlex.quote(str(folder))}'
        params = {"folder": str(folder), "fix": fix}
        return Finding("deploy.folder_not_writable", params, check=name, state="fail")
    free = free_bytes(folder)
    free_gib, wanted_gib = free / _GIB, wanted / _GIB
    if free < wanted:
        return Finding(
            "deploy.folder_too_full",
            {"folder": str(folder), "free_gib": free_gib, "wanted_gib": wanted_gib},
            check=name,
            state="fail",
        )
    return Finding(
        "deploy.folder",
        {"folder": str(folder), "kind": kind, "free_gib": free_gib},
        check=name,
        state="ok",
    )


def _wanted(name: str, public: PublicConfig) -> int:
    return int(public.min_free_bytes) if name in {"state_dir", "output_dir"} else 0
