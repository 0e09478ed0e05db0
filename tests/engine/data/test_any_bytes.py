"""Whatever a file holds, it is read or refused in a sentence; nothing else is raised."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile, InspectFile
from engine.contract.reading.reading import ReadOptions
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.reporter import Silent
from tests.helpers.webnlg_files import document, entry

PIECES = [
    '{"a": "b"}',
    '{"a',
    "[",
    "]",
    "{",
    "}",
    ",",
    '"',
    "\\",
    ":",
    "\n",
    "\\ud83d",
    "é",
    "7",
    " ",
]
XML = document(*(entry(n, ["a | b | c"], [("good", "Café.")]) for n in range(3))).encode()

odd_json = st.lists(st.sampled_from(PIECES), max_size=25).map("".join).map(str.encode)
odd_bytes = st.binary(max_size=200)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
items = st.lists(st.dictionaries(st.text(max_size=4), values, min_size=1, max_size=4), min_size=1)


def read(content: bytes, name: str) -> tuple[int, int] | None:
    """Rows and rejected rows; None where the file is refused, and nothing is left behind."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, name), Path(folder, "out.sqlite")
        path.write_bytes(content)
        try:
            inspect_file(InspectFile(str(path)), Silent())
            import_file(ImportFile(str(path), ReadOptions(), str(out)), Silent())
        except UserError:
            assert list(Path(folder).iterdir()) == [path]
            return None
        with DatasetStore(out) as store:
            assert len(list(store.rows())) == store.meta.row_count
            assert len(list(store.rejected())) == store.meta.rejected_count
            return store.meta.row_count, store.meta.rejected_count


@settings(max_examples=100, deadline=None)
@given(content=odd_json | odd_bytes, name=st.sampled_from(["a.json", "a.jsonl", "a.txt"]))
def test_json(content: bytes, name: str) -> None:
    read(content, name)


@settings(max_examples=60, deadline=None)
@given(rows=items, as_list=st.booleans())
def test_every_object_is_read_or_rejected(rows: list[dict[str, object]], as_list: bool) -> None:
    if as_list:
        content, name = json.dumps([{"target": "t"}, *rows]), "a.json"
    else:
        content, name = "\n".join(map(json.dumps, [{"target": "t"}, *rows])), "a.jsonl"
    found = read(content.encode(), name)
    assert found is not None
    assert sum(found) >= 1


@settings(max_examples=80, deadline=None)
@given(
    place=st.integers(0, len(XML) - 1), cut=st.integers(0, 30), put=odd_bytes.map(lambda b: b[:9])
)
def test_xml(place: int, cut: int, put: bytes) -> None:
    read(XML[:place] + put + XML[place + cut :], "a.xml")


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 700), put=st.binary(min_size=1, max_size=40))
def test_parquet(place: int, put: bytes) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table({"a": ["x", "yé"], "target": [["u", "v"], []]}), sink)
    content = sink.getvalue().to_pybytes()
    place %= len(content)
    read(content[:place] + put + content[place + len(put) :], "a.parquet")
