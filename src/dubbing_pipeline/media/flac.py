"""Reads spans of FLAC files and writes new ones, block by block: a film never lies in memory."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt
import soundfile

from dubbing_pipeline.errors import InputRefused, OutOfSpace, ProgramFailed, RefusedError
from dubbing_pipeline.utils.files import free_bytes

Frames = npt.NDArray[np.float32]
"""Sound of one or more channels, float32 in -1 to 1, shape ``(n, channels)``."""


def frame_at(at_ms: int, sample_rate_hz: int) -> int:
    """Give the number of the sample that sounds at a time."""
    return (at_ms * sample_rate_hz + 500) // 1000


class SpanReader:
    """An open FLAC (or WAV) file to read spans of. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            InputRefused: It is no sound file.
        """
        try:
            self._file = soundfile.SoundFile(path)
        except soundfile.SoundFileError as error:
            raise InputRefused("media.unreadable", path=str(path), detail=str(error)) from error

    @property
    def sample_rate_hz(self) -> int:
        rate_hz: int = self._file.samplerate
        return rate_hz

    @property
    def channels(self) -> int:
        channels: int = self._file.channels
        return channels

    @property
    def frames(self) -> int:
        frames: int = self._file.frames
        return frames

    @property
    def duration_ms(self) -> int:
        return round(self.frames * 1000 / self.sample_rate_hz)

    def read(self, first: int, count: int) -> Frames:
        """Read frames by number. What lies outside the file is silence.

        Returns:
            Shape ``(count, channels)``.
        """
        frames = np.zeros((count, self.channels), dtype=np.float32)
        begin, end = max(first, 0), min(first + count, self.frames)
        if begin < end:
            self._file.seek(begin)
            frames[begin - first : end - first] = self._file.read(
                end - begin, dtype="float32", always_2d=True
            )
        return frames

    def span(self, start_ms: int, end_ms: int) -> Frames:
        """Read a span of time. What lies outside the file is silence.

        Returns:
            Shape ``(n, channels)``.
        """
        first = frame_at(start_ms, self.sample_rate_hz)
        return self.read(first, frame_at(end_ms, self.sample_rate_hz) - first)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


class FlacWriter:
    """A new FLAC file of 16 bits, written block by block. Use it as a context manager.

    The file is there under its name from the start; it is removed if the work breaks off.
    """

    def __init__(self, path: Path, *, sample_rate_hz: int, channels: int) -> None:
        """Create the file.

        Raises:
            RefusedError: Something lies under that name already.
            OutOfSpace: The disk is full.
        """
        self._path = path
        self._sink = _Sink(path)
        self._file = soundfile.SoundFile(
            self._sink,
            mode="w",
            samplerate=sample_rate_hz,
            channels=channels,
            format="FLAC",
            subtype="PCM_16",
        )

    def write(self, frames: Frames) -> None:
        """Append frames, shape ``(n, channels)``; what is over 1 is clipped.

        Raises:
            OutOfSpace: The disk is full.
        """
        self._file.write(frames)
        self._sink.raise_if_broken()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
            self._sink.close()
            if kind is None:
                self._sink.raise_if_broken()
        except BaseException:
            self._path.unlink(missing_ok=True)
            raise
        if kind is not None:
            self._path.unlink(missing_ok=True)


def write_flac(path: Path, frames: Frames, *, sample_rate_hz: int) -> None:
    """Write a whole FLAC file of 16 bits.

    Args:
        path: Must not exist.
        frames: Shape ``(n, channels)``.
        sample_rate_hz: Its rate.

    Raises:
        RefusedError: Something lies under that name already.
        OutOfSpace: The disk is full; no file is left.
    """
    channels = frames.shape[1]
    with FlacWriter(path, sample_rate_hz=sample_rate_hz, channels=channels) as writer:
        writer.write(frames)


class _Sink:
    """The file under a writer: to the library all goes well, and what went wrong is kept.

    The library forgets why a write failed, and stumbles over it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._broken: OSError | None = None
        try:
            self._file: BinaryIO = path.open("xb")
        except FileExistsError as error:
            raise RefusedError("media.output_exists", path=str(path)) from error

    def write(self, data: bytes) -> int:
        with self._kept():
            self._file.write(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with self._kept():
            self._file.seek(offset, whence)
        return self.tell()

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def close(self) -> None:
        with self._kept():
            self._file.close()

    def raise_if_broken(self) -> None:
        if self._broken is None:
            return
        if self._broken.errno in {errno.ENOSPC, errno.EDQUOT}:
            folder = self._path.parent
            raise OutOfSpace(
                "utils.disk_full", folder=str(folder), free=free_bytes(folder)
            ) from self._broken
        raise ProgramFailed("media.cannot_write", detail=str(self._broken)) from self._broken

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._broken = error
