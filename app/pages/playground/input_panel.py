"""What is asked: a form of the data's fields, or free text; a row of the data by one click."""

from __future__ import annotations

import random

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QPlainTextEdit, QSpinBox, QTabWidget, QWidget

from app.context import AppContext
from app.pages.playground.form import FieldForm
from app.qt.boxes import vbox
from app.qt.latest_request import LatestRequest
from app.theme import SPACE_S, SPACE_XS
from app.widgets.buttons import flat_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label, MutedLabel
from app.widgets.vertical_area import VerticalArea
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.playground import (
    FieldValue,
    FormFields,
    FormRow,
    ListFormFields,
    ReadFormRow,
    WriteInput,
    WrittenInput,
)
from engine.contract.specs.data import Linearisation, Mapping

FORM, TEXT = 0, 1
LATER_MS = 250


class InputModel(QObject):
    """The form's fields and rows, as the data engine reads them.

    Signals:
        fields_changed: `FormFields`, or None where there is no data set.
        row_read: `FormRow`.
        text_written: `WrittenInput`: the form as text.
        failed: a sentence.
    """

    fields_changed = Signal(object)
    row_read = Signal(object)
    text_written = Signal(object)
    failed = Signal(str)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._project = context.project
        self.mapping, self.linearisation = Mapping(()), Linearisation()
        self.store = ""
        self.row_count = 0
        self._fields = LatestRequest(context.data_client, self)
        self._row = LatestRequest(context.data_client, self)
        self._text = LatestRequest(context.data_client, self, wait_ms=LATER_MS)
        self._fields.answered.connect(self._take_fields)
        self._row.answered.connect(self.row_read)
        self._text.answered.connect(self.text_written)
        for request in (self._fields, self._row, self._text):
            request.failed.connect(self._on_failed)
        context.project.changed.connect(self.refresh)
        context.project.closed.connect(self.refresh)

    def refresh(self) -> None:
        """Read the fields of the project's data set again, if it or its roles are others."""
        folder, entry = self._project.folder, self._project.dataset
        if folder is None or entry is None:
            if self.store or self._fields.command is not None:
                self._fields.drop()
                self.store, self.mapping, self.row_count = "", Mapping(()), 0
                self.fields_changed.emit(None)
            return
        store = str(folder.dataset_store(entry.dataset_id))
        self.linearisation = entry.linearisation
        if self._fields.ask_if_new(ListFormFields(store, entry.mapping)):
            self.store, self.mapping = store, entry.mapping

    def read_row(self, number: int) -> None:
        """Ask for a row."""
        if self.store:
            self._row.ask(ReadFormRow(self.store, self.mapping, number))

    def write(self, values: tuple[FieldValue, ...]) -> None:
        """Ask for the form's values as text."""
        self._text.ask(WriteInput(values, self.mapping, self.linearisation))

    def _take_fields(self, fields: FormFields) -> None:
        self.row_count = fields.row_count
        self.fields_changed.emit(fields)

    def _on_failed(self, failure: Failure) -> None:
        self.failed.emit(failure.message)


