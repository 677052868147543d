"""Looks at the programs that a dub needs, and at what the kernel lets us do with them."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal

from dubbing_pipeline.deploy.finding import Finding, State
from dubbing_pipeline.errors import DubbingError, EngineMissing
from dubbing_pipeline.utils.process import Limits, run

Ask = Callable[[Sequence[str]], str]
"""Runs a program for its output; raises ``EngineMissing`` if it is not there."""

_FIX: Final = "./scripts/setup"
_LIMITS: Final = Limits(wall_s=20, cpu_s=20)
_OLDEST_FFMPEG: Final = 5
_FILTERS: Final = ("loudnorm", "ebur128", "atempo", "aresample")
_ENCODERS: Final = ("aac", "flac", "libx264", "mov_text", "srt", "webvtt", "pcm_s16le")
_VERSION: Final = re.compile(r"\bn?(\d+)\.\d+\S*")


def ask_program(argv: Sequence[str]) -> str:
    """Run a program that answers at once.

    Raises:
        EngineMissing: It is not installed.
        ProgramFailed: It did not answer well.
    """
    return run(argv, limits=_LIMITS).stdout.decode(errors="replace")


def check_python(version: tuple[int, int, int]) -> Finding:
    shown = ".".join(map(str, version))
    if (3, 11) <= version[:2] <= (3, 13):
        return Finding("deploy.python", {"version": shown}, check="python", state="ok")
    return Finding("deploy.python_untested", {"version": shown}, check="python", state="warn")


def check_ffmpeg(ask: Ask) -> Iterator[Finding]:
    """Look for ffmpeg and ffprobe, and for the filters and encoders that the stages use."""
    found = _check_program(ask, "ffmpeg", "-version", missing="fail")
    yield found
    yield _check_program(ask, "ffprobe", "-version", missing="fail")
    if found.state == "ok":
        yield from _check_ffmpeg_parts(ask)


def check_speakers_and_translators(ask: Ask) -> Iterator[Finding]:
    """Look for the programs behind the engines that need no model."""
    yield _check_program(ask, "espeak-ng", "--version", missing="warn")
    try:
        modes = ask(["apertium", "-l"]).split()
    except DubbingError:
        yield _missing("apertium", state="warn")
        return
    pairs = " ".join(sorted(mode for mode in modes if mode.count("-") == 1))
    if pairs:
        yield Finding("deploy.pairs", {"pairs": pairs}, check="apertium", state="ok")
    else:
        yield Finding("deploy.no_pairs", {"fix": _FIX}, check="apertium", state="warn")


def check_confinement(
    *, isolation: Literal["kernel", "whitelist"], dies_with_parent: bool, limits: bool
) -> Iterator[Finding]:
    """Judge by what means programs that read films are kept in.

    Args:
        isolation: As ``utils.process.network_isolation`` says.
        dies_with_parent: Programs end with us (``setpriv``).
        limits: Memory, time and file sizes can be limited (``prlimit``).
    """
    if isolation == "kernel":
        yield Finding("deploy.network_by_kernel", check="network", state="ok")
    else:
        yield Finding("deploy.network_by_whitelist", check="network", state="warn")
    for program, there in (("setpriv", dies_with_parent), ("prlimit", limits)):
        if there:
            yield Finding("deploy.confined_by", {"program": program}, check=program, state="ok")
        else:
            yield _missing(program, state="warn")


def _check_program(ask: Ask, program: str, option: str, *, missing: State) -> Finding:
    try:
        answer = ask([program, option])
    except EngineMissing:
        return _missing(program, state=missing)
    except DubbingError as error:
        params = {"program": program, "detail": str(error)}
        return Finding("deploy.program_broken", params, check=program, state="fail")
    number = _VERSION.search(answer)
    if program == "ffmpeg" and number and int(number[1]) < _OLDEST_FFMPEG:
        params = {"version": number[0], "oldest": str(_OLDEST_FFMPEG)}
        return Finding("deploy.ffmpeg_old", params, check=program, state="fail")
    version = number[0] if number else ""
    return Finding(
        "deploy.program", {"program": program, "version": version}, check=program, state="ok"
    )


def _check_ffmpeg_parts(ask: Ask) -> Iterator[Finding]:
    filters = _second_words(ask(["ffmpeg", "-hide_banner", "-filters"]))
    encoders = _second_words(ask(["ffmpeg", "-hide_banner", "-encoders"]))
    lacking = [name for name in _FILTERS if name not in filters]
    lacking += [name for name in _ENCODERS if name not in encoders]
    if lacking:
        params = {"parts": " ".join(lacking), "fix": _FIX}
        yield Finding("deploy.ffmpeg_lacks", params, check="ffmpeg-parts", state="fail")
    else:
        yield Finding("deploy.ffmpeg_complete", check="ffmpeg-parts", state="ok")
    if "rubberband" not in filters:
        yield Finding("deploy.no_rubberband", {"fix": _FIX}, check="rubberband", state="warn")
    if "flite" not in filters:
        yield Finding("deploy.no_flite", {"fix": _FIX}, check="flite", state="warn")


def _second_words(listing: str) -> frozenset[str]:
    """Take the names out of ffmpeg's lists: flags stand before them, words behind."""
    return frozenset(words[1] for line in listing.splitlines() if len(words := line.split()) > 1)


def _missing(program: str, *, state: State) -> Finding:
    return Finding(
        "deploy.program_missing", {"program": program, "fix": _FIX}, check=program, state=state
    )
