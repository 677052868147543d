"""Files that are either whole or not there, and are never laid over somebody else's."""

import contextlib
import ctypes
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dubbing_pipeline.errors import OutOfSpace, RefusedError

_FICLONE: Final = 0x40049409
"""Share the blocks of another file: ioctl_ficlone(2)."""

_AT_FDCWD: Final = -100
_RENAME_NOREPLACE: Final = 1
_NO_RENAME_FLAGS: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
_NO_LOCKS: Final = frozenset({errno.EBADF, errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS})
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_NAME_BYTES: Final = 255
_COPY_CHUNK: Final = 1 << 30


def write_atomic(path: Path, content: bytes | str, *, mode: int = 0o644) -> None:
    """Write a whole file, or leave what was there. It is on disk when this returns.

    Raises:
        OutOfSpace: The disk is full; the old content stays.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = _temporary(path.parent)
    with refusing_full_disk(path.parent), _removed_unless_moved(temporary):
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
        sync_folder(path.parent)


def publish(source: Path, target_dir: Path, name: str) -> Path:
    """Copy a finished file into a folder under a name nobody has yet.

    Blocks are shared where the file system can; else they are copied. The copy is written under
    a temporary name in the target folder, so that the last step is a rename on one file system.
    If ``name`` is taken, ``name (2).ext`` is tried, and so on.

    Returns:
        Where the file is now. It and its name are on disk.

    Raises:
        RefusedError: ``name`` is not a plain file name.
        OutOfSpace: The disk is full; nothing is left in the folder.
    """
    safe_join(target_dir, name)
    temporary = _temporary(target_dir)
    with refusing_full_disk(target_dir), _removed_unless_moved(temporary):
        copy_content(source, temporary)
        for target in _free_names(target_dir, name):
            try:
                rename_new(temporary, target)
            except FileExistsError:
                continue
            sync_folder(target_dir)
            return target
    raise AssertionError  # the names never end


def copy_content(source: Path, target: Path) -> None:
    """Copy into a new file, sharing blocks where the file system can; fsynced at the end.

    Raises:
        FileExistsError: ``target`` is there.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with source.open("rb") as src, os.fdopen(os.open(target, flags, 0o644), "wb") as out:
        try:
            fcntl.ioctl(out.fileno(), _FICLONE, src.fileno())
        except OSError:  # another file system, or one that cannot share
            _copy_range(src.fileno(), out.fileno())
        os.fsync(out.fileno())


def rename_new(source: Path, target: Path) -> None:
    """Rename, unless the new name is taken. Both are on one file system.

    Raises:
        FileExistsError: ``target`` is there, whatever it is.
    """
    try:
        _rename_noreplace(source, target)
    except OSError as error:
        if error.errno not in _NO_RENAME_FLAGS:
            raise
        _rename_by_link(source, target)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process or thread is alone in a folder, and be it.

    Only those who ask are kept out. Network file systems that cannot lock a folder keep nobody.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        yield
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Bring a file's content to disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems sync folders by themselves
            raise
    finally:
        os.close(handle)


def safe_join(folder: Path, name: str) -> Path:
    """Join a plain file name to a folder.

    Raises:
        RefusedError: The name would lead elsewhere, or no file system can hold it.
    """
    plain = name not in {"", ".", ".."} and not set(name) & {"/", "\0"}
    if not plain or len(os.fsencode(name)) > _NAME_BYTES:
        raise RefusedError("utils.bad_file_name", name=name, longest=_NAME_BYTES)
    return folder / name


def free_bytes(folder: Path) -> int:
    """Tell how much we may still write where ``folder`` is, or will be."""
    return shutil.disk_usage(existing_part(folder)).free


def existing_part(path: Path) -> Path:
    """Give the longest part of a path that we can see."""
    return next(place for place in (path, *path.parents) if _is_seen(place))


def require_free(folder: Path, wanted_bytes: int) -> None:
    """Refuse before the work begins, not in its middle.

    Raises:
        OutOfSpace: Less than that is free.
    """
    free = free_bytes(folder)
    if free < wanted_bytes:
        raise OutOfSpace(
            "utils.too_little_space", folder=str(folder), free=free, wanted=wanted_bytes
        )


def _is_seen(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # something above it is closed to us
        return False


def _copy_range(source: int, target: int) -> None:
    try:
        while os.copy_file_range(source, target, _COPY_CHUNK):
            pass
    except OSError as error:
        if error.errno in _FULL:
            raise
        # Older kernels refuse to copy between file systems: begin again by plain reads.
        os.lseek(source, 0, os.SEEK_SET)
        os.ftruncate(target, 0)
        os.lseek(target, 0, os.SEEK_SET)
    _copy_plainly(source, target)


def _copy_plainly(source: int, target: int) -> None:
    """Copy what is left; also where a file system said zero to the faster way."""
    with open(source, "rb", closefd=False) as src, open(target, "wb", closefd=False) as out:
        shutil.copyfileobj(src, out, 1 << 20)


def _rename_noreplace(source: Path, target: Path) -> None:
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    arguments = (_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE)
    if rename(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))


def _rename_by_link(source: Path, target: Path) -> None:
    """Rename where the kernel call is missing: a second name, or a claimed one."""
    if source.is_dir() and not source.is_symlink():
        _rename_onto_empty(source, target)
        return
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _rename_onto_claim(source, target)
    else:
        source.unlink()


def _rename_onto_claim(source: Path, target: Path) -> None:
    """Rename where there are no links either (exFAT, some shares): claim the name, then take it.

    Death between the two steps leaves an empty file: no film that looks finished.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    try:
        source.replace(target)
    except OSError:
        target.unlink()
        raise


def _rename_onto_empty(source: Path, target: Path) -> None:
    """Rename a folder: claim the name with an empty one, which the kernel lets us replace.

    Death between the two steps leaves an empty folder.
    """
    target.mkdir()
    try:
        source.replace(target)
    except OSError:
        target.rmdir()
        raise


def _free_names(folder: Path, name: str) -> Iterator[Path]:
    stem, suffix = Path(name).stem, Path(name).suffix
    yield folder / name
    number = 2
    while True:
        tail = f" ({number}){suffix}"
        room = _NAME_BYTES - len(os.fsencode(tail))
        yield folder / (os.fsencode(stem)[:room].decode(errors="ignore") + tail)
        number += 1


def _temporary(folder: Path) -> Path:
    return folder / f".{secrets.token_hex(8)}.part"


@contextlib.contextmanager
def _removed_unless_moved(temporary: Path) -> Iterator[None]:
    try:
        yield
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def refusing_full_disk(folder: Path) -> Iterator[None]:
    """Turn the kernel's "disk full" and "quota exceeded" into ours.

    Raises:
        OutOfSpace: The disk that holds ``folder`` is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.EFBIG:  # FAT holds no file of 4 GiB
            raise OutOfSpace("utils.file_too_large", folder=str(folder)) from error
        if error.errno not in _FULL:
            raise
        raise OutOfSpace("utils.disk_full", folder=str(folder), free=free_bytes(folder)) from error
