"""The cheapest real dub: nine seconds, three lines, and their words are given."""

from pathlib import Path

from lib.samples import sample
from lib.tools import need

NAME = "mkv"


def need_dub_programs() -> None:
    """End the test if a program that dubs English into Spanish is missing."""
    for program in ("ffmpeg", "espeak-ng", "apertium"):
        need(program)


def dub_short(out: Path) -> tuple[str | Path, ...]:
    """Give the words that have it dubbed: everything is real but the recognition."""
    need_dub_programs()
    film = sample(NAME)
    asked = ("--from", "en", "--to", "es", "--subtitles", film.subtitles)
    return ("run", film.film, *asked, "--out", out, "--json")
