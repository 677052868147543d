"""The programs that samples are made with."""

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

# Equal bytes on every run: one thread, no version or random id written into the file.
EXACT_OUTPUT = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")


class ProgramBroke(RuntimeError):
    """A program that makes samples ended badly; the message holds its own words."""


def run(arguments: Sequence[str], *, cwd: Path | None = None) -> str:
    """Run a program to its end and give back what it printed.

    Raises:
        ProgramBroke: It is not there, or it ended with another code than 0.
    """
    try:
        done = subprocess.run(
            arguments,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise ProgramBroke(f"{arguments[0]} is not installed; scripts/setup installs it") from error
    if done.returncode != 0:
        raise ProgramBroke(f"{arguments[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def ffmpeg(*arguments: str, cwd: Path | None = None) -> None:
    """Run ffmpeg quietly on one thread."""
    quiet = ("-nostdin", "-v", "error", "-y", "-threads", "1", "-filter_threads", "1")
    run(["ffmpeg", *quiet, *arguments], cwd=cwd)


@cache
def versions() -> str:
    """Name the programs whose work ends up in a sample, so that a new one makes it anew."""
    lines = []
    for command in (("ffmpeg", "-version"), ("espeak-ng", "--version")):
        try:
            lines.append(run(command).splitlines()[0])
        except ProgramBroke:
            lines.append(f"no {command[0]}")
    return "\n".join(lines)
