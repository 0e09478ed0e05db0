"""The lines of the chooser: every system of the project with a tick."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.pages.compare.systems.model import SystemsModel
from app.pages.compare.systems.systems import SystemEntry, letter
from app.theme import Theme
from app.widgets.swatch import look_of, swatch_pixmap

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_HEADS = ("System", "About")


class ChooserModel(QAbstractTableModel):
    """Two columns: the name with its tick, and what there is or is being done."""

    def __init__(self, systems: SystemsModel, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._systems, self._theme = systems, theme
        self._search: list[str] = []
        self._lines: list[SystemEntry] = []
        systems.entries_changed.connect(self.refresh)
        theme.changed.connect(self._repaint)
        self.refresh()

    def set_search(self, text: str) -> None:
        """Show only systems whose name or note holds all these words."""
        self._search = text.casefold().split()
        self.refresh()

    def refresh(self) -> None:
        """Take over what the systems model has; a tick alone resets nothing."""
        lines = [entry for entry in self._systems.entries if self._passes(entry)]
        same = [entry.key for entry in lines] == [entry.key for entry in self._lines]
        if same:
            self._lines = lines
            self._repaint()
            return
        self.beginResetModel()
        self._lines = lines
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """One row a system."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Name and state."""
        return 0 if parent.isValid() else len(_HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Names of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADS[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """The first column has a tick."""
        flags = super().flags(index)
        if index.isValid() and index.column() == 0:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What one cell shows."""
        if not index.isValid() or index.row() >= len(self._lines):
            return None
        entry = self._lines[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._systems.problems.get(entry.key) or f"{entry.name}\n{entry.path}"
        if index.column() == 1:
            return self._state(entry) if role == Qt.ItemDataRole.DisplayRole else None
        chosen = self._systems.chosen
        if role == Qt.ItemDataRole.DisplayRole:
            mark = f"{letter(chosen.index(entry.key))}  " if entry.key in chosen else ""
            return f"{mark}{entry.name}"
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if entry.key in chosen else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DecorationRole:
            return swatch_pixmap(look_of(self._theme, entry.look))
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tick or untick."""
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        key = self._lines[index.row()].key
        self._systems.set_chosen(key, chosen=Qt.CheckState(value) is Qt.CheckState.Checked)
        return True

    def toggle(self, row: int) -> None:
        """Tick or untick a row, as a click anywhere on it does."""
        key = self._lines[row].key
        self._systems.set_chosen(key, chosen=key not in self._systems.chosen)

    def _passes(self, entry: SystemEntry) -> bool:
        text = f"{entry.name} {entry.note}".casefold()
        return all(word in text for word in self._search)

    def _state(self, entry: SystemEntry) -> str:
        doing = self._systems.doing(entry.key)
        if doing:
            return f"{doing} …"
        return "failed" if entry.key in self._systems.problems else entry.note

    def _repaint(self) -> None:
        if self._lines:
            last = self.index(len(self._lines) - 1, len(_HEADS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
