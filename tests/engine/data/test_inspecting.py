"""The doctor's first look at good, odd and bad files."""

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.errors import Cancelled
from engine.contract.protocol.data import InspectFile
from engine.contract.reading.reading import FileReport, Finding, FindingKind, ReadOptions
from engine.contract.specs.data import Role
from engine.data.inspecting import inspect_file
from engine.reporter import Silent
from tests.helpers.errors import refused

WriteFile = Callable[..., Path]

E2E = 'mr,ref\n"name[Larch], kind[hut]","Larch is a hut, near Café Noir."\n"name[Raven]",Raven.\n'


def look(path: Path, **options: object) -> FileReport:
    return inspect_file(InspectFile(str(path), ReadOptions(**options)), Silent())  # type: ignore[arg-type]


def roles(report: FileReport) -> dict[str, str]:
    return {column.name: column.role.value for column in report.columns}


def found(report: FileReport, kind: FindingKind) -> Finding:
    return next(finding for finding in report.findings if finding.kind is kind)


def test_an_e2e_file_needs_no_settings(write_file: WriteFile) -> None:
    report = look(write_file(E2E))
    assert report.options == ReadOptions("utf-8", ",", '"', True, skip_lines=0, escape="")
    assert roles(report) == {"mr": "meaning", "ref": "target"}
    assert report.preview == (
        ("name[Larch], kind[hut]", "Larch is a hut, near Café Noir."),
        ("name[Raven]", "Raven."),
    )
    assert report.preview_lines == (2, 3)
    assert (report.row_count, report.row_count_exact) == (2, True)
    assert report.sampled_bytes == report.size_bytes == len(E2E.encode())
    assert report.findings == ()


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("latin-1", "cp1252"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings_are_found(write_file: WriteFile, encoding: str, name: str) -> None:
    report = look(write_file(E2E, encoding=encoding))
    assert report.options.encoding == name
    assert report.columns[0].name == "mr"
    assert report.preview[0][1] == "Larch is a hut, near Café Noir."
    kinds = [finding.kind for finding in report.findings]
    assert kinds == ([FindingKind.ENCODING_GUESS] if name == "cp1252" else [])


def test_an_accent_far_down_decides_the_encoding(write_file: WriteFile) -> None:
    head = "a,b\n" + "one,two\n" * 400_000  # 3 MB without an accent
    assert look(write_file(head + "één,deux\n" * 9000)).options.encoding == "utf-8"
    path = write_file(head + "één,deux\n" * 9000, encoding="latin-1")
    assert look(path).options.encoding == "cp1252"


def test_bytes_beyond_cp1252_are_latin_1(write_file: WriteFile) -> None:
    assert look(write_file(b"a,b\n\xe9t\xe9,\x81x\n")).options.encoding == "latin-1"


def test_one_bad_byte_does_not_make_utf8_another_encoding(write_file: WriteFile) -> None:
    content = "a,b\nété,château\nnoël,crème\n".encode() + b"bad,\xe9\n"
    report = look(write_file(content))
    assert report.options.encoding == "utf-8"
    finding = found(report, FindingKind.UNDECODABLE)
    assert (finding.count, finding.lines, finding.loses_rows) == (1, (4,), True)
    assert "utf-8" in finding.message


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_in_spite_of_the_texts(write_file: WriteFile, delimiter: str) -> None:
    others = [one for one in ",;\t|" if one != delimiter]
    rng = random.Random(7)
    lines = [delimiter.join(("name", "food", "text"))]
    for number in range(60):
        words = [rng.choice(["hut", "lake", "soup", *others]) for _ in range(12)]
        text = f'"{" ".join(words)}\n{delimiter} and ""so"" on"' if number % 3 else "plain text"
        lines.append(delimiter.join((f"Hut {number}", "soup", text)))
    report = look(write_file("\n".join(lines) + "\n"))
    assert report.options.delimiter == delimiter
    assert report.options.quote == '"'
    assert [column.name for column in report.columns] == ["name", "food", "text"]
    assert report.row_count == 60
    assert report.findings == ()


def test_decimal_commas_are_not_delimiters(write_file: WriteFile) -> None:
    report = look(write_file("name;height;width\nA;1,5;2,5\nB;3,0;4,1\n"))
    assert report.options.delimiter == ";"
    assert len(report.columns) == 3


def test_other_quotes_are_found(write_file: WriteFile) -> None:
    rows = "".join(f"'hut {n}, the small one','It''s a hut, {n} beds.'\n" for n in range(9))
    report = look(write_file("name,text\n" + rows))
    assert report.options.quote == "'"
    assert report.preview[0] == ("hut 0, the small one", "It's a hut, 0 beds.")
    literal = look(write_file('name\tsize\n"Raven\t5" wide\n"Crow\t7" wide\n"Jay\t3" wide\n'))
    assert literal.options.quote == ""
    assert literal.preview[0] == ('"Raven', '5" wide')


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(write_file: WriteFile, end: str) -> None:
    report = look(write_file(f'a,text{end}x,"one{end}two"{end}y,three{end}'))
    assert report.preview == (("x", f"one{end}two"), ("y", "three"))
    assert report.preview_lines == (2, 4)
    assert report.findings == ()


def test_a_file_without_names_gets_them(write_file: WriteFile) -> None:
    report = look(write_file('"name[Larch], kind[hut]",Larch is a hut.\n"name[Raven]",Raven.\n'))
    assert report.options.header is False
    assert roles(report) == {"column 1": "meaning", "column 2": "target"}
    assert report.row_count == 2
    numbers = look(write_file("1,2,3\n4,5,6\n"))
    assert numbers.options.header is False
    assert look(write_file(E2E), header=False).row_count == 3


def test_header_only(write_file: WriteFile) -> None:
    report = look(write_file("mr,ref\n"))
    assert (report.row_count, report.preview) == (0, ())
    assert roles(report) == {"mr": "meaning", "ref": "target"}


def test_one_column(write_file: WriteFile) -> None:
    report = look(write_file("text\nOne, two and three.\nFour.\nFive, six, seven; eight.\n"))
    assert [column.name for column in report.columns] == ["text"]
    assert report.row_count == 3


def test_ragged_rows_are_named_by_line(write_file: WriteFile) -> None:
    report = look(write_file("a,b,c\n1,2,3\n4,5\n6,7,8\n9,8,7,6\n\n\n1,1,1\n"))
    ragged = found(report, FindingKind.RAGGED)
    assert (ragged.count, ragged.lines, ragged.loses_rows) == (2, (3, 5), True)
    assert "2 rows" in ragged.message
    assert "3 columns" in ragged.message
    empty = found(report, FindingKind.EMPTY_ROWS)
    assert (empty.count, empty.lines, empty.loses_rows) == (2, (6, 7), False)
    assert report.row_count == 3


def test_findings_name_at_most_twenty_lines(write_file: WriteFile) -> None:
    report = look(write_file("a,b\n" + "x,y\n" * 100 + "short\n" * 50))
    ragged = found(report, FindingKind.RAGGED)
    assert ragged.count == 50
    assert ragged.lines == tuple(range(102, 122))


def test_duplicate_and_missing_names(write_file: WriteFile) -> None:
    report = look(write_file("text,text,,text (2),text\na,b,c,d,e\n"))
    names = [column.name for column in report.columns]
    assert names == ["text", "text (3)", "column 3", "text (2)", "text (4)"]
    assert found(report, FindingKind.DUPLICATE_HEADER).count == 2
    assert "'text' is now 'text (3)'" in found(report, FindingKind.DUPLICATE_HEADER).message
    assert found(report, FindingKind.UNNAMED_COLUMN).count == 1


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index", "id"])
def test_an_index_column_is_ignored(write_file: WriteFile, name: str) -> None:
    rows = "".join(f"{n},hut {n % 3},A text about hut {n} there.\n" for n in range(9))
    report = look(write_file(f"{name},kind,text\n{rows}"))
    assert report.columns[0].role is Role.IGNORED
    assert found(report, FindingKind.INDEX_COLUMN).count == 1
    assert [column.role for column in report.columns[1:]] == [Role.FIELD, Role.TARGET]


def test_row_names_without_a_header_of_their_own(write_file: WriteFile) -> None:
    report = look(write_file("kind,text\n1,hut,A text.\n2,inn,Another.\n"))  # as R writes tables
    assert [column.name for column in report.columns] == ["column 1", "kind", "text"]
    assert report.columns[0].role is Role.IGNORED
    trailing = look(write_file("kind,text\nhut,A text.,\ninn,Another.,\n"))
    assert [column.name for column in trailing.columns] == ["kind", "text", "column 3"]
    assert trailing.row_count == 2


def test_roles_of_a_table_with_split_and_category(write_file: WriteFile) -> None:
    rows = "".join(
        f"{'train' if n % 4 else 'dev'},{'city' if n % 2 else 'hut'},Place {n},The place no {n}.\n"
        for n in range(12)
    )
    report = look(write_file("split,category,name,description\n" + rows))
    expected = {"split": "split", "category": "category", "name": "field"}
    assert roles(report) == expected | {"description": "target"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("text,summary", ["source", "target"]),
        ("source,target", ["source", "target"]),
        ("name,text", ["field", "target"]),
        ("article,highlights", ["source", "target"]),
        ("summary,document", ["target", "source"]),
        ("input,output", ["source", "target"]),
    ],
)
def test_roles_by_name(write_file: WriteFile, header: str, expected: list[str]) -> None:
    report = look(write_file(header + "\nsome words here now,other words here\nab cd,ef gh\n"))
    assert [column.role.value for column in report.columns] == expected


