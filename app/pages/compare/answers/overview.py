"""What one system predicts for what is right, over all examples."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.pages.compare.answers.matrix import MatrixTable
from app.pages.compare.list.listing import Cell
from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import letter
from app.qt.boxes import combo_box, hbox, vbox
from app.qt.table_model import LEFT, RIGHT, TableColumn, TableModel
from app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme
from app.widgets.buttons import push_button
from app.widgets.labels import Label, MutedLabel
from app.widgets.table_view import TableView
from engine.contract.runs.confusion import Confusion, GroupFigures

_number = partial(TableColumn[GroupFigures], align=RIGHT)
LEAST_ROWS = 4
LARGE = 1000
"""Stretch of the tables: what is beside them gets what they cannot use."""


class GroupTable(TableView):
    """Precision, recall and F1 of each label or type; a click or Enter lists its examples."""

    def __init__(self, model: CompareModel, title: str) -> None:
        super().__init__(f"Figures of each {title.lower() or 'label'}")
        self._compare, self._system = model, 0
        self.model_ = TableModel[GroupFigures](
            (
                TableColumn(title, lambda group: group.name, align=LEFT,
                            tip=lambda group: group.name),
                _number("Precision", lambda group: _percent(group.precision),
                        title_tip="Right ones of those that were predicted, in percent"),
                _number("Recall", lambda group: _percent(group.recall),
                        title_tip="Right ones of those that there are, in percent"),
                _number("F1", lambda group: _percent(group.f1)),
                _number("Support", lambda group: f"{group.gold:,}",
                        title_tip="How many there are in the references"),
                _number("Predicted", lambda group: f"{group.predicted:,}"),
            ),
            parent=self,
        )  # fmt: skip
        self.setModel(self.model_)
        self.setSelectionMode(TableView.SelectionMode.SingleSelection)
        self.clicked.connect(lambda index: self._choose(index.row()))

    def show_groups(self, system: int, groups: tuple[GroupFigures, ...]) -> None:
        """Show these, of the system with this index."""
        self._system = system
        self.model_.show_table(self.model_.columns, groups)
        self.fit_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """List the examples of the current row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self.model_.rows):
            group = self.model_.rows[row]
            cell = Cell(self._system, gold=group.name)
            if not group.gold:
                cell = Cell(self._system, predicted=group.name)
            choose_cell(self._compare, cell)


class Overview(QWidget):
    """The matrix and the figures of the system that is chosen above them.

    Attributes:
        chooser: which system's.
        everything: lists all examples again.
    """

    def __init__(self, model: CompareModel, theme: Theme, group: str) -> None:
        super().__init__()
        self._model = model
        self.chooser = combo_box("Whose predictions are counted", chars=14)
        self.chooser.activated.connect(lambda _row: self._show())
        self.everything = push_button("Show all examples", lambda: choose_cell(model, None))
        self.hint = MutedLabel(theme, "Rows: what is right. Columns: what was predicted. Choose a "
                                      "number or a heading to list its examples.")  # fmt: skip
        self.matrix = MatrixTable(theme)
        self.matrix.chosen.connect(self._choose)
        self.groups = GroupTable(model, group)
        self._has_groups = bool(group)
        top = hbox(Label("Predictions of"), (self.chooser, 0), (self.everything, 0), 1,
                   spacing=SPACE_S)  # fmt: skip
        tables = hbox((self.matrix, LARGE), (self.groups, LARGE), 1, spacing=SPACE_M)
        vbox(top, self.hint, (tables, 1), parent=self, spacing=SPACE_XS)
        for table in (self.matrix, self.groups):
            rows = LEAST_ROWS * table.verticalHeader().defaultSectionSize()
            table.setMinimumHeight(rows)
        theme.changed.connect(self._fit, Qt.ConnectionType.QueuedConnection)  # after the fonts
        model.comparison_changed.connect(self._show_systems)
        model.counts_changed.connect(self._show)
        model.listed_changed.connect(self._show_chosen)
        self._show_systems()

    @property
    def system(self) -> int:
        """Index of the system whose predictions are shown."""
        return max(self.chooser.currentIndex(), 0)

    def _show_systems(self) -> None:
        names = [f"{letter(n)}  {s.name}" for n, s in enumerate(self._model.comparison.systems)]
        if names != [self.chooser.itemText(row) for row in range(self.chooser.count())]:
            with QSignalBlocker(self.chooser):
                self.chooser.clear()
                self.chooser.addItems(names)
        self._show()

    def _show(self) -> None:
        confusions = self._model.counts.confusions
        confusion = confusions[self.system] if self.system < len(confusions) else Confusion()
        if confusion is not self.matrix.confusion:
            self.matrix.show_confusion(confusion)
            groups = confusion.groups
            self.groups.show_groups(self.system, groups)
            self.groups.setVisible(self._has_groups)
            self._fit()
        self._show_chosen()

    def _fit(self) -> None:
        """No higher than the rows of the tables need: the example has the rest."""
        heights = [
            table.horizontalHeader().sizeHint().height()
            + max(table.verticalHeader().length(), table.minimumHeight())
            + table.horizontalScrollBar().sizeHint().height()
            for table in (self.matrix, self.groups)
        ]
        above = self.chooser.sizeHint().height() + self.hint.heightForWidth(self.width())
        self.setMaximumHeight(above + 2 * SPACE_XS + max(heights))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The hint may need another line."""
        super().resizeEvent(event)
        self._fit()

    def _show_chosen(self) -> None:
        cell = self._model.filter.cell
        self.everything.setVisible(cell is not None)
        is_own = cell is not None and cell.system == self.system
        self.matrix.show_chosen(cell if is_own else None)

    def _choose(self, gold: str | None, predicted: str | None) -> None:
        choose_cell(self._model, Cell(self.system, gold, predicted))


def choose_cell(model: CompareModel, cell: Cell | None) -> None:
    """List what this part of a matrix counts; all where it is chosen already, or None."""
    chosen = None if cell == model.filter.cell else cell
    if chosen is None or model.rows_of(chosen):
        model.set_filter(replace(model.filter, cell=chosen))


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
