"""Calls of engine programs: one place for their limits, and for the step from tick to tick."""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from dubbing_pipeline.utils.confinement import Limits
from dubbing_pipeline.utils.process import run

MEMORY_BYTES = 4 << 30
OUTPUT_BYTES = 1 << 30


def silent() -> None:
    """Tick for calls too short to be stopped."""


def output_of(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    wall_s: float,
    network: bool = False,
    tick: Callable[[], None] = silent,
) -> bytes:
    """Run an engine's program, without network unless it needs one; give its standard output.

    Raises:
        EngineMissing: The program is not there.
        ProgramFailed: It ended badly; ``ProgramOverLimit`` if it ran into a limit.
    """
    limits = Limits(
        wall_s=wall_s,
        memory_bytes=MEMORY_BYTES,
        output_bytes=OUTPUT_BYTES,
        deny_network=not network,
    )
    return run(argv, limits=limits, stdin=stdin, tick=tick).stdout


def find_program(name: str, *, cache_dir: Path | None = None) -> Path | None:
    """Find an engine's program: in an environment of its own, then on PATH.

    Programs that may not share our environment live in ``engines/NAME`` beside it or in the
    cache folder.
    """
    homes = [Path(sys.prefix)] + ([cache_dir] if cache_dir else [])
    for home in homes:
        own = home / "engines" / name / "bin" / name
        if own.is_file():
            return own
    found = shutil.which(name)
    return Path(found) if found else None
