"""The first rows of a file that is about to be imported, as a Qt table."""

from __future__ import annotations

import bisect

from PySide6.QtCore import QObject

from app.pages.data.rows.rows_model import Cells, cell_columns
from app.qt.table_model import TableModel
from engine.contract.reading.reading import FileReport


class PreviewModel(TableModel[Cells]):
    """Preview rows of a `FileReport`; the vertical header holds lines of the file."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent=parent, row_title=self._line)
        self._lines: tuple[int, ...] = ()

    def set_report(self, report: FileReport | None) -> None:
        """Show another report, or none."""
        self._lines = report.preview_lines if report is not None else ()
        columns = cell_columns(report.columns, "guessed role ") if report is not None else ()
        self.show_table(columns, report.preview if report is not None else ())

    def row_of_line(self, line: int) -> int | None:
        """The preview's row that begins in this line of the file, or None."""
        row = bisect.bisect_left(self._lines, line)
        return row if row < len(self._lines) and self._lines[row] == line else None

    def _line(self, row: int) -> int:
        return self._lines[row] if row < len(self._lines) else row + 1
