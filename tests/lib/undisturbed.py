"""One dub in which nothing went wrong, for tests that compare with it."""

from dataclasses import dataclass
from pathlib import Path

from lib.installation import Ended, Installation
from lib.samples import sample
from lib.short_film import need_dub_programs

SAMPLE = "three"
LINES = 15


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """A dub of the sample, and the words that asked for it."""

    installation: Installation
    ended: Ended
    words: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return self.ended.folder


def dub_undisturbed(folder: Path) -> Undisturbed:
    """Dub English to Spanish by the engines that need no download."""
    need_dub_programs()
    installation = Installation(folder)
    words = (str(sample(SAMPLE).film), "--from", "en", "--to", "es", "--json")
    ended = installation.call("run", *words, "--out", folder / "out")
    assert ended.code == 0, ended.steps
    return Undisturbed(installation, ended, words)
