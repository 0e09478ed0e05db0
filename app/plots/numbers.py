"""The plotted numbers as a table, for those who cannot or will not read a picture."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.plots.lines import Line

Index = QModelIndex | QPersistentModelIndex

HEADERS = ("Run", "Line", "Step", "Value", "Smoothed")
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class NamedLine:
    """A line with the name of its run."""

    run: str
    line: Line


class NumbersModel(QAbstractTableModel):
    """One row a point, line after line; cells are made as they are looked at."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[NamedLine] = []
        self._starts: list[int] = []
        self._count = 0

    def set_lines(self, lines: Sequence[NamedLine]) -> None:
        """Show these lines."""
        lines = [named for named in lines if named.line.x.size]
        count = sum(named.line.x.size for named in lines)
        if count == self._count == 0:
            return
        self.beginResetModel()
        self._lines, self._starts, self._count = lines, [], count
        start = 0
        for named in lines:
            self._starts.append(start)
            start += named.line.x.size
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Points."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Run, line, step, value, smoothed value."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Column titles."""
        if role == Qt.ItemDataRole.TextAlignmentRole and section >= 2:
            return _RIGHT
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A cell as text."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() >= 2:
            return _RIGHT
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        place = bisect_right(self._starts, index.row()) - 1
        named, row = self._lines[place], index.row() - self._starts[place]
        return _cell(named, row, index.column())


def _cell(named: NamedLine, row: int, column: int) -> str:
    line = named.line
    if column == 0:
        return named.run
    if column == 1:
        return line.label
    if column == 2:
        return f"{int(line.step[row]):,}"
    if column == 3:
        return f"{line.y[row]:.6g}"
    return "" if line.smooth is None else f"{line.smooth[row]:.6g}"
