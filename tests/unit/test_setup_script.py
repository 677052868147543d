"""scripts/setup: says what it lacks, installs once, and heals what was interrupted."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.tree import ROOT

PROGRAMS = "bash cat chmod cut dirname env flock grep mkdir mktemp rm sed sha256sum tail tee touch"
BASE_PYTHON = Path(sys.executable).resolve()

# It does what uv does to the folders, and writes down how it was called.
UV = """#!/bin/bash
echo "$*" >>"$CALLS"
[ "$1 $2" != "$BREAK_AT" ] || exit 1
[ "$1 $2" != "$DIE_AT" ] || kill -9 $PPID
folder=${*: -1}
case "$1 $2" in
  venv*) mkdir -p "$folder/bin"; echo "$PWD/$folder" >"$folder/bin/activate"
         printf '#!/bin/bash\\nexit 0' >"$folder/bin/python"; chmod +x "$folder/bin/python" ;;
  "pip install") touch .venv/bin/dub; chmod +x .venv/bin/dub ;;
esac
"""
ALL_INSTALLED = """#!/bin/bash
shift 2
printf 'install ok installed %s\\n' "$@"
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of the script with a world of fake programs around it."""

    root: Path
    programs: Path

    def add(self, name: str, text: str) -> None:
        file = self.programs / name
        file.write_text(text)
        file.chmod(0o755)

    def setup(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        variables = {
            "PATH": str(self.programs),
            "OS_RELEASE": str(self.root / "os-release"),
            "CALLS": str(self.root / "calls"),
            "UV": str(self.programs / "uv"),
            **environment,
        }
        command = [str(self.root / "scripts" / "setup"), *words]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    def calls(self) -> list[str]:
        file = self.root / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup", tmp_path / "scripts")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "os-release").write_text("ID=debian\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in PROGRAMS.split():
        (programs / name).symlink_to(shutil.which(name) or name)
    (programs / "python3").symlink_to(BASE_PYTHON)
    made = Checkout(tmp_path, programs)
    made.add("uv", UV)
    made.add("id", "#!/bin/bash\necho 1000\n")
    made.add("dpkg-query", ALL_INSTALLED)
    made.add("apt-get", "#!/bin/bash\nexit 1\n")
    return made


def test_the_second_run_does_nothing_and_says_nothing(checkout: Checkout) -> None:
    first = checkout.setup()
    assert first.returncode == 0, first.stderr
    assert "installing the locked environment" in first.stdout
    assert "pip sync" in " ".join(checkout.calls())
    second = checkout.setup()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert checkout.calls() == []


def test_hashes_are_enforced_in_both_environments(checkout: Checkout) -> None:
    checkout.setup()
    synced = [call for call in checkout.calls() if call.startswith("pip sync")]
    assert [call.split()[-1] for call in synced] == [
        "requirements/dev.txt",
        "requirements/piper.txt",
    ]
    assert all("--require-hashes" in call for call in synced)


def test_a_new_lock_is_installed(checkout: Checkout) -> None:
    checkout.setup()
    checkout.calls()
    with (checkout.root / "requirements" / "piper.txt").open("a") as lock:
        lock.write("# changed\n")
    assert "Piper" in checkout.setup().stdout
    assert [call.split()[-1] for call in checkout.calls()] == ["requirements/piper.txt"]


@pytest.mark.parametrize("moment", ["venv --quiet", "pip sync", "pip install"])
def test_a_killed_run_is_made_anew_by_the_next(checkout: Checkout, moment: str) -> None:
    assert checkout.setup(DIE_AT=moment).returncode == -9
    checkout.calls()
    assert checkout.setup().returncode == 0
    assert checkout.calls()[0].startswith("venv")
    assert checkout.setup().stdout == ""


def test_a_refused_download_leaves_the_old_environment(checkout: Checkout) -> None:
    checkout.setup()
    (checkout.root / "requirements" / "dev.txt").write_text("new==1\n")
    assert checkout.setup(BREAK_AT="pip sync").returncode == 1
    checkout.calls()
    assert checkout.setup().returncode == 0
    assert not [call for call in checkout.calls() if call.startswith("venv")]


def test_a_moved_checkout_gets_a_new_environment(checkout: Checkout) -> None:
    checkout.setup()
    checkout.calls()
    moved = checkout.root.parent / "moved"
    shutil.copytree(checkout.root, moved, symlinks=True)
    there = Checkout(moved, checkout.programs)
    assert there.setup().returncode == 0
    assert any(call.startswith("venv") for call in there.calls())


def test_without_root_or_sudo_it_says_what_to_install(checkout: Checkout) -> None:
    checkout.add("dpkg-query", "#!/bin/bash\necho install ok installed ffmpeg\n")
    done = checkout.setup()
    assert done.returncode == 1
    assert "apt-get install --no-install-recommends espeak-ng apertium" in done.stderr
    assert " ffmpeg" not in done.stderr


def test_a_package_that_is_half_installed_is_missing(checkout: Checkout) -> None:
    checkout.add("dpkg-query", "#!/bin/bash\necho install ok half-configured ffmpeg\n")
    assert " ffmpeg " in checkout.setup().stderr


def test_another_system_is_told_what_it_lacks(checkout: Checkout) -> None:
    (checkout.root / "os-release").write_text("ID=nixos\n")
    done = checkout.setup()
    assert done.returncode == 1
    assert "not Debian or Ubuntu" in done.stderr
    assert "missing: ffmpeg espeak-ng apertium" in done.stderr


def test_another_system_that_has_everything_goes_on(checkout: Checkout) -> None:
    (checkout.root / "os-release").write_text("ID=nixos\n")
    for name in ("ffprobe", "espeak-ng", "apertium", "setpriv"):
        checkout.add(name, "#!/bin/bash\necho eng-spa es-pt es-fr\n")
    assert checkout.setup().returncode == 0


def test_no_fitting_python_is_said(checkout: Checkout) -> None:
    done = checkout.setup(PYTHON="python9")
    assert done.returncode == 1
    assert "python3" in done.stderr


def test_ubuntu_counts_as_debian(checkout: Checkout) -> None:
    (checkout.root / "os-release").write_text('ID=ubuntu\nID_LIKE="debian"\n')
    assert checkout.setup().returncode == 0


def test_an_unknown_option_prints_the_usage(checkout: Checkout) -> None:
    done = checkout.setup("--what")
    assert done.returncode == 2
    assert "scripts/setup [--tests] [--quiet]" in done.stderr


def test_an_interrupted_apt_is_finished_first(checkout: Checkout) -> None:
    note = 'echo "${0##*/} $*" | tee -a "$CALLS"'
    checkout.add("id", "#!/bin/bash\necho 0\n")
    checkout.add("dpkg-query", "#!/bin/bash\nexit 1\n")
    checkout.add("dpkg", f"#!/bin/bash\n{note}\n")
    checkout.add("apt-get", f"#!/bin/bash\n{note}\n")
    assert checkout.setup().returncode == 0
    words = [call.split() for call in checkout.calls()[:4]]
    assert [word[1] for word in words[:2]] == ["--audit", "--configure"]
    assert "update" in words[2]
    assert {"install", "--no-install-recommends", "ffmpeg"} <= set(words[3])
