"""The left side of the page: who writes, from which columns, for which rows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QSpinBox, QWidget

from app.context import AppContext
from app.pages.write.fields import FieldsPanel
from app.pages.write.model import WritingModel
from app.pages.write.systems import WriterBox
from app.qt.boxes import combo_box, hbox, vbox
from app.qt.latest_request import LatestRequest
from app.theme import SPACE_M, SPACE_S
from app.widgets.activity_button import describe_progress, show_progress
from app.widgets.buttons import push_button
from app.widgets.labels import MutedLabel, SectionHeader
from app.widgets.text_view import TextView
from app.widgets.vertical_area import VerticalArea
from app.words import plural
from engine.contract.errors import UserError
from engine.contract.protocol.data import Preview
from engine.contract.protocol.writing import PreviewInputs
from engine.contract.specs.answer import AnswerKind
from engine.contract.writing.matching import check_matches
from engine.contract.writing.work import ChosenRows

ALL, FIRST, SELECTED = "All rows", "The first …", "Selected rows"
_FIRST_ROWS = 10
_PREVIEW_LINES = 5


class SetupPanel(VerticalArea):
    """Prefix, fields, preview, rows, and the button that begins.

    Args:
        selected: numbers of the rows that are selected in the table.

    Signals:
        chosen_changed: other rows are to be written.
    """

    chosen_changed = Signal()

    def __init__(
        self, context: AppContext, model: WritingModel, *, selected: Callable[[], tuple[int, ...]]
    ) -> None:
        super().__init__()
        self._model, self._selected = model, selected
        self.systems = WriterBox(context)
        self.systems.chosen.connect(model.choose_system)
        self.fields = FieldsPanel(model, context.theme)
        self.preview = TextView("What the model reads")
        self.preview.set_lines(_PREVIEW_LINES)
        self.text = TextView("Text of the row")
        self.text.set_lines(_PREVIEW_LINES)
        self.which = combo_box("Rows to write", chars=12)
        self.which.addItems([ALL, FIRST, SELECTED])
        self.first = QSpinBox()
        self.first.setAccessibleName("How many rows")
        self.first.setGroupSeparatorShown(True)
        self.first.setRange(1, 2**31 - 1)
        self.first.setValue(_FIRST_ROWS)
        self.write_button = push_button(
            "Write", self.start, icon="write", tip="Write the texts that are missing (Ctrl+Return)"
        )
        self.write_button.setDefault(True)
        self.cancel_button = push_button("Cancel", self._cancel)
        self.cancel_button.setToolTip("Stop writing; what is written stays")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of writing")
        self.state = MutedLabel(context.theme)
        self.text_header = SectionHeader("Text")
        self._row = 1
        self._preview = LatestRequest(context.data_client, self, wait_ms=50)
        self._preview.answered.connect(self._show_preview)
        self._lay_out()
        self.which.currentIndexChanged.connect(self._on_chosen)
        self.first.valueChanged.connect(self._on_chosen)
        for signal in (model.shown, model.changed):
            signal.connect(self._show)
        model.job_changed.connect(self._show_job)
        model.texts_changed.connect(self._show_job)
        model.texts_changed.connect(self._show_text)
        self._show()

    def chosen(self) -> ChosenRows:
        """The rows to write."""
        which = self.which.currentText()
        if which == FIRST:
            return ChosenRows(limit=self.first.value())
        return ChosenRows(rows=self._selected()) if which == SELECTED else ChosenRows()

    def start(self) -> None:
        """Write what is missing of the chosen rows."""
        self._model.start(self.chosen())

    def refresh(self) -> None:
        """Follow the rows that are selected in the table."""
        if self.which.currentText() == SELECTED:
            self._show_job()

    def show_row(self, number: int) -> None:
        """Preview this row."""
        self._row = number
        self._ask_preview()
        self._show_text()

    def _lay_out(self) -> None:
        inside = QWidget()
        vbox(
            SectionHeader("Prefix or run"),
            self.systems,
            SectionHeader("Fields"),
            self.fields,
            SectionHeader("What the model reads"),
            self.preview,
            SectionHeader("Rows"),
            hbox((self.which, 1), self.first, spacing=SPACE_S),
            self.state,
            self.progress,
            hbox((self.write_button, 1), self.cancel_button, spacing=SPACE_S),
            self.text_header,
            self.text,
            1,
            parent=inside,
            margins=SPACE_M,
            spacing=SPACE_S,
        )
        self.setWidget(inside)

    def _cancel(self) -> None:
        if (job := self._model.job) is not None:
            job.cancel()

    def _on_chosen(self) -> None:
        self._show_job()
        self.chosen_changed.emit()

    def _show(self) -> None:
        self.systems.show_system(self._model.system)
        self._ask_preview()
        self._show_text()
        self._show_job()

    def _ask_preview(self) -> None:
        model = self._model
        if model.plan is None or model.folder is None or not model.matches:
            self._preview.drop()
            self.preview.setPlainText("")
            return
        form = model.plan.linearisation
        table = str(model.folder.table)
        self._preview.ask_if_new(PreviewInputs(table, model.matches, form, self._row, 1))

    def _show_preview(self, preview: Preview) -> None:
        source = preview.examples[0].source if preview.examples else ""
        self.preview.setPlainText(source[:5000] or "Nothing: all fields of this row are empty.")

    def _show_text(self) -> None:
        texts = self._model.texts
        is_row = texts is not None and 1 <= self._row <= texts.row_count
        text = texts.row(self._row).text if texts is not None and is_row else ""
        what = self._model.answer.column.capitalize()
        self.text_header.label.setText(f"{what} of row {self._row:,}")
        for part in (self.text_header, self.text):
            part.setVisible(bool(text))
        if text != self.text.toPlainText():
            self.text.setPlainText(text)

    def _show_job(self) -> None:
        model, job = self._model, self._model.job
        self.first.setVisible(self.which.currentText() == FIRST)
        self.progress.setVisible(job is not None)
        self.cancel_button.setVisible(job is not None)
        for widget in (self.systems, self.fields, self.which, self.first):
            widget.setEnabled(job is None)
        if job is not None:
            show_progress(self.progress, job)
            self.state.setText(describe_progress(job))
            self.write_button.setEnabled(False)
            return
        texts = model.texts
        total = self.chosen().count(texts.row_count) if texts is not None else 0
        written = texts.count_written(self.chosen()) if texts is not None else 0
        resumes = 0 < written < total
        is_text = model.answer is AnswerKind.TEXT
        verb, done = ("Write", "written") if is_text else ("Predict", "predicted")
        self.write_button.setText("Continue" if resumes else verb)
        self.write_button.setShortcut("Ctrl+Return")  # a new text takes it away
        self.write_button.setEnabled(written < total and self._can_write())
        words = f"{written:,} of {plural(total, 'row')} {done}." if total else "No row is selected."
        self.state.setText(words if texts is not None else "")

    def _can_write(self) -> bool:
        try:
            check_matches(self._model.matches)
        except UserError:
            return False
        return self._model.plan is not None
