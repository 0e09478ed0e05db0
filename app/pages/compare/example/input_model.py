"""The input of an example as a table: its fields, and which system says their values."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import letter
from app.theme import Theme
from engine.contract.runs.coverage import Coverage, Said, coverage

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
SIGNS = {Said.EXACT: "✓", Said.NORMALISED: "✓", Said.MISSING: "–", Said.UNCHECKED: "?"}
LITERAL = "A literal check: a paraphrase counts as missing"


class InputModel(QAbstractTableModel):
    """Field, value, then a sign a system; the last row counts the values said."""

    def __init__(self, model: CompareModel, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._theme = model, theme
        self._fields: tuple[tuple[str, str], ...] = ()
        self.coverages: list[Coverage] = []
        model.current_changed.connect(self._take)
        model.comparison_changed.connect(self._take)
        self._take()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """One row a field, and one for the count."""
        return 0 if parent.isValid() or not self._fields else len(self._fields) + 1

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Field, value, systems."""
        return 0 if parent.isValid() else 2 + len(self.coverages)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles."""
        if orientation is not Qt.Orientation.Horizontal or section >= self.columnCount():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ("Field", "Value")[section] if section < 2 else letter(section - 2)
        if role == Qt.ItemDataRole.ToolTipRole and section >= 2:
            return f"Values said by {self._model.comparison.systems[section - 2].name}. {LITERAL}."
        if role == Qt.ItemDataRole.TextAlignmentRole and section >= 2:
            return Qt.AlignmentFlag.AlignCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What one cell shows."""
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        counting = row == len(self._fields)
        if role == Qt.ItemDataRole.TextAlignmentRole and column >= 2:
            return Qt.AlignmentFlag.AlignCenter
        if column < 2:
            return self._field(row, column, role)
        found = self.coverages[column - 2]
        if counting:
            if role == Qt.ItemDataRole.ToolTipRole:
                return f"{found.count} of {found.total} values are said. {LITERAL}."
            return f"{found.count}/{found.total}" if role == Qt.ItemDataRole.DisplayRole else None
        said = found.said[row]
        if role == Qt.ItemDataRole.DisplayRole:
            return SIGNS[said]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            verb = "" if said is Said.UNCHECKED else "said "
            return f"{letter(column - 2)}: {verb}{said.value}"
        if role == Qt.ItemDataRole.ForegroundRole:
            colors = self._theme.colors
            return {Said.MISSING: colors.bad, Said.UNCHECKED: colors.muted}.get(said, colors.good)
        return None

    def _field(self, row: int, column: int, role: int) -> object:
        if row == len(self._fields):
            if role == Qt.ItemDataRole.FontRole:
                font = QFont()
                font.setItalic(True)
                return font
            if role == Qt.ItemDataRole.ToolTipRole:
                return f"{LITERAL}; yes, no and long texts (?) are not counted."
            words = ("Said", "literally")
            return words[column] if role == Qt.ItemDataRole.DisplayRole else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._fields[row][column]
        if role == Qt.ItemDataRole.ForegroundRole and column == 0:
            return self._theme.colors.muted
        return None

    def _take(self) -> None:
        self.beginResetModel()
        example = self._model.example
        self._fields = example.fields if example else ()
        self.coverages = (
            [coverage(example.fields, text) for text in example.outputs] if example else []
        )
        self.endResetModel()
