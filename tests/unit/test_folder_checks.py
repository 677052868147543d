"""The doctor sees where folders are, and whether they will do."""

import os
from pathlib import Path

import pytest

from dubbing_pipeline.config.settings import load_settings
from dubbing_pipeline.deploy.finding import Finding
from dubbing_pipeline.deploy.folder_checks import Mount, check_folders, file_system, read_mounts

MOUNTINFO = (
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    "23 22 0:21 / /films\\040here rw shared:2 master:1 - nfs4 nas:/films rw\n"
)
LOCAL = (Mount(Path("/"), "ext4"),)


def findings(environ: dict[str, str], mounts: tuple[Mount, ...] = LOCAL) -> list[Finding]:
    public = load_settings(environ).public
    return [*check_folders(public, mounts=mounts, user_id=os.geteuid())]


def faults(found: list[Finding]) -> set[tuple[str, str, str]]:
    return {(each.state, each.check, each.code) for each in found if each.state != "ok"}


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "DUBBING_PIPELINE_MIN_FREE_BYTES": "1"}


def test_mounts_are_read_with_their_odd_names() -> None:
    assert read_mounts(MOUNTINFO) == (
        Mount(Path("/"), "ext4"),
        Mount(Path("/films here"), "nfs4"),
    )


def test_the_deepest_and_latest_mount_counts(tmp_path: Path) -> None:
    deep = Mount(tmp_path, "xfs"), Mount(tmp_path, "tmpfs")
    assert file_system(tmp_path / "to" / "come", (*LOCAL, *deep)) == "tmpfs"
    assert file_system(tmp_path.parent, (*LOCAL, *deep)) == "ext4"
    assert file_system(tmp_path, ()) == "?"


def test_folders_to_come_are_good_where_they_can_be_made(home: dict[str, str]) -> None:
    found = findings(home)
    assert not faults(found)
    assert len(found) == 5
    assert not Path(home["HOME"], ".local").exists()


def test_state_on_a_network_is_refused_and_output_is_not(home: dict[str, str]) -> None:
    share = Mount(Path(home["HOME"]), "nfs4")
    assert faults(findings(home, (*LOCAL, share))) == {
        ("fail", "state_dir", "deploy.state_on_network")
    }


def test_a_full_disk_is_told_for_what_grows(home: dict[str, str]) -> None:
    found = findings(home | {"DUBBING_PIPELINE_MIN_FREE_BYTES": str(1 << 60)})
    assert faults(found) == {
        ("fail", name, "deploy.folder_too_full") for name in ("state_dir", "output_dir")
    }


def test_a_file_in_the_way_is_told_with_the_command(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = findings(home | {"DUBBING_PIPELINE_OUTPUT_DIR": str(tmp_path / "file" / "out")})
    assert faults(found) == {("fail", "output_dir", "deploy.folder_not_writable")}
    fix = next(str(each.params["fix"]) for each in found if each.state == "fail")
    assert fix.startswith("sudo install -d")


def test_the_state_of_another_user_is_told(home: dict[str, str], tmp_path: Path) -> None:
    public = load_settings(home | {"DUBBING_PIPELINE_STATE_DIR": str(tmp_path)}).public
    found = [*check_folders(public, mounts=LOCAL, user_id=54321)]
    assert ("fail", "state_dir", "config.foreign_state") in faults(found)
