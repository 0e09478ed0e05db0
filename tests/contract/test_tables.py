"""Tables for other programs: what is written is read again, and nothing in it is run."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract.errors import UserError
from engine.contract.tables.saving import (
    OUTPUTS_HEADER,
    REJECTED_HEADER,
    Line,
    csv_text,
    is_own_table,
    table_steps,
    with_guard,
    without_guard,
    write_table,
)
from engine.contract.tables.workbook import MOST_CELL_CHARACTERS, MOST_COLUMNS
from tests.helpers.errors import refused

RUN = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "-", "=", "'=1", "''=1", "-3.5.1", "+a")
PLAIN = ("-3.5", "+1", "-1e-5", "-.5", "-12%", "a=1", " =1", "'", "'a", "", "007", "1-2", "naïve")


@pytest.mark.parametrize("text", RUN)
def test_a_cell_that_would_be_run_is_guarded(text: str) -> None:
    assert with_guard(text) == f"'{text}"
    assert without_guard(f"'{text}") == text


@pytest.mark.parametrize("text", PLAIN)
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert with_guard(text) == text
    assert without_guard(text) == text


@given(st.text(st.sampled_from("'=+-@\t\r\n1.ae% ")) | st.text())
def test_every_text_comes_back(text: str) -> None:
    guarded = with_guard(text)
    assert without_guard(guarded) == text
    assert guarded[:1] not in ("=", "@", "\t", "\r")
    if guarded[:1] in ("+", "-"):
        float(guarded.rstrip("%"))


def test_the_programs_own_tables_are_known() -> None:
    assert is_own_table(REJECTED_HEADER)
    assert is_own_table((*OUTPUTS_HEADER, "output"))
    assert is_own_table(("number", *OUTPUTS_HEADER, "A prefix: output"))
    assert not is_own_table(("name", "text"))
    assert not is_own_table(())


LINES: list[Line] = [
    ("name", "value", "text"),
    ("=1+1", -3.5, 'a, "b"\nc'),
    ("-3.5", 7, " é😀\x01_x0041_ "),
    ("007", None, ""),
    ("", float("nan"), "\r\n"),
]


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert write_table(path, LINES) == 5
    assert path.read_bytes().startswith(b"\xef\xbb\xbfname,value,text\r\n'=1+1,-3.5,")
    text = path.read_bytes().decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == list(csv.reader(io.StringIO(csv_text(LINES), newline="")))
    assert read[2] == ["-3.5", "7", " é😀\x01_x0041_ "]


def test_a_workbook_has_texts_and_numbers_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.XLSX"
    write_table(path, LINES)
    sheet = openpyxl.load_workbook(path).active
    cells = [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows()]
    assert cells[1] == [("=1+1", "s"), (-3.5, "n"), ('a, "b"\nc', "s")]
    assert cells[2][:2] == [("-3.5", "s"), (7, "n")]
    assert cells[3] == [("007", "s"), (None, "n"), (None, "n")]
    assert cells[4][1] == ("nan", "s")
    assert sheet.freeze_panes == "A2"
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        text = file.read("xl/worksheets/sheet1.xml")
    assert not [tag for tag in ElementTree.fromstring(text).iter() if tag.tag.endswith("}f")]


@pytest.mark.parametrize(
    ("line", "code", "values"),
    [
        (("x" * (MOST_CELL_CHARACTERS + 1),), "cell-too-long", {"cell": "A1"}),
        (("😀" * (MOST_CELL_CHARACTERS // 2 + 1),), "cell-too-long", {"characters": 32_768}),
        (("a",) * (MOST_COLUMNS + 1), "too-large-for-a-workbook", {"columns": 16_384}),
    ],
)
def test_what_a_workbook_cannot_hold(
    tmp_path: Path, line: Line, code: str, values: dict[str, object]
) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("before")
    with refused(code, **values):
        write_table(path, [line])
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    assert write_table(tmp_path / "a.csv", [line]) == 1


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path, ending: str) -> None:
    def broken() -> Iterator[Line]:
        yield ("a",)
        raise UserError("no-more", "No more.")

    path = tmp_path / f"a.{ending}"
    path.write_text("before")
    with refused("no-more"):
        write_table(path, broken())
    steps = table_steps(path, [("a",), ("b",)])
    next(steps)
    steps.close()  # given up
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    with refused("not-writable"):
        write_table(path / f"b.{ending}", [("a",)])


def test_another_ending_is_a_sentence(tmp_path: Path) -> None:
    for name in ("a.ods", "a"):
        with refused("no-ending-of-a-table", name=name, endings=".xlsx or .csv or .jsonl"):
            write_table(tmp_path / name, [("a",)])


VALUES = st.text() | st.text(st.sampled_from("',\"\r\n=- a")) | st.integers()


@given(st.lists(st.lists(VALUES, min_size=1, max_size=4), max_size=4))
def test_any_table_is_written(lines: list[list[str | int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        assert write_table(path, lines) == len(lines)
        text = path.read_bytes().decode("utf-8-sig")
        read = list(csv.reader(io.StringIO(text, newline="")))
        written = [[str(cell) for cell in line] for line in lines]
        assert [[without_guard(cell) for cell in line] for line in read] == [
            [cell.encode("utf-8", "replace").decode() for cell in line] for line in written
        ]
        assert write_table(Path(folder, "a.xlsx"), lines) == len(lines)
