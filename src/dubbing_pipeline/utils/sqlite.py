"""The one opener of SQLite files: driver, pragmas, transactions, migrations, refusals.

SQLite 3.7.0 to 3.51.2 can corrupt a WAL file when one connection writes while another
checkpoints (fixed in 3.51.3). Several processes share our files, so the interpreter's driver is
used only when its library is new enough; else the ``pysqlite3`` wheel, which carries its own.
One process uses one driver for a file.

Every write begins with ``BEGIN IMMEDIATE``: a deferred transaction that reads and then writes
fails at once with "database is locked" when another writer came between, whatever the time-out.
"""

import importlib
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from dubbing_pipeline.errors import OutOfSpace, SettingsError

MINIMUM_VERSION = (3, 51, 3)
BUSY_TIMEOUT_MS = 10_000
WAL_SIZE_LIMIT_BYTES = 64 * 1024 * 1024

Connection = sqlite3.Connection
"""A DB-API connection; ``pysqlite3`` gives the same shape."""
Row = sqlite3.Row

NETWORK_FILE_SYSTEMS = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"),
        *("ncpfs", "beegfs", "davfs", "vboxsf", "prl_fs", "virtiofs", "fakeowner"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs", "fuse.davfs2"),
        *("fuse.grpcfuse", "fuse.osxfs", "fuse.smbnetfs", "fuse.juicefs"),
    }
)
"""Shared memory of a WAL needs one host; these may be another one's disk."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema. Numbers start at 1 and have no gaps; a step is never edited.

    ``readable_from`` is the lowest schema number whose program may still use the file after
    this step: steps are additive for one release, so that N and N-1 run side by side.
    """

    number: int
    statements: tuple[str, ...]
    readable_from: int


@cache
def driver() -> ModuleType:
    """Choose the driver whose SQLite is new enough.

    Raises:
        SettingsError: Neither the interpreter's nor the wheel's is.
    """
    if sqlite3.sqlite_version_info >= MINIMUM_VERSION:
        return sqlite3
    try:
        wheel = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        raise _too_old(sqlite3.sqlite_version) from None
    if wheel.sqlite_version_info < MINIMUM_VERSION:
        raise _too_old(wheel.sqlite_version)
    return wheel


def _too_old(version: str) -> SettingsError:
    expected = ".".join(str(part) for part in MINIMUM_VERSION)
    return SettingsError("utils.sqlite_too_old", version=version, expected=expected)


