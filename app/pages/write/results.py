"""The right side of the page: the table with its texts, what to look at, and what to do with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QHeaderView, QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.data.rows.rows_model import DatasetRows
from app.pages.write.columns import CHECK, TEXT, ResultRow, ResultRows, result_columns
from app.pages.write.model import WritingModel
from app.pages.write.texts import Show
from app.qt.boxes import combo_box, vbox
from app.qt.sizes import set_minimum_chars
from app.qt.table_model import TableModel
from app.theme import SPACE_S, SPACE_XS
from app.widgets.buttons import action_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import MutedLabel
from app.widgets.table_view import TableView
from engine.contract.errors import UserError
from engine.contract.specs.answer import AnswerKind

TABLE_CHARS = 40
_MOST_AGAIN = 2000
_SEEDS = 2**31


class ResultsView(QWidget):
    """Rows with texts in the order of the table, or what is doubtful first.

    Args:
        save: asks where the table is saved.

    Signals:
        row_chosen: number of the row that the cursor is on.
        selection_changed: other rows are selected.
    """

    row_chosen = Signal(int)
    selection_changed = Signal()

    def __init__(
        self, context: AppContext, model: WritingModel, *, save: Callable[[], object]
    ) -> None:
        super().__init__()
        self._context, self._model = context, model
        self._cells: DatasetRows | None = None
        self.rows = TableModel[ResultRow]((), (), parent=self, row_title=self._row_title)
        self.table = TableView("Rows with their texts")
        self.table.setModel(self.rows)
        self.table.verticalHeader().show()
        # One height for all rows, so that none of a million is read to lay them out.
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        set_minimum_chars(self.table, TABLE_CHARS)
        self.show_box = combo_box("Rows to show", chars=12)
        for show in Show:
            self.show_box.addItem(show.value, show)
        self.show_box.currentIndexChanged.connect(self.refill)
        self.doubtful_first = QCheckBox("&Doubtful first")
        self.doubtful_first.setToolTip(
            "Rows first whose text lacks most values of the input, or has others"
        )
        self.doubtful_first.toggled.connect(self.refill)
        self.count = MutedLabel(context.theme)
        self.count.setWordWrap(False)
        self.commands = self._make_actions(save)
        self._lay_out()
        selection = self.table.selectionModel()
        selection.selectionChanged.connect(self._on_selected)
        selection.currentRowChanged.connect(lambda index: self._choose(index.row()))
        model.shown.connect(self._show_table)
        model.changed.connect(self._show_answer)
        model.texts_changed.connect(self._on_texts)
        model.job_changed.connect(self._update)
        self._show_table()

    def numbers(self) -> tuple[int, ...]:
        """Numbers of the selected rows, in the table's order."""
        rows = self.rows.rows
        if not isinstance(rows, ResultRows):
            return ()
        selection = self.table.selectionModel().selection()
        ranges = [selection.at(index) for index in range(selection.count())]
        chosen = [rows.order[part.top() : part.bottom() + 1] for part in ranges]
        numbers = np.unique(np.concatenate(chosen)) if chosen else np.empty(0, dtype=int)
        return tuple(numbers.tolist())

    def refill(self) -> None:
        """Choose and order the rows anew; the selected ones stay selected where they are few."""
        texts, cells = self._model.texts, self._cells
        if texts is None or cells is None:
            self.rows.show_table((), ())
            self._update()
            return
        numbers = self.numbers()
        order = texts.order(
            self.show_box.currentData(), doubtful_first=self.doubtful_first.isChecked()
        )
        self.rows.show_table(self.rows.columns, ResultRows(cells, texts, order))
        if 0 < len(numbers) <= _MOST_AGAIN:
            self._select(np.flatnonzero(np.isin(order, numbers)).tolist())
        elif len(order):
            self.table.select_row(0)
        self._update()

    def _make_actions(self, save: Callable[[], object]) -> dict[str, QAction]:
        add = self._context.actions.add
        return {
            "edit": add(
                "write.edit", "&Edit", slot=self._edit, icon=icon("edit"),
                tip="Edit the output of the row that the cursor is on; what the model gave is "
                "saved beside it",
            ),
            "again": add(
                "write.again", "Write a&gain", slot=self._write_again, icon=icon("refresh"),
                tip="Write other texts for the selected rows by sampling, with another seed",
            ),
            "restore": add(
                "write.restore", "&Take changes back", slot=self._take_back, icon=icon("undo"),
                tip="Go back to what the model gave first, in the selected rows",
            ),
            "save": add(
                "write.save", "&Save table…", slot=save, icon=icon("export"),
                tip="Save all columns with the texts as CSV, Excel workbook or JSON lines",
            ),
        }  # fmt: skip

    def _lay_out(self) -> None:
        tools = FlowLayout(fill=True)
        tools.setContentsMargins(SPACE_S, SPACE_S, SPACE_S, SPACE_XS)
        for widget in (self.show_box, self.doubtful_first, self.count):
            tools.addWidget(widget)
        for action in self.commands.values():
            tools.addWidget(action_button(action))
        vbox(tools, (self.table, 1), parent=self, spacing=0)

    def _show_table(self) -> None:
        store = self._model.store
        self._cells = None if store is None else DatasetRows(store, self._on_broken)
        names = store.meta.columns if store is not None else ()
        columns = result_columns(
            names, self._context.theme, edit=self._put, answer=self._model.answer
        )
        self.rows.show_table(columns, ())
        self.refill()
        self.table.set_widths(columns)
        self._show_answer()
        if self.rows.rowCount():
            self.table.select_row(0)

    def _show_answer(self) -> None:
        """Labels, tags and answers say no values, and are not sampled."""
        store, answer = self._model.store, self._model.answer
        is_text = answer is AnswerKind.TEXT
        if store is not None:
            names, theme = store.meta.columns, self._context.theme
            self.rows.set_columns(result_columns(names, theme, edit=self._put, answer=answer))
            self.table.setColumnHidden(CHECK, not is_text)
        self.doubtful_first.setVisible(is_text)
        if not is_text:
            self.doubtful_first.setChecked(False)
        self._update()

    def _on_texts(self) -> None:
        """Show the new texts where they stand; rows are ordered anew when nothing is written."""
        rows = self.rows.rows
        is_all = self.show_box.currentData() is Show.ALL and not self.doubtful_first.isChecked()
        if self._model.job is None and not is_all and isinstance(rows, ResultRows):
            self.refill()
        else:
            self.rows.touch()
            self._update()

    def _put(self, number: int, text: str) -> bool:
        self._model.edit_text(number, text)
        return True

    def _edit(self) -> None:
        index = self.table.currentIndex()
        if index.isValid():
            self.table.setCurrentIndex(self.rows.index(index.row(), TEXT))
            self.table.edit(self.rows.index(index.row(), TEXT))

    def _write_again(self) -> None:
        self._model.write_again(self.numbers(), secrets.randbelow(_SEEDS))

    def _take_back(self) -> None:
        self._model.take_back(self.numbers())

    def _choose(self, row: int) -> None:
        rows = self.rows.rows
        if isinstance(rows, ResultRows) and 0 <= row < len(rows):
            self.row_chosen.emit(int(rows.order[row]))

    def _on_selected(self) -> None:
        self._update()
        self.selection_changed.emit()

    def _update(self) -> None:
        texts, numbers = self._model.texts, self.numbers()
        is_idle = self._model.job is None
        has_texts = texts is not None and bool(texts.written.count or len(texts.changes))
        self.commands["edit"].setEnabled(bool(numbers))
        can_sample = is_idle and has_texts and self._model.answer is AnswerKind.TEXT
        self.commands["again"].setEnabled(can_sample and 0 < len(numbers) <= _MOST_AGAIN)
        is_changed = texts is not None and any(texts.changes.get(n) for n in numbers[:_MOST_AGAIN])
        self.commands["restore"].setEnabled(is_changed)
        self.commands["save"].setEnabled(has_texts)
        self.count.setText(f"{self.rows.rowCount():,} shown" if texts is not None else "")

    def _select(self, rows: list[int]) -> None:
        selection, last = QItemSelection(), self.rows.columnCount() - 1
        for row in rows:
            selection.select(self.rows.index(row, 0), self.rows.index(row, last))
        flags = QItemSelectionModel.SelectionFlag
        model = self.table.selectionModel()
        if rows:
            model.setCurrentIndex(self.rows.index(rows[0], TEXT), flags.NoUpdate)
            self.table.scrollTo(self.rows.index(rows[0], 0))
        model.select(selection, flags.ClearAndSelect)

    def _row_title(self, row: int) -> object:
        rows = self.rows.rows
        return int(rows.order[row]) if isinstance(rows, ResultRows) and row < len(rows) else None

    def _on_broken(self, error: UserError) -> None:
        # Not from within a view's painting.
        QTimer.singleShot(0, self, lambda: self._model.refused.emit(error.message))
