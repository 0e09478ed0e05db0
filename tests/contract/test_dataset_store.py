"""Dataset files: rows by number, rejected rows, and damage."""

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from engine.contract.projects.dataset_store import (
    DatasetMeta,
    DatasetStore,
    RejectedRow,
    Row,
    create_tables,
    insert_rejected,
    insert_rows,
    write_meta,
)
from tests.helpers.errors import refused

COLUMNS = ("name", "text, long")
ROWS = [Row(i, 2 * i, (f"Größe {i}", 'a "b"\n\x00, \u2028')) for i in range(1, 501)]
REJECTED = [RejectedRow(line, "3 cells for 2 columns", "a,b,c") for line in range(7, 37)]
SHA256 = hashlib.sha256(
    "".join(
        json.dumps(cells, ensure_ascii=False) + "\n"
        for cells in (COLUMNS, *(row.cells for row in ROWS))
    ).encode("utf-8")
).hexdigest()
META = DatasetMeta("walks.csv", COLUMNS, 500, 30, SHA256, "CSV, UTF-8, comma")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A dataset under a name that a URI would have to quote."""
    path = tmp_path / "50% of it? #1.sqlite"
    database = sqlite3.connect(path)
    create_tables(database)
    insert_rows(database, iter(ROWS))
    insert_rejected(database, REJECTED)
    write_meta(database, META)
    database.commit()
    database.close()
    return path


def test_rows_come_back_by_number(path: Path) -> None:
    with DatasetStore(path) as store:
        assert store.meta == META
        assert list(store.rows()) == ROWS
        assert list(store.rows(start=100, count=3)) == ROWS[99:102]
        assert list(store.rows(start=499, count=10)) == ROWS[498:]
        assert list(store.rows(start=501)) == []
        assert list(store.rows(count=0)) == []


def test_rejected_rows_come_in_the_files_order(path: Path) -> None:
    with DatasetStore(path) as store:
        assert list(store.rejected()) == REJECTED
        assert list(store.rejected(start=28)) == REJECTED[28:]
        assert list(store.rejected(start=1, count=2)) == REJECTED[1:3]


def test_two_readers_stream_side_by_side(path: Path) -> None:
    with DatasetStore(path) as first, DatasetStore(path) as second:
        pairs = zip(first.rows(), second.rows(start=2), strict=False)
        assert all(a.number + 1 == b.number for a, b in pairs)


def test_columns_are_found_by_name(path: Path) -> None:
    with DatasetStore(path) as store:
        assert store.column("text, long") == 1
        with refused("no-such-column", name="text", known="'name', 'text, long'"):
            store.column("text")


def test_a_dataset_is_only_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, connect, made = path.read_bytes(), sqlite3.connect, []
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **named: made.append(connect(*args, **named)) or made[-1]
    )
    with DatasetStore(path) as store:
        list(store.rows())
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            made[0].execute("DELETE FROM rows")
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_closed_dataset_can_be_moved(path: Path) -> None:
    with DatasetStore(path) as store:
        next(store.rows())
    path.rename(path.with_name("b.sqlite"))
    with DatasetStore(path.with_name("b.sqlite")) as moved:
        assert moved.meta == META


def test_a_missing_dataset_is_the_users_matter(tmp_path: Path) -> None:
    with refused("missing-dataset", path=tmp_path / "a.sqlite"):
        DatasetStore(tmp_path / "a.sqlite")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"name,text\na,b\n" * 200, b"SQLite format 3\0" * 99])
def test_another_file_is_no_dataset(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(content)
    with refused("damaged-dataset", path=path):
        DatasetStore(path)


def test_a_folder_is_no_dataset(tmp_path: Path) -> None:
    with refused("damaged-dataset"):
        DatasetStore(tmp_path)


def test_a_half_written_dataset_is_no_dataset(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    database = sqlite3.connect(path)
    create_tables(database)
    insert_rows(database, ROWS[:3])
    database.commit()
    database.close()
    with refused("damaged-dataset"):
        DatasetStore(path)


def test_damage_between_the_rows_is_told_when_it_is_met(path: Path) -> None:
    whole = path.read_bytes()
    middle = len(whole) // 2 // 4096 * 4096
    path.write_bytes(whole[:middle] + b"\xaa" * 8192 + whole[middle + 8192 :])
    with DatasetStore(path) as store, refused("damaged-dataset", path=path):
        list(store.rows())


def test_a_dataset_of_a_newer_version_is_refused(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("UPDATE meta SET value = replace(value, '\"version\":1', '\"version\":4')")
    database.commit()
    database.close()
    with refused("newer-version", path="DatasetMeta", version="4", supported=1):
        DatasetStore(path)
