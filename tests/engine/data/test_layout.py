"""Lines above a table, double bars, spaces before quotes, escapes: nothing is made a row of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.protocol.data import InspectFile
from engine.contract.reading.reading import FileReport, FindingKind, ReadOptions
from engine.data.inspecting import inspect_file
from engine.reporter import Silent
from tests.engine.data.conftest import MakeStore
from tests.helpers.errors import refused

WriteFile = Callable[..., Path]

TABLE = "name,food,text\nLarch,soup,Larch has soup.\nRaven,bread,Raven has bread.\n"
ROWS = (("Larch", "soup", "Larch has soup."), ("Raven", "bread", "Raven has bread."))
ABOVE = [
    ("# made by a tool\n", 1),
    ("# made by a tool, version 2, in June\n# second line\n", 2),
    ('"# a quoted comment"\n', 1),
    ("Huts of the north\n", 1),
    ("Huts of the north,,\n", 1),
    ("Huts of the north, as of June\n", 1),
    ("Huts, inns, in June\n", 1),
    ("Huts of the north,,\n,,\nas of June,,\n", 3),
    ("Huts of the north\n\n\n", 3),
    ("Report,Huts\nDate,2024-05-01\n\n", 3),
    ("Hut,,Description\n", 1),
    ("sep=,\n# and a comment\n", 2),
]


def look(path: Path, **options: object) -> FileReport:
    return inspect_file(InspectFile(str(path), ReadOptions(**options)), Silent())  # type: ignore[arg-type]


def above(report: FileReport) -> tuple[int, tuple[int, ...]]:
    (finding,) = [one for one in report.findings if one.kind is FindingKind.LEADING_LINES]
    return finding.count, finding.lines


def names(report: FileReport) -> list[str]:
    return [column.name for column in report.columns]


@pytest.mark.parametrize(
    "first", ["sep=;", "SEP=;", '"sep=;"', "sep=;;", "sep=; ", "\ufeffsep=;", '\ufeff"sep=;"']
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_about_the_delimiter_is_no_row(write_file: WriteFile, first: str, end: str) -> None:
    path = write_file(end.join((first, "name;text", "A, B;One, two.", "C;Three; four.")))
    report = look(path)
    assert (report.options.delimiter, report.options.skip_lines) == (";", 1)
    assert names(report) == ["name", "text"]
    assert report.preview == (("A, B", "One, two."),)
    assert report.preview_lines == (3,)
    assert above(report) == (1, (1,))
    assert look(path, skip_lines=0, delimiter=";").options.skip_lines == 0


@pytest.mark.parametrize("delimiter", ["\t", "|", ":", "~"])
def test_the_line_may_name_any_delimiter(write_file: WriteFile, delimiter: str) -> None:
    rows = TABLE.replace(",", delimiter)
    report = look(write_file(f"sep={delimiter}\n{rows}"))
    assert report.options.delimiter == delimiter
    assert report.preview == ROWS


@pytest.mark.parametrize(("lines", "count"), ABOVE)
def test_titles_and_comments_above_the_names_are_skipped_and_said(
    write_file: WriteFile, lines: str, count: int
) -> None:
    path = write_file(lines + TABLE)
    report = look(path)
    assert names(report) == ["name", "food", "text"]
    assert report.preview == ROWS
    assert report.preview_lines == (count + 2, count + 3)
    assert report.options.skip_lines == count
    assert above(report)[0] == count
    assert look(path, skip_lines=count).preview == ROWS


def test_what_only_looks_like_a_comment_is_read(write_file: WriteFile) -> None:
    marked = look(write_file("#name\ttext\nA\tA is here.\nB\tB is here.\n"))
    assert (names(marked), marked.row_count) == (["#name", "text"], 2)
    tags = "#lake is what I like,pos\n#rain is not what I like,neg\nsun is what I like,pos\n"
    assert look(write_file(tags)).row_count == 3
    assert look(write_file("#\ttext\n1\tOne text.\n2\tAnother text.\n")).row_count == 2


def test_an_incomplete_first_row_of_data_is_no_title(write_file: WriteFile) -> None:
    rows = "Larch,,\nRaven,A hut in the north.,It has beds.\nCrow,A hut in the south.,It is old.\n"
    assert look(write_file(rows), header=False).row_count == 3


def test_lines_to_skip_are_counted_in_the_file(write_file: WriteFile) -> None:
    report = look(write_file("one\ntwo,three\n" + TABLE), skip_lines=2)
    assert report.preview_lines == (4, 5)
    assert not [one for one in report.findings if one.kind is FindingKind.LEADING_LINES]
    with refused("no-text-below-skipped", skipped=7):
        look(write_file(TABLE), skip_lines=7)


def test_table_and_text_with_double_bars(write_file: WriteFile) -> None:
    lines = [
        "name : Larch | kind : hut | area : north||Larch is a hut , in the north .",
        'name : Larch | kind : hut | area : north||In the north stands "Larch" .',
        "name : Raven | kind : inn||Raven | the inn || is old .".replace(" || ", " | "),
        "name : Crow||Crow .",
    ]
    report = look(write_file("\n".join(lines) + "\n", "src1_train.txt"))
    assert report.options == ReadOptions("utf-8", "||", "", False, skip_lines=0, escape="")
    assert names(report) == ["source", "target"]
    assert report.preview == tuple(tuple(line.split("||")) for line in lines)
    assert report.findings == ()


@pytest.mark.parametrize("bars", ["||", " || ", "|||", " ||| "])
def test_pairs_without_a_table(write_file: WriteFile, bars: str) -> None:
    rows = ("ein Haus am See", "a house by the lake"), ("ein Berg", "a mountain")
    report = look(write_file("\n".join(map(bars.join, rows))))
    assert report.preview == rows
    assert names(report) == ["source", "target"]
    named = look(write_file("\n".join(map(bars.join, [("source", "target"), *rows]))))
    assert (named.options.header, named.preview) == (True, rows)


@pytest.mark.parametrize(
    "content",
    [
        "name|food||text\nA|soup||A has soup.\nB|tea||B has tea.\n",
        "A|soup||A has some soup.\nB|tea||B has some tea.\n",
    ],
)
def test_an_empty_cell_between_bars_is_no_double_bar(write_file: WriteFile, content: str) -> None:
    report = look(write_file(content))
    assert report.options.delimiter == "|"
    assert len(report.columns) == 4


def test_double_bars_in_cells_of_another_dialect(write_file: WriteFile) -> None:
    report = look(write_file("name,text\nA,x || y\nB,z || w\nC,u || v\n"))
    assert report.options.delimiter == ","
    tabs = look(write_file("one\ta||b\tx\ntwo\tc||d\ty\n"))
    assert tabs.options.delimiter == "\t"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("escape", ["\\", ""])
def test_spaces_before_quotes_and_escaped_quotes(
    write_file: WriteFile, delimiter: str, quote: str, escape: str
) -> None:
    rows = [
        ("A", f"b{delimiter} c", f"He said {quote}hi{delimiter} you{quote} twice."),
        ("B", "d", f"Only {quote}one{quote} word."),
        ("C", "e", "None."),
    ]

    def written(cell: str) -> str:
        return quote + cell.replace(quote, (escape or quote) + quote) + quote

    lines = [f"{delimiter} ".join(map(written, row)) for row in [("name", "food", "text"), *rows]]
    report = look(write_file("\n".join(lines) + "\n"))
    assert report.options.escape == escape
    assert names(report) == ["name", "food", "text"]
    assert report.preview == tuple(rows)
    assert report.findings == ()


def test_single_quotes_around_all_cells(write_file: WriteFile) -> None:
    """Read without them, every row would be as even."""
    rows = "".join(f"'Hut {n}; old','It is hut {n}, and open.'\n" for n in range(9))
    report = look(write_file(rows))
    assert report.preview[3] == ("Hut 3; old", "It is hut 3, and open.")
    texts = look(write_file("'tis old,rock 'n' roll'\nit's new,boys' room\n"), header=False)
    assert texts.options.quote == '"'
    assert texts.preview[0] == ("'tis old", "rock 'n' roll'")


def test_a_backslash_that_escapes_nothing_stays(write_file: WriteFile) -> None:
    escaped = look(write_file('name,text\n"A","say \\"hi\\", then"\n"B","C:\\new\\dir"\n'))
    assert escaped.preview == (("A", 'say "hi", then'), ("B", "C:\\new\\dir"))
    plain = look(write_file('name,text\n"A","C:\\new\\"\n"B","\\frac{1}{2}"\n'))
    assert plain.options.escape == ""
    assert plain.preview == (("A", "C:\\new\\"), ("B", "\\frac{1}{2}"))


def test_cells_stay_as_they_are_written(make_store: MakeStore) -> None:
    cells = ["NaN", "NA", "null", "None", "N/A", "-", "007", "1e5", "1,000", "TRUE", " x ", "inf"]
    store = make_store("name,food,text\n" + "".join(f'"{c}","{c}",A text.\n' for c in cells))
    assert [row.cells[:2] for row in store.rows()] == [(cell, cell) for cell in cells]
