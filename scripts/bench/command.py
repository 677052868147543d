"""The command ``scripts/bench/dub``."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cases import CASES
from bench.dub_program import DubFailed, DubProgram
from bench.line_change import LineChange, measure_line_change
from bench.machine import machine_line
from bench.page import page, write_between
from bench.score import Row, score
from bench.targets import judge, judge_line_change
from samples.make import make

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "docs" / "benchmarks.md"


def main(arguments: Sequence[str]) -> int:
    """Dub samples and measure.

    Returns:
        0 all targets hold, 1 one does not or a dub failed, 2 an unknown sample.
    """
    options = _options(arguments)
    names = options.samples or list(CASES)
    unknown = [name for name in names if name not in CASES]
    if unknown:
        print(f"bench: no case {unknown[0]!r}; there are {', '.join(CASES)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    change: LineChange | None = None
    failed = False
    for name in names:
        try:
            row, changed = _measure(name, options)
        except DubFailed as error:
            print(f"bench: {name}: {error}", file=sys.stderr)
            failed = True
            continue
        rows.append(row)
        change = changed or change
    text = page(rows, change, machine=machine_line())
    print(text)
    if options.write:
        write_between(BENCHMARKS, "bench-dub", text)
    return 1 if failed or not _all_hold(rows, change) else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/dub", description="Dub the samples and measure.")
    parser.add_argument("samples", nargs="*", metavar="SAMPLE", help="default: all cases")
    parser.add_argument("--program", type=Path, default=ROOT / ".venv" / "bin" / "dub")
    parser.add_argument(
        "--films",
        type=Path,
        default=ROOT / ".pytest_cache" / "d" / "samples",
        metavar="DIR",
        help="where sample films are kept",
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep what is made, in a new DIR")
    parser.add_argument("--write", action="store_true", help=f"into {BENCHMARKS.relative_to(ROOT)}")
    return parser.parse_args(arguments)


def _measure(name: str, options: argparse.Namespace) -> tuple[Row, LineChange | None]:
    """Dub one sample cold; on ``long``, change lines of it afterwards."""
    sample = make(name, options.films.resolve())
    with _folder(name, options.keep) as folder:
        program = DubProgram(options.program, folder / "state")
        dubbed = program.run(CASES[name], sample, folder / "out")
        row = score(CASES[name], sample, dubbed, program)
        print(f"{name}: {dubbed.ran.wall_s:.1f} s", file=sys.stderr, flush=True)
        return row, measure_line_change(program, dubbed.folder) if name == "long" else None


@contextmanager
def _folder(name: str, keep: Path | None) -> Iterator[Path]:
    """Give an empty folder: one that goes away, or one that stays to be looked into.

    Raises:
        FileExistsError: The one to stay is there already; a second dub would do nothing.
    """
    if keep is None:
        with TemporaryDirectory(prefix="bench-dub-") as folder:
            yield Path(folder)
        return
    kept = keep.resolve() / name
    kept.mkdir(parents=True)
    yield kept


def _all_hold(rows: Sequence[Row], change: LineChange | None) -> bool:
    held = not any(verdict.broken for verdict in judge(rows))
    return held and (change is None or all(judge_line_change(change).values()))
