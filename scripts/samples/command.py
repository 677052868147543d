"""The command ``scripts/make_samples``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from samples.make import is_finished, make
from samples.programs import ProgramBroke
from samples.recipes import RECIPES


def main(arguments: Sequence[str]) -> int:
    """Make samples; the last line on standard output is the film's path if one was named.

    Returns:
        0 good, 1 a program is missing or failed, 2 an unknown name.
    """
    options = _options(arguments)
    if options.list:
        print("\n".join(f"{name:10} {recipe.about}" for name, recipe in RECIPES.items()))
        return 0
    if options.out is None:
        print("make_samples: --out DIR is missing", file=sys.stderr)
        return 2
    names = options.only.split(",") if options.only else list(RECIPES)
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        print(
            f"make_samples: no sample {unknown[0]!r}; there are {', '.join(RECIPES)}",
            file=sys.stderr,
        )
        return 2
    return _make_all(names, options.out.resolve())


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make_samples", description="Make the sample films.")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for films and truth")
    parser.add_argument("--only", default="", metavar="NAME[,NAME]", help="make only these")
    parser.add_argument("--list", action="store_true", help="name the samples and end")
    return parser.parse_args(arguments)


def _make_all(names: Sequence[str], folder: Path) -> int:
    for name in names:
        started = perf_counter()
        word = "kept" if is_finished(name, folder) else "made"
        try:
            sample = make(name, folder)
        except ProgramBroke as error:
            print(f"make_samples: {name}: {error}", file=sys.stderr)
            return 1
        print(f"{name:10} {word} in {perf_counter() - started:.1f} s", flush=True)
        if len(names) == 1:
            print(sample.film if len(sample.films) == 1 else sample.film.parent)
    return 0
