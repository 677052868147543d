"""scripts/demo hands on what it was asked, and closes with where to look."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lib.tree import ROOT

DUB = """#!/bin/bash
[ "$1" != worker ] || exec sleep 60
printf '<%s>' "$@" >"$(dirname "$0")/words"
echo "halfway there" >&2
echo '{"job": {}, "outputs": ["/films/a.es.srt", "/films/a b.es.mp4", "/films/report.json"]}'
"""
# Only two scripts are run by the environment's Python: the samples, and the reading of the JSON.
PYTHON = """#!/bin/bash
case $1 in
  */make_samples) echo "making"; echo "$5/clean.mp4" ;;
  *) exec python3 "$@" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "demo", tmp_path / "scripts")
    programs = {"scripts/setup": "#!/bin/bash\n", ".venv/bin/dub": DUB, ".venv/bin/python": PYTHON}
    for name, text in programs.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def demo(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checkout / "scripts" / "demo"), *words],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


def words_of_dub(checkout: Path) -> str:
    return (checkout / ".venv" / "bin" / "words").read_text()


def test_without_a_film_it_makes_an_english_one(checkout: Path) -> None:
    assert demo(checkout).returncode == 0
    words = words_of_dub(checkout)
    assert words.startswith("<jobs><submit><--to><es><--wait><--json><--from><en>")
    assert words.endswith(f"<--><{checkout}/demo-output/sample/clean.mp4>")


def test_it_ends_with_output_and_report(checkout: Path) -> None:
    done = demo(checkout)
    assert done.stdout.splitlines()[-2:] == [
        "output: /films/a b.es.mp4",
        "report: /films/report.json",
    ]
    assert "halfway there" in done.stderr


def test_a_film_without_its_language_is_handed_on_without_one(checkout: Path) -> None:
    demo(checkout, "my film.mp4", "--to=pt")
    words = words_of_dub(checkout)
    assert words.startswith("<jobs><submit><--to><pt>")
    assert words.endswith("<--><my film.mp4>")
    assert "--from" not in words


def test_the_language_of_a_film_is_handed_on(checkout: Path) -> None:
    demo(checkout, "--from", "es", "--to", "en", "--", "-odd.mp4")
    assert "<--from><es><--><-odd.mp4>" in words_of_dub(checkout)


def test_a_failed_dub_fails_the_demo(checkout: Path) -> None:
    (checkout / ".venv" / "bin" / "dub").write_text("#!/bin/bash\n[ $1 = worker ] || exit 4\n")
    done = demo(checkout, "film.mp4")
    assert (done.returncode, done.stdout) == (4, "")


@pytest.mark.parametrize("words", [("--what",), ("a.mp4", "b.mp4")])
def test_a_wrong_call_prints_the_usage(checkout: Path, words: tuple[str, ...]) -> None:
    done = demo(checkout, *words)
    assert done.returncode == 2
    assert "scripts/demo [FILE]" in done.stderr
