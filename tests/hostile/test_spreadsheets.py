"""Spreadsheets that were made to harm.

Promised: whatever bytes a file with the ending of a spreadsheet has, reading it ends within seconds
and in less than a gigabyte of memory, with rows or with a sentence; nothing outside of the file is
read, no formula is computed and no macro run. Not promised: that the texts in it are harmless to
whoever copies them elsewhere.
"""

import random
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.errors import UserError
from engine.contract.protocol.data import ImportFile, InspectFile
from engine.contract.reading.reading import FileReport, FindingKind, ReadOptions
from engine.contract.tables.saving import write_table
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.spreadsheets import (
    MAIN,
    OFFICE,
    RELATIONS,
    ods_parts,
    ods_table,
    write_parts,
    xlsx_parts,
)

ROOT = Path(__file__).parents[2]
HEAD = '<row r="1"><c r="A1" t="str"><v>name</v></c><c r="B1" t="str"><v>text</v></c></row>'
ROW = '<row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2" t="str"><v>b</v></c></row>'
MIB = 2**20
MOST_BYTES = 2**30

# Looks at a file and imports it in no more memory than is given; prints code and values, or rows.
READ = f"""
import resource, sys, tempfile
from pathlib import Path
from engine.contract.protocol.commands import ImportFile, InspectFile
from engine.contract.errors import UserError
from engine.contract.reading.reading import ReadOptions
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.reporter import Silent
from tests.helpers.errors import refused
resource.setrlimit(resource.RLIMIT_AS, ({MOST_BYTES}, {MOST_BYTES}))
for path in sys.argv[1:]:
    try:
        inspect_file(InspectFile(path), Silent())
        with tempfile.TemporaryDirectory() as folder:
            out = str(Path(folder, "out.sqlite"))
            reply = import_file(ImportFile(path, ReadOptions(), out), Silent())
        print(f"{{reply.row_count}} rows, {{reply.rejected_count}} rejected")
    except UserError as error:
        print(error.code, error.values)
"""


def look(path: Path) -> FileReport:
    return inspect_file(InspectFile(str(path)), Silent())


def read(path: Path) -> str:
    """The code of the error that refuses a file, or nothing; in this process."""
    try:
        look(path)
        with tempfile.TemporaryDirectory() as folder:
            import_file(
                ImportFile(str(path), ReadOptions(), str(Path(folder, "out.sqlite"))), Silent()
            )
    except UserError as error:
        return error.code
    return ""


def shared_text(path: Path) -> Path:
    """One text of a megabyte, in a hundred thousand cells."""
    text = "<si><t>" + "x" * MIB + "</t></si>"
    rows = '<row><c t="s"><v>0</v></c></row>' * 100_000
    return write_parts(path, xlsx_parts(HEAD + rows, strings=text))


def cells_at(path: Path, *places: str) -> Path:
    rows = "".join(
        f'<row r="{re.sub("[A-Z]", "", place)}"><c r="{place}"><v>1</v></c></row>'
        for place in places
    )
    return write_parts(path, xlsx_parts(rows))


def repeated(path: Path, *, rows: int, columns: int) -> Path:
    cell = (
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{columns}">'
        "<text:p>a</text:p></table:table-cell>"
    )
    row = f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>'
    return write_parts(path, ods_parts(f'<table:table table:name="A">{row}</table:table>'))


def entities(path: Path) -> Path:
    """A billion laughs."""
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    sheet = (
        f'<!DOCTYPE worksheet [<!ENTITY e0 "ha">{levels}]><worksheet xmlns="{MAIN}"><sheetData>'
        '<row><c t="str"><v>&e9;</v></c></row></sheetData></worksheet>'
    )
    return write_parts(path, {**xlsx_parts(HEAD), "xl/worksheets/sheet1.xml": sheet})


def outside(path: Path) -> Path:
    """An external entity, and relations that lead out of the file."""
    sheet = (
        f'<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet xmlns="{MAIN}">'
        '<sheetData><row><c t="str"><v>&x;</v></c></row></sheetData></worksheet>'
    )
    return write_parts(path, {**xlsx_parts(HEAD), "xl/worksheets/sheet1.xml": sheet})