def test_cleaned_e2e_keeps_one_meaning(write_file: WriteFile) -> None:
    report = look(write_file("mr,ref,fixed,orig_mr\nname[A],A.,1,name[A]\nname[B],B.,0,name[B]\n"))
    assert [c.role.value for c in report.columns] == ["meaning", "target", "ignored", "ignored"]


def test_nul_characters_are_found_and_kept(write_file: WriteFile) -> None:
    report = look(write_file("a,b\none,t\0wo\nthree,four\n"))
    assert found(report, FindingKind.NUL).lines == (2,)
    assert report.preview[0] == ("one", "t\0wo")


def test_empty_cells_are_counted_by_column(write_file: WriteFile) -> None:
    report = look(write_file("a,b\n1,\n2,x\n3,\n"))
    finding = found(report, FindingKind.EMPTY_CELLS)
    assert (finding.count, finding.lines) == (2, (2, 4))
    assert "'b'" in finding.message


def test_a_cell_of_10_megabytes(write_file: WriteFile) -> None:
    cell = "many words, " * 900_000
    path = write_file(f'source,target\n"{cell}",short\nnext,row\n')
    report = look(path)
    assert report.preview[0] == (cell[:2000], "short")
    assert report.row_count == 2
    assert found(report, FindingKind.LONG_CELL).lines == (2,)


