"""Every row of a file is kept exactly, or rejected with line, reason and text."""

import contextlib
import csv
import gc
import io
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract.errors import Cancelled, UserError
from engine.contract.projects.dataset_store import DatasetStore, RejectedRow, Row
from engine.contract.protocol.data import ExportRejected, Imported, ImportFile
from engine.contract.reading.reading import FindingKind, ReadOptions
from engine.data.importing import export_rejected, import_file
from engine.data.readers import open_reader
from engine.data.records import ReadRow
from engine.data.store_writer import StoreWriter, explain_store_errors
from engine.reporter import Silent
from tests.helpers.errors import refused

WriteFile = Callable[..., Path]
MakeStore = Callable[..., DatasetStore]
EXACT = ReadOptions("utf-8", ",", '"', True)


def run(path: Path, out: Path, options: ReadOptions | None = None) -> Imported:
    return import_file(ImportFile(str(path), options or ReadOptions(), str(out)), Silent())


def test_rows_keep_their_numbers_lines_and_cells(make_store: MakeStore) -> None:
    store = make_store('mr,ref\n"name[A]","One\nA, two"\n\nname[B],B\n')
    assert list(store.rows()) == [
        Row(1, 2, ("name[A]", "One\nA, two")),
        Row(2, 5, ("name[B]", "B")),
    ]
    assert list(store.rejected()) == []
    meta = store.meta
    assert (meta.name, meta.columns, meta.row_count) == ("table0.csv", ("mr", "ref"), 2)
    assert meta.format == "CSV, UTF-8, comma"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 4))
    row = st.lists(texts, min_size=width, max_size=width).filter(any)
    return draw(st.lists(row, max_size=12))


@settings(max_examples=60, deadline=None)
@given(rows=tables(), encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-be", "utf-32"]))
def test_what_csv_writes_is_kept_exactly(rows: list[list[str]], encoding: str) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    width = len(rows[0]) if rows else 2
    writer.writerow([f"column {number}" for number in range(1, width + 1)])
    writer.writerows([*rows, ["end"] * width])
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "a.csv"), Path(folder, "a.sqlite")
        path.write_bytes(stream.getvalue().encode(encoding))
        reply = run(path, out, ReadOptions(encoding, ",", '"', True))
        with DatasetStore(out) as store:
            assert [list(row.cells) for row in store.rows()] == [*rows, ["end"] * width]
            assert list(store.rejected()) == []
    assert (reply.row_count, reply.rejected_count) == (len(rows) + 1, 0)


@settings(max_examples=80, deadline=None)
@given(content=st.binary(max_size=300) | st.text('ab,;"\n\r\t \0é', max_size=120).map(str.encode))
def test_no_bytes_break_it_and_no_text_is_lost(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "a.csv"), Path(folder, "a.sqlite")
        path.write_bytes(content)
        try:
            run(path, out, ReadOptions("latin-1", ",", '"', False, skip_lines=0))
        except UserError:
            assert list(Path(folder).iterdir()) == [path]
            return
        with DatasetStore(out) as store:
            kept = [letter for row in store.rows() for cell in row.cells for letter in cell]
            kept += [letter for row in store.rejected() for letter in row.text]
        # What is left out is quoting, delimiters and white space.
        lost = set(content.decode("latin-1")) - set(kept)
        assert lost <= set('",\r\n') | {one for one in lost if one.isspace()}


def test_rejected_rows_are_stored_with_their_text(make_store: MakeStore) -> None:
    store = make_store('a,b,c\n1,2,3\nshort,row\n4,5,6\nlong,"er",row,x,y\n7,8,9\n', EXACT)
    assert [row.cells for row in store.rows()] == [tuple("123"), tuple("456"), tuple("789")]
    assert list(store.rejected()) == [
        RejectedRow(3, "2 cells where 3 were expected: the last 1 cell missing", "short,row"),
        RejectedRow(5, "5 cells where 3 were expected: 2 cells too many", 'long,"er",row,x,y'),
    ]
    assert (store.meta.row_count, store.meta.rejected_count) == (3, 2)


