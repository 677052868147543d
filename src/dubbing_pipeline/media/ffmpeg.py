"""The one caller of ffmpeg and ffprobe.

Input files are opened here and handed over as descriptors (``file:/proc/self/fd/N``), so that
ffmpeg sees no name, no extension and no folder of a user's file: a leading dash, a quote or
``subfile:`` in a name means nothing, and a file swapped after the check is not the one read.
Only the ``file`` protocol and the containers of ``FILM_FORMATS`` are open to it; external
references of a container are off by ffmpeg's own default; see ``utils.process`` for the rest.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from dubbing_pipeline.errors import InputRefused, OutOfSpace, RefusedError
from dubbing_pipeline.media.source import opened
from dubbing_pipeline.media.streams import MediaInfo
from dubbing_pipeline.utils.files import free_bytes
from dubbing_pipeline.utils.process import Limits, run

FILM_FORMATS = (
    "aac",
    "asf",
    "avi",
    "flac",
    "flv",
    "matroska",
    "mov",
    "mp3",
    "mpeg",
    "mpegts",
    "ogg",
    "wav",
)
"""Containers a user's film may have, by the first name of ffmpeg's demuxer (``mov`` is MP4
too, ``matroska`` is WebM too). None of them names other files, but MOV, where that is off."""

_STARTS_WITH_WHAT_IS_USED = frozenset({"mpeg", "mpegts"})

MAX_SIDE_PX = 8192
_MAX_PIXELS = MAX_SIDE_PX * MAX_SIDE_PX

Tick = Callable[[float], None]
"""Called with progress 0 to 1. It may raise ``errors.Cancelled``; it passes through."""

_GIB = 1 << 30
_PROBE_LIMITS = Limits(
    wall_s=30, cpu_s=30, memory_bytes=2 * _GIB, file_bytes=0, output_bytes=8 << 20
)
_CONVERT_MEMORY_BYTES = 6 * _GIB
_START_S = 60
_SLOWEST_BYTES_PER_S = 8 << 20
_FFMPEG = (
    *("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-n", "-v", "error"),
    *("-progress", "pipe:1", "-stats_period", "0.5"),
)
_SOUND_BYTES_PER_S = 1 << 21
"""More than any sound we write: 48 kHz, 8 channels of 32 bits."""


@dataclass(frozen=True, slots=True)
class MediaInput:
    """A file to read, and the options that stand before it.

    ``demuxer`` is empty for a user's film: then its container must be one of ``FILM_FORMATS``.
    For a file of our own it is the name of its format (``flac``, ``f32le``, ``srt``).
    """

    path: Path
    options: tuple[str, ...] = ()
    demuxer: str = ""


@dataclass(frozen=True, slots=True)
class MediaOutput:
    """A file to write, and the options that stand before it.

    ``path`` must not exist; None is for muxers that write nothing (``null``).
    """

    path: Path | None
    muxer: str
    options: tuple[str, ...] = ()


def clock_holders(info: MediaInfo, number: int = 0) -> tuple[MediaOutput, ...]:
    """Give outputs that write nothing, but keep a film's streams on the film's own clock.

    ffmpeg lets a film begin with its first stream; in MPEG streams, though, with the first
    stream that is *used*, which moves what is taken out of the film against the film. Add these
    to every run that takes some streams of a film and not all.

    Args:
        info: What ``probe`` said about the film.
        number: Which input the film is.
    """
    if info.container not in _STARTS_WITH_WHAT_IS_USED:
        return ()
    streams = [s.index for s in info.video] + [s.index for s in info.audio]
    maps = [part for index in streams for part in ("-map", f"{number}:{index}")]
    return (MediaOutput(None, "null", (*maps, "-c", "copy")),)


def no_tick(_fraction: float) -> None:
    """Tick for callers that have nothing to say and cannot be stopped."""


def bit_exact() -> tuple[str, ...]:
    """Give the output options that make equal inputs give equal bytes.

    No encoder version, no time of day, and no metadata of the input get into the file.
    """
    flags = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")
    return (*flags, "-map_metadata", "-1")


def convert(
    inputs: Sequence[MediaInput],
    outputs: Sequence[MediaOutput],
    *,
    duration_ms: int,
    graph: str = "",
    tick: Tick = no_tick,
    pace: float = 4.0,
    threads: int = 0,
    log_level: Literal["error", "info"] = "error",
) -> str:
    """Run ffmpeg once.

    Args:
        inputs: What to read.
        outputs: What to write. If anything goes wrong, none of them is left.
        duration_ms: How long the film is: for progress and limits.
        graph: A ``-filter_complex`` graph.
        tick: Progress and cancel, called at least five times a second.
        pace: How many seconds of work one second of film may take.
        threads: For each decoder, encoder and filter; 0 lets ffmpeg choose.
        log_level: ``info`` where a filter's summary is wanted.

    Returns:
        The end of what ffmpeg wrote to its error output.

    Raises:
        InputRefused: An input is not a regular file, or ffmpeg cannot make sense of it.
        RefusedError: An output exists already.
        OutOfSpace: The disk is full.
        ProgramOverLimit: It used more time, memory or disk than films of that length may.
        ProgramFailed: Anything else; ``detail`` holds the end of the error output.
    """
    for output in outputs:
        if output.path is not None and os.path.lexists(output.path):
            raise RefusedError("media.output_exists", path=str(output.path))
    progress = _Progress(duration_ms, tick)
    with ExitStack() as stack:
        descriptors = [stack.enter_context(opened(item.path)) for item in inputs]
        limits = _limits(descriptors, duration_ms=duration_ms, pace=pace)
        stack.enter_context(_removed_on_error(outputs))
        argv = (
            *_FFMPEG,
            *("-v", log_level),
            *("-filter_threads", str(threads), "-filter_complex_threads", str(threads)),
            *_input_arguments(inputs, descriptors, threads),
            *(("-filter_complex", graph) if graph else ()),
            *(part for output in outputs for part in _output_arguments(output, threads)),
        )
        with _naming_the_disk(outputs):
            done = run(
                argv, limits=limits, on_line=progress.read, tick=progress.beat, pass_fds=descriptors
            )
            # ffmpeg ends with status 0 when only the last block of a file found no room.
            if "No space left on device" in done.stderr:
                raise OutOfSpace("utils.no_space", program="ffmpeg", detail=done.stderr)
    tick(1.0)
    return done.stderr


def describe(path: Path) -> bytes:
    """Let ffprobe describe a film as JSON: format, streams, chapters.

    Raises:
        InputRefused: It is not a regular file, or names another file that holds its samples.
        ProgramFailed: ffprobe cannot make sense of it.
        ProgramOverLimit: It takes more than a film does.
    """
    with opened(path) as descriptor:
        argv = (
            *("ffprobe", "-hide_banner", "-v", "warning", "-of", "json"),
            *("-show_format", "-show_streams", "-show_entries", "chapter=id"),
            *_input_arguments([MediaInput(path)], [descriptor], threads=1),
        )
        done = run(argv, limits=_PROBE_LIMITS, pass_fds=[descriptor])
    if "Skipped opening external track" in done.stderr:
        raise InputRefused("media.external_reference", path=str(path))
    return done.stdout


def measure_duration_ms(path: Path) -> int:
    """Read a film through, without decoding it, to learn how long it is.

    Raises:
        InputRefused: It is not a regular file.
        ProgramFailed: ffmpeg cannot make sense of it, or does not come to an end.
    """
    progress = _Progress(1, no_tick)
    with opened(path) as descriptor:
        media_s = os.fstat(descriptor).st_size / _SLOWEST_BYTES_PER_S
        argv = (
            *_FFMPEG,
            *_input_arguments([MediaInput(path)], [descriptor], threads=1),
            *("-map", "0:V?", "-map", "0:a?", "-c", "copy", "-f", "null", "-"),
        )
        limits = replace(_PROBE_LIMITS, wall_s=_START_S + media_s, cpu_s=None)
        run(argv, limits=limits, on_line=progress.read, pass_fds=[descriptor])
    return progress.done_ms


@cache
def has_filter(name: str) -> bool:
    """Say whether this ffmpeg was built with a filter.

    Raises:
        EngineMissing: ffmpeg is not installed.
    """
    listed = run(("ffmpeg", "-hide_banner", "-v", "error", "-filters"), limits=_PROBE_LIMITS)
    return any(line.split()[1:2] == [name] for line in listed.stdout.decode().splitlines())


def version() -> str:
    """Give ffmpeg's version as it says it, such as ``5.1.9-0+deb12u1``.

    Raises:
        EngineMissing: ffmpeg is not installed.
    """
    told = run(("ffmpeg", "-version"), limits=_PROBE_LIMITS).stdout.decode()
    return told.split()[2]


class _Progress:
    """Turns ffmpeg's ``-progress`` lines into a fraction."""

    def __init__(self, duration_ms: int, tick: Tick) -> None:
        self._duration_ms = max(duration_ms, 1)
        self._tick = tick
        self.done_ms = 0

    def read(self, line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.isdigit():
            self.done_ms = max(self.done_ms, int(value) // 1000)

    def beat(self) -> None:
        self._tick(min(self.done_ms / self._duration_ms, 1.0))


@contextmanager
def _naming_the_disk(outputs: Sequence[MediaOutput]) -> Iterator[None]:
    """Say which folder had no room; ffmpeg names a file that is gone by then."""
    try:
        yield
    except OutOfSpace as error:
        folder = next((output.path.parent for output in outputs if output.path), None)
        if folder is None:
            raise
        free = free_bytes(folder)
        raise OutOfSpace("utils.disk_full", folder=str(folder), free=free) from error


@contextmanager
def _removed_on_error(outputs: Sequence[MediaOutput]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for output in outputs:
            if output.path is not None:
                output.path.unlink(missing_ok=True)
        raise


def _limits(descriptors: Sequence[int], *, duration_ms: int, pace: float) -> Limits:
    media_s = duration_ms / 1000
    wall_s = _START_S + media_s * pace
    read_bytes = sum(os.fstat(descriptor).st_size for descriptor in descriptors)
    return Limits(
        wall_s=wall_s,
        cpu_s=round(wall_s * (os.cpu_count() or 1)),
        memory_bytes=_CONVERT_MEMORY_BYTES,
        file_bytes=2 * read_bytes + round((media_s + _START_S) * _SOUND_BYTES_PER_S),
    )


def _input_arguments(
    inputs: Sequence[MediaInput], descriptors: Sequence[int], threads: int
) -> tuple[str, ...]:
    arguments: list[str] = []
    for item, descriptor in zip(inputs, descriptors, strict=True):
        formats = item.demuxer or ",".join(FILM_FORMATS)
        arguments += ["-protocol_whitelist", "file", "-format_whitelist", formats]
        arguments += ["-max_pixels", str(_MAX_PIXELS), "-threads", str(threads)]
        # AVI and old MPEG leave times out; without this, copied frames swap places unnoticed.
        arguments += ["-fflags", "+genpts"]
        arguments += ["-f", item.demuxer] if item.demuxer else []
        arguments += [*item.options, "-i", f"file:/proc/self/fd/{descriptor}"]
    return tuple(arguments)


def _output_arguments(output: MediaOutput, threads: int) -> tuple[str, ...]:
    target = "-" if output.path is None else f"file:{output.path.absolute()}"
    return ("-threads", str(threads), *output.options, "-f", output.muxer, target)