def test_an_unclosed_quote_costs_one_row(write_file: WriteFile) -> None:
    rows = [f"{n},hut,text {n}" for n in range(2000)]
    rows[9] = '9,"hut,text 9'
    report = look(write_file("place,kind,text\n" + "\n".join(rows) + "\n"), quote='"')
    finding = found(report, FindingKind.UNCLOSED_QUOTE)
    assert (finding.count, finding.lines, finding.loses_rows) == (1, (11,), True)
    assert report.row_count == 1999


def test_the_end_of_the_look_is_no_fault(write_file: WriteFile) -> None:
    line = "a hut, with {} beds and, at night, a view of the lake, the pass and the glacier"
    rows = "".join(f'{n},"{line.format(n)}\nof the north"\n' for n in range(90_000))
    report = look(write_file("place,text\n" + rows))
    assert report.sampled_bytes == 4 * 2**20 < report.size_bytes
    assert not report.row_count_exact
    assert abs(report.row_count - 90_000) < 2000
    assert report.findings == ()


def test_many_short_rows_are_not_all_looked_at(write_file: WriteFile) -> None:
    report = look(write_file("a,b\n" + "x,y\n" * 300_000))
    assert not report.row_count_exact
    assert report.sampled_bytes < report.size_bytes
    assert abs(report.row_count - 300_000) < 15_000


def test_a_wrong_encoding_loses_rows_and_says_so(write_file: WriteFile) -> None:
    report = look(write_file(E2E, encoding="latin-1"), encoding="utf-8")
    finding = found(report, FindingKind.UNDECODABLE)
    assert (finding.count, finding.lines) == (1, (2,))
    header = look(write_file("a,caf\xe9\n1,2\n", encoding="latin-1"), encoding="utf-8")
    assert header.columns[1].name == "caf\\xE9"
    assert found(header, FindingKind.UNDECODABLE).lines == (1,)


def test_settled_options_are_followed(write_file: WriteFile) -> None:
    report = look(write_file("a;b,c\n1;2,3\n"), delimiter=";", quote="", header=False)
    assert report.options == ReadOptions("utf-8", ";", "", False, skip_lines=0, escape="")
    assert report.preview == (("a", "b,c"), ("1", "2,3"))


