"""The real program ``dub`` with folders of its own, as a person or a unit would call it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from lib.processes import at_home
from lib.steps import StepPipe

PROGRAM = Path(sys.executable).parent / "dub"
ORDER = (
    *("import", "extract", "transcribe", "diarize", "translate"),
    *("synthesize", "fit", "mix", "export", "verify", "publish"),
)
"""Every step of a dub, as the program tells them."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended. ``steps`` are the lines of its error output."""

    code: int
    out: str
    steps: Sequence[str]

    @property
    def said(self) -> dict[str, Any]:
        """The one object that ``--json`` prints."""
        said: dict[str, Any] = json.loads(self.out)
        return said

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.said["error"]
        return error

    @property
    def folder(self) -> Path:
        return Path(self.said["output"]).parent

    @property
    def started(self) -> list[str]:
        """The steps that were really done."""
        return [step.partition(":")[0] for step in self.steps if step.endswith(": started")]


@dataclass(frozen=True, slots=True)
class Installation:
    """State, cache and programs of one installation.

    ``programs`` stands before the machine's own on PATH. ``prefix`` is a command that starts
    the program, such as ``setpriv``.
    """

    folder: Path
    programs: Path | None = None
    prefix: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return Path(self.settings.get("DUBBING_PIPELINE_STATE_DIR", self.folder / "state"))

    @property
    def environment(self) -> dict[str, str]:
        """What the program sees; its ``HOME`` marks every process that it starts."""
        temporary = self.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        path = os.environ["PATH"]  # noqa: TID251  # where this machine's programs are
        return {
            "PATH": f"{self.programs}:{path}" if self.programs else path,
            "HOME": str(self.folder),
            "TMPDIR": str(temporary),
            "DUBBING_PIPELINE_STATE_DIR": str(self.state),
            **self.settings,
        }

    def artifact(self, key: str) -> Path:
        return self.state / "artifacts" / key[:2] / key

    def call(self, *words: str | Path) -> Ended:
        """Call ``dub`` and wait for its end."""
        done = subprocess.run(
            self._command(words),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr.splitlines())

    @contextmanager
    def start(self, *words: str | Path) -> Iterator["Running"]:
        """Call ``dub`` and follow its steps; its group is killed when the block ends."""
        environment, steps = self.environment, StepPipe()
        with TemporaryFile("w+", dir=self.folder) as out:
            process = subprocess.Popen(
                self._command(words),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=steps.write_end,
                start_new_session=True,
            )
            steps.started()
            running = Running(process, steps, out, self.folder)
            try:
                yield running
            finally:
                running.signal(signal.SIGKILL)
                process.wait()
                steps.close()

    def _command(self, words: Sequence[str | Path]) -> list[str]:
        return [*self.prefix, str(PROGRAM), *map(str, words)]


@dataclass(frozen=True, slots=True)
class Running:
    """A call under way. Its group is its own, so that a signal to it reaches all of it."""

    process: subprocess.Popen[bytes]
    steps: StepPipe
    out: IO[str]
    home: Path

    def reach(self, step: str, *, lines: int = 0) -> None:
        """Let it go on until it is in a step, and has told that many lines of it.

        It is stopped there by its own next line: with 0, before the step's first progress.

        Raises:
            EOFError: It never came there.
        """
        at = ORDER.index(step)
        if at and not any(line.startswith(ORDER[at - 1]) for line in self.steps.lines):
            self.steps.reach(lambda line: _is_end(line, ORDER[at - 1]))
        for _ in range(lines):
            self.steps.reach(lambda line: line.startswith(f"{step}: "))
        self.steps.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, if it still lives."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def descendants(self) -> dict[int, str]:
        """List every process of this call by number, with its name."""
        return at_home(self.home)

    def end(self) -> Ended:
        """Let it go on to its end."""
        steps = self.steps.rest()
        code = self.process.wait()
        self.out.seek(0)
        return Ended(code, self.out.read(), steps)


def _is_end(line: str, step: str) -> bool:
    name, _, words = line.partition(": ")
    return name == step and (words == "reused" or words.endswith(" s"))
