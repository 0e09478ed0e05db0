"""Parquet files: good, nested, cut and damaged ones."""

import contextlib
import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import Imported, ImportFile, InspectFile
from engine.contract.reading.reading import FileReport, FindingKind, ReadOptions
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.data.parquet_footer import DELTA_BYTE_ARRAY, read_groups
from engine.data.sequences import items_of
from engine.reporter import Silent
from tests.helpers.errors import refused

WriteFile = Callable[..., Path]


def write(path: Path, columns: dict[str, list[Any]], **options: Any) -> Path:
    parquet.write_table(pyarrow.table(columns), path, **options)
    return path


def look(path: Path) -> FileReport:
    return inspect_file(InspectFile(str(path)), Silent())


def run(path: Path, out: Path) -> Imported:
    return import_file(ImportFile(str(path), ReadOptions(), str(out)), Silent())


def test_a_file(tmp_path: Path) -> None:
    columns = {"document": ["Long é", "Words"], "summary": ["Short", ""], "id": ["7", "8"]}
    path = write(tmp_path / "xsum.parquet", columns)
    report = look(path)
    assert (report.format, report.options) == ("parquet", ReadOptions())
    assert {one.name: one.role.value for one in report.columns} == {
        "document": "source",
        "summary": "target",
        "id": "ignored",
    }
    assert (report.row_count, report.row_count_exact, report.preview_lines) == (2, True, (1, 2))
    run(path, tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert store.meta.format == "parquet, 2 rows"
        assert [row.cells for row in store.rows()] == [("Long é", "Short", "7"), ("Words", "", "8")]


def test_values_of_every_kind(tmp_path: Path) -> None:
    row = {
        "n": 3,
        "x": 0.5,
        "yes": True,
        "day": datetime.date(2026, 11, 1),
        "raw": b"caf\xc3\xa9",
        "inner": {"a": "b", "c": [1, 2]},
        "sentences": ["One.", "Two."],
        "references": ["First.", "Second."],
        "none": None,
    }
    path = write(tmp_path / "a.parquet", {key: [value] for key, value in row.items()})
    run(path, tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        (found,) = store.rows()
        cells = dict(zip(store.meta.columns, found.cells, strict=True))
    assert cells == {
        "n": "3",
        "x": "0.5",
        "yes": "true",
        "day": "2026-11-01",
        "raw": "café",
        "inner.a": "b",
        "inner.c": "1, 2",
        "sentences": "One., Two.",
        "references": '["First.", "Second."]',
        "none": "",
    }


def test_columns_of_bytes_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    picture = {"bytes": b"\x89PNG\xff", "path": "0.png"}
    columns = {
        "image": [picture, picture],
        "sound": [[b"\xff\xfb"], []],
        "name": ["A", "B"],
        "text": [b"A hut.", b"An inn."],
    }
    path = write(tmp_path / "a.parquet", columns)
    report = look(path)
    assert {one.name: one.role.value for one in report.columns} == {
        "name": "field",
        "text": "target",
    }
    assert [(one.kind, one.loses_rows) for one in report.findings] == [
        (FindingKind.NOT_TEXT, False)
    ] * 2
    assert ["'image'" in one.message for one in report.findings] == [True, False]
    assert run(path, tmp_path / "out.sqlite").rejected_count == 0
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert [row.cells for row in store.rows()] == [("A", "A hut."), ("B", "An inn.")]
    with refused("no-text-column", file="only.parquet"):
        look(write(tmp_path / "only.parquet", {"image": [picture]}))


def test_bytes_that_come_late_are_shown_by_their_length(tmp_path: Path) -> None:
    columns = {"name": [b"Hut"] * 300 + [b"\x89PNG\xff"], "text": ["A hut."] * 301}
    path = write(tmp_path / "a.parquet", columns)
    reply = run(path, tmp_path / "out.sqlite")
    assert (reply.row_count, reply.rejected_count) == (301, 0)
    finding = next(one for one in reply.findings if one.kind is FindingKind.NOT_TEXT)
    assert (finding.count, finding.lines) == (1, (301,))
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert [row.cells[0] for row in store.rows(300)] == ["Hut", "(5 bytes)"]


def test_a_large_file_is_looked_at_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.data.inspecting.SAMPLE_BYTES", (20_000, 20_000))
    texts = [f"{n} " * 40 for n in range(4000)]
    path = write(tmp_path / "a.parquet", {"source": texts, "target": texts}, compression="none")
    report = look(path)
    assert not report.row_count_exact
    assert abs(report.row_count - 4000) < 400
    assert run(path, tmp_path / "out.sqlite").row_count == 4000


def test_damage_costs_the_rest_of_its_row_group(tmp_path: Path) -> None:
    texts = [f"text number {n}" for n in range(4000)]
    path = write(
        tmp_path / "a.parquet", {"a": texts}, row_group_size=1000, compression="none",
        use_dictionary=False,
    )  # fmt: skip
    content = bytearray(path.read_bytes())
    place = content.index(b"text number 2000") - 8
    content[place : place + 50] = b"\xff" * 50
    path.write_bytes(content)
    reply = run(path, tmp_path / "out.sqlite")
    assert (reply.row_count, reply.rejected_count) == (3000, 1)
    with DatasetStore(tmp_path / "out.sqlite") as store:
        (rejected,) = store.rejected()
        numbers = [row.line for row in store.rows()]
        assert [row.cells[0] for row in store.rows()] == [texts[n - 1] for n in numbers]
    assert rejected.line == 2001
    assert "1,000 rows" in rejected.reason
    assert reply.findings[0].kind is FindingKind.BROKEN


@pytest.mark.parametrize(
    ("cut", "code"),
    [
        (slice(0, 0), "file-empty"),
        (slice(0, 6), "damaged-parquet"),
        (slice(0, -20), "damaged-parquet"),
    ],
)
def test_a_cut_file_is_refused(tmp_path: Path, cut: slice, code: str) -> None:
    path = write(tmp_path / "a.parquet", {"a": ["x"]})
    path.write_bytes(path.read_bytes()[cut])
    with refused(code, file="a.parquet"):
        look(path)


def test_other_refusals(tmp_path: Path, write_file: WriteFile) -> None:
    with refused("damaged-parquet", file="b.parquet"):
        look(write_file("a,b\n1,2\n", "b.parquet"))
    with refused("file-missing", path=tmp_path / "none.parquet"):
        look(tmp_path / "none.parquet")
    twice = pyarrow.table([pyarrow.array(["x"]), pyarrow.array(["y"])], names=["a", "a"])
    parquet.write_table(twice, tmp_path / "twice.parquet")
    with refused("duplicate-column", file="twice.parquet", column="a"):
        look(tmp_path / "twice.parquet")
    wide = write(tmp_path / "wide.parquet", {str(n): ["x"] for n in range(2001)})
    with refused("too-many-columns", file="wide.parquet", count=2001, limit=2000):
        look(wide)
    empty = write(tmp_path / "none.parquet", {"a": pyarrow.array([], pyarrow.string())})
    with refused("names-but-no-rows", file="none.parquet"):
        run(empty, tmp_path / "out.sqlite")


def test_labels_have_the_names_that_the_file_gives_them(tmp_path: Path) -> None:
    of_label = {"names": ["bad", "good"], "_type": "ClassLabel"}
    features = {
        "tokens": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"},
        "label": of_label,
        "tags": {"feature": {"names": ["O", "B-X"], "_type": "ClassLabel"}, "_type": "Sequence"},
        "same": {"names": ["x", "x"], "_type": "ClassLabel"},
    }
    columns = {
        "tokens": [["a", "text"], ["b", "text"], ["c", "text"]],
        "label": [1, 0, -1],
        "tags": [[0, 1], [0, 0], [1, 0]],
        "same": [0, 1, 1],
    }
    for metadata, labels in (
        (json.dumps({"info": {"features": features}}), ["good", "bad", ""]),
        ("[]", ["1", "0", "-1"]),
        ("{", ["1", "0", "-1"]),
    ):
        table = pyarrow.table(columns).replace_schema_metadata({"huggingface": metadata})
        parquet.write_table(table, tmp_path / "a.parquet")
        run(tmp_path / "a.parquet", tmp_path / "a.sqlite")
        with DatasetStore(tmp_path / "a.sqlite") as store:
            rows = [dict(zip(store.meta.columns, row.cells, strict=True)) for row in store.rows()]
        assert [row["label"] for row in rows] == labels
        assert items_of(rows[0]["tags"]) == (("O", "B-X") if "info" in metadata else ("0", "1"))
        assert [row["same"] for row in rows] == ["0", "1", "1"]


def test_columns_are_described_as_pyarrow_describes_them(tmp_path: Path) -> None:
    columns = {"text": [f"text {n % 7}" for n in range(50)], "tags": [["a", "b"]] * 50}
    path = write(tmp_path / "a.parquet", columns, row_group_size=20)
    with path.open("rb") as stream:
        stream.seek(5)
        groups = read_groups(stream)
        assert stream.tell() == 5
    metadata = parquet.ParquetFile(path).metadata
    assert [group.rows for group in groups] == [20, 20, 10]
    for number, group in enumerate(groups):
        for at, chunk in enumerate(group.chunks):
            theirs = metadata.row_group(number).column(at)
            assert chunk.path == theirs.path_in_schema
            assert chunk.values == theirs.num_values
            assert chunk.unpacked_bytes == theirs.total_uncompressed_size
            assert chunk.dictionary_offset == theirs.dictionary_page_offset
            assert (DELTA_BYTE_ARRAY in chunk.encodings) == ("DELTA_BYTE_ARRAY" in theirs.encodings)


def test_no_byte_of_the_description_ends_the_process(tmp_path: Path) -> None:
    """Where sizes within it contradict one another, pyarrow's accessors do."""
    path = write(tmp_path / "a.parquet", {"text": ["x", "yé"], "target": [["u", "v"], []]})
    content = path.read_bytes()
    size = int.from_bytes(content[-8:-4], "little")
    for at in range(len(content) - 8 - size, len(content) - 8):
        path.write_bytes(content[:at] + b"\x29" + content[at + 1 :])
        with contextlib.suppress(UserError):
            look(path)


def test_a_description_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    """A last field, which nobody knows, is a list of lists of lists …"""
    path = write(tmp_path / "a.parquet", {"text": ["x"]})
    content = path.read_bytes()
    size = int.from_bytes(content[-8:-4], "little")
    described = content[-8 - size : -9] + b"\xf9" + b"\x19" * 5000 + b"\x13\x00" + b"\x00"
    path.write_bytes(
        content[: -8 - size] + described + len(described).to_bytes(4, "little") + b"PAR1"
    )
    with path.open("rb") as stream, pytest.raises(ValueError, match="deep"):
        read_groups(stream)
    with refused("damaged-parquet"):
        look(path)
