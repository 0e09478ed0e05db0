"""Data files that are small and unpack to much, or are nested, long and wide without end.

Promised: one sentence or a reading of what is whole, in seconds and some hundred MB, whatever a
file says of itself. Not promised: that a file of many GB is read in seconds, that pyarrow's own
code has no fault, or a bound for files that change while they are read.
"""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from engine.contract.errors import UserError
from engine.contract.protocol.data import ImportFile, InspectFile
from engine.contract.reading.reading import ReadOptions
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.reporter import Silent
from tests.helpers.errors import refused

LONG = "x" * 1_000_000


def repeated(text: str, count: int) -> pyarrow.Array:
    indexes = pyarrow.array([0] * count, pyarrow.int32())
    return pyarrow.DictionaryArray.from_arrays(indexes, pyarrow.array([text]))


def look_and_import(path: Path) -> None:
    inspect_file(InspectFile(str(path)), Silent())
    out = path.with_name("out.sqlite")
    import_file(ImportFile(str(path), ReadOptions(), str(out)), Silent())


def one_text_in_all_rows(path: Path) -> None:
    table = pyarrow.table({"text": repeated(LONG, 1400), "name": ["a"] * 1400})
    parquet.write_table(table, path, compression="zstd")


def one_text_in_a_list(path: Path) -> None:
    ends = pyarrow.array([0, 2000], pyarrow.int32())
    texts = pyarrow.ListArray.from_arrays(ends, repeated(LONG, 2000))
    parquet.write_table(pyarrow.table({"text": texts, "n": ["a"]}), path, compression="zstd")


def one_text_without_end(path: Path) -> None:
    table = pyarrow.table({"text": [LONG * 100], "name": ["a"]})
    parquet.write_table(table, path, compression="brotli", use_dictionary=False)


def texts_that_differ_at_their_ends(path: Path) -> None:
    table = pyarrow.table({"text": [LONG + str(n) for n in range(100)]})
    parquet.write_table(
        table, path, compression="zstd", use_dictionary=False,
        column_encoding={"text": "DELTA_BYTE_ARRAY"},
    )  # fmt: skip


def rows_without_end(path: Path) -> None:
    parquet.write_table(pyarrow.table({"a": pyarrow.nulls(10_000_000, pyarrow.string())}), path)


@pytest.mark.parametrize(
    "write",
    [
        one_text_in_all_rows,
        one_text_in_a_list,
        one_text_without_end,
        texts_that_differ_at_their_ends,
    ],
)
def test_a_small_parquet_file_does_not_unpack_to_gigabytes(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    path = tmp_path / "small.parquet"
    write(path)
    assert path.stat().st_size < 2000
    tracemalloc.start()
    try:
        with refused("expands-too-much", file="small.parquet", limit=2**26):
            look_and_import(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak + pyarrow.default_memory_pool().max_memory() < 2**30
    assert not list(tmp_path.glob("*.sqlite"))


def test_rows_of_nothing_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.data.parquet_bounds.LEAST_BYTES", 2**20)
    rows_without_end(tmp_path / "rows.parquet")
    with refused("expands-too-much", file="rows.parquet"):
        look_and_import(tmp_path / "rows.parquet")


HOSTILE_JSON = {
    "deep list": "[" * 200_000,
    "deep list that ends": "[" * 100_000 + "]" * 100_000,
    "deep object": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "deep under a key": '{"data":[{"a":' + "[" * 100_000 + "]" * 100_000 + "}]}",
    "many values": '[{"a":[' + "10," * 2_100_000 + "1]}]",
    "many values by columns": '{"a":[' + "10," * 2_100_000 + '1],"b":[1]}',
    "many keys": "{" + ",".join(f'"k{n}":"v"' for n in range(60_000)) + "}",
    "a key twice among many": "{" + ",".join(f'"k{n}":1' for n in range(60_000)) + ',"k1":2}',
    "a key of its own in each item": "\n".join(f'{{"a":"x","k{n}":"v"}}' for n in range(5000)),
    "a text without end": '["' + '\\"' * 5_000_000,
    "brackets in a text": '[{"a":"' + "[{" * 1_000_000 + '"',
    "nothing but commas": "[" + "," * 1_000_000,
    "empty lists": "[" + "[]," * 200_000 + "[]]",
}


@pytest.mark.parametrize("ending", [".json", ".jsonl", ".txt"])
@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_json_without_end_is_a_sentence(tmp_path: Path, name: str, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    path.write_text(HOSTILE_JSON[name], encoding="utf-8")
    with pytest.raises(UserError) as caught:
        look_and_import(path)
    assert caught.value.code
    assert len(caught.value.message) < 1000


def test_keys_that_never_come_again_take_no_memory(tmp_path: Path) -> None:
    head = "\n".join(['{"a":"x","b":"y"}'] * 1200)
    late = "\n".join(f'{{"a":"x","key {n}":"v"}}' for n in range(5_000))
    path = tmp_path / "a.jsonl"
    path.write_text(f"{head}\n{late}\n", encoding="utf-8")
    tracemalloc.start()
    try:
        look_and_import(path)
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


def test_an_xml_tag_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.data.webnlg_reader.SILENT_BYTES", 500_000)
    path = tmp_path / "a.xml"
    path.write_text(f'<benchmark><entries><entry category="{LONG}', encoding="utf-8")
    with refused("xml-tag-too-long", file="a.xml", limit=500_000):
        look_and_import(path)


def test_names_that_steer_a_terminal_are_written_out(tmp_path: Path) -> None:
    steering = "\x1b]0;owned\x07\x9b31m\u202e\r"
    items = [{f"name{steering}": "Larch", "text": "It is a hut."}] * 4
    paths = [tmp_path / "a.json", tmp_path / "a.parquet", tmp_path / "a.csv"]
    paths[0].write_text(json.dumps(items), encoding="utf-8")
    parquet.write_table(pyarrow.Table.from_pylist(items), paths[1])
    rows = [f'"name{steering}",text', *["Larch,It is a hut."] * 4]
    paths[2].write_text("\n".join(rows), encoding="utf-8")
    for path in paths:
        report = inspect_file(InspectFile(str(path)), Silent())
        names = [column.name for column in report.columns]
        assert names == ["name\\x1b]0;owned\\x07\\x9b31m\\u202e", "text"]
        assert all(finding.message.isprintable() for finding in report.findings)