BOMBS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "sheet.xlsx": (
        lambda path: write_parts(path, xlsx_parts(HEAD + " " * (150 * MIB))),
        "expands-too-much",
    ),
    "content.ods": (
        lambda path: write_parts(path, ods_parts(ods_table([["a"]]) + " " * (150 * MIB))),
        "expands-too-much",
    ),
    "strings.xlsx": (
        lambda path: write_parts(
            path,
            xlsx_parts(
                HEAD + '<row><c t="s"><v>9000000</v></c></row>', strings="<si/>" * (25 * MIB)
            ),
        ),
        "expands-too-much",
    ),
    "many-strings.xlsx": (
        lambda path: write_parts(
            path,
            xlsx_parts(
                HEAD + '<row><c t="s"><v>99000000</v></c></row>', strings="<si/>" * (10 * MIB)
            ),
        ),
        "too-many-cell-texts .*5000000",
    ),
    "shared-text.xlsx": (shared_text, "expands-too-much"),
    "corners.xlsx": (lambda path: cells_at(path, "A1", "XFD1048576"), "too-many-columns"),
    "column.xlsx": (lambda path: cells_at(path, "A1", "A1048576"), "2 rows"),
    "beyond.xlsx": (
        lambda path: cells_at(path, "A1", "A99999999"),
        "too-many-sheet-rows .*99999999",
    ),
    "far.xlsx": (lambda path: cells_at(path, "ZZZZZZZZ1"), "1 rows|names-but-no-rows"),
    "repeated.ods": (
        lambda path: repeated(path, rows=1_048_576, columns=1900),
        "expands-too-much",
    ),
    "columns.ods": (lambda path: repeated(path, rows=2, columns=10**9), "too-many-columns"),
    "rows.ods": (lambda path: repeated(path, rows=10**12, columns=2), "too-many-sheet-rows"),
    "entities.xlsx": (entities, "xml-entities"),
    "outside.xlsx": (outside, "xml-entities"),
    "tag.xlsx": (
        lambda path: write_parts(path, xlsx_parts(f'{HEAD}<row spans="{"1" * (20 * MIB)}"/>')),
        "xml-tag-too-long",
    ),
    "cell.xlsx": (
        lambda path: write_parts(
            path, xlsx_parts(f'{HEAD}<row><c t="str"><v>{"x" * (70 * MIB)}</v></c></row>')
        ),
        "sheet-cell-too-long .*67108864",
    ),
    "deep.xlsx": (
        lambda path: write_parts(path, xlsx_parts(HEAD + ROW + "<a>" * MIB + "</a>" * MIB)),
        "1 rows",
    ),
    "merged.xlsx": (
        lambda path: write_parts(
            path,
            xlsx_parts(
                HEAD
                + ROW
                + "</sheetData><mergeCells>"
                + '<mergeCell ref="A1:XFD1048576"/>' * 500_000
                + "</mergeCells>"
            ),
        ),
        "1 rows",
    ),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What becomes of each of them, in a process with a gigabyte."""
    folder = tmp_path_factory.mktemp("bombs")
    paths = [make(folder / name) for name, (make, _) in BOMBS.items()]
    done = subprocess.run(
        [sys.executable, "-c", READ, *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(BOMBS, done.stdout.splitlines(), strict=True))


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_a_sentence(outcomes: dict[str, str], name: str) -> None:
    assert re.search(BOMBS[name][1], outcomes[name]), outcomes[name]


def test_a_size_that_is_not_true_is_damage(tmp_path: Path) -> None:
    path = write_parts(tmp_path / "a.xlsx", xlsx_parts(HEAD + ROW + " " * (5 * MIB)))
    data = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        size = file.getinfo("xl/worksheets/sheet1.xml").file_size
    field = size.to_bytes(4, "little")
    assert field in data
    path.write_bytes(data.replace(field, (1000).to_bytes(4, "little")))
    assert read(path) == "damaged-spreadsheet"


def test_a_list_of_parts_that_fills_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(50_000):
            file.writestr(f"{number:050}", b"")
    assert read(path) == "damaged-spreadsheet"


def compound_file(*names: str) -> bytes:
    """The start of one of Microsoft's old files, with a directory of these entries."""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    head[30:32] = (9).to_bytes(2, "little")
    entries = b"".join(
        name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *names)
    )
    return bytes(head) + entries.ljust(1024, b"\0")


def with_encrypted_parts(path: Path) -> Path:
    data = bytearray(write_parts(path, xlsx_parts(HEAD + ROW)).read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(mark), bytes(data)):
            data[found.start() + place] |= 1
    path.write_bytes(data)
    return path


def test_a_password_is_named(tmp_path: Path) -> None:
    manifest = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry '
        'm:full-path="content.xml"><m:encryption-data/></m:file-entry></m:manifest>'
    )
    locked = {**ods_parts(ods_table([["a"]])), "META-INF/manifest.xml": manifest}
    (tmp_path / "a.xlsx").write_bytes(
        compound_file("DataSpaces", "Version", "DataSpaceMap", "EncryptedPackage")
    )
    for path in (
        tmp_path / "a.xlsx",
        write_parts(tmp_path / "b.ods", locked),
        write_parts(tmp_path / "c.ods", {**locked, "content.xml": b"\x93\x01"}),
        with_encrypted_parts(tmp_path / "d.xlsx"),
    ):
        assert read(path) == "password-protected"


