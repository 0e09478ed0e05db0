"""A table on the clipboard as a file: cells of a spreadsheet, text, or a table of a web page."""

from __future__ import annotations

import csv
import io
import itertools
import time
from collections.abc import Generator
from html.parser import HTMLParser
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors

MOST_CHARACTERS = 50_000_000
_MOST_HTML_CHARACTERS = 5_000_000
_CHUNK_CHARACTERS = 50_000
_SAMPLE_LINES = 1000
_MOST_SPAN = 1000
_CELLS = ("td", "th")
_BLOCKS = ("p", "div", "li", "br")
_ASIDE = ("script", "style", "template")


def write_pasted(text: str, html: str, folder: Path) -> Generator[None, None, Path]:
    """Write what was copied to a new file in `folder`, yielding after each part of it.

    Spreadsheet programs copy both forms; text with tabs is the exact one, as it tells line breaks
    within cells from rows. A web page's text does not, so its table is read from the HTML.

    Raises:
        UserError: there is no table in it, it is too large, or the folder cannot be written to.
    """
    if len(text) > MOST_CHARACTERS:
        raise UserError(
            "clipboard-too-large",
            "The clipboard holds {size:,} characters, more than {limit:,}. Save the table as a "
            "file and open that.",
            size=len(text),
            limit=MOST_CHARACTERS,
        )
    if not _is_tabbed(text) and "<table" in html.lower()[:_MOST_HTML_CHARACTERS]:
        parser = _TableParser()
        for start in range(0, min(len(html), _MOST_HTML_CHARACTERS), _CHUNK_CHARACTERS):
            parser.feed(html[start : start + _CHUNK_CHARACTERS])
            yield
        text = _tabbed(parser.rows) or text
    if "\n" not in text.strip() and "\t" not in text.strip():
        raise UserError(
            "no-table-on-clipboard",
            "There is no table on the clipboard. Copy cells in a spreadsheet program, or a table "
            "of a web page.",
        )
    path = folder / time.strftime("Pasted table %Y-%m-%d %H.%M.%S.tsv")
    with explain_disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with open(path, "xb") as stream:
                for start in range(0, len(text), _CHUNK_CHARACTERS):
                    part = text[start : start + _CHUNK_CHARACTERS]
                    stream.write(part.encode("utf-8", "replace"))
                    yield
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return path


def _is_tabbed(text: str) -> bool:
    """Whether all lines have the same number of cells, and more than one."""
    sample = io.StringIO(text[:MOST_CHARACTERS], newline="")
    try:
        lines = itertools.islice(csv.reader(sample, delimiter="\t", strict=True), _SAMPLE_LINES)
        widths = {len(line) for line in lines if line}
    except csv.Error:
        return False
    return len(widths) == 1 and widths != {1}


def _tabbed(rows: list[list[str]]) -> str:
    width = max(map(len, rows), default=0)
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
    writer.writerows([*row, *[""] * (width - len(row))] for row in rows if any(row))
    return stream.getvalue()


class _TableParser(HTMLParser):
    """The rows of the first table; a cell that spans rows stands in each of them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self._depth = 0
        self._is_done = False
        self._aside = ""
        self._text: list[str] | None = None
        self._span = (1, 1)
        self._from_above: dict[int, tuple[int, str]] = {}  # column: rows left, text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A row, a cell, a line break within it."""
        if self._is_done:
            return
        if tag == "table":
            self._depth += 1
        elif tag in _ASIDE:
            self._aside = tag
        elif self._depth == 1 and tag == "tr":
            self._end_cell()
            self.rows.append([])
            self._fill_from_above()
        elif self._depth == 1 and tag in _CELLS and self.rows:
            self._end_cell()
            self._text = []
            values = dict(attrs)
            self._span = _span(values.get("rowspan")), _span(values.get("colspan"))
        elif tag in _BLOCKS and self._text is not None:
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """The end of a cell, or of the table."""
        if tag == "table" and self._depth:
            self._depth -= 1
            if not self._depth:
                self._end_cell()
                self._is_done = True
        elif tag == self._aside:
            self._aside = ""
        elif self._depth == 1 and tag in (*_CELLS, "tr"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        """Text of a cell; spaces and breaks of the source are one space."""
        if self._text is not None and not self._aside:
            space = " " if data[:1].isspace() else ""
            end = " " if data[-1:].isspace() else ""
            self._text.append(f"{space}{' '.join(data.split())}{end}")

    def _end_cell(self) -> None:
        if self._text is None or not self.rows:
            return
        lines = (" ".join(line.split()) for line in "".join(self._text).split("\n"))
        text = "\n".join(lines).strip()
        self._text = None
        row, (down, across) = self.rows[-1], self._span
        if down > 1:
            self._from_above[len(row)] = (down - 1, text)
        row += [text, *[""] * (across - 1)]
        self._fill_from_above()

    def _fill_from_above(self) -> None:
        row = self.rows[-1]
        while (above := self._from_above.get(len(row))) is not None:
            rows, text = above
            if rows > 1:
                self._from_above[len(row)] = rows - 1, text
            else:
                del self._from_above[len(row)]
            row.append(text)


def _span(text: str | None) -> int:
    return max(1, min(int(text), _MOST_SPAN)) if text and text.isdecimal() and len(text) < 9 else 1
