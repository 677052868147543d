"""The program ``dub`` as a person calls it, and what it leaves behind."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cases import Case
from bench.watched import Ran, run_watched
from samples.make import Sample

Json = dict[str, Any]


class DubFailed(RuntimeError):
    """``dub`` ended with another code than 0; the message holds its words."""


@dataclass(frozen=True, slots=True)
class Dubbed:
    """A finished dub. ``said`` is the object that ``--json`` printed."""

    folder: Path
    said: Json
    ran: Ran


class DubProgram:
    """One installation with a state folder of its own, so that nothing was done before."""

    def __init__(self, program: Path, state_dir: Path) -> None:
        self._program = program
        self._environment = {"DUBBING_PIPELINE_STATE_DIR": str(state_dir)}
        self._artifacts = state_dir / "artifacts"

    def run(self, case: Case, sample: Sample, out: Path) -> Dubbed:
        """Dub a sample."""
        ran = self._call("run", *case.arguments(sample, out))
        said: Json = json.loads(ran.output)
        return Dubbed(Path(said["output"]).parent, said, ran)

    def edit(self, folder: Path, line: int, text: str) -> Ran:
        """Change what a line says."""
        return self._call("lines", "edit", str(folder), str(line), "--text", text, "--json")

    def respeak(self, folder: Path, line: int) -> tuple[Path, Ran]:
        """Speak a line anew; gives the preview."""
        ran = self._call("lines", "respeak", str(folder), str(line), "--json")
        return Path(json.loads(ran.output)["preview"]), ran

    def render(self, folder: Path) -> Ran:
        """Make the film anew."""
        return self._call("lines", "render", str(folder), "--json")

    def artifact(self, key: str) -> Path:
        """Give the file of an artifact."""
        return self._artifacts / key[:2] / key

    def artifacts(self) -> set[Path]:
        """List all artifacts there are."""
        return {path for path in self._artifacts.glob("??/*") if path.is_file()}

    def made(self, folder: Path) -> Mapping[str, Mapping[str, str]]:
        """Read by stage and role what the folder's first film was made of."""
        record: Json = json.loads((folder / "dub.json").read_text(encoding="utf-8"))
        made: Mapping[str, Mapping[str, str]] = record["made"]
        return made

    def _call(self, *arguments: str) -> Ran:
        ran = run_watched([str(self._program), *arguments], environment=self._environment)
        if ran.exit_code != 0:
            words = ran.errors.strip() or ran.output.strip()
            raise DubFailed(f"dub {arguments[0]} ended with {ran.exit_code}: {words[-1500:]}")
        return ran