def test_bytes_that_do_not_fit_reject_their_row(write_file: WriteFile, tmp_path: Path) -> None:
    path = write_file(b'a,b\nok,\xc3\xa9\n"two\nlines",caf\xe9\nok,too\n')
    reply = run(path, tmp_path / "out.sqlite", EXACT)
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert [row.cells for row in store.rows()] == [("ok", "é"), ("ok", "too")]
        reason = "byte 0xE9 in line 4, character 11 is not utf-8"
        assert list(store.rejected()) == [RejectedRow(3, reason, '"two\nlines",caf\\xE9')]
    (finding,) = reply.findings
    assert (finding.kind, finding.count, finding.loses_rows) == (FindingKind.UNDECODABLE, 1, True)


def test_half_a_character_at_the_end_of_utf_16(write_file: WriteFile, tmp_path: Path) -> None:
    path = write_file("a,b\n1,2\n3,4".encode("utf-16") + b"\x20")
    reply = run(path, tmp_path / "out.sqlite")
    assert (reply.row_count, reply.rejected_count) == (1, 1)


def test_a_quote_that_is_not_closed_costs_its_row_only(make_store: MakeStore) -> None:
    rows = [f'{n},"hut, small",text {n}' for n in range(3000)]
    rows[99] = '99,"hut, small,text 99'
    rows[1999] = '1999,hut,"text 1999'
    store = make_store("n,kind,text\n" + "\n".join(rows) + "\n")
    assert [(row.line, row.text) for row in store.rejected()] == [
        (101, rows[99]),
        (2001, rows[1999]),
    ]
    assert {row.cells[0] for row in store.rows()} == {str(n) for n in range(3000)} - {"99", "1999"}


def test_an_unclosed_quote_before_plain_rows(make_store: MakeStore) -> None:
    rows = [f"{n},hut,text {n}" for n in range(3000)]
    rows[4] = '4,"hut,text 4'
    store = make_store("n,kind,text\n" + "\n".join(rows), EXACT)
    assert [(row.line, row.reason) for row in store.rejected()] == [
        (6, "a quote is opened here and not closed")
    ]
    assert store.meta.row_count == 2999


def test_nothing_is_made_up_out_of_a_broken_text(make_store: MakeStore) -> None:
    broken = '"first, line\nand, a second\nsays "no" and\nmore, of it",end'
    store = make_store(f'a,text\n{broken}\nx,"good\nrow"\n', EXACT)
    assert [row.cells for row in store.rows()] == [("x", "good\nrow")]
    assert "\n".join(row.text for row in store.rejected()) == broken


def test_the_cut_end_of_a_file(make_store: MakeStore) -> None:
    store = make_store('a,text\n1,"one"\n2,"the rest\nof this file was\nnever sent', EXACT)
    assert [row.cells for row in store.rows()] == [("1", "one")]
    (rejected,) = store.rejected()
    assert "line 3" in rejected.reason
    assert rejected.text == '2,"the rest\nof this file was\nnever sent'


def test_a_quote_inside_a_quoted_cell(make_store: MakeStore) -> None:
    store = make_store('a,b\n"she said "yes" there",x\n"fine ""so"" far",y\n', EXACT)
    assert [row.cells for row in store.rows()] == [('fine "so" far', "y")]
    assert [row.reason for row in store.rejected()] == [
        "a quote inside a quoted cell is not doubled"
    ]


def test_a_10_mb_cell_is_kept(make_store: MakeStore) -> None:
    cell = 'say ""so"", then\n' * 650_000
    store = make_store(f'a,b\nx,"{cell}"\ny,z\n')
    assert [row.cells for row in store.rows()] == [("x", cell.replace('""', '"')), ("y", "z")]


