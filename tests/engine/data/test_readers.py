"""Which reader a file gets, and what a reader of another format would need."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile, InspectFile
from engine.contract.reading.formats import FORMATS, FormatInfo
from engine.contract.reading.reading import Finding, ReadOptions
from engine.data import readers
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.data.records import Item, ReadRow
from engine.reporter import Silent


class PoemReader:
    """A toy format: two lines are a row, below the word POEM."""

    format, unit = "poem", "line"
    columns = ("first", "text")
    findings: tuple[Finding, ...] = ()

    def __init__(
        self, path: Path, options: ReadOptions, *, sample_bytes: int | None = None
    ) -> None:
        self._lines = path.read_text(encoding="utf-8").splitlines()[1:]
        self.size_bytes = self.sampled_bytes = path.stat().st_size
        self.options = ReadOptions()
        self.description = "Poem, 2 lines"

    @staticmethod
    def reads(path: Path, head: bytes, *, fits: bool) -> bool:
        return fits or head.startswith(b"POEM")

    def rows(self) -> Iterator[Item]:
        for at in range(0, len(self._lines), 2):
            yield ReadRow(at + 2, tuple(self._lines[at : at + 2]))

    def position_bytes(self) -> int:
        return self.size_bytes

    def close(self) -> None:
        pass


@pytest.fixture
def poems(monkeypatch: pytest.MonkeyPatch) -> None:
    """The format as a line of the table and a file of `engine/data`."""
    module = ModuleType("engine.data.poem_reader")
    module.PoemReader = PoemReader  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "engine.data.poem_reader", module)
    info = FormatInfo("poem", "Poem", (".poem",), "poem_reader:PoemReader")
    monkeypatch.setattr(readers, "FORMATS", (*FORMATS, info))


def test_every_entry_names_a_reader_of_its_format() -> None:
    for info in FORMATS:
        module, name = info.reader.split(":")
        reader = getattr(importlib.import_module(f"engine.data.{module}"), name)
        assert getattr(reader, "format", info.name) == info.name
        assert getattr(reader, "unit", info.unit) == info.unit


@pytest.mark.usefixtures("poems")
@pytest.mark.parametrize("name", ["larch.poem", "larch.txt"])
def test_a_new_format_is_read_by_its_ending_and_its_content(tmp_path: Path, name: str) -> None:
    path, store = tmp_path / name, tmp_path / "store.sqlite"
    path.write_text("POEM\nlarch\nA tree.\nswift\nA bird.\n", encoding="utf-8")
    report = inspect_file(InspectFile(str(path), ReadOptions()), Silent())
    assert (report.format, report.row_count, report.preview_lines) == ("poem", 2, (2, 4))
    import_file(ImportFile(str(path), ReadOptions(), str(store)), Silent())
    with DatasetStore(store) as dataset:
        assert [row.cells for row in dataset.rows()] == [("larch", "A tree."), ("swift", "A bird.")]


@pytest.mark.usefixtures("poems")
def test_other_files_keep_their_readers(tmp_path: Path) -> None:
    for name, text, kind in (
        ("a.csv", "a,text\n1,one\n2,two\n", "csv"),
        ("a.txt", '{"a": "1", "text": "one"}\n', "jsonl"),
        ("a.json", '[{"a": "1", "text": "one"}]', "json"),
        ("a.xml", '[{"a": "1", "text": "one"}]', "json"),
        ("a.jsonl", '{"a": "1", "text": "one"}\n', "jsonl"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        command = InspectFile(str(tmp_path / name), ReadOptions())
        assert inspect_file(command, Silent()).format == kind
