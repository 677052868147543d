"""Sample films for tests, made once and kept between runs.

They lie in pytest's cache folder, so ``pytest --cache-clear`` throws them away; a change of
their code or of ffmpeg makes them anew.
"""

from functools import cache
from pathlib import Path

from lib.tools import need, need_filter
from samples.make import Sample, make
from samples.recipes import RECIPES

FOLDER = Path(__file__).resolve().parents[2] / ".pytest_cache" / "d" / "samples"


def sample(name: str) -> Sample:
    """Give a sample, made now if it is not there; see ``scripts/make_samples --list``.

    The files are shared between tests and runs: read them, never write.
    """
    need_sample_programs(name)
    return _made(name)


def need_sample_programs(name: str) -> None:
    """End the test if a program that makes the sample is missing."""
    need("ffmpeg")
    if RECIPES[name].language == "en":
        need_filter("flite")
    else:
        need("espeak-ng")


@cache
def _made(name: str) -> Sample:
    return make(name, FOLDER)
