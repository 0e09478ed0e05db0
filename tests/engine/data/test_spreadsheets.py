"""Excel and OpenDocument files: values of every kind, sheets, merged cells, whole round trips."""

import datetime
import tempfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import Imported, ImportFile, InspectFile
from engine.contract.reading.reading import FileReport, FindingKind, ReadOptions
from engine.contract.specs.data import SplitKind
from engine.contract.tables.saving import write_table
from engine.contract.tables.workbook import MOST_CELL_CHARACTERS
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.data.spreadsheets.cell_text import general, number_format
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.spreadsheets import ods_parts, ods_table, write_parts, xlsx_parts

NO_HEADER = ReadOptions(header=False)


def look(path: Path, options: ReadOptions | None = None) -> FileReport:
    return inspect_file(InspectFile(str(path), options or ReadOptions()), Silent())


def cells(path: Path, options: ReadOptions | None = None) -> list[tuple[str, ...]]:
    """The column names and the rows of a dataset made of the file."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "out.sqlite")
        run(path, store, options)
        with DatasetStore(store) as opened:
            return [opened.meta.columns, *(row.cells for row in opened.rows())]


def run(path: Path, store: Path, options: ReadOptions | None = None) -> Imported:
    return import_file(ImportFile(str(path), options or ReadOptions(), str(store)), Silent())


def workbook(path: Path, *sheets: Sequence[Sequence[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def kinds(report: FileReport) -> set[FindingKind]:
    return {finding.kind for finding in report.findings}


def test_values_are_what_a_person_sees(tmp_path: Path) -> None:
    row = (
        *("Larch Hut", 12, 2.0, 0.1 + 0.2, -3.5, True, "007", " a\nb "),
        datetime.date(2026, 1, 31),
        datetime.datetime(2026, 1, 31, 14, 30),
        datetime.time(9, 5),
        datetime.timedelta(hours=26),
    )
    names = [f"name {letter}" for letter in "abcdefghijkl"]
    path = workbook(tmp_path / "a.xlsx", [names, row])
    assert cells(path) == [
        tuple(names),
        (
            *("Larch Hut", "12", "2", "0.3", "-3.5", "TRUE", "007", " a\nb "),
            *("2026-01-31", "2026-01-31 14:30:00", "09:05:00", "26:00:00"),
        ),
    ]
    report = look(path)
    options = ReadOptions(header=True, skip_lines=0, sheet="Sheet 1")
    assert (report.format, report.options) == ("xlsx", options)
    assert (report.unit, report.preview_lines) == ("row", (2,))
    assert (report.row_count, report.row_count_exact) == (1, True)


@pytest.mark.parametrize(
    ("code", "raw", "seen"),
    [
        ("General", "1234567.5", "1234567.5"),
        ("0.00", "3.5", "3.50"),
        ("#,##0", "1234567.5", "1,234,568"),
        ("#,##0.0#", "1234", "1,234.0"),
        ("00000", "123", "00123"),
        ("0%", "0.25", "25%"),
        ("0.0%", "0.1234", "12.3%"),
        ('"£"#,##0.00;[Red]-"£"#,##0.00', "-12.5", "-£12.50"),
        ("[$€-407] 0.00", "2", "€ 2.00"),
        ('0" km"', "12", "12 km"),
        ("#,##0,", "1234567", "1,235"),
        ('0;(0);"none"', "0", "none"),
        ("0;(0)", "-3", "(3)"),
        ("_(* #,##0.00_);_(* (#,##0.00)", "5", "5.00"),
        ("@", "7", "7"),
        ("0.00E+00", "12345", "12345"),
        ("# ?/?", "0.5", "0.5"),
        (";;;", "8", "8"),
        ("yyyy-mm-dd", "45322", "2024-01-31"),
        ("d/m/yy", "45322.0", "2024-01-31"),
        ("dd.mm.yyyy hh:mm", "45322.75", "2024-01-31 18:00:00"),
        ("h:mm AM/PM", "0.75", "18:00:00"),
        ("[h]:mm", "1.25", "30:00:00"),
        ("mmm yy", "1", "1900-01-01"),
        ("yyyy-mm-dd", "-1", "-1"),
        ("yyyy-mm-dd", "99999999", "99999999"),
        ('"day" 0', "3", "day 3"),
        ("0" * 400, "3", "3"),
        ("0" + "%" * 50, "3", "3"),
    ],
)
def test_number_formats(code: str, raw: str, seen: str) -> None:
    assert number_format(200, code, from_1904=False)(raw) == seen


def test_numbers_without_a_format() -> None:
    assert [
        general(raw) for raw in ("3.0", "-0", "1E+3", "12345678901234567890", "0.30000000000000004")
    ] == [
        *("3", "0", "1000", "12345678901234567890", "0.3"),
    ]
    assert [general(raw) for raw in ("1e-12", "2e30", "1e999", "nan", "x")] == [
        *("1E-12", "2E+30", "1e999", "nan", "x"),
    ]
    assert number_format(14, None, from_1904=True)("0") == "1904-01-01"


def test_formulas_give_their_values_and_errors_are_counted(tmp_path: Path) -> None:
    head = '<row r="1"><c r="A1" t="str"><v>name</v></c><c r="B1" t="str"><v>text</v></c></row>'
    rows = (
        '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>A1</f><v>one</v></c></row>'
        '<row r="3"><c r="A3" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B3"><f>A2</f></c></row>'
        '<row r="4"><c r="A4" t="b"><f>TRUE()</f><v>1</v></c><c r="B4" t="d">'
        "<v>2026-01-31T00:00:00</v></c></row>"
    )
    path = write_parts(tmp_path / "a.xlsx", xlsx_parts(head + rows))
    assert cells(path)[1:] == [("2", "one"), ("#DIV/0!", ""), ("TRUE", "2026-01-31")]
    found = [one for one in look(path).findings if one.kind is FindingKind.CELL_ERRORS]
    assert [(one.count, one.lines) for one in found] == [(1, (3,)), (1, (3,))]


def test_shared_strings(tmp_path: Path) -> None:
    strings = (
        "<si><t>name</t></si><si><r><t>Rich </t></r><r><t xml:space='preserve'>text </t></r></si>"
        "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si><si><t>a_x000D_b</t></si>"
    )
    rows = "".join(
        f'<row><c t="s"><v>{number}</v></c><c><v>{number}</v></c></row>' for number in range(4)
    )
    path = write_parts(tmp_path / "a.xlsx", xlsx_parts(rows, strings=strings))
    assert [row[0] for row in cells(path, ReadOptions(header=True))] == [
        *("name", "Rich text ", "東京", "a\rb"),
    ]


def test_the_table_may_stand_anywhere(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for place, value in {
        "C5": "name",
        "D5": "text",
        "C6": "a",
        "D6": "b",
        "C8": "c",
        "D8": "d",
    }.items():
        sheet[place] = value
    sheet["Z90"].number_format = "0.00"
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert cells(path) == [("name", "text"), ("a", "b"), ("c", "d")]
    report = look(path)
    assert report.preview_lines == (6, 8)
    assert [(one.kind, one.lines) for one in report.findings] == [(FindingKind.EMPTY_ROWS, (7,))]


def test_titles_above_the_table(tmp_path: Path) -> None:
    rows = [
        ["Huts of the valley"],
        [],
        ["as of 2026"],
        ["name", "beds", "text"],
        *([f"Hut {n}", n, f"It has {n} beds."] for n in range(9)),
        ["name", "beds", "text"],
        ["Last Hut", 4, "It has 4 beds."],
    ]
    path = workbook(tmp_path / "a.xlsx", rows)
    report = look(path)
    assert report.options.skip_lines == 3
    assert {FindingKind.LEADING_LINES, FindingKind.REPEATED_HEADER} <= kinds(report)
    for options in (ReadOptions(), report.options):
        found = cells(path, options)
        assert (found[0], found[1]) == (("name", "beds", "text"), ("Hut 0", "0", "It has 0 beds."))
        assert len(found) == 11
    assert cells(path, ReadOptions(skip_lines=4, header=False))[1][0] == "Hut 0"
    with refused("no-text-below-skipped", skipped=50):
        look(path, ReadOptions(skip_lines=50))


def test_a_cell_outside_the_table_rejects_its_row(tmp_path: Path) -> None:
    rows: list[list[object]] = [["name", "text"], *([f"n{n}", "t"] for n in range(600))]
    rows[550].append("a note")
    path = workbook(tmp_path / "a.xlsx", rows)
    reply = run(path, tmp_path / "out.sqlite")
    assert (reply.row_count, reply.rejected_count) == (599, 1)
    with DatasetStore(tmp_path / "out.sqlite") as store:
        (rejected,) = store.rejected()
    assert (rejected.line, rejected.text) == (551, "n549\tt\ta note")


def test_merged_cells_stand_in_every_row(tmp_path: Path) -> None:
    rows = [["kind", "name"], ["hut", "a"], [None, "b"], [None, "c"], ["inn", "d"], [None, "e"]]
    book = openpyxl.load_workbook(workbook(tmp_path / "a.xlsx", rows))
    book.active.merge_cells("A2:A4")
    book.save(tmp_path / "a.xlsx")
    wanted = [("kind", "name"), ("hut", "a"), ("hut", "b"), ("hut", "c"), ("inn", "d"), ("", "e")]
    assert cells(tmp_path / "a.xlsx") == wanted
    assert FindingKind.MERGED_CELLS in kinds(look(tmp_path / "a.xlsx"))

    cell = '<table:table-cell office:value-type="string"><text:p>hut</text:p></table:table-cell>'
    first, second, third, fourth = ods_table(wanted).split(cell)
    spanned = cell.replace(" ", ' table:number-rows-spanned="3" ', 1)
    covered = "<table:covered-table-cell/>"
    table = f"{first}{spanned}{second}{covered}{third}{covered}{fourth}"
    assert cells(write_parts(tmp_path / "a.ods", ods_parts(table))) == wanted


def test_the_sheet_is_chosen(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(
        workbook(
            tmp_path / "a.xlsx", [["secret"], ["1"]], [], [["name"], ["x"]], [["other"], ["y"]]
        )
    )
    book["Sheet 1"].sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    path = tmp_path / "a.xlsx"
    report = look(path)
    assert report.sheets == ("Sheet 1", "Sheet 2", "Sheet 3", "Sheet 4")
    assert (report.options.sheet, report.columns[0].name) == ("Sheet 3", "name")
    assert FindingKind.SHEETS in kinds(report)
    choices = "choose one of 'Sheet 1', 'Sheet 2', 'Sheet 3', 'Sheet 4'"
    for wanted, name in (
        ("Sheet 4", "other"),
        ("sheet 4", "other"),
        ("4", "other"),
        ("1", "secret"),
    ):
        assert cells(path, ReadOptions(sheet=wanted))[0] == (name,)
    for wanted in ("Sheet 9", "5"):
        with refused("no-such-sheet", sheet=wanted, choices=choices):
            look(path, ReadOptions(sheet=wanted))
    with refused("sheet-empty", sheet="Sheet 2", choices=choices):
        look(path, ReadOptions(sheet="2"))


def test_hidden_and_empty_sheets_of_opendocument(tmp_path: Path) -> None:
    styles = (
        '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    )
    tables = (
        ods_table([["secret"], ["1"]], "Hidden", ' table:style-name="h"'),
        ods_table([[""]], "Empty"),
        ods_table([["name", "n"], ["x", "2"]], "Data & more"),
    )
    path = write_parts(tmp_path / "a.ods", ods_parts(*tables, styles=styles))
    report = look(path)
    assert (report.format, report.options.sheet) == ("ods", "Data & more")
    assert report.sheets == ("Hidden", "Empty", "Data & more")
    assert cells(path) == [("name", "n"), ("x", "2")]
    assert cells(path, ReadOptions(sheet="1"))[0] == ("secret",)


def test_values_of_opendocument(tmp_path: Path) -> None:
    def cell(kind: str, value: str, shown: str, more: str = "") -> str:
        return (
            f'<table:table-cell office:value-type="{kind}" {value}{more}>'
            f"<text:p>{shown}</text:p></table:table-cell>"
        )

    row = (
        cell("float", 'office:value="3"', "3.0")
        + cell("float", 'office:value="3.5"', "3,50", ' table:style-name="c1"')
        + cell("percentage", 'office:value="0.25"', "25%")
        + cell("boolean", 'office:boolean-value="true"', "WAHR")
        + cell("date", 'office:date-value="2026-01-31"', "31.01.26")
        + cell("date", 'office:date-value="2026-01-31T14:30:00.000000000"', "31.01.26 14:30")
        + cell("time", 'office:time-value="PT09H05M00S"', "09:05")
        + cell("string", "", "a<text:s text:c='3'/>b<text:line-break/><text:span>c</text:span>")
        + '<table:table-cell office:value-type="string"><office:annotation><text:p>a comment'
        "</text:p></office:annotation><text:p>text</text:p><text:p>more</text:p></table:table-cell>"
        + '<table:table-cell office:value-type="string" table:number-columns-repeated="2">'
        "<text:p>twice</text:p></table:table-cell>"
    )
    rows = f"<table:table-row table:number-rows-repeated='2'>{row}</table:table-row>"
    filler = (
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    table = f'<table:table table:name="A">{rows}{filler}</table:table>'
    path = write_parts(tmp_path / "a.ods", ods_parts(table))
    wanted = (
        *("3", "3,50", "25%", "TRUE", "2026-01-31", "2026-01-31 14:30:00", "09:05:00"),
        *("a   b\nc", "text\nmore", "twice", "twice"),
    )
    assert cells(path, NO_HEADER)[1:] == [wanted, wanted]


def test_a_column_that_looks_like_a_split_is_only_offered(tmp_path: Path) -> None:
    rows = [["split", "name", "text"], *(["train", f"n{n}", f"text {n}"] for n in range(9))]
    assert look(workbook(tmp_path / "a.xlsx", rows)).split_kind is SplitKind.RANDOM


def test_the_ending_does_not_matter(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["name"], ["x"]]).rename(tmp_path / "a.csv")
    assert look(path).format == "xlsx"


# What a spreadsheet's cell can hold: no lone surrogates, and what XML leaves of line ends.
TEXT = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=40
)
ODS_TEXT = TEXT.map(lambda text: "".join(c for c in text if c.isprintable() or c in "\n\t")).filter(
    bool
)
SPECIAL = st.sampled_from(
    ["007", "-3.5", "=1+1", "'=1+1", "@x", "+", "_x0041_", " lead", "a\r\nb", "1e5", "TRUE", "𝔘😀é"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT | SPECIAL, TEXT | SPECIAL), min_size=1, max_size=5))
def test_what_is_written_to_xlsx_is_read_again(rows: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.xlsx")
        write_table(path, rows)
        assert cells(path, NO_HEADER)[1:] == rows
        found = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
        plain = [row for row in rows if all(map(str.isprintable, row)) and "_x" not in str(row)]
        assert set(plain) <= set(found), "another library reads the same"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ODS_TEXT, ODS_TEXT), min_size=1, max_size=5))
def test_what_stands_in_ods_is_read(rows: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_parts(Path(folder, "a.ods"), ods_parts(ods_table(rows)))
        assert cells(path, NO_HEADER)[1:] == rows


def test_the_longest_texts(tmp_path: Path) -> None:
    long = "é😀" * (MOST_CELL_CHARACTERS // 3)
    path = tmp_path / "a.xlsx"
    write_table(path, [("name", "text"), ("a", long + "x")])
    assert cells(path)[1] == ("a", long + "x")
    ods = write_parts(tmp_path / "a.ods", ods_parts(ods_table([("name",), ("x" * 200_000,)])))
    assert cells(ods)[1] == ("x" * 200_000,)


def test_a_first_look_does_not_read_it_all(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_table(path, [("name", "text"), *((f"name {n}", f"text {n * n}") for n in range(60_000))])
    report = look(path)
    assert not report.row_count_exact
    assert report.row_count == pytest.approx(60_000, rel=0.1)
