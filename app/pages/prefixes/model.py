"""The table of prefixes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.assets import icon
from app.pages.prefixes.library import LibraryRow
from app.theme import Theme
from app.words import date, metric_value, size
from engine.contract.metrics import metric_title

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("Name", "Length", "Scores", "Size", "Backbone", "Trained on", "Created", "From")
NUMBERS = {1, 3}
SORT_ROLE = Qt.ItemDataRole.UserRole + 1


class PrefixTableModel(QAbstractTableModel):
    """One row a prefix; damaged ones carry a sign and their sentence as tool tip."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: tuple[LibraryRow, ...] = ()

    def set_rows(self, rows: Sequence[LibraryRow]) -> None:
        """Show these."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def row_at(self, row: int) -> LibraryRow:
        """The prefix in a row."""
        return self._rows[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Number of prefixes."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Names of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in NUMBERS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, sort key, alignment, sign of damage."""
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(row)[column]
        if role == SORT_ROLE:
            return _keys(row)[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column in NUMBERS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.damage or _tip(row, column)
        if role == Qt.ItemDataRole.DecorationRole and column == 0 and row.damage:
            return icon("warning", self._theme.colors.warning)
        return None


def score_text(row: LibraryRow) -> str:
    """Such as "BLEU 63.7 · chrF 71.2"."""
    scores = row.info.scores if row.info is not None else ()
    return " · ".join(
        f"{metric_title(score.metric)} {metric_value(score.metric, score.value)}"
        for score in scores
    )


def _texts(row: LibraryRow) -> tuple[str, ...]:
    origin = "run" if row.run_id else "import"
    if row.info is None:
        return (row.name, "", "damaged", "", "", "", "", origin)
    info = row.info
    return (
        row.name,
        str(info.prefix_length),
        score_text(row),
        size(info.stored_bytes),
        info.backbone,
        info.trained_on,
        date(info.created_s),
        origin,
    )


def _keys(row: LibraryRow) -> tuple[str | float, ...]:
    texts = [text.casefold() for text in _texts(row)]
    info = row.info
    if info is None:
        return (texts[0], -1.0, -1.0, -1.0, *texts[4:6], -1.0, texts[7])
    best = info.scores[0].value if info.scores else -1.0
    length, stored = float(info.prefix_length), float(info.stored_bytes)
    return (texts[0], length, best, stored, texts[4], texts[5], info.created_s, texts[7])


def _tip(row: LibraryRow, column: int) -> str | None:
    if row.info is None:
        return None
    if column == 2:
        return (
            "\n".join(f"{metric_title(s.metric)}: {s.signature}" for s in row.info.scores) or None
        )
    return str(row.path) if column == 0 else None
