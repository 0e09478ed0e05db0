"""The list of examples as an item model over `CompareModel.listed`."""

from __future__ import annotations

import math

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.pages.compare import formats
from app.pages.compare.list.listing import Order, Sorting
from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import letter
from app.theme import Theme
from app.words import metric_value
from engine.contract.metrics import VALIDATION_METRICS, metric_title

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
SHORT_CHARS = 120
MARKS, NUMBER, DIFFERENCE, INPUT = range(4)
"""Columns before the row scores."""


class ExampleModel(QAbstractTableModel):
    """Marks, number, difference, input, then row scores: each metric of each system."""

    def __init__(self, model: CompareModel, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._theme = model, theme
        self._listed = model.listed
        self._differences = model.differences
        self._scores = self._score_columns()
        model.comparison_changed.connect(self._reset)
        model.listed_changed.connect(self._relist)
        model.notes.changed.connect(self._repaint)
        theme.changed.connect(self._repaint)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """One row an example."""
        return 0 if parent.isValid() else len(self._listed)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Four, and the row scores."""
        return 0 if parent.isValid() else 4 + len(self._scores)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles; of the differences, which they are."""
        if orientation is not Qt.Orientation.Horizontal or section >= self.columnCount():
            return None
        title = metric_title(self._model.metric)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        if section >= 4:
            place, metric = self._scores[section - 4]
            if role == Qt.ItemDataRole.DisplayRole:
                return f"{letter(place)} {metric_title(metric)}"
            if role == Qt.ItemDataRole.ToolTipRole:
                return f"Row {metric_title(metric)} of {self._model.comparison.systems[place].name}"
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ("★", "No.", f"Δ {title}", "Input")[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            other = letter(self._model.other)
            tips = ("Stars and notes", "Place in the file", f"Row {title} of {other} minus A's")
            return tips[section] if section < INPUT else None
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What one cell shows."""
        if not index.isValid():
            return None
        place, column = self._listed[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(place, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(column)
        example = self._model.comparison.examples[place]
        if column == MARKS and role in (
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            note = self._model.notes.get(example.example_id)
            words = ["starred"] if note.starred else []
            words += [f"tags: {', '.join(note.tags)}"] if note.tags else []
            return "; ".join([*words, note.note] if note.note else words) or None
        if column == INPUT and role == Qt.ItemDataRole.ToolTipRole:
            return example.input[:1000]
        return None

    def sorting(self, column: int, *, descending: bool) -> Sorting:
        """The order that a click on a column's head asks for."""
        if column >= 4:
            place, metric = self._scores[column - 4]
            return Sorting(Order.SCORE, descending=descending, system=place, metric=metric)
        order = (Order.MARKS, Order.NUMBER, Order.DIFFERENCE, Order.INPUT)[column]
        return Sorting(order, descending=descending)

    def row_of(self, example: int | None) -> int | None:
        """Where an example is listed, or None."""
        return self._listed.index(example) if example in self._listed else None

    def example_at(self, row: int) -> int:
        """Which example a row shows."""
        return self._listed[row]

    def _text(self, place: int, column: int) -> str:
        example = self._model.comparison.examples[place]
        if column == MARKS:
            note = self._model.notes.get(example.example_id)
            return ("★" if note.starred else "") + ("✎" if note.note or note.tags else "")
        if column == NUMBER:
            return str(example.number)
        if column == INPUT:
            values = ", ".join(value for _key, value in example.fields)
            return " ".join((values or example.input)[:SHORT_CHARS].split())
        if column == DIFFERENCE:
            value = float(self._differences[place])
            return formats.NONE if math.isnan(value) else formats.signed(value, self._model.metric)
        system, metric = self._scores[column - 4]
        score = float(self._model.comparison.scores[metric][system][place])
        return formats.NONE if math.isnan(score) else metric_value(metric, score)

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        if column == MARKS:
            return Qt.AlignmentFlag.AlignCenter
        side = Qt.AlignmentFlag.AlignLeft if column == INPUT else Qt.AlignmentFlag.AlignRight
        return side | Qt.AlignmentFlag.AlignVCenter

    def _score_columns(self) -> list[tuple[int, str]]:
        comparison = self._model.comparison
        wanted = [metric for metric in VALIDATION_METRICS if metric in comparison.metrics]
        if self._model.metric in comparison.metrics and self._model.metric not in wanted:
            wanted.append(self._model.metric)
        return [(place, metric) for metric in wanted for place in range(len(comparison.systems))]

    def _reset(self) -> None:
        """Other systems: the list itself follows with `listed_changed`."""
        self.beginResetModel()
        self._listed = ()
        self._differences = self._model.differences
        self._scores = self._score_columns()
        self.endResetModel()

    def _relist(self) -> None:
        self.beginResetModel()
        self._listed = self._model.listed
        self.endResetModel()

    def _repaint(self) -> None:
        if self._listed:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, INPUT))
