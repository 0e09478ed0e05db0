"""Any JSON, with the keys of known forms in any place, is read or refused with a sentence."""

import json
import tempfile
from pathlib import Path

import pyarrow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile, InspectFile
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.data import Mapping
from engine.data.importing import import_file
from engine.data.inputs import RowReader
from engine.data.inspecting import inspect_file
from engine.reporter import Silent

KEYS = st.sampled_from(
    [
        *("train", "test", "data", "columns", "index", "entries", "1", "name", "text", "input"),
        *("tripleset", "annotations", "modifiedtripleset", "lexicalisations", "lex", "lang"),
        *("modified_triple_sets", "mtriple_set", "table", "highlighted_cells", "value"),
        *("sentence_annotations", "final_sentence", "input_text", "column_header", "content"),
        *("messages", "role", "conversations", "from", "references", "target", "ref1", "ref2"),
    ]
)
LEAVES = (
    st.sampled_from(
        [
            *("", "A hut.", "a | b | c", "name : a | b : c | d : e", "gpt", "user", "good", "ru"),
            *('["a b", "c"]', "['a', 'b']", "[['a', 'b', 'c']]", "[[", "\x1b[31m", "\ud83d"),
        ]
    )
    | st.none()
    | st.booleans()
    | st.integers(-3, 10**20)
    | st.floats()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


def read(path: Path) -> None:
    """Look, import, and make an example of each row; a sentence is no failure."""
    out = path.with_name("out.sqlite")
    try:
        report = inspect_file(InspectFile(str(path)), Silent())
        import_file(ImportFile(str(path), ReadOptions(), str(out)), Silent())
    except UserError:
        return
    with DatasetStore(out) as store:
        reader = RowReader(store, Mapping(report.columns))
        for row in store.rows():
            reader.input(row.cells).text(report.linearisation)
            assert all(text.strip() for text in reader.references(row.cells))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    values=st.lists(VALUES, min_size=1, max_size=4),
    form=st.sampled_from(["one", "list", "lines"]),
    indent=st.sampled_from([None, 1]),
    ending=st.sampled_from([".json", ".jsonl", ".txt"]),
    cut=st.integers(0, 30) | st.none(),
)
def test_any_json(
    values: list[object], form: str, indent: int | None, ending: str, cut: int | None
) -> None:
    plain = values[0] if form == "one" else values
    text = json.dumps(plain, indent=indent)
    if form == "lines":
        text = "\n".join(json.dumps(value, indent=indent) for value in values)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{ending}")
        path.write_text(text if cut is None else text[: -cut or None], encoding="utf-8")
        read(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), min_size=1, max_size=3))
def test_any_parquet(rows: list[dict[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.parquet")
        try:
            parquet.write_table(pyarrow.Table.from_pylist(rows), path)
        except (pyarrow.ArrowException, OverflowError, UnicodeError, ValueError):
            return  # no table, in pyarrow's view
        read(path)
