"""Takes single files out of what a person brings: a folder, a zip (or wheel), a tar."""

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from dubbing_pipeline.errors import InputRefused, NotFoundError

LARGEST_BYTES = 8 << 30


def take_files(origin: Path, names: Mapping[str, int | None], target: Path) -> set[str]:
    """Copy files out of a folder or archive by their last name; where they lie is no matter.

    Nothing is unpacked to a path that the archive names.

    Args:
        origin: Folder, ``.zip``, ``.whl``, or ``.tar`` in any compression.
        names: Wanted names, with their size where it is known.
        target: Folder to copy into.

    Returns:
        The names that were found.

    Raises:
        NotFoundError: ``origin`` is not there.
        InputRefused: It is neither folder nor archive, or a file in it has another size.
    """
    found: set[str] = set()
    try:
        with _opened(origin) as members:
            for member in members:
                if member.name in names and member.name not in found:
                    _copy(member, expected=names[member.name], target=target)
                    found.add(member.name)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
        raise _unreadable(origin, str(error)) from error
    return found


@dataclass(frozen=True, slots=True)
class _Member:
    """One file of an archive, not read yet."""

    path: str
    size: int
    open: Callable[[], IO[bytes]]

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


def _copy(member: _Member, *, expected: int | None, target: Path) -> None:
    if member.size > LARGEST_BYTES or expected not in (None, member.size):
        raise InputRefused(
            "engines.archive_size", path=member.path, size=member.size, expected=expected
        )
    with member.open() as source, (target / member.name).open("wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)


@contextmanager
def _opened(origin: Path) -> Iterator[Iterator[_Member]]:
    if origin.is_dir():
        yield _in_folder(origin)
    elif not origin.is_file():
        raise NotFoundError("engines.archive_missing", path=str(origin))
    elif zipfile.is_zipfile(origin):
        with zipfile.ZipFile(origin) as archive:
            yield _in_zip(archive)
    elif tarfile.is_tarfile(origin):
        with tarfile.open(origin) as tar:
            yield _in_tar(tar)
    else:
        raise _unreadable(origin, "neither zip nor tar")


def _in_folder(folder: Path) -> Iterator[_Member]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield _Member(str(path), path.stat().st_size, partial(_file, path))


def _file(path: Path) -> IO[bytes]:
    return path.open("rb")


def _in_zip(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        if not info.is_dir():
            yield _Member(info.filename, info.file_size, partial(archive.open, info))


def _in_tar(archive: tarfile.TarFile) -> Iterator[_Member]:
    for info in archive:
        if info.isreg():
            yield _Member(info.name, info.size, partial(_tar_file, archive, info))


def _tar_file(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(info)
    if stream is None:
        raise tarfile.ReadError(info.name)
    return stream


def _unreadable(origin: Path, detail: str) -> InputRefused:
    return InputRefused("engines.archive_unreadable", path=str(origin), detail=detail)
