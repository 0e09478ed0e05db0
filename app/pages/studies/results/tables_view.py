"""The table of means, the differences under it, and what the numbers mean."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.pages.studies.results.means_model import (
    EMPTY,
    TextTableModel,
    differences_table,
    means_table,
    notes,
)
from app.qt.boxes import vbox
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.labels import MutedLabel, SectionHeader
from app.widgets.table_view import TableView
from engine.contract.studies.results import StudyResults
from engine.contract.studies.study import StudySpec

NOTHING = "The tables appear when the first run finishes."


class TablesView(QWidget):
    """Ctrl+C copies rows; the menu *Figure and tables* copies the whole in three forms."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.means, self.differences = TextTableModel(parent=self), TextTableModel(parent=self)
        self.means_table, self.differences_table = TableView("Means"), TableView("Differences")
        self.means_table.setModel(self.means)
        self.differences_table.setModel(self.differences)
        self._differences_header = SectionHeader("Differences, run by run with the same seed")
        self.notes = MutedLabel(theme)
        self.notes.setContentsMargins(SPACE_S, 0, SPACE_S, SPACE_S)
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._differences_header.setContentsMargins(SPACE_M, 0, SPACE_M, 0)
        vbox(
            (self.means_table, 3),
            self._differences_header,
            (self.differences_table, 2),
            self.notes,
            parent=self,
            spacing=SPACE_S,
        )
        theme.changed.connect(self._fit_differences)

    def show_results(self, study: StudySpec, results: StudyResults | None) -> None:
        """Show these; None where there are none yet."""
        means = EMPTY if results is None else means_table(study, results)
        differences = EMPTY if results is None else differences_table(study, results)
        self.means.set_table(means)
        self.differences.set_table(differences)
        for table in (self.means_table, self.differences_table):
            table.fit_columns()
            table.horizontalHeader().setStretchLastSection(False)
        self._fit_differences()
        self._differences_header.setVisible(bool(differences.rows))
        self.differences_table.setVisible(bool(differences.rows))
        self.means_table.setVisible(bool(means.rows))
        self.notes.setText((results and notes(results)) or NOTHING)

    def _fit_differences(self) -> None:
        """As high as its rows, so that the means have the rest."""
        table = self.differences_table
        rows = self.differences.rowCount() * table.verticalHeader().defaultSectionSize()
        header = table.horizontalHeader().sizeHint().height()
        bar = table.horizontalScrollBar().sizeHint().height()
        table.setMaximumHeight(rows + header + bar)
        table.setMinimumHeight(min(table.maximumHeight(), 2 * header + bar))
