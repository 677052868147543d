import threading
from pathlib import Path

import pytest

from dubbing_pipeline.errors import SettingsError
from dubbing_pipeline.utils import sqlite
from dubbing_pipeline.utils.sqlite import Database, Migration, file_system, migrate

FIRST = Migration(1, ("CREATE TABLE t (a INTEGER)",), readable_from=1)
SECOND = Migration(2, ("ALTER TABLE t ADD COLUMN b INTEGER",), readable_from=1)
THIRD = Migration(3, ("DROP TABLE t",), readable_from=3)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "x.db")


def test_the_driver_is_new_enough_to_share_a_wal() -> None:
    assert sqlite.driver().sqlite_version_info >= (3, 51, 3)


def test_a_file_is_in_wal_mode_and_synced_in_full(database: Database) -> None:
    with database.transaction() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_what_is_raised_inside_a_transaction_rolls_it_back(database: Database) -> None:
    migrate(database, [FIRST])

    def insert_and_fail() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO t VALUES (1)")
            raise KeyError

    with pytest.raises(KeyError):
        insert_and_fail()
    with database.read() as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone()[0] == 0


def test_a_reader_cannot_write(database: Database) -> None:
    migrate(database, [FIRST])
    with pytest.raises(Exception, match="readonly"), database.read() as connection:
        connection.execute("INSERT INTO t VALUES (1)")


def test_many_threads_read_and_write_without_a_locked_error(tmp_path: Path) -> None:
    databases = [Database(tmp_path / "x.db") for _ in range(4)]
    migrate(databases[0], [FIRST])
    failures: list[Exception] = []

    def work(database: Database) -> None:
        try:
            for _ in range(50):
                with database.transaction() as connection:
                    count = connection.execute("SELECT count(*) FROM t").fetchone()[0]
                    connection.execute("INSERT INTO t VALUES (?)", (count,))
        except sqlite.driver().Error as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with databases[0].read() as connection:
        assert connection.execute("SELECT count(DISTINCT a) FROM t").fetchone()[0] == 200


def test_a_migration_keeps_a_snapshot_of_what_was_there(database: Database) -> None:
    assert migrate(database, [FIRST]) == 1
    assert migrate(database, [FIRST, SECOND]) == 2
    assert database.path.with_name("x.db.before-2").exists()
    assert migrate(database, [FIRST, SECOND]) == 2


def test_the_release_before_may_use_an_additive_schema(database: Database) -> None:
    migrate(database, [FIRST, SECOND])
    sqlite.check_readable(database, [FIRST])


def test_a_schema_that_went_further_is_refused(database: Database) -> None:
    migrate(database, [FIRST, SECOND, THIRD])
    with pytest.raises(SettingsError, match=r"utils.schema_too_new"):
        migrate(database, [FIRST])


def test_a_folder_that_everybody_may_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(SettingsError, match=r"utils.database_folder_open"):
        Database(folder / "x.db")


MOUNTS = """\
20 1 8:1 / / rw - ext4 /dev/sda1 rw
30 20 0:50 / /srv/films rw - nfs4 nas:/films rw
31 20 8:2 / /srv/films/local\\040disk rw - xfs /dev/sdb1 rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/srv/films/a", "nfs4"),
        ("/srv/filmstrip", "ext4"),
        ("/srv/films/local disk/b", "xfs"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_its_nearest_mount(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "file_system", lambda _path: "nfs4")
    with pytest.raises(SettingsError, match=r"utils.database_on_network"):
        Database(tmp_path / "x.db")