@pytest.mark.parametrize(
    ("options", "code", "values"),
    [
        ({"encoding": "klingon"}, "unknown-encoding", {"encoding": "klingon"}),
        ({"encoding": "base64"}, "unknown-encoding", {"encoding": "base64"}),
        ({"delimiter": ""}, "bad-delimiter", {"value": ""}),
        ({"delimiter": "\n"}, "bad-delimiter", {"value": "\n"}),
        ({"delimiter": "," * 17}, "bad-delimiter", {"limit": 16}),
        ({"delimiter": ",,", "quote": '"'}, "quote-with-long-delimiter", {"delimiter": ",,"}),
        ({"escape": "ab"}, "not-a-single-character", {"option": "escape", "value": "ab"}),
        ({"escape": ",", "delimiter": ","}, "delimiter-used-twice", {"option": "escape"}),
        ({"skip_lines": -1}, "skip-lines-out-of-range", {"value": -1, "limit": 1_000_000}),
        ({"skip_lines": 9}, "no-text-below-skipped", {"skipped": 9}),
        ({"quote": "ab"}, "not-a-single-character", {"option": "quote", "value": "ab"}),
        ({"quote": ";", "delimiter": ";"}, "delimiter-used-twice", {"option": "quote"}),
    ],
)
def test_impossible_options(
    write_file: WriteFile, options: dict[str, object], code: str, values: dict[str, object]
) -> None:
    path = write_file(E2E)
    with refused(code, **values):
        look(path, **options)


@pytest.mark.parametrize(
    ("content", "name", "code", "values"),
    [
        (b"", "a.csv", "file-empty", {}),
        (b"\n\n  \n", "a.csv", "no-text", {}),
        (b",,\n,,\n", "a.csv", "no-text", {}),
        (b"PK\x03\x04" + b"\0" * 40 + b"xl/workbook.xml", "a.csv", "damaged-spreadsheet", {}),
        (b"PK\x03\x04" + b"\0" * 40, "a.xlsx", "damaged-spreadsheet", {}),
        (b"PK\x03\x04" + b"\0" * 40, "a.zip", "not-a-table", {"kind": "a zip archive"}),
        (
            b"PK\x03\x04....mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            "a",
            "damaged-spreadsheet",
            {},
        ),
        (b"PK\x03\x04....word/document.xml", "a.csv", "not-a-table", {"kind": "a text document"}),
        (b"%PDF-1.7\n...", "a.csv", "not-a-table", {"kind": "a PDF file"}),
        (b"\x1f\x8b\x08\0", "a.csv.gz", "not-a-table", {"kind": "a gzip archive"}),
        (b"PAR1\x15\x04", "a.bin", "damaged-parquet", {}),
        (b"SQLite format 3\0....", "a.csv", "not-a-table", {"kind": "an SQLite database"}),
        (b"\x89PNG\r\n\x1a\n", "a.csv", "not-a-table", {"kind": "an image (PNG)"}),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls", "not-a-table", {}),
        (b"<!DOCTYPE html>\n<html>", "a.csv", "not-a-table", {"kind": "a web page"}),
        (b"<html><body>", "a.txt", "not-a-table", {"kind": "a web page"}),
        (bytes(range(256)) * 50, "a.csv", "not-text", {"size": 12_800}),
        (b"\0" * 5000, "a.csv", "not-text", {"count": 5000}),
        (b"a," * 1_000_000 + b"b\n", "a.csv", "too-many-columns", {"count": 1_000_001}),
        (b'a,"b\n1,2\n3,4\n', "a.csv", "bad-header", {"line": 1}),
    ],
)
def test_what_is_no_table_is_refused(
    write_file: WriteFile, content: bytes, name: str, code: str, values: dict[str, object]
) -> None:
    path = write_file(content, name)
    with refused(code, file=name, **values):
        look(path, delimiter=",", quote='"')


def test_missing_file_folder_and_device(tmp_path: Path) -> None:
    with refused("file-missing", path=tmp_path / "none.csv"):
        look(tmp_path / "none.csv")
    with refused("folder-without-data", path=tmp_path):
        look(tmp_path)
    if os.name == "posix":
        with refused("not-a-regular-file", path=Path(os.devnull)):
            look(Path(os.devnull))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file of Linux that cannot be read")
def test_a_file_that_cannot_be_read() -> None:
    with refused("read-failed", path=Path("/proc/self/mem")):
        look(Path("/proc/self/mem"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="this user may read every file")
def test_a_file_without_the_right_to_read_it(write_file: WriteFile) -> None:
    path = write_file(E2E)
    path.chmod(0)
    with refused("no-read-permission", path=path):
        look(path)


def test_cancelling(write_file: WriteFile) -> None:
    class Stop:
        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            raise Cancelled

    path = write_file("a,b\n" + "1,2\n" * 5000)
    with pytest.raises(Cancelled):
        inspect_file(InspectFile(str(path)), Stop())


def test_real_e2e(shared_data: Path) -> None:
    report = look(shared_data / "e2e" / "trainset.csv")
    assert roles(report) == {"mr": "meaning", "ref": "target"}
    assert abs(report.row_count - 42_061) < 500
    assert report.findings == ()