class Database:
    """One SQLite file, shared by threads: one writer at a time, readers from a small pool."""

    def __init__(self, path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        self.path = path
        self._busy_timeout_ms = busy_timeout_ms
        check_folder(path.parent)
        self._lock = threading.RLock()
        self._readers: list[Connection] = []
        self._closed = False
        self._writer = self._connect()

    def _connect(self) -> Connection:
        connection: Connection = driver().connect(
            str(self.path),
            timeout=self._busy_timeout_ms / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.row_factory = driver().Row
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "mmap_size=0",
            f"journal_size_limit={WAL_SIZE_LIMIT_BYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Write: ``BEGIN IMMEDIATE``, commit at the end, roll back when anything is raised.

        Raises:
            OutOfSpace: The disk is full; nothing was written.
        """
        with self._lock:
            connection = self._writer
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    _roll_back(connection)
                    raise
                _commit(connection)
            except driver().OperationalError as error:
                if "full" in str(error):
                    raise OutOfSpace("utils.database_full", path=str(self.path)) from error
                raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read one consistent state; writes are refused by the connection."""
        connection = self._take_reader()
        try:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                _roll_back(connection)
        finally:
            self._give_back(connection)

    def _take_reader(self) -> Connection:
        with suppress(IndexError):
            return self._readers.pop()
        connection = self._connect()
        connection.execute("PRAGMA query_only=ON")
        return connection

    def _give_back(self, connection: Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._readers.append(connection)

    def data_version(self) -> int:
        """Give a number that changes when another connection has written."""
        with self._lock:
            return int(self._writer.execute("PRAGMA data_version").fetchone()[0])

    def checkpoint(self) -> int:
        """Move the WAL into the file; truncate it above its limit.

        Returns:
            Size of the WAL in bytes before.
        """
        wal = Path(f"{self.path}-wal")
        size = wal.stat().st_size if wal.exists() else 0
        mode = "TRUNCATE" if size > WAL_SIZE_LIMIT_BYTES else "PASSIVE"
        with self._lock:
            self._writer.execute(f"PRAGMA wal_checkpoint({mode})")
        return size

    def snapshot(self, target: Path) -> None:
        """Write a consistent copy to a file that does not exist yet."""
        with self._lock:
            self._writer.execute("VACUUM INTO ?", (str(target),))

    def close(self) -> None:
        """Close every connection; safe to call twice."""
        with self._lock:
            self._closed = True
            self._writer.close()
            while self._readers:
                self._readers.pop().close()


def _commit(connection: Connection) -> None:
    try:
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: Connection) -> None:
    # SQLite ends a transaction itself after some errors; a second end would hide the first error.
    if connection.in_transaction:
        connection.execute("ROLLBACK")


_HISTORY = """
CREATE TABLE IF NOT EXISTS schema_history (
  number INTEGER PRIMARY KEY, readable_from INTEGER NOT NULL
) STRICT
"""


def schema_number(connection: Connection) -> int:
    """Give the number of the last migration that was applied; 0 for an empty file."""
    return _newest(connection, "number")


def readable_from(connection: Connection) -> int:
    """Give the lowest schema number whose program may use this file; 0 for an empty file."""
    return _newest(connection, "readable_from")


def _newest(connection: Connection, column: str) -> int:
    known = one(connection, "SELECT 1 FROM sqlite_master WHERE name = 'schema_history'")
    if known is None:
        return 0
    row = one(connection, f"SELECT max({column}) FROM schema_history")  # noqa: S608 our two names
    return int(row[0] or 0) if row else 0


def migrate(database: Database, steps: Sequence[Migration]) -> int:
    """Bring a file up to the newest step, each step in a transaction of its own.

    A snapshot ``<name>.before-<number>`` is made beside a file that already had content.

    Returns:
        The schema number afterwards.

    Raises:
        SettingsError: The file is of a newer release that this program may not use.
    """
    check_readable(database, steps)
    with database.read() as connection:
        before = schema_number(connection)
    waiting = [step for step in steps if step.number > before]
    if waiting and before:
        _snapshot_before(database, waiting[0].number)
    for step in waiting:
        with database.transaction() as connection:
            if schema_number(connection) < step.number:
                _apply(connection, step)
    with database.read() as connection:
        return schema_number(connection)


def check_readable(database: Database, steps: Sequence[Migration]) -> None:
    """Refuse a file of a newer release that says this program's schema is too old for it.

    Raises:
        SettingsError: As said.
    """
    known = steps[-1].number
    with database.read() as connection:
        needed = readable_from(connection)
    if needed > known:
        raise SettingsError(
            "utils.schema_too_new", path=str(database.path), known=known, needed=needed
        )


def _snapshot_before(database: Database, number: int) -> None:
    target = database.path.with_name(f"{database.path.name}.before-{number}")
    if not target.exists():
        database.snapshot(target)


def _apply(connection: Connection, step: Migration) -> None:
    connection.execute(_HISTORY)
    for statement in step.statements:
        connection.execute(statement)
    connection.execute(
        "INSERT INTO schema_history VALUES (?, ?)", (step.number, step.readable_from)
    )


def check_folder(folder: Path) -> None:
    """Make the folder of a database, private, or refuse one that does not fit.

    Raises:
        SettingsError: It lies on a network file system, or everybody may enter it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kind = file_system(folder)
    if kind in NETWORK_FILE_SYSTEMS:
        raise SettingsError("utils.database_on_network", path=str(folder), kind=kind)
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o007:
        raise SettingsError("utils.database_folder_open", path=str(folder), mode=f"{mode:04o}")


def file_system(path: Path, mounts: str | None = None) -> str:
    """Name the type of the file system that holds a path, as in ``/proc/self/mountinfo``.

    Args:
        path: An existing path.
        mounts: Content of a mountinfo file; None reads this process's own.

    Returns:
        For instance ``ext4``; "" where the system does not tell.
    """
    if mounts is None:
        source = Path("/proc/self/mountinfo")
        mounts = source.read_text(encoding="utf-8") if source.exists() else ""
    real = os.path.realpath(path)
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split(" ")[4].encode().decode("unicode_escape")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        # A later line of the same place hides an earlier one.
        if inside and len(point) >= len(best):
            best, kind = point, after.split(" ")[0]
    return kind


def one(connection: Connection, statement: str, parameters: Any = ()) -> Row | None:
    """Run a statement and give its first row."""
    row: Row | None = connection.execute(statement, parameters).fetchone()
    return row
