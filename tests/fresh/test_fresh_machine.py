"""The two commands on a Debian that has Git and Python and nothing else. Nightly: minutes each."""

import os
import subprocess

import pytest

from lib.tools import need
from lib.tree import ROOT

CHROOT = str(ROOT / "tests" / "lib" / "fresh_chroot.sh")

DEMO = """
set -e
./scripts/demo | tee /tmp/said
echo "second setup: [$(./scripts/setup 2>&1)]"
ffprobe -v error -select_streams a -show_entries stream_tags=language -of csv=p=0 \
  "$(sed -n 's/^output: //p' /tmp/said)"
test -s "$(sed -n 's/^report: //p' /tmp/said)"
"""
REFUSED = """
chown -R nobody .
setpriv --reuid=nobody --clear-groups ./scripts/setup
echo "exit $?"
"""


def on_a_fresh_debian(suite: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh clone there, as root."""
    need("mmdebstrap")
    if os.geteuid() != 0:
        pytest.skip("only root can make a fresh Debian")
    command = [CHROOT, "--suite", suite, "bash", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_the_demo_dubs_a_film_on_a_fresh_machine(suite: str) -> None:
    done = on_a_fresh_debian(suite, DEMO)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    lines = done.stdout.splitlines()
    said = next(index for index, line in enumerate(lines) if line.startswith("output: "))
    assert lines[said + 1].startswith("report: ")
    assert lines[said + 2] == "second setup: []"
    assert {"spa", "eng"} <= set(lines[said + 3 :])


@pytest.mark.timeout(600)
def test_without_root_a_fresh_machine_is_told_what_to_install() -> None:
    done = on_a_fresh_debian("bookworm", REFUSED)
    assert done.stdout.splitlines()[-1] == "exit 1"
    assert "apt-get install --no-install-recommends ffmpeg espeak-ng" in done.stderr
    assert "python3.11-venv" in done.stderr
