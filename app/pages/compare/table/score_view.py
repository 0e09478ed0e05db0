"""The score table with what its numbers mean under it, and the choice of its metrics."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.metric_menu import MetricMenu
from app.pages.compare.model import CompareModel
from app.pages.compare.table.columns import score_columns
from app.pages.compare.table.copying import to_csv, to_latex, to_markdown
from app.pages.compare.table.score_table import ScoreRow, footnotes
from app.qt.boxes import vbox
from app.qt.table_model import TableModel
from app.settings import Settings
from app.theme import SPACE_XS, Theme
from app.widgets.labels import MutedLabel
from app.widgets.table_view import TableView

MOST_ROWS = 6
"""More systems than this scroll."""

NAME_CHARS = 36
"""Longer names are cut unless there is room."""

COPIES = {"CSV": lambda table, _: to_csv(table), "Markdown": to_markdown, "LaTeX": to_latex}


class ScoreView(QWidget):
    """As high as its systems need; one row a system, and columns for the metrics that there are.

    Attributes:
        scores: what is shown.
    """

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self.scores = model.score_table
        self.model = TableModel[ScoreRow](parent=self, key=lambda row: row.letter)
        self.table = TableView("Scores and cost of the systems")
        self.table.setModel(self.model)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(self.fontMetrics().averageCharWidth() * 6)
        self.notes = MutedLabel(theme)
        vbox(self.table, self.notes, parent=self, spacing=SPACE_XS)
        model.comparison_changed.connect(self._show)
        model.scores_changed.connect(self._show_means)
        model.counts_changed.connect(self._show_means)
        theme.changed.connect(self.model.touch)
        theme.changed.connect(self._fit, Qt.ConnectionType.QueuedConnection)  # after the fonts
        self._show()

    def copy(self, form: str) -> None:
        """Put the table on the clipboard as "CSV", "Markdown" or "LaTeX"."""
        QGuiApplication.clipboard().setText(COPIES[form](self.scores, self.model.columns))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names the room that is left."""
        super().resizeEvent(event)
        self._fit()

    def _show(self) -> None:
        self.scores = self._model.score_table
        self.model.show_table(score_columns(self.scores, self._theme), self.scores.rows)
        self._fit()

    def _show_means(self) -> None:
        """The same columns with other cells: what is selected stays."""
        self.scores = self._model.score_table
        self.model.set_columns(score_columns(self.scores, self._theme))
        self.model.set_rows(self.scores.rows)
        self._fit()

    def _fit(self) -> None:
        """Widths and height of the table; what is said under it follows."""
        header, columns = self.table.horizontalHeader(), self.model.columns
        for index in range(len(columns)):
            self.table.setColumnHidden(index, False)
        self.table.resizeColumnsToContents()
        name = min(header.sectionSize(0), self.fontMetrics().averageCharWidth() * NAME_CHARS)
        others = header.length() - header.sectionSize(0)
        hidden: list[str] = []
        for index in range(len(columns) - 1, len(self.scores.metrics), -1):
            if name + others > self.width() - 2:
                others -= header.sectionSize(index)
                self.table.setColumnHidden(index, True)
                hidden.insert(0, columns[index].title)
        header.resizeSection(0, max(name, self.width() - others - 2))
        room = 0
        if name + others > self.width() - 2:
            room = self.table.horizontalScrollBar().sizeHint().height()
        shown = min(max(self.model.rowCount(), 1), MOST_ROWS)
        rows = shown * self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(header.sizeHint().height() + rows + room + 2)
        notes = list(footnotes(self.scores))
        if hidden:
            notes.append(f"{', '.join(hidden)}: see each system's tooltip.")
        self.notes.setText(" ".join(notes))
        self.notes.setVisible(bool(notes))


class ScoreButton(MetricMenu):
    """Ticking a metric scores all chosen systems by it too."""

    def __init__(self, model: CompareModel, settings: Settings, theme: Theme) -> None:
        tip = "Choose the scores that the systems are compared by"
        super().__init__(settings, theme, tip)
        self._model = model
        self.opening.connect(self._fill)
        self.chosen.connect(model.systems.score_by)
        self.encoder_chosen.connect(model.systems.score_by)

    def _fill(self) -> None:
        systems = self._model.systems
        busy = any(systems.doing(key) for key in systems.chosen)
        self.show_metrics(
            self._model.score_table.metrics,
            answer=self._model.task.info.answer,
            waiting_for="Wait until the current scoring has finished." if busy else "",
        )
