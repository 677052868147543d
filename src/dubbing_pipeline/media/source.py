"""Opens files that came from a user: regular ones only, never a link, a pipe or a device."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dubbing_pipeline.errors import InputRefused


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a file for reading; what is no regular file is refused, and not waited for.

    Yields:
        A descriptor.

    Raises:
        InputRefused: It cannot be opened, or is a link, a folder, a pipe or a device.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except PermissionError as error:
        raise InputRefused("media.not_readable", path=str(path)) from error
    except OSError as error:
        raise InputRefused(
            "media.cannot_open", path=str(path), detail=error.strerror or ""
        ) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputRefused("media.not_a_file", path=str(path))
        yield descriptor
    finally:
        os.close(descriptor)


def head(path: Path, size: int = 4096) -> bytes:
    """Read the first bytes of a file.

    Raises:
        InputRefused: As for ``opened``.
    """
    with opened(path) as descriptor:
        return os.pread(descriptor, size, 0)