def test_formats_that_are_not_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "old.xls").write_bytes(compound_file("Workbook"))
    write_parts(tmp_path / "a.xlsb", {"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"\0"})
    write_parts(tmp_path / "a.docx", {"[Content_Types].xml": "<Types/>", "word/document.xml": ""})
    write_parts(tmp_path / "b.zip", {"a.csv": "a,b"})
    (tmp_path / "empty.xlsx").write_bytes(b"")
    for name, kind in (
        ("old.xls", "an old Excel or Word file"),
        ("a.xlsb", "a binary Excel file"),
        ("a.docx", "a text document"),
        ("b.zip", "a zip archive"),
    ):
        with refused("not-a-table", file=name, kind=kind):
            look(tmp_path / name)
    assert read(tmp_path / "empty.xlsx") == "file-empty"


def test_macros_are_named_and_not_run(tmp_path: Path) -> None:
    parts = xlsx_parts("<row/>", HEAD + ROW, names=["Auto_Open", "Data"])
    parts["xl/vbaProject.bin"] = compound_file("VBA")
    links = str(parts["xl/_rels/workbook.xml.rels"])
    # Excel 4's macros are sheets; they are no tables.
    parts["xl/_rels/workbook.xml.rels"] = links.replace(
        f'{OFFICE}/worksheet" Target="worksheets/sheet1.xml',
        'http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet" '
        'Target="worksheets/sheet1.xml',
    )
    report = look(write_parts(tmp_path / "a.xlsm", parts))
    assert FindingKind.MACROS in {finding.kind for finding in report.findings}
    assert report.sheets == ("Data",)
    assert report.preview == (("a", "b"),)


@pytest.mark.parametrize(
    "target", ["../../../../etc/passwd", "file:///etc/passwd", "/etc/passwd", "http://a.example/x"]
)
def test_no_part_leads_outside(tmp_path: Path, target: str) -> None:
    parts = xlsx_parts(HEAD + ROW)
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" Type="{OFFICE}/worksheet" '
        f'Target="{target}"/></Relationships>'
    )
    assert read(write_parts(tmp_path / "a.xlsx", parts)) == "no-text"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('t="str"><v>a<', 't="s"><v>5<'),
        ('t="str"><v>a<', 't="s"><v>-1<'),
        ('t="str"><v>a<', 't="s"><v>x<'),
        ('t="str"><v>a<', 's="99999"><v>1<'),
        ('t="str"><v>a<', 's="x"><v>1<'),
        ('t="str"><v>a<', f't="s"><v>{"9" * 5000}<'),
        ('r="A2"', 'r="2A"'),
        ('r="A2"', 'r=""'),
        ('r="2"', 'r="-1"'),
        ('r="2"', 'r="²"'),
        ('r="2"', 'r="1"'),
        ("</row>", ""),
    ],
)
def test_cells_that_are_not_as_they_should_be(tmp_path: Path, old: str, new: str) -> None:
    parts = xlsx_parts(HEAD + ROW.replace(old, new), strings="<si><t>x</t></si>")
    read(write_parts(tmp_path / "a.xlsx", parts))  # a sentence or rows


@pytest.mark.parametrize("encoding", ["none", "rot13", "shift_jis", "utf-7", "x" * 300])
def test_encodings_that_are_none(tmp_path: Path, encoding: str) -> None:
    start = f'<?xml version="1.0" encoding="{encoding}"?>'
    for name, parts in (
        ("a.xlsx", xlsx_parts(HEAD + ROW)),
        ("a.ods", ods_parts(ods_table([["a"]]))),
    ):
        for part in [part for part in parts if part.endswith(".xml")]:
            changed = {**parts, part: start + str(parts[part])}
            code = read(write_parts(tmp_path / name, changed))
            assert code in ("", "damaged-spreadsheet", "names-but-no-rows")


@pytest.mark.parametrize("ending", ["xlsx", "ods"])
def test_cut_and_changed_files(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    rows = [("name", "text"), *((f"name {n}", f"text {n}") for n in range(300))]
    if ending == "xlsx":
        write_table(path, rows)
    else:
        write_parts(path, ods_parts(ods_table(rows)))
    data = path.read_bytes()
    rng = random.Random(7)
    for cut in range(4, len(data), max(1, len(data) // 40)):
        path.write_bytes(data[:cut])
        assert read(path) in ("damaged-spreadsheet", "not-a-table"), cut
    for _ in range(150):
        changed = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(4, len(data))] = rng.randrange(256)
        path.write_bytes(changed)
        read(path)  # a sentence or rows


@pytest.mark.parametrize("ending", ["xlsx", "ods"])
def test_damage_in_the_middle_costs_what_follows(tmp_path: Path, ending: str) -> None:
    rng = random.Random(3)
    texts = [str(rng.getrandbits(64)) for _ in range(20_000)]
    if ending == "xlsx":
        parts = xlsx_parts("".join(f'<row><c t="str"><v>{text}</v></c></row>' for text in texts))
    else:
        parts = ods_parts(ods_table([[text] for text in texts]))
    path = write_parts(tmp_path / f"a.{ending}", parts)
    data = bytearray(path.read_bytes())
    middle = len(data) * 2 // 3
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(data)
    reply = import_file(
        ImportFile(str(path), ReadOptions(header=False), str(tmp_path / "out.sqlite")), Silent()
    )
    assert 5000 < reply.row_count < 20_000
    losses = [finding.kind for finding in reply.findings if finding.loses_rows]
    assert losses == [FindingKind.BROKEN]