class InputPanel(QWidget):
    """Form and text on two tabs, with buttons that fetch a row of the data.

    Signals:
        edited: by the user, or another row is shown.
    """

    edited = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = InputModel(context, self)
        self.references: tuple[str, ...] = ()
        self.form, self.text = FieldForm(), QPlainTextEdit()
        self.text.setAccessibleName("Input as text")
        self.text.setTabChangesFocus(True)
        self.text.setPlaceholderText("The input as the backbone reads it")
        self.text.installEventFilter(self.form)
        self.note = MutedLabel(context.theme)
        self.tabs = QTabWidget()
        area = VerticalArea(minimum_lines=6)
        holder = QWidget()
        vbox(self.form, self.note, 1, parent=holder, margins=SPACE_S, spacing=SPACE_S)
        area.setWidget(holder)
        self.tabs.addTab(area, "&Form")
        text_tab = QWidget()
        vbox((self.text, 1), parent=text_tab, margins=SPACE_S)
        self.tabs.addTab(text_tab, "As te&xt")
        self.random = flat_button(
            "shuffle", "Fill the form from a random row of the data", self.show_random_row,
            text="Random row",
        )  # fmt: skip
        self.next = flat_button(
            "chevron-right", "Fill the form from the next row", self.show_next_row,
            name="Next row",
        )  # fmt: skip
        self.number = QSpinBox()
        self.number.setAccessibleName("Row of the data")
        self.number.setToolTip("The row of the data that fills the form")
        self.number.setKeyboardTracking(False)
        self.number.setGroupSeparatorShown(True)
        label = Label("&Row")
        label.setBuddy(self.number)
        rows = FlowLayout(label, self.number, self.next, self.random)
        rows.setSpacing(SPACE_XS)
        vbox(rows, (self.tabs, 1), parent=self, spacing=SPACE_XS)
        self._connect()
        self._set_rows(0)
        self.model.refresh()

    @property
    def asks_text(self) -> bool:
        """Whether free text is asked."""
        return self.tabs.currentIndex() == TEXT

    def free_text(self) -> str | None:
        """The free text, or None where the form is asked."""
        return self.text.toPlainText() if self.asks_text else None

    def is_empty(self) -> bool:
        """Whether there is nothing to ask."""
        text = self.free_text()
        if text is not None:
            return not text.strip()
        return not any(value.value.strip() for value in self.form.values())

    def show_random_row(self) -> None:
        """Fill the form from a row by chance."""
        if self.model.row_count:
            self.model.read_row(random.randint(1, self.model.row_count))

    def show_next_row(self) -> None:
        """Fill the form from the row behind the one shown, the first behind the last."""
        if self.model.row_count:
            self.model.read_row(self.number.value() % self.model.row_count + 1)

    def show_input(self, values: tuple[FieldValue, ...], text: str | None) -> None:
        """Show an input of the history."""
        self.references = ()
        self.form.show_values(values)
        if text is not None:
            self.text.setPlainText(text)
        self.tabs.setCurrentIndex(FORM if text is None else TEXT)
        self.edited.emit()

    def _connect(self) -> None:
        self.model.fields_changed.connect(self._show_fields)
        self.model.row_read.connect(self._show_row)
        self.model.text_written.connect(self._show_text)
        self.number.valueChanged.connect(self.model.read_row)
        self.form.edited.connect(self._on_edited)
        self.text.textChanged.connect(self.edited)
        self.tabs.currentChanged.connect(self._on_tab)

    def _on_edited(self) -> None:
        self.references = ()
        self.edited.emit()

    def _on_tab(self, index: int) -> None:
        """Begin a text with what the form says."""
        if index == TEXT and self.model.mapping.inputs:
            self.model.write(self.form.values())
        self.edited.emit()

    def _show_text(self, written: WrittenInput) -> None:
        if self.asks_text and not self.text.hasFocus():
            self.text.setPlainText(written.text)

    def _show_fields(self, fields: FormFields | None) -> None:
        self.form.set_fields(fields.fields if fields else ())
        self._set_rows(fields.row_count if fields else 0)
        if fields is None:
            self.note.setText("This project has no data set: ask with free text.")
            self.tabs.setCurrentIndex(TEXT)
            return
        seen = "" if fields.rows_read == fields.row_count else f"{fields.rows_read:,} of the "
        words = f"The lists have values of {seen}{fields.row_count:,} rows."
        self.note.setText(words if self.form.has_lists else "")
        if self.is_empty() and fields.row_count:
            self.model.read_row(1)

    def _show_row(self, row: FormRow) -> None:
        self.form.show_values(row.values)
        self.references = row.references
        self.number.blockSignals(True)
        self.number.setValue(row.row_number)
        self.number.blockSignals(False)
        if self.asks_text:
            self.model.write(row.values)
        self.edited.emit()

    def _set_rows(self, count: int) -> None:
        self.number.blockSignals(True)
        self.number.setRange(min(1, count), min(count, 2**31 - 1))
        self.number.blockSignals(False)
        for widget in (self.number, self.next, self.random):
            widget.setEnabled(count > 0)