def test_a_line_without_end_is_refused(
    write_file: WriteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.data.text_lines.MAX_CELL_CHARACTERS", 1000)
    path = write_file("a,b\n1,2\n" + "x" * 5000)
    with refused("line-too-long", file="table.csv", line=3, limit=1000):
        run(path, tmp_path / "out.sqlite")


def test_a_cell_without_end_is_refused(
    write_file: WriteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("records", "dialects"):
        monkeypatch.setattr(f"engine.data.{module}.MAX_CELL_CHARACTERS", 2000)
    path = write_file('a,b\n1,2\n3,"' + "some text\n" * 500)
    with refused("quoted-cell-too-long", line=3, limit=2000):
        run(path, tmp_path / "out.sqlite", EXACT)


def test_findings_of_the_whole_file(write_file: WriteFile, tmp_path: Path) -> None:
    content = "a,a\n" + "1,2\n" * 70_000 + "\n" + "x\n" + "y,\0\n" + ",z\n"
    reply = run(write_file(content), tmp_path / "out.sqlite", EXACT)
    kinds = {finding.kind: (finding.count, finding.lines) for finding in reply.findings}
    assert kinds == {
        FindingKind.DUPLICATE_HEADER: (1, (1,)),
        FindingKind.EMPTY_ROWS: (1, (70_002,)),
        FindingKind.RAGGED: (1, (70_003,)),
        FindingKind.NUL: (1, (70_004,)),
        FindingKind.EMPTY_CELLS: (1, (70_005,)),
    }


def test_the_fingerprint_says_what_is_inside(write_file: WriteFile, tmp_path: Path) -> None:
    def fingerprint(content: str, name: str) -> str:
        path = write_file(content, name)
        return run(path, tmp_path / f"{name}.sqlite", None).fingerprint

    first = fingerprint("a,b\n1,2\n3,4\n", "one.csv")
    assert fingerprint('a;b\r\n"1";2\r\n3;4\r\n', "two.csv") == first
    others = ["a,c\n1,2\n3,4\n", "a,b\n3,4\n1,2\n", "a,b\n1,2\n3,4\n5,6\n", "a,b\n12,\n3,4\n"]
    prints = {fingerprint(content, f"{n}.csv") for n, content in enumerate(others)}
    assert len(prints | {first}) == 5


@pytest.mark.parametrize("content", ["a,b\n", "a,b\n\n,\n"])
def test_a_file_without_rows_is_refused(
    write_file: WriteFile, tmp_path: Path, content: str
) -> None:
    path = write_file(content)
    with refused("names-but-no-rows", file="table.csv"):
        run(path, tmp_path / "out.sqlite", EXACT)
    assert list(tmp_path.iterdir()) == [path]


class StopAfter:
    """A reporter that cancels at its nth update, as a user does in the middle."""

    def __init__(self, updates: int) -> None:
        self.left = updates
        self.seen: list[tuple[int, int, str]] = []

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        self.seen.append((done, total, unit))
        self.left -= 1
        if not self.left:
            raise Cancelled


def test_cancelling_leaves_the_old_dataset_and_nothing_else(
    write_file: WriteFile, tmp_path: Path
) -> None:
    out = tmp_path / "sets" / "out.sqlite"
    first = run(write_file("a,b\n1,2\n"), out)
    path = write_file("a,b\n" + "1,2\n" * 20_000)
    reporter = StopAfter(12)
    with pytest.raises(Cancelled):
        import_file(ImportFile(str(path), ReadOptions(), str(out)), reporter)
    assert [entry.name for entry in out.parent.iterdir()] == ["out.sqlite"]
    with DatasetStore(out) as store:
        assert store.meta.fingerprint == first.fingerprint


def test_a_reader_may_be_closed_in_the_middle(write_file: WriteFile) -> None:
    reader = open_reader(write_file("a,b\n" + "1,2\n" * 5000), EXACT)
    rows = reader.rows()
    assert next(rows) == ReadRow(2, ("1", "2"))
    reader.close()
    del rows  # a complaint of the generator's would fail this test
    gc.collect()


def test_progress_is_in_bytes_and_ends_at_the_size(write_file: WriteFile, tmp_path: Path) -> None:
    path = write_file("a,b\n" + "1,2\n" * 20_000)
    reporter = StopAfter(0)
    import_file(ImportFile(str(path), ReadOptions(), str(tmp_path / "o.sqlite")), reporter)
    size = path.stat().st_size
    assert [total for _, total, _ in reporter.seen] == [size] * len(reporter.seen)
    assert {unit for _, _, unit in reporter.seen} == {"bytes"}
    done = [done for done, _, _ in reporter.seen]
    assert done == sorted(done)
    assert done[-1] == size
    assert len(done) > 10


def test_what_a_killed_import_left_is_cleared_away(write_file: WriteFile, tmp_path: Path) -> None:
    (tmp_path / ".out.sqlite.0a0b.part").write_bytes(b"half")
    path = write_file("a,b\n1,2\n")
    run(path, tmp_path / "out.sqlite")
    assert {entry.name for entry in tmp_path.iterdir()} == {path.name, "out.sqlite"}


def test_a_place_that_cannot_be_written_to(write_file: WriteFile, tmp_path: Path) -> None:
    path = write_file("a,b\n1,2\n")
    with pytest.raises(UserError, match="cannot be written to"):
        run(path, path / "out.sqlite")
    if sys.platform == "linux":
        with pytest.raises(UserError, match="/proc cannot be written to"):
            run(path, Path("/proc/out.sqlite"))


def test_a_full_disk_is_the_users_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "small.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA max_page_count = 4")
        database.execute("CREATE TABLE rows(text)")
        with (
            pytest.raises(UserError, match=r"disk .* is full"),
            explain_store_errors(path),
        ):
            database.execute("INSERT INTO rows VALUES (?)", ("x" * 100_000,))
    with (
        contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database,
        pytest.raises(UserError, match="cannot be written to"),
        explain_store_errors(path),
    ):
        database.execute("INSERT INTO rows VALUES ('x')")


def test_a_writer_that_is_thrown_away_leaves_nothing(tmp_path: Path) -> None:
    writer = StoreWriter(tmp_path / "out.sqlite", ("a",))
    for line in range(3000):
        writer.add_row(line, ("x" * 100,))
    assert len(list(tmp_path.iterdir())) == 1
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_rejected_rows_can_be_exported(make_store: MakeStore, tmp_path: Path) -> None:
    store = make_store('a,b\n1,2\n"x, y"\nz,"q",w\n', EXACT)
    out = tmp_path / "rejected.csv"
    reply = export_rejected(ExportRejected(str(store.path), str(out)), Silent())
    assert str(out) in reply.message
    with open(out, encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["line", "reason", "text"]
    assert [(row[0], row[2]) for row in rows[1:]] == [("3", '"x, y"'), ("4", 'z,"q",w')]
    book = tmp_path / "rejected.xlsx"
    export_rejected(ExportRejected(str(store.path), str(book)), Silent())
    assert list(openpyxl.load_workbook(book).active.values)[1][::2] == (3, '"x, y"')
    with pytest.raises(UserError, match="cannot be written to"):
        export_rejected(ExportRejected(str(store.path), str(out / "in.csv")), Silent())
    again = ExportRejected(str(store.path), str(tmp_path / "again.csv"))
    with pytest.raises(Cancelled):
        export_rejected(again, StopAfter(1))
    assert not list(tmp_path.glob("*again*"))
    assert not list(tmp_path.glob(".*"))


def test_real_e2e(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "e2e" / "devset.csv"
    reply = run(path, tmp_path / "dev.sqlite")
    assert (reply.row_count, reply.rejected_count, reply.findings) == (4672, 0, ())
    with open(path, encoding="utf-8", newline="") as stream:
        expected = [tuple(row) for row in csv.reader(stream)][1:]
    with DatasetStore(tmp_path / "dev.sqlite") as store:
        assert [row.cells for row in store.rows()] == expected


def test_rejected_rows_come_back_as_they_were(make_store: MakeStore, tmp_path: Path) -> None:
    texts = ["=1+1,x,y", "-3,5,5", "'@a,b,c", "\t=,2,3", "plain,1,2"]
    store = make_store("a,b\n1,2\n" + "\n".join(texts) + "\n", EXACT)
    out = tmp_path / "rejected.csv"
    export_rejected(ExportRejected(str(store.path), str(out)), Silent())
    with open(out, encoding="utf-8-sig", newline="") as stream:
        cells = [row["text"] for row in csv.DictReader(stream)]
    assert all(cell[0] in "'p" for cell in cells)
    again = tmp_path / "again.sqlite"
    import_file(ImportFile(str(out), ReadOptions(), str(again)), Silent())
    with DatasetStore(again) as read:
        assert [row.cells[2] for row in read.rows()] == texts


def test_the_apostrophes_of_others_stay(make_store: MakeStore) -> None:
    store = make_store("name,text\n'=1,'-tis\nx,'@y\n")
    assert [row.cells for row in store.rows()] == [("'=1", "'-tis"), ("x", "'@y")]
