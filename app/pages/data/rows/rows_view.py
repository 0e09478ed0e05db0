"""The rows of the dataset, and where one goes to a row by its number."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QSignalBlocker, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHeaderView, QSpinBox, QToolButton, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.mapping.mapping_panel import role_menu
from app.pages.data.rows.cells_table import CellsTable
from app.pages.data.rows.rows_model import RowsModel
from app.qt.boxes import hbox, vbox
from app.qt.idle_task import turn_queue
from app.qt.sizes import chars
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.buttons import flat_button
from app.widgets.labels import Label, MutedLabel

WIDEST_CHARACTERS = 40
"""No column begins wider than this."""
WIDTH_ROWS = 20
"""Rows whose text decides the first widths of the columns."""
FITTED_COLUMNS = 200
"""So many columns begin as wide as their text; any others have the default width."""


class RowsView(QWidget):
    """A table over all rows; the selected one is the row that is previewed."""

    def __init__(self, current: CurrentDataset, theme: Theme) -> None:
        super().__init__()
        self._current = current
        self.model = RowsModel(self)
        self.table = CellsTable("Rows of the dataset", self.model, theme)
        # One height for all rows, so that none of a million is read to lay them out.
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.selectionModel().currentRowChanged.connect(self._choose)
        header = self._header = self.table.horizontalHeader()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_menu)
        header.setToolTip("Right-click to set the role of a column")
        self.spin = QSpinBox()
        self.spin.setAccessibleName("Go to row")
        self.spin.setKeyboardTracking(False)
        self.spin.setGroupSeparatorShown(True)
        self.spin.valueChanged.connect(current.choose_row)
        label = Label("Ro&w")
        label.setBuddy(self.spin)
        self.of = MutedLabel(theme)
        self.of.setWordWrap(False)
        self.back = self._step_button("chevron-left", "Previous row", -1)
        self.forward = self._step_button("chevron-right", "Next row", 1)
        bar = hbox(*(label, self.spin, self.of, self.back, self.forward), 1, spacing=SPACE_XS)
        vbox(bar, (self.table, 1), parent=self, spacing=SPACE_S)
        self._is_fitted = False
        current.shown.connect(self._show_dataset)
        current.entry_changed.connect(self._show_roles)
        current.row_changed.connect(self._show_row)
        self._show_dataset()

    def _step_button(self, icon: str, tip: str, step: int) -> QToolButton:
        current = self._current
        return flat_button(icon, tip, lambda: current.choose_row(current.row_number + step))

    def showEvent(self, event: QShowEvent) -> None:
        """Fit the columns of rows that came while it was hidden."""
        super().showEvent(event)
        turn_queue().add(self._fit_columns)

    def _show_dataset(self) -> None:
        self.model.set_store(self._current.store)
        rows = self._current.row_count
        with QSignalBlocker(self.spin):
            self.spin.setRange(min(1, rows), rows)
        self.of.setText(f"of {rows:,}")
        self._show_roles()
        self._show_row(self._current.row_number)
        self._is_fitted = False
        turn_queue().add(self._fit_columns)

    def _fit_columns(self) -> None:
        """Done in a turn of its own, once it is seen: with wide rows it takes long."""
        if self._is_fitted or not self.isVisible():
            return
        self._is_fitted = True
        header = self._header
        header.setResizeContentsPrecision(WIDTH_ROWS)
        for column in range(min(header.count(), FITTED_COLUMNS)):
            self.table.resizeColumnToContents(column)
            header.resizeSection(column, min(header.sectionSize(column), chars(WIDEST_CHARACTERS)))

    def _show_roles(self) -> None:
        self.model.set_mapping(self._current.mapping)
        header, widest = self._header, chars(WIDEST_CHARACTERS)
        for column in range(header.count()):
            if header.sectionSize(column) < header.sectionSizeHint(column) < widest:
                header.resizeSection(column, header.sectionSizeHint(column))

    def _show_row(self, number: int) -> None:
        rows = self.model.rowCount()
        with QSignalBlocker(self.spin):
            self.spin.setValue(number)
        self.back.setEnabled(number > 1)
        self.forward.setEnabled(number < rows)
        if 1 <= number <= rows:
            self.table.follow_row(number - 1)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self._current.choose_row(index.row() + 1)

    def _show_menu(self, at: QPoint) -> None:
        section = self._header.logicalIndexAt(at)
        if section >= 0:
            name = str(self.model.headerData(section, Qt.Orientation.Horizontal))
            role_menu(self, self._current, (name,)).popup(self._header.mapToGlobal(at))
