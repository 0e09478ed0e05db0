"""Counting problems of rows while they stream by, and the sentences about them."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract.reading.reading import Finding, FindingKind
from engine.data.records import BadRow, EmptyRow, Item, ReadRow, RepeatedHeader

MOST_LINES = 20
"""Line numbers that a finding names."""

LONG_CELL_CHARACTERS = 32_767
"""What a spreadsheet's cell can hold: a longer one is often a quote closed too late."""


def counted(count: int, noun: str) -> str:
    """The count with its noun: "1 row", "2,000 rows"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


@dataclass
class Count:
    """How often something occurs, and where first."""

    count: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """Count one more, at this line of the file."""
        self.count += 1
        if len(self.lines) < MOST_LINES:
            self.lines.append(line)

    def finding(self, kind: FindingKind, message: str, *, loses_rows: bool = False) -> Finding:
        """The count as a finding."""
        return Finding(kind, message, self.count, tuple(self.lines), loses_rows)


class RowTally:
    """Findings in the rows of a file.

    Args:
        columns: names.
        encoding: as it was read, for the messages.
        quoted: cells stand in quotes, so that a long one may be a quote closed too late.
    """

    def __init__(self, columns: tuple[str, ...], encoding: str, *, quoted: bool = True) -> None:
        self._columns = columns
        self._encoding = encoding
        self._quoted = quoted
        self._bad: dict[FindingKind, Count] = {}
        self._empty_rows = Count()
        self._repeated_names = Count()
        self._nul = Count()
        self._long = Count()
        self._empty_cells = [Count() for _ in columns]

    @property
    def lost(self) -> int:
        """Rows that are rejected."""
        return sum(count.count for count in self._bad.values())

    def add(self, item: Item) -> None:
        """Count one row."""
        if isinstance(item, ReadRow):
            self._add_cells(item)
        elif isinstance(item, BadRow):
            self._bad.setdefault(item.kind, Count()).add(item.row.line)
        elif isinstance(item, EmptyRow):
            self._empty_rows.add(item.line)
        elif isinstance(item, RepeatedHeader):
            self._repeated_names.add(item.line)

    def _add_cells(self, row: ReadRow) -> None:
        if not all(row.cells):
            for index, cell in enumerate(row.cells):
                if not cell:
                    self._empty_cells[index].add(row.line)
        if any("\0" in cell for cell in row.cells):
            self._nul.add(row.line)
        if self._quoted and max(map(len, row.cells)) > LONG_CELL_CHARACTERS:
            self._long.add(row.line)

    def findings(self) -> tuple[Finding, ...]:
        """The findings, those that lose rows first."""
        findings = [
            count.finding(kind, self._explain_bad(kind, count.count), loses_rows=True)
            for kind, count in sorted(self._bad.items(), key=lambda item: -item[1].count)
        ]
        if self._empty_rows.count:
            message = f"{counted(self._empty_rows.count, 'empty row')}: skipped."
            findings.append(self._empty_rows.finding(FindingKind.EMPTY_ROWS, message))
        if self._repeated_names.count:
            times = counted(self._repeated_names.count, "time")
            message = f"The row of column names comes again {times}: skipped."
            findings.append(self._repeated_names.finding(FindingKind.REPEATED_HEADER, message))
        for name, count in zip(self._columns, self._empty_cells, strict=True):
            if count.count:
                message = f"Column {name!r} is empty in {counted(count.count, 'row')}."
                findings.append(count.finding(FindingKind.EMPTY_CELLS, message))
        if self._nul.count:
            message = (
                f"{counted(self._nul.count, 'row')} with NUL characters: imported unchanged; "
                "the file may be damaged."
            )
            findings.append(self._nul.finding(FindingKind.NUL, message))
        if self._long.count:
            message = (
                f"{counted(self._long.count, 'row')} with a cell of more than "
                f"{LONG_CELL_CHARACTERS:,} characters: imported; check whether a quote is closed "
                "too late there."
            )
            findings.append(self._long.finding(FindingKind.LONG_CELL, message))
        return tuple(findings)

    def _explain_bad(self, kind: FindingKind, count: int) -> str:
        rows = counted(count, "row")
        if kind is FindingKind.RAGGED:
            width = counted(len(self._columns), "column")
            return f"{rows} with more or fewer cells than there are columns ({width}): rejected."
        if kind is FindingKind.UNDECODABLE:
            return (
                f"{rows} with bytes that are not {self._encoding}: rejected; another encoding "
                "may read them."
            )
        if kind is FindingKind.BROKEN:
            return f"{counted(count, 'item')} that cannot be read: rejected."
        if kind is FindingKind.NOT_GOOD:
            return f"{counted(count, 'text')} that the dataset marks as not good: rejected."
        return f"{rows} with a quote that is not closed, or not doubled inside a cell: rejected."
