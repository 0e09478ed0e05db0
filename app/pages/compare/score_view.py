"""The score table with what its numbers mean under it."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.pages.compare.copying import to_csv, to_latex, to_markdown
from app.pages.compare.model import CompareModel
from app.pages.compare.score_model import ScoreModel
from app.pages.compare.score_table import footnotes
from app.theme import SPACE_XS, Theme
from app.widgets.labels import MutedLabel
from app.widgets.table_view import TableView

MOST_ROWS = 6
"""More systems than this scroll."""

NAME_CHARS = 20
"""Longer names are cut unless there is room."""

COPIES = {"CSV": to_csv, "Markdown": to_markdown, "LaTeX": to_latex}


class ScoreView(QWidget):
    """As high as its systems need."""

    def __init__(self, model: CompareModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ScoreModel(model, theme, self)
        self.table = TableView("Scores and cost of the systems")
        self.table.setModel(self.model)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(self.fontMetrics().averageCharWidth() * 6)
        self.notes = MutedLabel(theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(self.table)
        layout.addWidget(self.notes)
        self.model.modelReset.connect(self._show)
        self.model.dataChanged.connect(self._show)
        self._show()

    def copy(self, form: str) -> None:
        """Put the table on the clipboard as "CSV", "Markdown" or "LaTeX"."""
        QGuiApplication.clipboard().setText(COPIES[form](self.model.table))

    def changeEvent(self, event: QEvent) -> None:
        """Fit to another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.table.fit_rows()
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names the room that is left."""
        super().resizeEvent(event)
        self._fit()

    def _show(self) -> None:
        self.notes.setText(" ".join(footnotes(self.model.table)))
        self._fit()

    def _fit(self) -> None:
        header, columns = self.table.horizontalHeader(), self.model.columnCount()
        self.table.resizeColumnsToContents()
        if columns:
            longest = self.fontMetrics().averageCharWidth() * NAME_CHARS
            others = sum(header.sectionSize(column) for column in range(1, columns))
            left = self.width() - others - 2
            header.resizeSection(0, max(min(header.sectionSize(0), longest), left))
            total, room = others + header.sectionSize(0), 0
            if total > self.width():
                room = self.table.horizontalScrollBar().sizeHint().height()
            shown = min(max(self.model.rowCount(), 1), MOST_ROWS)
            rows = shown * self.table.verticalHeader().defaultSectionSize()
            self.table.setFixedHeight(header.sizeHint().height() + rows + room + 2)
